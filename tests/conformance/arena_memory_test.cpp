// What a plan says of memory is what the GPU backend sets aside, whatever the plan's form.
#include "core/fusion/arena_layout.h"
#include "core/fusion/side_launches.h"
#include "core/import/import_model.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Of the fullest device, predicted over laid out.
constexpr double kTolerance = 0.03;
/// Tensor parallelism keeps some values in two shardings, of which the plan counts one.
constexpr double kTensorTolerance = 0.04;

struct Form {
    const char* name;
    std::optional<int> tp, pp;
    int microbatches;
    PlanStrategy strategy;
    std::optional<ScheduleKind> schedule = {};
};

class ArenaMemory : public testing::TestWithParam<Form>
{
};

int64_t arenaBytes(const Program& program, int stage)
{
    fusion::StageGraph graph(program, stage, 0);
    std::vector<fusion::PlannedLaunch> launches = fusion::planLaunches(graph);
    fusion::markSideLaunches(graph, launches);
    return fusion::layOutArena(graph, launches, stage, 0).bytes;
}

TEST_P(ArenaMemory, IsAsPlanned)
{
    const auto model = importModel("sample_models/gpt-1.3b/gpt-1.3b.loss.stablehlo.mlir.gz");
    ASSERT_TRUE(model.ok() && model->graph);
    PlanRequest request;
    request.model = std::make_shared<const Graph>(*model->graph);
    request.cluster = *loadCluster("h200-x2");
    request.options.globalBatch = 16;
    request.options.strategy = GetParam().strategy;
    request.options.constraints.fixedTp = GetParam().tp;
    request.options.constraints.fixedPp = GetParam().pp;
    request.options.constraints.microbatches = GetParam().microbatches;
    request.options.constraints.schedule = GetParam().schedule;
    const auto outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    const auto& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const auto program = lowerPlan(plan);
    ASSERT_TRUE(program.ok()) << program.error().message;
    std::vector<int64_t> planned(2, 0);
    std::vector<int64_t> laidOut(2, 0);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const int64_t arena = arenaBytes(*program, static_cast<int>(s));
        for (const DeviceId device : plan.stages[s].mesh.devices) {
            planned[device.index()] += plan.stages[s].memory.total().count;
            laidOut[device.index()] += arena;
        }
    }
    const auto most = [](const std::vector<int64_t>& bytes) {
        return static_cast<double>(std::max(bytes[0], bytes[1]));
    };
    EXPECT_NEAR(most(planned) / most(laidOut), 1.0, GetParam().tp ? kTensorTolerance : kTolerance);
}

INSTANTIATE_TEST_SUITE_P(
    , ArenaMemory,
    testing::Values(
        Form{"data", {}, {}, 1, PlanStrategy::kDataParallel},
        Form{"zero3", {}, {}, 1, PlanStrategy::kZero3},
        Form{"tensor", 2, 1, 1, PlanStrategy::kAuto},
        Form{"pipeline", {}, 2, 8, PlanStrategy::kAuto, ScheduleKind::k1f1b},
        Form{"gpipe", {}, 2, 4, PlanStrategy::kAuto, ScheduleKind::kGpipe},
        Form{"interleaved", {}, 2, 4, PlanStrategy::kAuto, ScheduleKind::kInterleaved1f1b},
        Form{"zeroBubble", {}, 2, 8, PlanStrategy::kAuto, ScheduleKind::kZeroBubble}),
    [](const auto& test) { return std::string(test.param.name); });

} // namespace
} // namespace alpa
