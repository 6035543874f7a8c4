// Constant folding, one op at a time.
#include "core/graph/simplify_rules.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

// Every kind has its own switch over the few kinds that it knows.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

std::optional<double> foldUnary(OpKind kind, double x)
{
    switch (kind) {
    case OpKind::kAbs:
        return std::abs(x);
    case OpKind::kCeil:
        return std::ceil(x);
    case OpKind::kCosine:
        return std::cos(x);
    case OpKind::kExp:
        return std::exp(x);
    case OpKind::kFloor:
        return std::floor(x);
    case OpKind::kLog:
        return std::log(x);
    case OpKind::kNegate:
        return -x;
    case OpKind::kRsqrt:
        return 1 / std::sqrt(x);
    case OpKind::kSine:
        return std::sin(x);
    case OpKind::kSqrt:
        return std::sqrt(x);
    case OpKind::kTanh:
        return std::tanh(x);
    default:
        return std::nullopt;
    }
}

std::optional<double> foldBinary(OpKind kind, double x, double y, bool isInteger)
{
    switch (kind) {
    case OpKind::kAdd:
        return x + y;
    case OpKind::kSubtract:
        return x - y;
    case OpKind::kMultiply:
        return x * y;
    case OpKind::kDivide:
        if (isInteger)
            return y == 0 ? std::nullopt : std::optional(std::trunc(x / y));
        return x / y;
    case OpKind::kMaximum:
        return std::isnan(x) ? x : std::isnan(y) ? y : std::max(x, y);
    case OpKind::kMinimum:
        return std::isnan(x) ? x : std::isnan(y) ? y : std::min(x, y);
    case OpKind::kPower:
        return isInteger ? std::nullopt : std::optional(std::pow(x, y));
    default:
        return std::nullopt;
    }
}

bool foldLogical(OpKind kind, bool x, bool y)
{
    switch (kind) {
    case OpKind::kAnd:
        return x && y;
    case OpKind::kOr:
        return x || y;
    case OpKind::kXor:
        return x != y;
    default:
        return !x;
    }
}

bool foldCompare(CompareDirection direction, double x, double y)
{
    switch (direction) {
    case CompareDirection::kEq:
        return x == y;
    case CompareDirection::kNe:
        return x != y;
    case CompareDirection::kLt:
        return x < y;
    case CompareDirection::kLe:
        return x <= y;
    case CompareDirection::kGt:
        return x > y;
    case CompareDirection::kGe:
        return x >= y;
    }
    return false;
}

#pragma GCC diagnostic pop

/// Can `number` be an element of `dtype` as it is? Wrapping and saturation are left to the
/// backends.
bool fits(double number, DType dtype)
{
    if (isFloating(dtype))
        return true;
    if (dtype == DType::kPred)
        return number == 0 || number == 1;
    const bool isUnsigned =
        dtype == DType::kU8 || dtype == DType::kU16 || dtype == DType::kU32 || dtype == DType::kU64;
    // Doubles hold integers up to 2^53 exactly.
    const int bits = std::min<int>(static_cast<int>(dtypeBytes(dtype)) * 8, 53);
    const double limit = std::ldexp(1.0, isUnsigned ? bits : bits - 1);
    return number == std::trunc(number) && number < limit && number >= (isUnsigned ? 0 : -limit);
}

std::optional<double> foldConvert(double x, DType from, DType to)
{
    if (to == DType::kPred)
        return x != 0 ? 1 : 0;
    if (isFloating(from) && !isFloating(to))
        return std::isfinite(x) ? std::optional(std::trunc(x)) : std::nullopt;
    return x;
}

std::optional<double> foldElementwise(const Graph& graph, const Op& op,
                                      const std::vector<double>& x)
{
    const DType operandDType = graph.type(op.operands[0]).dtype;
    const DType dtype = graph.type(op.results[0]).dtype;
    if (op.kind == OpKind::kConvert)
        return foldConvert(x[0], operandDType, dtype);
    if (op.kind == OpKind::kSelect)
        return x[0] != 0 ? x[1] : x[2];
    if (op.kind == OpKind::kCompare)
        return foldCompare(std::get<CompareAttributes>(op.attributes).direction, x[0], x[1]) ? 1
                                                                                             : 0;
    const bool isLogical = op.kind == OpKind::kAnd || op.kind == OpKind::kOr ||
                           op.kind == OpKind::kXor || op.kind == OpKind::kNot;
    if (isLogical) {
        if (dtype != DType::kPred)
            return std::nullopt;
        return foldLogical(op.kind, x[0] != 0, x.back() != 0) ? 1 : 0;
    }
    if (dtype == DType::kPred)
        return std::nullopt;
    if (x.size() == 1)
        return foldUnary(op.kind, x[0]);
    return x.size() == 2 ? foldBinary(op.kind, x[0], x[1], !isFloating(dtype)) : std::nullopt;
}

