// Estimates of the grid against the plans that the planner makes of the same points.
#include "core/explain/sweep_plans.h"
#include "core/plan/plan_cache.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

PlanRequest request(const std::string& model, const std::string& cluster, int64_t batch)
{
    Result<ImportResult> imported = importModel(std::string(ALPA_SOURCE_DIR) + "/sample_models/" +
                                                model + "/" + model + ".loss.stablehlo.mlir.gz");
    EXPECT_TRUE(imported.ok() && imported->ok());
    PlanRequest request;
    request.model = std::make_shared<const Graph>(std::move(*imported->graph));
    request.cluster = *loadCluster(cluster);
    request.options.globalBatch = batch;
    return request;
}

TEST(SweepPlans, EstimatesWhatThePlannerPredicts)
{
    const PlanRequest asked = request("gpt-125m", "h200-x4", 32);
    PlanCache cache;
    const auto context = cache.context(asked);
    const auto sweep = sweepPlans(asked, *context, {});
    ASSERT_TRUE(sweep.ok()) << sweep.error().message;
    ASSERT_GT(sweep->points.size(), 40u);
    std::vector<double> errors;
    // Every tenth point: the best, the middling and the bad ones.
    for (size_t i = 0; i < sweep->points.size(); i += 10) {
        const SweepPoint& point = sweep->points[i];
        if (!point.fits)
            continue;
        PlanRequest fixed = asked;
        fixed.options.constraints = constraintsOf(*sweep, point, {});
        const auto outcome = makePlan(fixed, {}, &cache);
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
        ASSERT_NE(plan, nullptr);
        errors.push_back(std::abs(point.step / (*plan)->stepTime - 1));
        EXPECT_LE(errors.back(), 0.1)
            << "DP " << point.dp << " TP " << point.tp << " PP " << point.pp << " x "
            << point.microbatches << " " << zeroName(point) << " " << point.recomputes;
    }
    // The worst are deep pipelines of few microbatches, where the formula counts every transfer and
    // every stage's last work as if nothing overlapped.
    ASSERT_GE(errors.size(), 4u);
    std::ranges::sort(errors);
    EXPECT_LE(errors[errors.size() / 2], 0.04);
}

TEST(SweepPlans, ObeysConstraintsAndSortsByStep)
{
    PlanRequest asked = request("gpt-tiny", "h200-x4", 16);
    asked.options.constraints.maxPp = 2;
    asked.options.constraints.maxTp = 2;
    asked.options.constraints.recomputation = false;
    PlanCache cache;
    const auto sweep = sweepPlans(asked, *cache.context(asked), {});
    ASSERT_TRUE(sweep.ok());
    ASSERT_FALSE(sweep->points.empty());
    for (size_t i = 0; i < sweep->points.size(); ++i) {
        const SweepPoint& point = sweep->points[i];
        EXPECT_LE(point.pp, 2);
        EXPECT_LE(point.tp, 2);
        EXPECT_FALSE(point.recomputes);
        EXPECT_EQ(point.dp * point.tp * point.pp, 4);
        if (i > 0 && point.fits) {
            EXPECT_LE(sweep->points[i - 1].step, point.step);
        }
    }
}

TEST(SweepPlans, EstimatesTheScheduleThatIsAllowed)
{
    PlanRequest asked = request("gpt-tiny", "h200-x4", 16);
    asked.options.constraints.forbiddenSchedules = {ScheduleKind::k1f1b};
    PlanCache cache;
    const auto gpipe = sweepPlans(asked, *cache.context(asked), {});
    ASSERT_TRUE(gpipe.ok());
    EXPECT_EQ(gpipe->schedule, ScheduleKind::kGpipe);
    asked.options.constraints.schedule = ScheduleKind::kZeroBubble;
    const auto none = sweepPlans(asked, *cache.context(asked), {});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
}

} // namespace
} // namespace alpa
