#include "core/plan/parallel_plan.h"

#include "core/plan/axis_work.h"
#include "core/sharding/strategy.h"

#include <algorithm>

namespace alpa
{
namespace
{

struct Degrees {
    int data = 1;
    int tensor = 1;
};

/// An axis counts as data parallel if most of the contractions' FLOPs that it splits are split
/// along the batch.
Degrees degreesOf(const Graph& graph, const PlanStage& stage, const BatchDims& batch)
{
    const auto [alongBatch, alongModel] =
        axisWork(graph, stage, batch, CountedWork::kForwardAndBackward);
    Degrees degrees;
    for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
        if (alongBatch[axis] > alongModel[axis])
            degrees.data *= stage.mesh.axes[axis].size;
        else if (alongModel[axis] > 0)
            degrees.tensor *= stage.mesh.axes[axis].size;
    }
    return degrees;
}

Degrees widest(const ParallelPlan& plan)
{
    Degrees most;
    const GraphRules rules = collectRules(*plan.graph);
    for (const PlanStage& stage : plan.stages) {
        Degrees degrees = degreesOf(*plan.graph, stage, rules.batch);
        if (degrees.tensor % plan.contextParallel() == 0)
            degrees.tensor /= plan.contextParallel();
        most.data = std::max(most.data, degrees.data);
        most.tensor = std::max(most.tensor, degrees.tensor);
    }
    return most;
}

} // namespace

double ParallelPlan::flopsPerDevice() const
{
    return modelFlops.count / stepTime.count / cluster.deviceCount();
}

Bytes ParallelPlan::deviceMemory(size_t stage) const
{
    const auto groups = static_cast<size_t>(deviceGroups());
    Bytes bytes;
    for (size_t s = stage % groups; s < stages.size(); s += groups)
        bytes += stages[s].memory.total();
    return bytes;
}

std::vector<DeviceId> ParallelPlan::idleDevices() const
{
    std::vector<bool> isUsed(static_cast<size_t>(cluster.deviceCount()), false);
    for (const PlanStage& stage : stages) {
        for (const DeviceId device : stage.mesh.devices)
            isUsed[device.index()] = true;
    }
    std::vector<DeviceId> idle;
    for (size_t device = 0; device < isUsed.size(); ++device) {
        if (!isUsed[device])
            idle.emplace_back(device);
    }
    return idle;
}

int ParallelPlan::dataParallel() const { return widest(*this).data; }

int ParallelPlan::tensorParallel() const { return widest(*this).tensor; }

} // namespace alpa
