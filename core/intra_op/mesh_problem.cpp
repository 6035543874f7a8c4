#include "core/intra_op/mesh_problem.h"

#include "core/intra_op/mesh_problem_builder.h"

namespace alpa
{

Result<MeshProblem> buildMeshProblem(const LayeredGraph& layered, SpecTables& tables)
{
    return MeshProblemBuilder(layered, tables).build();
}

std::string opLabel(const Graph& graph, const Op& op)
{
    return graph.scopePath(op.scope) + ":" + std::string(opKindName(op.kind));
}

std::string decisionLabel(const Graph& graph, const MeshNode& node)
{
    switch (node.kind) {
    case DecisionKind::kOp:
        return opLabel(graph, graph.op(node.op));
    case DecisionKind::kParameter:
        return valueLabel(graph, node.value);
    case DecisionKind::kUpdate:
        return valueLabel(graph, node.value) + " update";
    case DecisionKind::kAccumulator:
        return opLabel(graph, graph.op(node.op));
    case DecisionKind::kCopy:
        return "copy of " + valueLabel(graph, node.value) + " for layer " +
               std::to_string(node.layer);
    }
    return {};
}

} // namespace alpa
