// What one op can become, for simplify.cpp. Internal to core/graph.
#pragma once

#include "core/graph/graph.h"

#include <bit>
#include <cstdint>
#include <optional>

namespace alpa
{

/// Bit for bit: zeros of both signs differ, NaN equals itself.
inline bool isSameNumber(double x, double y)
{
    return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y);
}
/// The number that every element of a constant equals; nothing for other values.
std::optional<double> splatOf(const Graph& graph, ValueId id);
/// The constant that `op` computes.
std::optional<ConstantAttributes> foldedConstant(const Graph& graph, const Op& op);
/// The operand (or operand's operand) that the only result of `op` equals, of the same type.
std::optional<ValueId> equalValue(const Graph& graph, const Op& op);
/// Makes `op` read the operand of its own operand when both are reshapes, transposes or broadcasts,
/// or a broadcast of a reshape that only inserts dimensions. A reduction that only drops dimensions
/// of size 1 becomes a reshape.
void skipOperand(const Graph& graph, Op& op);

} // namespace alpa
