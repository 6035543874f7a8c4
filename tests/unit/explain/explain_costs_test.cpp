// The terms of a step add up to the totals that the planner predicted, and those to the step.
#include "core/explain/explain_costs.h"
#include "core/explain/show_plan.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace alpa
{
namespace
{

std::vector<std::shared_ptr<const ParallelPlan>> plans()
{
    PlanOptions free;
    free.globalBatch = 16;
    PlanOptions tensor = free;
    tensor.constraints.fixedTp = 2;
    PlanOptions recomputed = free;
    recomputed.constraints.fixedPp = 2;
    recomputed.constraints.recomputation = true;
    return {samplePlan(busyOptions()), samplePlan(free), samplePlan(tensor), samplePlan(recomputed),
            samplePlan(free, "llama-tiny", "p3.16xlarge-x2")};
}

void expectSame(Seconds sum, Seconds total, Seconds step)
{
    EXPECT_NEAR(sum.count, total.count, 1e-9 * step.count);
}

TEST(ExplainCosts, TermsAddUpToTheStagesAndLayersToo)
{
    for (const auto& plan : plans()) {
        const PlanCosts costs = explainCosts(*plan);
        ASSERT_EQ(costs.stages.size(), plan->stages.size());
        for (size_t s = 0; s < plan->stages.size(); ++s) {
            const StageCost& predicted = plan->stages[s].cost;
            const StageCosts& stage = costs.stages[s];
            StageCost layers;
            for (const StageCost& layer : stage.layers) {
                layers.forwardCompute += layer.forwardCompute;
                layers.forwardCommunication += layer.forwardCommunication;
                layers.backwardCompute += layer.backwardCompute;
                layers.backwardCommunication += layer.backwardCommunication;
                layers.gradientSync += layer.gradientSync;
                layers.update += layer.update;
                layers.recomputation += layer.recomputation;
            }
            for (const StageCost& sum : {stage.total, layers}) {
                expectSame(sum.forwardCompute, predicted.forwardCompute, plan->stepTime);
                expectSame(sum.forwardCommunication, predicted.forwardCommunication,
                           plan->stepTime);
                expectSame(sum.backwardCompute, predicted.backwardCompute, plan->stepTime);
                expectSame(sum.backwardCommunication, predicted.backwardCommunication,
                           plan->stepTime);
                expectSame(sum.gradientSync, predicted.gradientSync, plan->stepTime);
                expectSame(sum.update, predicted.update, plan->stepTime);
                expectSame(sum.recomputation, predicted.recomputation, plan->stepTime);
            }
            expectSame(stage.total.receive, predicted.receive, plan->stepTime);
        }
    }
}

TEST(ExplainCosts, EveryTermIsMadeOfItsParts)
{
    for (const auto& plan : plans()) {
        for (const StageCosts& stage : explainCosts(*plan).stages) {
            Seconds sum;
            for (const ExplainedTerm& term : stage.terms) {
                sum += term.term.time * (isPerStep(term.term.group) ? 1.0 : plan->microbatches);
                if (term.compute) {
                    EXPECT_NEAR(term.compute->time().count, term.term.time.count,
                                1e-9 * term.term.time.count)
                        << term.label;
                    continue;
                }
                Seconds steps;
                for (const CollectiveTerm& step : term.steps)
                    steps += step.time();
                EXPECT_NEAR(steps.count, term.term.time.count, 1e-15) << term.label;
            }
            sum += stage.total.recomputation * static_cast<double>(plan->microbatches);
            sum -= stage.total.hiddenReduction + stage.total.hiddenGather;
            expectSame(sum, stage.busy, plan->stepTime);
        }
    }
}

TEST(ExplainCosts, BusyTimeIsTheTimelinesAndTheCriticalPathIsTheStep)
{
    for (const auto& plan : plans()) {
        const PlanCosts costs = explainCosts(*plan);
        for (size_t s = 0; s < costs.stages.size(); ++s) {
            expectSame(costs.stages[s].busy, plan->timeline.stages[s].busy, plan->stepTime);
            expectSame(costs.stages[s].busy + costs.stages[s].idle, plan->stepTime, plan->stepTime);
        }
        Seconds path;
        for (const CriticalTerm& term : costs.critical) {
            EXPECT_GT(term.time.count, 0) << term.name;
            EXPECT_NE(term.name, "waiting");
            path += term.time;
        }
        EXPECT_NEAR(path / plan->stepTime, 1.0, 1e-6);
    }
}

TEST(ExplainCosts, OneStageNeverWaits)
{
    PlanOptions options;
    options.constraints.fixedPp = 1;
    const auto plan = samplePlan(options);
    const PlanCosts costs = explainCosts(*plan);
    EXPECT_NEAR(costs.stages[0].idle / plan->stepTime, 0.0, 1e-9);
    EXPECT_TRUE(costs.stages[0].received.empty());
}

TEST(ExplainCosts, TextAndJsonSayTheSame)
{
    const auto plan = samplePlan(busyOptions());
    const PlanCosts costs = explainCosts(*plan);
    const auto json = nlohmann::json::parse(costsToJson(*plan, costs));
    EXPECT_EQ(json["stages"].size(), 2u);
    double sum = 0;
    for (const auto& term : json["stages"][0]["terms"])
        sum += term["group"] == "forward" ? term["ms"].get<double>() : 0.0;
    EXPECT_NEAR(sum, plan->stages[0].cost.forwardCompute.count * 1e3, 1e-9);
    const std::string text = formatCosts(*plan);
    EXPECT_NE(text.find("along its critical path"), std::string::npos);
    CostSelection layer;
    layer.stage = 1;
    layer.layer = plan->stages[1].firstLayer;
    const std::string all = formatCosts(*plan, costs, layer);
    EXPECT_EQ(all.find("stage 0 ["), std::string::npos);
    EXPECT_NE(all.find("update"), std::string::npos);
}

} // namespace
} // namespace alpa
