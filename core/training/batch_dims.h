// Which dimensions of which values follow the batch. Internal to core/training.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <vector>

namespace alpa
{

/// By value and dimension: does its size have the batch as its major factor?
using BatchDims = std::vector<std::vector<bool>>;

/// Fails with kUnsupported where the batch is used in a way that does not scale; see rebatch.h.
/// `batch` is the size of dimension 0 of all batch inputs, more than 1.
Result<BatchDims> findBatchDims(const Graph& graph, int64_t batch);

} // namespace alpa
