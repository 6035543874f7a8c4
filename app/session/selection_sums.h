// What several selected things cost together: for the inspector.
#pragma once

#include "app/session/graph_facts.h"
#include "app/session/selection_model.h"

#include <vector>

namespace alpa::app
{

/// Of one microbatch. An op that is selected twice, as itself and with its layer, counts once.
struct SelectionSums {
    int ops = 0;            ///< Of layers, scopes and stages their forward ones.
    Flops flops;            ///< Of all devices together.
    Bytes results;          ///< Of what the ops produce and of selected tensors, whole.
    Bytes resultsPerDevice; ///< What a device holds of them; zero without a plan.
    int64_t parameters = 0; ///< That the ops read.
    Bytes parametersPerDevice;
    Seconds compute; ///< Of one device; zero without a plan.
    int collectives = 0;
    Seconds communication;
};

SelectionSums sumOf(const std::vector<Selection>& selections, const GraphFacts& facts,
                    const ScopeTree& scopes);

} // namespace alpa::app
