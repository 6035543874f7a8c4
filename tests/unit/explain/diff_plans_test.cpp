// Two plans' differences: terms add up, requests are compared piece by piece, causes are plans of
// their own.
#include "core/explain/diff_plans.h"
#include "core/explain/request_changes.h"
#include "core/plan/plan_cache.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <nlohmann/json.hpp>

namespace alpa
{
namespace
{

PlanOptions withBatch(int64_t batch)
{
    PlanOptions options;
    options.globalBatch = batch;
    return options;
}

TEST(DiffPlans, FindsNothingBetweenEqualPlans)
{
    const auto plan = samplePlan(withBatch(16));
    const PlanDiff diff = diffPlans(*plan, *plan);
    EXPECT_TRUE(diff.request.empty());
    EXPECT_TRUE(diff.plan.empty());
    EXPECT_TRUE(diff.shardings.empty());
    EXPECT_EQ(diff.verdict, "the plans are the same");
}

TEST(DiffPlans, TermsDifferByAsMuchAsTheSteps)
{
    const auto before = samplePlan(withBatch(16));
    PlanOptions options = withBatch(16);
    options.constraints.fixedPp = 2;
    options.constraints.maxDp = 1;
    const auto after = samplePlan(options);
    const PlanDiff diff = diffPlans(*before, *after);
    double added = 0;
    for (const TermChange& term : diff.terms)
        added += term.added().count;
    EXPECT_NEAR(added, (after->stepTime - before->stepTime).count, 1e-6 * after->stepTime.count);
    ASSERT_EQ(diff.request.size(), 2u);
    EXPECT_EQ(diff.request[0].subject, "max DP");
    EXPECT_EQ(diff.request[0].after, "max DP 1");
    EXPECT_FALSE(diff.shardings.empty());
    const auto json = nlohmann::json::parse(diffToJson(diff));
    EXPECT_EQ(json["request"].size(), 2u);
    EXPECT_NE(formatDiff(diff, "a", "b").find("max DP 1"), std::string::npos);
}

TEST(DiffPlans, TheOnlyChangeIsTheCause)
{
    const auto before = samplePlan(withBatch(64));
    PlanOptions options = withBatch(64);
    options.constraints.fixedPp = 2;
    const auto after = samplePlan(options);
    PlanDiff diff = diffPlans(*before, *after);
    Result<ImportResult> imported = importModel(
        std::string(ALPA_SOURCE_DIR) + "/sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz");
    ASSERT_TRUE(imported.ok() && imported->ok());
    PlanRequest first{.model = std::make_shared<const Graph>(std::move(*imported->graph)),
                      .modelPath = {},
                      .cluster = before->cluster,
                      .options = before->options};
    PlanRequest second = first;
    second.options = after->options;
    PlanCache cache;
    ASSERT_TRUE(attributeDiff(diff, first, second, cache, {}).ok());
    ASSERT_EQ(diff.causes.size(), 1u);
    ASSERT_TRUE(diff.causes[0].step.has_value());
    EXPECT_EQ(diff.causes[0].step->count, after->stepTime.count);
    EXPECT_NE(diff.verdict.find("PP: none -> PP = 2 alone does 100 % of it"), std::string::npos)
        << diff.verdict;
}

TEST(RequestChanges, ApplyingAllOfThemMakesTheOtherRequest)
{
    PlanRequest before, after;
    before.cluster = *loadCluster("h200-x4");
    after.cluster = *loadCluster("dgx-a100-x2");
    before.options = busyOptions();
    after.options = withBatch(32);
    after.options.strategy = PlanStrategy::kZero2;
    after.options.constraints.cuts = {1, 2};
    const auto changes = listChanges(before, after);
    for (const RequestChange& change : changes) {
        EXPECT_NE(change.before, change.after) << change.name;
        change.apply(before);
    }
    EXPECT_EQ(before.options.constraints, after.options.constraints);
    EXPECT_EQ(before.options.globalBatch, after.options.globalBatch);
    EXPECT_EQ(before.options.strategy, after.options.strategy);
    EXPECT_TRUE(before.cluster == after.cluster);
    EXPECT_TRUE(listChanges(before, after).empty());
}

} // namespace
} // namespace alpa
