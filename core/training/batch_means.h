// Finds the divisors that make means out of sums over the batch. Internal to core/training.
#pragma once

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

} // namespace alpa
