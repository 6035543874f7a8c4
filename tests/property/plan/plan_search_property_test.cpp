// What the shortcuts of the search may not change: plans judged without being assembled, stages not
// solved again because a freer answer obeys, plans shown before the last one.
#include "core/plan/fit_stages.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_search.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

PlanRequest randomRequest(Rng& rng)
{
    PlanRequest request;
    request.model = smallGpt(2 + rng.below(4));
    request.cluster = *loadCluster(rng.chance(0.5) ? "cpu-x4" : "h200-x4");
    request.options.globalBatch = 16;
    PlanConstraints& constraints = request.options.constraints;
    if (rng.chance(0.4))
        constraints.memoryPerDevice = Bytes(int64_t{1} << (19 + rng.below(4)));
    if (rng.chance(0.4))
        constraints.fixedPp = 1 << rng.below(3);
    if (rng.chance(0.3))
        constraints.schedule =
            rng.chance(0.5) ? ScheduleKind::kZeroBubble : ScheduleKind::kInterleaved1f1b;
    if (rng.chance(0.3))
        constraints.recomputation = rng.chance(0.5);
    return request;
}

TEST(PlanSearchProperty, JudgesPlansAsTheyAreAssembled)
{
    int plans = 0;
    forEachSeed(25, [&](Rng& rng, int) {
        const PlanRequest request = randomRequest(rng);
        PlanContext context(request.model, request.options.optimizer, request.cluster);
        Result<Attempt> found =
            PlanSearch(request, request.options.constraints, context, {}).search({});
        ASSERT_TRUE(found.ok()) << found.error().message;
        if (!found->plan)
            return;
        ++plans;
        const auto whole = assemblePlan(found->assembly);
        ASSERT_TRUE(whole.ok());
        EXPECT_EQ(found->plan->stepTime.count, (*whole)->stepTime.count);
        EXPECT_GT(leastTime(found->assembly), Seconds(0));
        EXPECT_LE(leastTime(found->assembly), found->plan->stepTime * (1 + 1e-12));
        ASSERT_EQ(found->plan->stages.size(), (*whole)->stages.size());
        for (size_t s = 0; s < found->plan->stages.size(); ++s) {
            EXPECT_EQ(found->plan->stages[s].memory.total(), (*whole)->stages[s].memory.total());
            EXPECT_EQ(found->plan->stages[s].cost.receive, (*whole)->stages[s].cost.receive);
        }
    });
    EXPECT_GT(plans, 10);
}

TEST(PlanSearchProperty, NoShardingUsesLessThanTheLeastUse)
{
    int plans = 0;
    forEachSeed(25, [&](Rng& rng, int) {
        const PlanRequest request = randomRequest(rng);
        PlanContext context(request.model, request.options.optimizer, request.cluster);
        const Result<Attempt> found =
            PlanSearch(request, request.options.constraints, context, {}).search({});
        ASSERT_TRUE(found.ok()) << found.error().message;
        for (size_t s = 0; s < found->assembly.stages.size(); ++s) {
            ++plans;
            const ChosenStage& stage = found->assembly.stages[s];
            StageRequest asked = stage.request;
            const Bytes least = stage.sharder->leastUse(asked);
            asked.memoryLimit = least - Bytes(1);
            EXPECT_TRUE(std::holds_alternative<StageInfeasible>(stage.sharder->solve(asked, {})));
            if (stage.request.memoryLimit) {
                EXPECT_LE(least, *stage.request.memoryLimit);
            }
            EXPECT_LE(least, found->plan->stages[s].memory.total());
            asked.moments.clear();
            EXPECT_LE(stage.sharder->leastUse(asked),
                      stage.sharding.fixedMemory +
                          stage.sharding.activations * static_cast<int64_t>(asked.inFlight) +
                          stage.sharding.recomputed);
        }
    });
    EXPECT_GT(plans, 10);
}

TEST(PlanSearchProperty, NoPlanIsFasterThanItsCompute)
{
    int plans = 0;
    forEachSeed(25, [&](Rng& rng, int) {
        const PlanRequest request = randomRequest(rng);
        PlanContext context(request.model, request.options.optimizer, request.cluster);
        Result<Attempt> found =
            PlanSearch(request, request.options.constraints, context, {}).search({});
        ASSERT_TRUE(found.ok()) << found.error().message;
        if (!found->plan)
            return;
        ++plans;
        const ParallelPlan& plan = *found->plan;
        const auto model = context.draftModel(plan.microbatchSize, {}, {});
        ASSERT_TRUE(model.ok());
        int most = 0;
        for (const PlanStage& stage : plan.stages)
            most = std::max(most, stage.mesh.deviceCount());
        EXPECT_GT((*model)->longestContraction, Seconds(0));
        EXPECT_LE((*model)->longestContraction * plan.microbatches / most, plan.stepTime);
        EXPECT_LE(computeTime(**model, plan.microbatches) / request.cluster.deviceCount(),
                  plan.stepTime);
    });
    EXPECT_GT(plans, 10);
}

