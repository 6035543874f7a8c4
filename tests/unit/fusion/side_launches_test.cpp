#include "core/fusion/side_launches.h"
#include "tests/support/property.h"
#include "tests/unit/fusion/random_programs.h"

namespace alpa::fusion
{
namespace
{

bool touches(const std::vector<BufferId>& ids, const std::vector<BufferId>& others)
{
    return std::ranges::any_of(
        ids, [&](BufferId id) { return std::ranges::find(others, id) != others.end(); });
}

/// The dullest statement of what may run at the same time: nothing that the other writes.
bool conflicts(const PlannedLaunch& a, const PlannedLaunch& b)
{
    return touches(a.writes, b.reads) || touches(a.writes, b.writes) || touches(a.reads, b.writes);
}

TEST(SideLaunches, NothingBesideThemTouchesWhatTheyWrite)
{
    int marked = 0;
    forEachSeed(200, [&](Rng& rng, int size) {
        const Program program = randomTwoDeviceProgram(rng, size);
        StageGraph graph(program, 0, 0);
        std::vector<PlannedLaunch> launches = planLaunches(graph);
        markSideLaunches(graph, launches);
        for (size_t l = 0; l < launches.size(); ++l) {
            if (!launches[l].isOnSide)
                continue;
            ++marked;
            const auto own = static_cast<int>(l);
            ASSERT_LE(launches[l].issueBefore, own);
            ASSERT_GT(launches[l].joinBefore, launches[l].issueBefore);
            for (int at = launches[l].issueBefore; at < launches[l].joinBefore; ++at) {
                const PlannedLaunch& other = launches[static_cast<size_t>(at)];
                // The side is in order by its own.
                if (at != own && !other.isOnSide) {
                    ASSERT_FALSE(conflicts(launches[l], other)) << "launches " << l << ", " << at;
                }
            }
        }
        // The side issues by position, then by number: inputs from the side come earlier.
        for (size_t l = 0; l < launches.size(); ++l) {
            for (size_t before = 0; before < l; ++before) {
                if (launches[l].isOnSide && launches[before].isOnSide &&
                    touches(launches[before].writes, launches[l].reads)) {
                    ASSERT_LE(launches[before].issueBefore, launches[l].issueBefore);
                }
            }
        }
    });
    EXPECT_GT(marked, 200);
}

TEST(SideLaunches, FetchesAParameterAheadOfItsReader)
{
    ProgramBuilder builder;
    builder.addStage({2});
    const TensorType type{DType::kF32, {4096, 4096}};
    const BufferId x = builder.buffer(0, "x", type, BufferKind::kParameter);
    const BufferId shard = builder.buffer(0, "w", type, BufferKind::kParameter, "{x, -}");
    DotAttributes dot;
    dot.lhsContracting = {1};
    dot.rhsContracting = {0};
    BufferId value = x;
    for (int i = 0; i < 3; ++i) {
        const BufferId next =
            builder.buffer(0, "y" + std::to_string(i), type, BufferKind::kTemporary);
        builder.compute(0, SegmentKind::kForward, OpKind::kDot, {value, x}, {next}, dot);
        value = next;
    }
    const BufferId whole = builder.buffer(0, "whole", type, BufferKind::kTemporary);
    builder.collective(0, SegmentKind::kForward, {CollectiveKind::kAllGather}, shard, whole);
    const BufferId out = builder.buffer(0, "out", type, BufferKind::kState);
    builder.compute(0, SegmentKind::kForward, OpKind::kDot, {value, whole}, {out}, dot);
    builder.queue(0, {{SegmentKind::kForward, 0}});
    StageGraph graph(builder.program(), 0, 0);
    std::vector<PlannedLaunch> launches = planLaunches(graph);
    markSideLaunches(graph, launches);
    ASSERT_EQ(launches.size(), 5U);
    EXPECT_TRUE(launches[3].isOnSide);
    EXPECT_LT(launches[3].issueBefore, 3);
    EXPECT_EQ(launches[3].joinBefore, 4);
}

TEST(SideLaunches, ReducesAGradientAndAddsItBesideTheRest)
{
    ProgramBuilder builder;
    builder.addStage({2});
    const TensorType type{DType::kF32, {4096, 4096}};
    const BufferId x = builder.buffer(0, "x", type, BufferKind::kParameter);
    const BufferId shard = builder.buffer(0, "part", type, BufferKind::kTemporary, "{x, -}");
    const BufferId sum = builder.buffer(0, "sum", type, BufferKind::kGradient, "{x, -}");
    DotAttributes dot;
    dot.lhsContracting = {1};
    dot.rhsContracting = {0};
    const BufferId y = builder.buffer(0, "y", type, BufferKind::kTemporary);
    const BufferId z = builder.buffer(0, "z", type, BufferKind::kState);
    builder.compute(0, SegmentKind::kBackward, OpKind::kDot, {x, x}, {y}, dot);
    builder.collective(0, SegmentKind::kBackward, {CollectiveKind::kReduceScatter}, y, shard);
    builder.compute(0, SegmentKind::kBackward, OpKind::kAccumulate, {shard}, {sum});
    builder.compute(0, SegmentKind::kBackward, OpKind::kDot, {x, x}, {z}, dot);
    builder.queue(0, {{SegmentKind::kBackward, 0}});
    StageGraph graph(builder.program(), 0, 0);
    std::vector<PlannedLaunch> launches = planLaunches(graph);
    markSideLaunches(graph, launches);
    ASSERT_EQ(launches.size(), 4U);
    EXPECT_TRUE(launches[1].isOnSide);
    EXPECT_TRUE(launches[2].isOnSide) << "the accumulation";
    EXPECT_EQ(launches[2].joinBefore, 4) << "the end of the segment";
}

} // namespace
} // namespace alpa::fusion
