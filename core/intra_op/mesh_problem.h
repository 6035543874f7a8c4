// MeshProblem: the intra-op decisions of the whole training graph on one mesh shape. A stage's
// integer programme is the part of it that lies in the stage's layers.
#pragma once

#include "core/base/result.h"
#include "core/intra_op/ilp_problem.h"
#include "core/intra_op/layered_graph.h"
#include "core/intra_op/spec_tables.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// What decides: an op, a stored tensor, or a copy of a value for another layer.
enum class DecisionKind { kOp, kParameter, kUpdate, kAccumulator, kCopy };

struct MeshNode {
    DecisionKind kind = DecisionKind::kOp;
    int layer = 0;
    ValueId value; ///< The op's result, the stored tensor, the copied value.
    OpId op;
    SpecListId specs = 0;             ///< Of `value`, per strategy.
    std::vector<Strategy> strategies; ///< For kOp.
    std::vector<double> perMicrobatch,
        perStep; ///< Seconds, per strategy. Forbidden strategies: infinite.
    std::vector<double>
        forward; ///< The forward pass's part of perMicrobatch: what recomputation pays again.
    std::vector<int64_t> fixedBytes;      ///< Parameters, accumulators, states.
    std::vector<int64_t> activationBytes; ///< Saved for the backward phase, per microbatch.
    /// The same two if cheap ops run again: what they take, and what is still saved.
    std::vector<double> repeatedForward;
    std::vector<int64_t> selectiveBytes;
    std::vector<int64_t> checkpointBytes;      ///< Of results that other layers' forward ops read,
    std::vector<int64_t> savedCheckpointBytes; ///< and the part of activationBytes in them.
};

struct MeshEdge {
    int from = 0;
    int to = 0;
    int matrix = 0; ///< Of the tables.
    bool isPerStep = false;
    bool isForward = false;  ///< Paid in the forward pass.
    bool isRepeated = false; ///< Paid again if cheap ops run again.
    bool isGather = false;   ///< Of an updated parameter, back to where it is stored.
    friend bool operator==(const MeshEdge&, const MeshEdge&) = default;
};

struct OpDecision {
    int node = -1; ///< -1: scalars, replicated.
    std::vector<SpecListId> operands;
    SpecListId result = 0;
};

/// A value read in a layer that does not compute it.
struct LayerCopy {
    ValueId value;
    int layer = 0;
    int node = -1;          ///< -1: scalars.
    bool isPerStep = false; ///< Tied parameters and their gradients, once per step.
    bool isReadBackward = false;
};

struct MeshProblem {
    std::vector<MeshNode> nodes;
    std::vector<std::vector<int>> nodesOfLayer;
    std::vector<MeshEdge> edges;         ///< Sorted by (layer of from, layer of to).
    std::vector<OpDecision> ops;         ///< Per op.
    std::vector<int> nodeOfInput;        ///< Per value: node of a stored tensor, or -1.
    std::vector<SpecListId> listOfInput; ///< Per value that is a graph input.
    std::vector<LayerCopy> copies;       ///< By layer.
    /// Seconds of the ops that nothing decides (of scalars), per layer: the same whatever is
    /// chosen.
    std::vector<double> scalarPerMicrobatch, scalarPerStep;
};

/// Fails with kInvalidInput if the batch does not divide over the data axis (message says so).
Result<MeshProblem> buildMeshProblem(const LayeredGraph& layered, SpecTables& tables);

/// Label of a decision: the parameter's name, or "scope:kind".
std::string decisionLabel(const Graph& graph, const MeshNode& node);
std::string opLabel(const Graph& graph, const Op& op);

} // namespace alpa
