// What the small computations inside reductions, sorts and selections do, found by trying them on
// numbers: exporters write the same maximum in many ways.
#pragma once

#include "core/graph/op.h"
#include "core/import/mlir_syntax.h"

#include <optional>
#include <span>
#include <vector>

namespace alpa
{

/// What a region of scalar operations returns for these arguments, in double precision; nothing if
/// it reads values from outside or holds anything but arithmetic, comparisons, selections,
/// conversions and constants.
std::optional<std::vector<double>> evaluateScalarRegion(const MlirRegion& region,
                                                        std::span<const double> arguments);

/// Maximum or minimum, when the region of two arguments returns one of them by comparing both.
std::optional<ReduceKind> extremumOf(const MlirRegion& region);

/// A reduction of a tensor of keys together with a tensor of indices: the largest key (or smallest)
/// with its index.
struct IndexedExtremum {
    size_t key = 0;         ///< Position of the keys among the two operands.
    bool isLargest = false; ///< Else the smallest.
    bool takesLast = false; ///< Of equal keys the largest index, else the smallest.
};
/// Of a region of four arguments: (key, index) so far and (key, index) of an element.
std::optional<IndexedExtremum> indexedExtremumOf(const MlirRegion& region);

/// Is the order of a sort descending (true) or ascending (false) in the first tensor's elements?
/// Nothing if it is neither, or if other tensors decide between equal elements.
std::optional<bool> isDescendingOrder(const MlirRegion& region);

} // namespace alpa
