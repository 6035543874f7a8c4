// Finds the divisors that make means out of sums over the batch. Internal to core/training.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"
#include "core/training/batch_dims.h"

#include <optional>
#include <vector>

namespace alpa
{

/// The number that all elements of `id` equal, seen through broadcasts, reshapes and conversions.
std::optional<double> splatValue(const Graph& graph, ValueId id);

/// An op (divide or multiply) whose operand `operand` is a constant made from the batch size.
struct BatchConstant {
    size_t op = 0;
    size_t operand = 0;
    double value = 0.0; ///< For the new batch.
};

/// All constants by which sums over batch dimensions are turned into means, with their values for
/// `newBatch`.
std::vector<BatchConstant> findBatchConstants(const Graph& graph, const BatchDims& dims,
                                              int64_t batch, int64_t newBatch);

/// Adds the constants by which the backward pass of a training step divides cotangents: one op or
/// more for each of `constants` (those of the forward pass), of the same scope and number, on a
/// value without batch dimension. Sorts by op. Fails with kUnsupported, naming the line, if a
/// forward constant has no counterpart. Does nothing for a loss graph.
Status addBackwardConstants(const Graph& graph, const BatchDims& dims,
                            std::vector<BatchConstant>& constants);

} // namespace alpa
