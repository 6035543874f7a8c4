// What a comparison of plans says of each and takes a walk through the graph to tell.
#pragma once

#include "core/plan/plan_figures.h"

namespace alpa::app
{

struct GraphFacts;

struct PlanNumbers {
    /// Model FLOPs utilisation: the model's FLOPs in a step against what all devices of the
    /// cluster could do of its products in that time, each at the rate of its type. 0 if the
    /// model has no products.
    double modelFlopsShare = 0;
    Bytes sent;        ///< By all devices in one step: collectives and transfers between stages.
    double bubble = 0; ///< Share of the device time of a step that is idle.
};

/// All zero without a plan. `figures`: the plan's. O(ops + communications).
PlanNumbers planNumbers(const GraphFacts& facts, const PlanFigures& figures);

} // namespace alpa::app
