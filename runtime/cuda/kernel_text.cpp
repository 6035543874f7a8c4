#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace alpa::cuda
{
namespace
{

std::string convertText(DType from, DType to, const std::string& x)
{
    const bool narrows = isFloating(from) && !isFloating(to) && to != DType::kPred;
    if (to == DType::kPred)
        return fmt::format("({} != {}(0))", x, computeType(from));
    if (narrows && dtypeBytes(to) < 4)
        return fmt::format("static_cast<{}>(static_cast<int>({}))", computeType(to), x);
    return fmt::format("static_cast<{}>({})", computeType(to), x);
}

std::string_view compareSign(CompareDirection direction)
{
    switch (direction) {
    case CompareDirection::kEq:
        return "==";
    case CompareDirection::kNe:
        return "!=";
    case CompareDirection::kLt:
        return "<";
    case CompareDirection::kLe:
        return "<=";
    case CompareDirection::kGt:
        return ">";
    case CompareDirection::kGe:
        break;
    }
    return ">=";
}

/// The prelude's function of a kind; empty for the kinds that need more.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
std::string_view functionName(OpKind kind)
{
    switch (kind) {
    case OpKind::kAbs:
        return "opAbs";
    case OpKind::kCeil:
        return "opCeil";
    case OpKind::kCosine:
        return "opCosine";
    case OpKind::kErf:
        return "opErf";
    case OpKind::kExp:
        return "opExp";
    case OpKind::kExpm1:
        return "opExpm1";
    case OpKind::kFloor:
        return "opFloor";
    case OpKind::kIsFinite:
        return "opIsFinite";
    case OpKind::kLog:
        return "opLog";
    case OpKind::kLog1p:
        return "opLog1p";
    case OpKind::kLogistic:
        return "opLogistic";
    case OpKind::kNegate:
        return "opNegate";
    case OpKind::kPopulationCount:
        return "opPopulationCount";
    case OpKind::kShiftLeft:
        return "opShiftLeft";
    case OpKind::kShiftRightArithmetic:
        return "opShiftRight";
    case OpKind::kShiftRightLogical:
        return "opShiftRightLogical";
    case OpKind::kNot:
        return "opNot";
    case OpKind::kRound:
        return "opRound";
    case OpKind::kRsqrt:
        return "opRsqrt";
    case OpKind::kSign:
        return "opSign";
    case OpKind::kSine:
        return "opSine";
    case OpKind::kSqrt:
        return "opSqrt";
    case OpKind::kTanh:
        return "opTanh";
    case OpKind::kAnd:
        return "opAnd";
    case OpKind::kDivide:
        return "opDivide";
    case OpKind::kMaximum:
        return "opMaximum";
    case OpKind::kMinimum:
        return "opMinimum";
    case OpKind::kOr:
        return "opOr";
    case OpKind::kPower:
        return "opPower";
    case OpKind::kRemainder:
        return "opRemainder";
    default:
        return "";
    }
}

std::string_view infix(OpKind kind)
{
    switch (kind) {
    case OpKind::kAdd:
        return "+";
    case OpKind::kSubtract:
        return "-";
    case OpKind::kMultiply:
        return "*";
    case OpKind::kXor:
        return "^";
    default:
        return "";
    }
}
#pragma GCC diagnostic pop

} // namespace

std::string storageType(DType dtype) { return std::string(dtypeName(dtype)); }

std::string computeType(DType dtype)
{
    if (dtype == DType::kPred)
        return "bool";
    if (dtype == DType::kBF16 || dtype == DType::kF16)
        return "f32";
    return storageType(dtype);
}

std::string literal(DType dtype, double value)
{
    if (dtype == DType::kPred)
        return value != 0 ? "true" : "false";
    if (dtype == DType::kF64)
        return fmt::format("__longlong_as_double(0x{:x}LL)", std::bit_cast<uint64_t>(value));
    if (isFloating(dtype)) {
        const auto narrow = static_cast<float>(value);
        if (narrow == std::floor(narrow) && std::fabs(narrow) < 1e6F)
            return fmt::format("{:.1f}f", narrow);
        return fmt::format("__uint_as_float(0x{:x}u)", std::bit_cast<uint32_t>(narrow));
    }
    if (dtype == DType::kU64)
        return fmt::format("{}ull", static_cast<uint64_t>(value));
    if (value <= -9223372036854775808.0)
        return fmt::format("static_cast<{}>(-9223372036854775807ll - 1)", computeType(dtype));
    return fmt::format("static_cast<{}>({}ll)", computeType(dtype), static_cast<int64_t>(value));
}

std::string identityText(ReduceKind kind, DType dtype)
{
    const bool isUnsigned = dtype == DType::kPred || dtype == DType::kU8 || dtype == DType::kU16 ||
                            dtype == DType::kU32 || dtype == DType::kU64;
    const int64_t bits = 8 * dtypeBytes(dtype);
    switch (kind) {
    case ReduceKind::kAdd:
    case ReduceKind::kOr:
        return literal(dtype, 0);
    case ReduceKind::kMultiply:
        return literal(dtype, 1);
    case ReduceKind::kAnd:
        return dtype == DType::kPred ? "true"
                                     : fmt::format("static_cast<{}>(-1)", computeType(dtype));
    case ReduceKind::kMaximum:
        if (isFloating(dtype))
            return literal(dtype, -std::numeric_limits<double>::infinity());
        return isUnsigned ? literal(dtype, 0)
                          : literal(dtype, -std::ldexp(1.0, static_cast<int>(bits) - 1));
    case ReduceKind::kMinimum:
        break;
    }
    if (isFloating(dtype))
        return literal(dtype, std::numeric_limits<double>::infinity());
    if (dtype == DType::kPred)
        return "true";
    return isUnsigned ? fmt::format("static_cast<{}>(-1)", computeType(dtype))
                      : fmt::format("static_cast<{}>({}ull)", computeType(dtype),
                                    (uint64_t{1} << (bits - 1)) - 1);
}

std::string combineText(ReduceKind kind, const std::string& a, const std::string& b)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return fmt::format("opAdd({}, {})", a, b);
    case ReduceKind::kMultiply:
        return fmt::format("opMultiply({}, {})", a, b);
    case ReduceKind::kMaximum:
        return fmt::format("opMaximum({}, {})", a, b);
    case ReduceKind::kMinimum:
        return fmt::format("opMinimum({}, {})", a, b);
    case ReduceKind::kAnd:
        return fmt::format("opAnd({}, {})", a, b);
    case ReduceKind::kOr:
        break;
    }
    return fmt::format("opOr({}, {})", a, b);
}

