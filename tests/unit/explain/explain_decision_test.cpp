// A strategy's regret is what planning with that strategy demanded really adds.
#include "core/explain/explain_constraints.h"
#include "core/explain/explain_decision.h"
#include "core/plan/plan_cache.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace alpa
{
namespace
{

PlanOptions oneStage()
{
    PlanOptions options;
    options.globalBatch = 16;
    options.constraints.meshAxes = {2, 2};
    options.constraints.fixedPp = 1;
    options.constraints.microbatches = 2;
    options.constraints.recomputation = false;
    return options;
}

Result<std::vector<DecisionExplanation>> why(const ParallelPlan& plan, std::string pattern)
{
    return explainDecisions(plan, {.pattern = std::move(pattern), .strategy = {}, .limit = 4}, {});
}

TEST(ExplainDecision, RegretIsWhatPlanningUnderThePinAdds)
{
    const auto plan = samplePlan(oneStage());
    int checked = 0;
    for (const PlannedInput& input : plan->stages[0].inputs) {
        const std::string& name = plan->graph->value(input.value).name;
        if (plan->graph->inputRole(input.value) != InputRole::kParameter || checked >= 3 ||
            plan->graph->type(input.value).rank() < 2)
            continue;
        const auto explained = why(*plan, name);
        ASSERT_TRUE(explained.ok()) << explained.error().message;
        ASSERT_EQ(explained->size(), 1u);
        for (const StrategyTerms& terms : explained->front().strategies) {
            if (!(terms.regret < kForever))
                continue;
            PlanOptions pinned = oneStage();
            pinned.constraints.specs = {{.pattern = name, .spec = terms.result, .forbids = false}};
            const auto forced = samplePlan(pinned);
            EXPECT_NEAR((forced->stepTime - plan->stepTime).count, terms.regret.count,
                        1e-6 * plan->stepTime.count)
                << name << " " << terms.strategy;
        }
        ++checked;
    }
    EXPECT_EQ(checked, 3);
}

TEST(ExplainDecision, TheChosenOneIsFirstAndNothingBeatsIt)
{
    const auto plan = samplePlan(oneStage());
    const auto explained = why(*plan, "*:dot");
    ASSERT_TRUE(explained.ok());
    ASSERT_EQ(explained->size(), 4u);
    for (const DecisionExplanation& explanation : *explained) {
        ASSERT_TRUE(explanation.isExact);
        EXPECT_EQ(explanation.strategies[0].regret.count, 0);
        for (const StrategyTerms& terms : explanation.strategies) {
            EXPECT_GE(terms.regret.count, 0) << explanation.label << " " << terms.strategy;
            EXPECT_LE(terms.regret.count, terms.alone.count + 1e-9) << terms.strategy;
        }
        EXPECT_FALSE(explanation.verdict.empty());
    }
    EXPECT_NE(formatExplanations(*explained).find(explained->front().verdict), std::string::npos);
}

TEST(ExplainDecision, FindsAFollowersDecisionAndFiltersByStrategy)
{
    const auto plan = samplePlan(oneStage());
    const auto explained = why(*plan, "*:dot");
    ASSERT_TRUE(explained.ok());
    const auto withFollowers = std::ranges::find_if(
        *explained, [](const DecisionExplanation& one) { return !one.followers.empty(); });
    ASSERT_NE(withFollowers, explained->end());
    const auto byFollower = why(*plan, withFollowers->followers.front());
    ASSERT_TRUE(byFollower.ok());
    EXPECT_TRUE(std::ranges::any_of(*byFollower, [&](const DecisionExplanation& one) {
        return one.label == withFollowers->label;
    }));
    const auto filtered = explainDecisions(*plan,
                                           {.pattern = withFollowers->label,
                                            .strategy = withFollowers->strategies[1].strategy,
                                            .limit = 1},
                                           {});
    ASSERT_TRUE(filtered.ok());
    EXPECT_EQ(filtered->front().strategies.size(), 2u);
}

TEST(ExplainDecision, SaysThatAPatternMatchesNothing)
{
    const auto explained = why(*samplePlan(oneStage()), "no such op");
    ASSERT_FALSE(explained.ok());
    EXPECT_EQ(explained.error().code, ErrorCode::kNotFound);
}

TEST(ExplainConstraints, APriceIsThePlanWithoutTheConstraint)
{
    PlanOptions options;
    options.globalBatch = 64;
    options.constraints.fixedPp = 2;
    options.constraints.maxTp = 4;
    const auto plan = samplePlan(options);
    PlanRequest request;
    Result<ImportResult> imported = importModel(
        std::string(ALPA_SOURCE_DIR) + "/sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz");
    ASSERT_TRUE(imported.ok() && imported->ok());
    request.model = std::make_shared<const Graph>(std::move(*imported->graph));
    request.cluster = plan->cluster;
    request.options = options;
    PlanCache cache;
    const auto prices = priceConstraints(request, *plan, cache, {});
    ASSERT_TRUE(prices.ok()) << prices.error().message;
    ASSERT_EQ(prices->prices.size(), 3u); // two constraints and memory
    EXPECT_EQ(prices->prices[0].edit, "without max TP 4");
    PlanOptions without = options;
    without.constraints.fixedPp.reset();
    const auto freed = samplePlan(without);
    EXPECT_EQ(prices->prices[0].saved.count, 0);
    EXPECT_DOUBLE_EQ(prices->prices[1].saved.count, (plan->stepTime - freed->stepTime).count);
    EXPECT_GT(prices->prices[1].saved.count, 0);
}

} // namespace
} // namespace alpa
