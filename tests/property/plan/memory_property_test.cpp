// Memory limits: more memory or freedom is no worse for large models, of which only what promises
// most is drafted, and stages are sharded as if memory were limited at every moment.
#include "core/plan/plan_cache.h"
#include "core/plan/plan_context.h"
#include "core/plan/shard_within.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/plans.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Of what is found within limits of memory: stages are proven within this while compared.
constexpr double kTolerance = 1.001;

/// Step times under these limits, in GiB; infinite: no plan.
std::vector<double> stepTimes(PlanRequest request, const std::vector<double>& limits)
{
    request.model = sampleModel("llama-8b");
    request.cluster = *loadCluster("dgx-h100-x8");
    request.options.globalBatch = 512;
    PlanCache cache;
    std::vector<double> times;
    for (const double limit : limits) {
        request.options.constraints.memoryPerDevice = gibibytes(limit);
        const auto outcome = makePlan(request, {}, &cache);
        EXPECT_TRUE(outcome.ok()) << outcome.error().message;
        const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
        times.push_back(plan != nullptr ? (*plan)->stepTime.count : kForever.count);
    }
    return times;
}

TEST(MemoryProperty, MoreIsNoSlowerOnOneMesh)
{
    for (const std::vector<int>& axes : {std::vector{8, 8}, std::vector{4, 4, 4}}) {
        PlanRequest request;
        request.options.constraints.meshAxes = axes;
        request.options.constraints.maxDp = 16;
        const std::vector<double> limits{44, 48, 52, 56, 60, 64, 68, 72, 76, 80};
        const std::vector<double> times = stepTimes(request, limits);
        for (size_t i = 1; i < times.size(); ++i)
            EXPECT_LE(times[i], times[i - 1] * kTolerance)
                << limits[i] << " GiB, " << axes.size() << " axes";
    }
}

TEST(MemoryProperty, RecomputationOnDemandIsNoSlowerThanAlways)
{
    PlanRequest request;
    request.options.constraints.meshAxes = {8, 8};
    const std::vector<double> limits{44, 56, 68, 80};
    const std::vector<double> free = stepTimes(request, limits);
    request.options.constraints.recomputation = true;
    const std::vector<double> always = stepTimes(request, limits);
    for (size_t i = 0; i < limits.size(); ++i)
        EXPECT_LE(free[i], always[i] * kTolerance) << limits[i] << " GiB";
}

class ShardWithin : public ::testing::Test
{
protected:
    ShardWithin()
        : context_(smallGpt(2), {}, *loadCluster("cpu-x4"))
        , model_((*context_.draftModel(4, {}, {}))->model)
    {
    }

    ChosenStage randomStage(Rng& rng)
    {
        ChosenStage stage;
        stage.sharder = *context_.sharder(
            model_, {1, 4, rng.chance(0.5) ? std::vector{2, 2} : std::vector{1, 4}});
        stage.mesh = stage.sharder->tables().mesh();
        stage.request.endLayer = model_->layered->layerCount;
        stage.request.microbatches = 4;
        stage.request.inFlight = 1 + rng.below(2);
        stage.request.recomputes = rng.chance(0.3);
        stage.request.repeatsCheapOps = !stage.request.recomputes && rng.chance(0.5);
        return stage;
    }
    Bytes held(const ChosenStage& stage) const
    {
        StageMemory memory =
            countFigures(stage.sharder->layered(), context_.cluster(), stage).memory;
        memory.inFlight = stage.request.inFlight;
        return memory.total();
    }
    bool shard(ChosenStage& stage, Bytes limit) const
    {
        return shardWithin(stage, limit, {.inFlight = stage.request.inFlight},
                           [this](const ChosenStage& chosen) {
                               return std::make_shared<const StageFigures>(countFigures(
                                   chosen.sharder->layered(), context_.cluster(), chosen));
                           },
                           {});
    }

    PlanContext context_;
    std::shared_ptr<const PreparedModel> model_;
};

/// Whatever one decision or two of an optimal sharding change: what is cheaper holds too much.
TEST_F(ShardWithin, NothingNearThatFitsIsCheaper)
{
    int cheaper = 0;
    int atMoments = 0;
    forEachSeed(40, [&](Rng& rng, int) {
        ChosenStage stage = randomStage(rng);
        ASSERT_TRUE(shard(stage, gibibytes(1)));
        const Bytes limit(static_cast<int64_t>(static_cast<double>(held(stage).count) *
                                               (0.6 + 0.08 * rng.below(5))));
        if (!shard(stage, limit))
            return;
        EXPECT_LE(held(stage), limit);
        atMoments += stage.request.moments.size() > 1 ? 1 : 0;
        if (!stage.sharding.isOptimal)
            return;
        StageRequest unlimited = stage.request;
        unlimited.memoryLimit.reset();
        const IlpProblem ilp = stage.sharder->ilp(unlimited);
        const double cost = evaluate(ilp, stage.sharding.choice).cost;
        for (int i = 0; i < 400; ++i) {
            ChosenStage other = stage;
            for (int changes = 1 + i % 2; changes > 0; --changes) {
                const auto node =
                    static_cast<size_t>(rng.below(static_cast<int>(ilp.nodes.size())));
                other.sharding.choice[node] =
                    rng.below(static_cast<int>(ilp.nodes[node].costs.size()));
            }
            if (evaluate(ilp, other.sharding.choice).cost >= cost * (1 - 1e-9))
                continue;
            ++cheaper;
            EXPECT_GT(held(other), limit);
        }
    });
    EXPECT_GT(cheaper, 20);
    EXPECT_GT(atMoments, 3);
}

} // namespace
} // namespace alpa
