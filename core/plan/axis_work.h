// What the axes of a stage's mesh are used for, by the work that they split.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/sharding/strategy.h"

#include <array>

namespace alpa
{

/// FLOPs of the contractions that each axis splits.
struct AxisWork {
    std::array<double, kMaxMeshAxes> alongBatch{}; ///< Along the batch of an operand.
    std::array<double, kMaxMeshAxes> alongModel{}; ///< Along other dimensions alone.
};

enum class CountedWork { kForward, kForwardAndBackward };

/// Linear in the stage's ops.
AxisWork axisWork(const Graph& graph, const PlanStage& stage, const BatchDims& batch,
                  CountedWork counted);

} // namespace alpa
