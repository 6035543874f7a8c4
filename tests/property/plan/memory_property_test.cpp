// Large models, of which only what promises most is drafted: more memory or freedom is no worse.
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_cache.h"

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
    const std::string path =
        std::string(ALPA_SOURCE_DIR) + "/sample_models/llama-8b/llama-8b.loss.stablehlo.mlir.gz";
    request.model = std::make_shared<const Graph>(*importModel(path)->graph);
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

} // namespace
} // namespace alpa
