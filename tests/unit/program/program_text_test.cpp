#include "tests/support/pipeline_program.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(FormatStageProgram, ShowsLocalShapesGroupsTilesAndTheQueue)
{
    Graph graph;
    const Program program = pipelineProgram({.microbatches = 2,
                                             .firstMesh = {2},
                                             .secondMesh = {2},
                                             .sentSpec = "{-, x}",
                                             .receivedSpec = "{x, -}"});
    const std::string text = formatStageProgram(program, graph, 0, 1);
    const auto has = [&](const std::string& line) {
        EXPECT_NE(text.find(line), std::string::npos) << "missing: " << line << "\nin:\n" << text;
    };
    has("stage 0 of \"two stages\", device 1 of 2: mesh [x=2] on host 0 devices 0-1, arena");
    has("  x f32[4,8] of [4,8] {-, -} batch, 128 B at 0, 2 slots of 128 B");
    has("  y.sent f32[4,4] of [4,8] {-, x} temporary, 64 B");
    has("forward\n  y = dot x w1 lhs_contracting=[1] rhs_contracting=[0] : f32[4,8] {-, -}  # 0 "
        "s\n");
    has("  y.sent = slice y starts=[0,0] limits=[4,4] strides=[1,1] offset dim 1 by 4 along x : "
        "f32[4,4] {-, x}");
    has("  send t0 y.sent to stage 1, [2,4] at [0,0] to device 0 at [0,4], [2,4] at [2,0] to "
        "device 1 at [0,4], 64 B");
    has("  dy.whole1 = all-gather dy.received dim 1 over x among devices {0, 1}, 128 B : f32[4,8] "
        "{-, -}");
    has("queue: F0 F1 B0 B1 update\n");
}

TEST(FormatCollectiveCounts, CountsRunsOfOneStepPerStage)
{
    const Program program = pipelineProgram({.microbatches = 4,
                                             .firstMesh = {2},
                                             .secondMesh = {2},
                                             .sentSpec = "{-, x}",
                                             .receivedSpec = "{x, -}"});
    EXPECT_EQ(formatCollectiveCounts(program),
              "stage 0: all-gather 4 (512 B), send 4 (256 B), receive 4 (256 B)\n"
              "stage 1: all-gather 4 (512 B), send 4 (256 B), receive 4 (256 B)\n");
    EXPECT_EQ(program.deviceCount(), 4);
}

} // namespace
} // namespace alpa
