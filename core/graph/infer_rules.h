// The inference rules that infer_types.cpp dispatches to, one per kind or family. Internal to
// core/graph.
#pragma once

#include "core/graph/infer_types.h"

#include <span>
#include <string>

namespace alpa
{

using Types = std::vector<TensorType>;

/// "dot: operands have element types f32 and s32": the kind in front of `message`.
Error inferenceError(OpKind kind, const std::string& message);
/// Every entry lies in [0, rank) and none occurs twice; `what` names the list in the message.
Status checkDims(OpKind kind, std::span<const int> dims, int rank, const char* what);
/// Is `dims` strictly increasing?
bool isSorted(std::span<const int> dims);
bool contains(std::span<const int> dims, int dim);
/// `list` has one entry per dimension.
Status checkLength(OpKind kind, size_t length, int rank, const char* what);

Result<Types> inferDot(const DotAttributes& attributes, const Types& operands,
                       const std::optional<TensorType>& declared);
Result<Types> inferConvolution(const ConvolutionAttributes& attributes, const Types& operands,
                               const std::optional<TensorType>& declared);
Result<Types> inferGather(const GatherAttributes& attributes, const Types& operands);
Result<Types> inferScatter(const ScatterAttributes& attributes, const Types& operands);
Result<Types> inferReduceWindow(const ReduceWindowAttributes& attributes, const Types& operands);
Result<Types> inferSelectAndScatter(const ReduceWindowAttributes& attributes,
                                    const Types& operands);

} // namespace alpa
