// Changes the batch size of an imported loss graph, so that one file serves any batch and
// microbatch size.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <cstdint>

namespace alpa
{

/// Dimension 0 of the batch inputs; 0 if there is none.
int64_t batchSize(const Graph& graph);

/// The same loss for batches of `batch` examples. The batch dimension is followed from the batch
/// inputs through the factor rules of all ops, both ways, so that constants, broadcasts and iotas
/// that meet it grow with it; reshapes may merge it with dimensions minor to it ([B, T] to [B *
/// T]). A sum over the batch that is divided by the number of its elements (or by one less, or
/// multiplied by the reciprocal) is divided by the new number. Values computed from the batch size
/// in any other way cannot be recognised: a loss that averages before it sums is one.
///
/// In a training step the backward pass divides by the same numbers: every division of the loss
/// must have its counterpart in the same scope.
///
/// Fails with kInvalidInput if there is no batch input, they disagree, the file's batch is 1 (which
/// cannot be told from a dimension of size 1) or `batch` is not positive; with kUnsupported, naming
/// op and line, if an op uses the batch in a way that does not scale (a slice or concatenation
/// along it, rows of the batch looked up by index, a constant with one number per example, a
/// parameter of the batch's size).
Result<Graph> rebatch(const Graph& loss, int64_t batch);

} // namespace alpa