std::string elementText(OpKind kind, const Attributes& attributes, const std::vector<DType>& in,
                        DType out, const std::vector<std::string>& operands)
{
    if (kind == OpKind::kConvert)
        return convertText(in[0], out, operands[0]);
    if (kind == OpKind::kBitcast)
        return fmt::format("decode(bitsAs<{}>(Encode<{}>::of({})))", storageType(out),
                           storageType(in[0]), operands[0]);
    if (kind == OpKind::kCompare)
        return fmt::format("({} {} {})", operands[0],
                           compareSign(std::get<CompareAttributes>(attributes).direction),
                           operands[1]);
    if (kind == OpKind::kSelect)
        return fmt::format("({} ? {} : {})", operands[0], operands[1], operands[2]);
    if (kind == OpKind::kClamp)
        return fmt::format("opMinimum(opMaximum({}, {}), {})", operands[1], operands[0],
                           operands[2]);
    if (out == DType::kBF16 && kind == OpKind::kTanh)
        return fmt::format("fastTanh({})", operands[0]);
    if (out == DType::kBF16 && kind == OpKind::kExp)
        return fmt::format("fastExp({})", operands[0]);
    if (const std::string_view sign = infix(kind); !sign.empty())
        return fmt::format("static_cast<{}>({} {} {})", computeType(out), operands[0], sign,
                           operands[1]);
    std::string list;
    for (const std::string& operand : operands)
        list += (list.empty() ? "" : ", ") + operand;
    return fmt::format("{}({})", functionName(kind), list);
}

} // namespace alpa::cuda
