// How an operation's sharding splits a weight over the tensor axes: by columns, by rows, ...
#pragma once

#include "core/graph/graph.h"
#include "core/sharding/strategy.h"

#include <optional>
#include <string_view>

namespace alpa
{

/// How a module's weight is split over the tensor axis.
enum class Partition {
    kReplicated,
    kColumn,          ///< Its output features.
    kRow,             ///< Its input features; outputs are summed.
    kVocabulary,      ///< Rows of an embedding table.
    kEmbeddingColumn, ///< Features of an embedding table.
    kSequence,        ///< Replicated, works on a part of the sequence (norms).
};
/// "column", "row", ...
std::string_view partitionName(Partition partition);

/// How `op` uses the weight that is its operand `index`, on a mesh whose axes `tensor` split the
/// model; nothing if it only passes the weight on.
std::optional<Partition> partitionOf(const Op& op, size_t index, const OpSharding& sharding,
                                     AxisSet tensor);

/// Of several uses of a weight the one of the highest rank tells how it is split: contractions say
/// more than the element-wise ops around them.
int rankOfUse(OpKind kind);

} // namespace alpa