std::optional<double> foldReduce(const Graph& graph, const Op& op, double x)
{
    const TensorType& operand = graph.type(op.operands[0]);
    const int64_t results = graph.type(op.results[0]).elementCount();
    const int64_t count = results == 0 ? 0 : operand.elementCount() / results;
    if (count == 0)
        return std::nullopt;
    switch (std::get<ReduceAttributes>(op.attributes).kind) {
    case ReduceKind::kAdd:
        if (operand.dtype == DType::kPred)
            return std::nullopt;
        return x * static_cast<double>(count);
    case ReduceKind::kMultiply:
        return count == 1 ? std::optional(x) : std::nullopt;
    case ReduceKind::kMaximum:
    case ReduceKind::kMinimum:
    case ReduceKind::kAnd:
    case ReduceKind::kOr:
        return x;
    }
    return std::nullopt;
}

/// Does every element of the result come from operand 0?
bool onlyMovesElements(OpKind kind)
{
    constexpr OpKind kKinds[] = {OpKind::kBroadcast, OpKind::kDynamicSlice, OpKind::kGather,
                                 OpKind::kReshape,   OpKind::kReverse,      OpKind::kSlice,
                                 OpKind::kTranspose};
    return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

/// Operands of any splat value, all of them; nothing when one is not a splat.
std::optional<std::vector<double>> operandSplats(const Graph& graph, const Op& op)
{
    std::vector<double> splats;
    for (const ValueId operand : op.operands) {
        const std::optional<double> splat = splatOf(graph, operand);
        if (!splat)
            return std::nullopt;
        splats.push_back(*splat);
    }
    return splats;
}

/// A constant whose values are written out stays in order when reshaped; one value for all is
/// shorter.
std::optional<ConstantAttributes> foldValues(const Graph& graph, const Op& op)
{
    if (op.kind == OpKind::kConstant) {
        const auto& values = std::get<ConstantAttributes>(op.attributes).values;
        const bool isSplat = values.size() > 1 && std::ranges::all_of(values, [&](double x) {
                                 return isSameNumber(x, values[0]);
                             });
        return isSplat ? std::optional(ConstantAttributes{{values[0]}}) : std::nullopt;
    }
    if (op.kind != OpKind::kReshape || !graph.value(op.operands[0]).producer.isValid())
        return std::nullopt;
    const Op& producer = graph.op(graph.value(op.operands[0]).producer);
    const auto* constant = std::get_if<ConstantAttributes>(&producer.attributes);
    return constant ? std::optional(*constant) : std::nullopt;
}

} // namespace

std::optional<double> splatOf(const Graph& graph, ValueId id)
{
    const OpId producer = graph.value(id).producer;
    if (!producer.isValid())
        return std::nullopt;
    const auto* constant = std::get_if<ConstantAttributes>(&graph.op(producer).attributes);
    if (constant == nullptr || constant->values.size() != 1)
        return std::nullopt;
    return constant->values[0];
}

std::optional<ConstantAttributes> foldedConstant(const Graph& graph, const Op& op)
{
    if (op.results.size() != 1)
        return std::nullopt;
    if (std::optional<ConstantAttributes> values = foldValues(graph, op))
        return values;
    if (op.operands.empty())
        return std::nullopt;
    std::optional<double> number;
    if (onlyMovesElements(op.kind)) {
        number = splatOf(graph, op.operands[0]);
    } else if (op.kind == OpKind::kReduce || isElementwise(op.kind)) {
        const std::optional<std::vector<double>> splats = operandSplats(graph, op);
        if (splats && op.kind == OpKind::kReduce)
            number = foldReduce(graph, op, (*splats)[0]);
        else if (splats)
            number = foldElementwise(graph, op, *splats);
    } else if (op.kind == OpKind::kConcatenate || op.kind == OpKind::kPad) {
        const std::optional<std::vector<double>> splats = operandSplats(graph, op);
        const bool areEqual = splats && std::ranges::all_of(*splats, [&](double x) {
                                  return isSameNumber(x, (*splats)[0]);
                              });
        if (areEqual)
            number = (*splats)[0];
    }
    if (!number || !fits(*number, graph.type(op.results[0]).dtype))
        return std::nullopt;
    return ConstantAttributes{{*number}};
}

} // namespace alpa
