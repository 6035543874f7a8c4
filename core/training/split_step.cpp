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

Graph withKnownPasses(Graph step)
{
    if (!hasBackwardOps(step))
        assignPhasesByFlow(step);
    return step;
}

Result<Graph> splitTrainingStep(const Graph& step)
{
    Graph graph = localizeInvariants(simplify(withKnownPasses(step)));
    assignOrigins(graph);
    graph = separateUpdates(graph);
    RETURN_IF_ERROR(checkGraph(graph));
    return graph;
}

} // namespace alpa
