// The most that a stage needs beyond what it keeps: values that live within one pass over its ops.
#pragma once

#include "core/intra_op/layered_graph.h"
#include "core/plan/parallel_plan.h"

#include <vector>

namespace alpa
{

/// Values that live at once.
struct Moment {
    Bytes bytes;
    std::vector<ValueId> values;
};

/// The fullest moment of a device, over the forward and the backward pass of one microbatch, each
/// on its own. The backward pass runs forward ops again where it first needs their results, as
/// programs do; what it computes again counts here, since it lives within the pass.
Moment fullestMoment(const LayeredGraph& layered, const PlanStage& stage);
/// Its bytes.
Bytes transientMemory(const LayeredGraph& layered, const PlanStage& stage);

} // namespace alpa
