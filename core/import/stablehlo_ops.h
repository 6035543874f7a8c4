// One operation of a StableHLO file as operations of the graph.
#pragma once

#include "core/graph/graph.h"
#include "core/import/mlir_syntax.h"

#include <string>
#include <vector>

namespace alpa
{

/// An operation of the file and what its names mean in the graph.
struct StablehloOp {
    const MlirOp& syntax;
    std::vector<ValueId> operands;
    std::vector<TensorType> resultTypes; ///< As the file declares them.
    ScopeId scope;
    Phase phase = Phase::kForward;
    int line = 0;
};

/// What became of an operation.
struct Conversion {
    enum class Outcome {
        kConverted,   ///< `values` are its results.
        kUnsupported, ///< Correct as far as we know, but we lack it: `reason` says what. Nothing
                      ///< was added.
        kInvalid,     ///< The file is wrong: `reason` says how.
    };
    Outcome outcome = Outcome::kConverted;
    std::vector<ValueId> values;
    std::string reason;
};

/// Adds the operation to the graph: stablehlo.* (or mhlo.*) operations that core/graph knows become
/// one op, others are expanded (chlo.square, a reduction from a value that is not its identity,
/// ...), annotations such as sdy.sharding_constraint become their operand. Result types are
/// inferred and compared with the declared ones.
Conversion convertStablehloOp(Graph& graph, const StablehloOp& op);

/// Adds the operation as opaque, with its text (`text`, shortened when long).
std::vector<ValueId> addOpaque(Graph& graph, const StablehloOp& op, std::string_view text);

/// "stablehlo.custom_call @foo": the operation's name as a person would look for it.
std::string operationLabel(const MlirOp& op);

} // namespace alpa
