// Which part of a backward pass can wait: what serves gradients of parameters alone. Zero-bubble
// schedules run it apart (arXiv 2401.10241, section 2).
#pragma once

#include "core/sharding/strategy.h"

#include <vector>

namespace alpa
{

/// Per op of a training graph: is it an accumulation, or does its result, which has no batch
/// dimension any more, lead to accumulations of its own layer alone? For a dense layer: the dot
/// that gives the kernel's gradient and the sum that gives the bias's, but not the cotangents they
/// read, which the layer before needs too. No other op of the backward phase reads what these
/// yield.
std::vector<bool> weightGradientOps(const Graph& graph, const BatchDims& batch,
                                    const std::vector<int>& layerOfOp);

} // namespace alpa
