#include "tests/conformance/alpa_setting.h"

#include "core/explain/explain_costs.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Bandwidths are bytes a "second" along each axis; a launch is Alpa's alpha.
Cluster clusterOf(const AlpaMesh& mesh)
{
    Cluster cluster;
    cluster.name = "alpa";
    cluster.hosts = mesh.n0;
    cluster.devicesPerHost = mesh.n1;
    cluster.device.name = "unit";
    cluster.device.memory = Bytes(int64_t{1} << 50);
    // Repeating the smallest product costs more than any collective saves.
    cluster.device.matrixFlops16 = cluster.device.matrixFlops32 = 1;
    cluster.device.memoryBandwidth = 1e30;
    cluster.device.kernelLaunch = Seconds(mesh.alpha);
    cluster.withinHost = {Seconds(0), 1 / mesh.beta1};
    // Every host's n1 groups share its card.
    cluster.betweenHosts = {Seconds(0), mesh.n1 / mesh.beta0};
    if (mesh.n0 > 1 && mesh.n1 == 1)
        cluster.withinHost.bandwidth = 1 / mesh.beta0;
    return cluster;
}

/// beta (n - 1) / n of an axis.
double ringFactor(const AlpaMesh& mesh, int axis)
{
    const double n = axis == 0 ? mesh.n0 : mesh.n1;
    return (axis == 0 ? mesh.beta0 : mesh.beta1) * (n - 1) / n;
}

} // namespace

double allReduce(const AlpaMesh& mesh, double bytes, int axis)
{
    return mesh.alpha + 2 * ringFactor(mesh, axis) * bytes;
}

double allToAll(const AlpaMesh& mesh, double bytes, int axis)
{
    return mesh.alpha + ringFactor(mesh, axis) * bytes / (axis == 0 ? mesh.n0 : mesh.n1);
}

Communication plan(std::shared_ptr<const Graph> model, const AlpaMesh& mesh,
                   const AlpaSetting& setting)
{
    PlanRequest request;
    request.model = std::move(model);
    request.cluster = clusterOf(mesh);
    request.options.layers = 1;
    request.options.constraints.meshAxes = {mesh.n0, mesh.n1};
    request.options.constraints.fixedPp = 1;
    request.options.constraints.microbatches = 1;
    request.options.constraints.recomputation = setting.recomputes;
    if (setting.batch == BatchAxes::kFirst) {
        request.options.constraints.fixedDp = mesh.n0;
        request.options.constraints.fixedTp = mesh.n1;
    }
    const auto outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    const auto* made =
        outcome.ok() ? std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome) : nullptr;
    EXPECT_NE(made, nullptr);
    Communication sum;
    if (made == nullptr)
        return sum;
    EXPECT_TRUE((*made)->stages[0].certificate.isOptimal);
    const PlanCosts costs = explainCosts(**made);
    for (const ExplainedTerm& term : costs.stages[0].terms) {
        for (const CollectiveTerm& step : term.steps) {
            sum.total += step.time().count;
            if (term.term.group == CostGroup::kForwardCommunication)
                sum.forward += step.time().count;
            if (step.kind == ReshardKind::kAllReduce)
                sum.reductions += step.bytes.count > 1024 ? 1 : 0;
            else if (step.kind == ReshardKind::kAllToAll)
                ++sum.allToAlls;
            else
                sum.others += step.kind == ReshardKind::kSlice ? 0 : 1;
        }
    }
    return sum;
}

} // namespace alpa
