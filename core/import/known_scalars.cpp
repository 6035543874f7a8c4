#include "core/import/known_scalars.h"

#include "core/import/constant_values.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

/// Counters are folded once an iteration, so chains are short; a hostile file does not get further.
constexpr int kDeepest = 12;

std::optional<double> known(const Graph& graph, ValueId id, int depth);

std::optional<double> knownBinary(const Graph& graph, const Op& op, int depth)
{
    const auto a = known(graph, op.operands[0], depth);
    const auto b = known(graph, op.operands[1], depth);
    if (!a || !b)
        return std::nullopt;
    if (const auto* compare = std::get_if<CompareAttributes>(&op.attributes))
        return compares(compare->direction, *a, *b) ? 1.0 : 0.0;
    const DType dtype = graph.type(op.results[0]).dtype;
    if (isFloating(dtype))
        return std::nullopt;
    const bool isPredicate = dtype == DType::kPred;
    std::optional<double> value;
    if (op.kind == OpKind::kMaximum)
        value = std::max(*a, *b);
    else if (op.kind == OpKind::kMinimum)
        value = std::min(*a, *b);
    else if (op.kind == OpKind::kAnd && isPredicate)
        value = *a != 0 && *b != 0 ? 1.0 : 0.0;
    else if (op.kind == OpKind::kOr && isPredicate)
        value = *a != 0 || *b != 0 ? 1.0 : 0.0;
    else if (op.kind == OpKind::kAdd && !isPredicate)
        value = *a + *b;
    else if (op.kind == OpKind::kSubtract && !isPredicate)
        value = *a - *b;
    else if (op.kind == OpKind::kMultiply && !isPredicate)
        value = *a * *b;
    // Beyond 31 bits wrapping around would have to be imitated.
    return value && std::abs(*value) < 0x1p31 ? value : std::nullopt;
}

std::optional<double> known(const Graph& graph, ValueId id, int depth)
{
    const OpId producer = graph.value(id).producer;
    if (!producer.isValid() || depth > kDeepest)
        return std::nullopt;
    const Op& op = graph.op(producer);
    if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes)) {
        const std::vector<double>& values = constant->values;
        const bool isOneValue =
            !values.empty() && std::all_of(values.begin(), values.end(),
                                           [&](double value) { return value == values.front(); });
        return isOneValue ? std::optional(values.front()) : std::nullopt;
    }
    if (op.kind == OpKind::kBroadcast || op.kind == OpKind::kReshape)
        return known(graph, op.operands[0], depth + 1);
    if (op.kind == OpKind::kConvert) {
        const auto value = known(graph, op.operands[0], depth + 1);
        return value ? std::optional(roundToType(*value, graph.type(id).dtype)) : std::nullopt;
    }
    if (op.kind == OpKind::kNot && graph.type(id).dtype == DType::kPred) {
        const auto value = known(graph, op.operands[0], depth + 1);
        return value ? std::optional(*value == 0 ? 1.0 : 0.0) : std::nullopt;
    }
    if (op.kind == OpKind::kSelect) {
        const auto predicate = known(graph, op.operands[0], depth + 1);
        return predicate ? known(graph, op.operands[*predicate != 0 ? 1 : 2], depth + 1)
                         : std::nullopt;
    }
    const bool isBinary = isElementwise(op.kind) && op.operands.size() == 2;
    return isBinary ? knownBinary(graph, op, depth + 1) : std::nullopt;
}

} // namespace

bool compares(CompareDirection direction, double a, double b)
{
    switch (direction) {
    case CompareDirection::kEq:
        return a == b;
    case CompareDirection::kNe:
        return a != b;
    case CompareDirection::kLt:
        return a < b;
    case CompareDirection::kLe:
        return a <= b;
    case CompareDirection::kGt:
        return a > b;
    case CompareDirection::kGe:
        return a >= b;
    }
    return false;
}

std::optional<double> knownScalar(const Graph& graph, ValueId id) { return known(graph, id, 0); }

} // namespace alpa
