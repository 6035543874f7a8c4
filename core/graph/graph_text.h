// The text form of a graph: exact (parse(print(g)) equals g, ids included), one statement a line,
// in plan files and goldens.
//
//   graph "mlp"
//   @0 ""
//   @1 "MLP/fc"
//   %0:f32[64,192] "fc.kernel" = parameter
//   %1:f32[8,64] "x" = batch
//   %2:f32[8,192] = dot %1 %0 lhs_contracting=[1] rhs_contracting=[0] @1 line=12
//   %3:f32[] = reduce %2 kind=add dims=[0,1] @1 line=13
//   %4:f32[] = constant value=0.5 @1 backward from=1
//   output loss %3
//   output gradient %4 "fc.kernel"
//   mesh "data"=2 "model"=4
//   sharding %0 "{-, model}"
//
// %n is value n and @n scope n. The phase is written unless it is forward; `from` is the op's
// origin (the n-th op, from 0), `line` its source line; mesh and sharding say what the file says of
// its shardings. Updated parameters and state end in "alias=%0". Lines beginning with # are
// skipped.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <optional>
#include <string>
#include <string_view>

namespace alpa
{

std::string formatGraph(const Graph& graph);
/// One statement as in formatGraph, without its newline.
std::string formatOp(const Graph& graph, const Op& op);
/// "lhs_contracting=[1] rhs_contracting=[0]"; empty without attributes.
std::string formatAttributes(const Attributes& attributes);

/// Fails with kInvalidInput and "line:column: message" on the first mistake. Every id in the result
/// is in range and every operand is defined before its use; counts and shapes are the verifier's
/// business (verify.h).
Result<Graph> parseGraph(std::string_view text);
/// Reads "f32[4,32]"; nothing when it is malformed.
std::optional<TensorType> parseType(std::string_view text);

} // namespace alpa
