// Graph: operations in static single assignment form, in an order in which every operand is defined
// before its use. Importers make it, the training pass extends it, everything after reads it.
#pragma once

#include "core/graph/op.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// Which part of a training step an op belongs to. Forward and backward run once per microbatch,
/// update once per step.
enum class Phase { kForward, kBackward, kUpdate };
std::string_view phaseName(Phase phase);
std::optional<Phase> phaseFromName(std::string_view name);

struct Op {
    OpKind kind = OpKind::kOpaque;
    Phase phase = Phase::kForward;
    ScopeId scope;
    int sourceLine = 0; ///< In the imported file, from 1; 0 when the op was derived.
    /// The forward op that this one was derived from (gradient, update); invalid for forward ops.
    OpId origin;
    std::vector<ValueId> operands;
    std::vector<ValueId> results;
    Attributes attributes;
};

struct Value {
    TensorType type;
    OpId producer;    ///< Invalid for graph inputs.
    std::string name; ///< Of inputs ("block_0.fc.kernel"); empty otherwise.
    /// How the file says that it is sharded, over the axes of Graph::fileMesh: "{data, -}", in the
    /// form of sharding specs; empty when the file says nothing.
    std::string sharding;
};

enum class InputRole {
    kParameter,      ///< Trained: has a gradient and an update.
    kOptimizerState, ///< Adam's moments, the step count.
    kBatch,          ///< Differs in every microbatch; dimension 0 is the batch.
};
enum class OutputRole { kLoss, kGradient, kUpdatedParameter, kUpdatedState, kOther };
/// "parameter", "state", "batch".
std::string_view inputRoleName(InputRole role);
std::optional<InputRole> inputRoleFromName(std::string_view name);
/// "loss", "gradient", "updated_parameter", "updated_state", "other".
std::string_view outputRoleName(OutputRole role);
std::optional<OutputRole> outputRoleFromName(std::string_view name);

struct GraphInput {
    ValueId value;
    InputRole role = InputRole::kBatch;
    friend bool operator==(const GraphInput&, const GraphInput&) = default;
};
struct GraphOutput {
    ValueId value;
    OutputRole role = OutputRole::kOther;
    std::string name; ///< Of the gradient's or update's parameter or state; empty otherwise.
    ValueId alias;    ///< Updated parameter or state: the input that it replaces in the next step.
    friend bool operator==(const GraphOutput&, const GraphOutput&) = default;
};

/// An axis of the mesh that the shardings in a file are over.
struct FileMeshAxis {
    std::string name;
    int64_t size = 1;
    friend bool operator==(const FileMeshAxis&, const FileMeshAxis&) = default;
};

/// A plain value with public tables; `add*` keep them consistent. Ids index the tables.
struct Graph {
    std::string name;
    std::vector<Op> ops; ///< In execution order.
    std::vector<Value> values;
    std::vector<std::string> scopes; ///< Paths like "GPT/block_1/ln1"; entry 0 is "".
    std::vector<GraphInput> inputs;
    std::vector<GraphOutput> outputs;
    std::vector<FileMeshAxis> fileMesh; ///< Major to minor; empty for files without shardings.

    const Op& op(OpId id) const { return ops[id.index()]; }
    Op& op(OpId id) { return ops[id.index()]; }
    const Value& value(ValueId id) const { return values[id.index()]; }
    const TensorType& type(ValueId id) const { return values[id.index()].type; }
    const std::string& scopePath(ScopeId id) const { return scopes[id.index()]; }

    /// The id of `path`, added when new.
    ScopeId scope(std::string_view path);
    ValueId addInput(std::string inputName, TensorType inputType, InputRole role);
    /// Appends `op`; makes one result per entry of `resultTypes` and sets their producer.
    OpId addOp(Op op, std::vector<TensorType> resultTypes);
    void addOutput(GraphOutput output) { outputs.push_back(std::move(output)); }

    /// Role of a graph input; nothing for values that an op produces.
    std::optional<InputRole> inputRole(ValueId id) const;

private:
    std::unordered_map<std::string, ScopeId> scopeIds_;
};

/// For every value, the ops that read it, in order, each once.
std::vector<std::vector<OpId>> valueUsers(const Graph& graph);
/// Number of elements in all parameters.
int64_t parameterCount(const Graph& graph);
/// Input name, or the printer's "%12" for results.
std::string valueLabel(const Graph& graph, ValueId id);

} // namespace alpa
