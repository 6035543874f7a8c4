// Reading attributes of operations in either of their spellings: pretty (dims = [0]) and generic
// (broadcast_dimensions = array<i64: 0>, dense<0> : tensor<1xi64>).
#pragma once

#include "core/graph/op.h"
#include "core/import/mlir_syntax.h"

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace alpa
{

/// The first of these attributes that the operation has, or null.
const MlirAttribute* findAny(const MlirOp& op, std::initializer_list<std::string_view> names);

/// All integers of a list, array, dense value or single number, in order; nothing if it holds
/// anything else.
std::optional<std::vector<int64_t>> integers(const MlirAttribute* attribute);
/// The same as dimension numbers; nothing if one does not fit an int.
std::optional<std::vector<int>> dimensions(const MlirAttribute* attribute);
std::optional<int64_t> integer(const MlirAttribute* attribute);

/// What the two arguments of a region are combined by, when the region is one operation of both and
/// returns it: "stablehlo.add"; "second" when it returns its second argument. Empty otherwise.
std::string_view combinerName(const MlirRegion& region);
/// Of "stablehlo.add" and the like.
std::optional<ReduceKind> reduceKindOf(std::string_view operation);
/// The direction of a compare operation, in either form.
std::optional<CompareDirection> compareDirectionOf(const MlirOp& compare);

/// The value that leaves every other unchanged when combined with it.
double identityOf(ReduceKind kind, DType dtype);

} // namespace alpa