TEST(PlanSearch, DraftsNothingThatComputeAloneExcludes)
{
    PlanRequest request;
    request.model = smallGpt(2);
    request.cluster = *loadCluster("h200-x4");
    request.options.globalBatch = 16;
    // A stage a device: more layers than the model has by default.
    const PlanConstraints pipeline =
        withStrategy({}, PlanStrategy::kPipeline, request.cluster.deviceCount());
    const auto knowsFiner = [&](PlanContext& context) {
        bool knows = false;
        for (int size = 1; size <= 16; size *= 2)
            knows = knows || context.knowsFullModel(size, request.cluster.deviceCount());
        return knows;
    };
    PlanContext context(request.model, request.options.optimizer, request.cluster);
    Result<Attempt> found = PlanSearch(request, pipeline, context, {}).search({}, Seconds(1e-12));
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->plan, nullptr);
    EXPECT_FALSE(knowsFiner(context));
    found = PlanSearch(request, pipeline, context, {}).search({});
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_NE(found->plan, nullptr);
    EXPECT_TRUE(knowsFiner(context));
}

TEST(PlanSearchProperty, ShowsEverFasterPlansThatObeyAndEndsWithTheBest)
{
    int shown = 0;
    forEachSeed(15, [&](Rng& rng, int) {
        const PlanRequest request = randomRequest(rng);
        Seconds last = kForever;
        const auto outcome =
            makePlan(request, {}, nullptr, [&](const std::shared_ptr<const ParallelPlan>& plan) {
                ++shown;
                EXPECT_LT(plan->stepTime, last);
                last = plan->stepTime;
                for (size_t s = 0; s < plan->stages.size(); ++s) {
                    EXPECT_LE(plan->deviceMemory(s),
                              request.options.constraints.memoryPerDevice.value_or(
                                  request.cluster.device.memory));
                    EXPECT_FALSE(plan->stages[s].ops.empty());
                }
            });
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
        EXPECT_EQ(plan != nullptr, last < kForever);
        if (plan != nullptr) {
            EXPECT_LE((*plan)->stepTime, last);
        }
    });
    EXPECT_GT(shown, 8);
}

TEST(StageSharderProperty, FreerAnswersStandOnlyWhereTheyAreOptimal)
{
    PlanContext context(smallGpt(2), {}, *loadCluster("cpu-x4"));
    const auto draft = context.draftModel(4, {}, {});
    ASSERT_TRUE(draft.ok());
    int taken = 0;
    int solved = 0;
    forEachSeed(60, [&](Rng& rng, int) {
        const auto sharder = context.sharder((*draft)->model, {1, 4, {2, 2}});
        ASSERT_TRUE(sharder.ok());
        const MeshProblem& problem = (*sharder)->problem();
        StageRequest request;
        request.endLayer = (*draft)->model->layered->layerCount;
        auto forbidden = std::make_shared<ForbiddenStrategies>();
        for (int i = 0; i < 1 + rng.below(3); ++i) {
            const int node = rng.below(static_cast<int>(problem.nodes.size()));
            std::vector<uint8_t> flags(
                problem.nodes[static_cast<size_t>(node)].perMicrobatch.size(), 0);
            for (uint8_t& flag : flags)
                flag = rng.chance(0.4) ? 1 : 0;
            (*forbidden)[node] = std::move(flags);
        }
        request.forbidden = forbidden;
        const StageShardingOutcome& outcome = (*sharder)->solve(request, {});
        const IlpOutcome direct = solveIlp((*sharder)->ilp(request));
        const auto* sharding = std::get_if<StageSharding>(&outcome);
        const auto* solution = std::get_if<IlpSolution>(&direct);
        ASSERT_EQ(sharding != nullptr, solution != nullptr);
        if (solution == nullptr)
            return;
        EXPECT_NEAR(sharding->objective, solution->cost, 1e-9 * solution->cost);
        StageRequest freer = request;
        freer.forbidden = nullptr;
        const auto& known = std::get<StageSharding>((*sharder)->solve(freer, {}));
        (known.choice == sharding->choice ? taken : solved) += 1;
    });
    EXPECT_GT(taken, 5);
    EXPECT_GT(solved, 5);
}

} // namespace
} // namespace alpa
