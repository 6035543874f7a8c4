#include "app/session/plan_numbers.h"

#include "app/session/link_traffic.h"
#include "core/cost/compute_time.h"

namespace alpa::app
{

namespace
{

/// FLOP/s of a device that does nothing but the model's products, in the shares that the graph has
/// of 16 and 32 bits.
double productRate(const Graph& graph, const DeviceKind& device)
{
    Flops flops;
    double seconds = 0;
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kDot && op.kind != OpKind::kConvolution)
            continue;
        const Flops part = rooflineOf(graph, op, device).flops;
        flops += part;
        seconds += part.count /
                   (isProductOf16Bits(graph, op) ? device.matrixFlops16 : device.matrixFlops32);
    }
    return seconds > 0 ? flops.count / seconds : 0;
}

double modelFlopsShare(const ParallelPlan& plan)
{
    double rate = 0; // Of the whole cluster.
    for (int kind = 0; kind < plan.cluster.kindCount(); ++kind)
        rate += plan.cluster.hostsOf(kind) * plan.cluster.devicesPerHost *
                productRate(*plan.graph, plan.cluster.deviceOf(kind));
    return rate > 0 ? plan.modelFlops.count / plan.stepTime.count / rate : 0;
}

} // namespace

PlanNumbers planNumbers(const GraphFacts& facts, const PlanFigures& figures)
{
    PlanNumbers numbers;
    if (facts.plan == nullptr)
        return numbers;
    const ParallelPlan& plan = *facts.plan;
    const LinkTraffic traffic = linkTraffic(facts);
    for (const AxisTraffic& axis : traffic.axes)
        numbers.sent +=
            int64_t{plan.stages[static_cast<size_t>(axis.stage)].mesh.deviceCount()} * axis.sent;
    for (const StageTraffic& stage : traffic.stages)
        numbers.sent += stage.bytes;
    numbers.modelFlopsShare = modelFlopsShare(plan);
    numbers.bubble = figures.bubble;
    return numbers;
}

} // namespace alpa::app
