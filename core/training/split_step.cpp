#include "core/training/split_step.h"

#include "core/graph/simplify.h"
#include "core/graph/verify.h"
#include "core/training/localize_invariants.h"
#include "core/training/step_phases.h"
#include "core/training/step_updates.h"

namespace alpa
{

bool isTrainingStep(const Graph& graph)
{
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kUpdatedParameter)
            return true;
    }
    return false;
}

std::optional<std::string> whyStepIsWhole(const Graph& step)
{
    if (!hasBackwardOps(step))
        return "its forward and backward passes cannot be told apart, because the text has no name "
               "stacks (export it with debug_info=True)";
    return whyUpdatesHangTogether(step);
}

Result<Graph> splitTrainingStep(const Graph& step)
{
    Graph graph = step;
    if (!hasBackwardOps(graph))
        assignPhasesByFlow(graph);
    graph = localizeInvariants(simplify(std::move(graph)));
    assignOrigins(graph);
    graph = separateUpdates(graph);
    RETURN_IF_ERROR(checkGraph(graph));
    return graph;
}

} // namespace alpa
