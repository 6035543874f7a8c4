#include "core/plan/parallel_plan.h"

#include "core/plan/parallel_degrees.h"

namespace alpa
{

std::optional<double> ParallelPlan::stepGap() const
{
    if (!(stepBound > Seconds(0)) || !(stepTime > Seconds(0)))
        return std::nullopt;
    return (stepTime - stepBound) / stepTime;
}

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

int ParallelPlan::dataParallel() const { return parallelDegrees(*this).data; }

int ParallelPlan::tensorParallel() const { return parallelDegrees(*this).tensor; }

} // namespace alpa
