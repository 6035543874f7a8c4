#include "core/plan/parallel_degrees.h"

#include "core/plan/axis_work.h"
#include "core/sharding/strategy.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// An axis counts as data parallel if most of the contractions' FLOPs that it splits are split
/// along the batch.
ParallelDegrees degreesOf(const Graph& graph, const PlanStage& stage, const BatchDims& batch)
{
    const auto [alongBatch, alongModel] =
        axisWork(graph, stage, batch, CountedWork::kForwardAndBackward);
    ParallelDegrees degrees;
    for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
        if (alongBatch[axis] > alongModel[axis])
            degrees.data *= stage.mesh.axes[axis].size;
        else if (alongModel[axis] > 0)
            degrees.tensor *= stage.mesh.axes[axis].size;
    }
    return degrees;
}

} // namespace

ParallelDegrees parallelDegrees(const ParallelPlan& plan)
{
    ParallelDegrees most;
    const GraphRules rules = collectRules(*plan.graph);
    for (const PlanStage& stage : plan.stages) {
        ParallelDegrees degrees = degreesOf(*plan.graph, stage, rules.batch);
        if (degrees.tensor % plan.contextParallel() == 0)
            degrees.tensor /= plan.contextParallel();
        most.data = std::max(most.data, degrees.data);
        most.tensor = std::max(most.tensor, degrees.tensor);
    }
    return most;
}

} // namespace alpa
