// Where memory is short: which layers run again, with how many microbatches, and what fits after
// all.
#include "tests/support/gpt_graph.h"
#include "tests/support/plans.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(MakePlan, RecomputesNoMoreLayersThanMemoryAsks)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x1");
    request.options.globalBatch = 8;
    request.options.constraints.microbatches = 1;
    request.options.constraints.forbiddenRecomputations = {RecomputationKind::kSelective};
    const auto kept = planOf(request);
    request.options.constraints.recomputedLayers = 1;
    const auto one = planOf(request);
    request.options.constraints.recomputedLayers.reset();
    ASSERT_TRUE(kept && one);
    ASSERT_LT(one->stages[0].memory.total(), kept->stages[0].memory.total());
    EXPECT_GT(one->stages[0].cost.recomputation.count, 0);
    EXPECT_LT(one->stages[0].cost.recomputation, one->stages[0].cost.forward());
    // Room for one kept layer less, but for no more.
    request.options.constraints.memoryPerDevice = kept->stages[0].memory.total() - kKiB;
    const auto tight = planOf(request);
    ASSERT_TRUE(tight);
    EXPECT_LE(tight->stepTime, one->stepTime);
    request.options.constraints.forbiddenRecomputations = {
        RecomputationKind::kSelective, RecomputationKind::kLayers, RecomputationKind::kFull};
    const auto none = planOf(request);
    EXPECT_TRUE(!none || none->stepTime >= tight->stepTime);
}

TEST(MakePlan, RecomputesWhereKeptActivationsAloneNeedMoreThanThereIs)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x1");
    request.options.globalBatch = 8;
    request.options.constraints.microbatches = 1;
    const auto kept = planOf(request);
    request.options.constraints.recomputation = true;
    const auto again = planOf(request);
    ASSERT_TRUE(kept && again);
    const StageMemory& memory = again->stages[0].memory;
    ASSERT_LT(memory.total(), memory.parameters + memory.gradients + memory.optimizerState +
                                  kept->stages[0].memory.activations);
    request.options.constraints.recomputation.reset();
    request.options.constraints.memoryPerDevice = memory.total();
    EXPECT_TRUE(planOf(request));
}

/// A model so large that only what promises most is drafted.
TEST(MakePlan, RecomputesAtFewerMicrobatchesWhereThatIsFaster)
{
    PlanRequest request;
    request.model = sampleModel("gpt-1.3b");
    request.cluster = *loadCluster("h200-x1");
    request.options.globalBatch = 16;
    request.options.optimizer.kind = OptimizerOptions::Kind::kAdamW;
    request.options.constraints.memoryPerDevice = kGiB * 26;
    const auto free = planOf(request);
    ASSERT_TRUE(free);
    for (const int microbatches : {2, 4, 8}) {
        request.options.constraints.microbatches = microbatches;
        const auto asked = planOf(request);
        ASSERT_TRUE(asked) << microbatches;
        EXPECT_LE(free->stepTime, asked->stepTime) << microbatches;
    }
    EXPECT_GT(free->stages[0].cost.recomputation.count, 0);
}

/// The only stage holds more for a moment than drafted, and with every sharding another amount.
TEST(MakePlan, ShardsAStageAgainUntilItFits)
{
    PlanRequest request;
    request.model = sampleModel("llama-8b");
    request.cluster = *loadCluster("dgx-h100-x8");
    request.options.globalBatch = 512;
    request.options.constraints.recomputation = true;
    request.options.constraints.microbatches = 2;
    const auto two = planOf(request);
    request.options.constraints.microbatches = 1;
    const auto one = planOf(request);
    ASSERT_TRUE(two && one);
    EXPECT_LE(one->stepTime, two->stepTime);
}

TEST(MakePlan, LayersRunAgainOneAtATime)
{
    PlanRequest request;
    request.model = smallGpt(8);
    request.cluster = *loadCluster("cpu-x1");
    request.options.layers = 8;
    request.options.globalBatch = 8;
    request.options.constraints.microbatches = 1;
    const auto kept = planOf(request);
    request.options.constraints.recomputation = true;
    const auto again = planOf(request);
    ASSERT_TRUE(kept && again);
    // Between them there are one layer of eight, what it starts from eight times, and what lives
    // briefly in any case.
    const StageMemory& memory = again->stages[0].memory;
    EXPECT_LT(memory.activations + memory.transient - kept->stages[0].memory.transient,
              kept->stages[0].memory.activations / int64_t{2});
}

TEST(MakePlan, FitsWhereDraftsExpectMoreThanIsHeld)
{
    // A wide vocabulary: drafts count the largest result several times over.
    PlanRequest request;
    request.model = std::make_shared<const Graph>(
        GptGraph({.layers = 4, .hidden = 64, .heads = 4, .sequence = 64, .vocabulary = 8192})
            .make());
    request.cluster = *loadCluster("cpu-x1");
    PlanConstraints& constraints = request.options.constraints;
    constraints.microbatches = 1;
    constraints.recomputation = true;
    const auto free = planOf(request);
    ASSERT_TRUE(free);
    constraints.memoryPerDevice = free->deviceMemory(0) + kMiB;
    EXPECT_TRUE(planOf(request));
}

} // namespace
} // namespace alpa
