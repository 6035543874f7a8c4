// The weights of a transformer's blocks, split over the tensor axis as Megatron-LM does.
#pragma once

#include "core/plan/plan_request.h"

namespace alpa
{

/// Pins the matrices of numbered blocks and of layers stacked in one parameter: by rows where the
/// product is added to what the block works on, by columns otherwise. Leaves alone what
/// `constraints` lets split over the data axis as well.
void pinColumnsAndRows(const Graph& model, PlanConstraints& constraints);

} // namespace alpa
