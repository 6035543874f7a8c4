// The interpreter's kernels by family. Each fills `out`, whose type is set and whose values are
// sized and zero.
#pragma once

#include "core/graph/graph.h"
#include "runtime/reference/host_tensor.h"

#include <span>

namespace alpa
{

using Operands = std::span<const HostTensor* const>;

/// kAbs ... kXor, except that operands may be scalars where op.h says so.
void evaluateElementwise(const Op& op, Operands in, HostTensor& out);
/// Bitcast, population count and the shifts: those among the element-wise kinds that look at bits.
bool isBitOperation(OpKind kind);
void evaluateBits(OpKind kind, Operands in, HostTensor& out);
/// kBroadcast ... kTranspose and kAccumulate; false for every other kind.
bool evaluateShape(const Op& op, Operands in, HostTensor& out);
void evaluateDot(const DotAttributes& attributes, Operands in, HostTensor& out);
void evaluateConvolution(const ConvolutionAttributes& attributes, Operands in, HostTensor& out);
void evaluateReduce(const ReduceAttributes& attributes, Operands in, HostTensor& out);
void evaluateReduceWindow(const ReduceWindowAttributes& attributes, Operands in, HostTensor& out);
/// Operands tensor, source: each source element is added to the first largest (smallest) element of
/// its window.
void evaluateSelectAndScatter(const ReduceWindowAttributes& attributes, Operands in,
                              HostTensor& out);
void evaluateGather(const GatherAttributes& attributes, Operands in, HostTensor& out);
void evaluateScatter(const ScatterAttributes& attributes, Operands in, HostTensor& out);
/// Sorts all operands by the first one, stably.
void evaluateSort(const SortAttributes& attributes, Operands in, std::vector<HostTensor>& out);

double reduceIdentity(ReduceKind kind);
double reducePair(ReduceKind kind, double a, double b);

} // namespace alpa
