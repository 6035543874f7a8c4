#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace alpa
{
namespace
{

template <OpKind kind>
void convertUnary(OnnxContext& c)
{
    c.give(c.unary(kind, c.x(0)));
}

template <OpKind kind>
void convertBinary(OnnxContext& c)
{
    const ValueId left = c.x(0);
    c.give(c.binary(kind, left, c.x(1)));
}

/// Max, Min, Sum and Mean take any number of inputs.
template <OpKind kind>
void convertMany(OnnxContext& c)
{
    ValueId total = c.x(0);
    for (size_t i = 1; i < c.inputs.size(); ++i)
        total = c.binary(kind, total, c.x(i));
    c.give(total);
}

void convertMean(OnnxContext& c)
{
    ValueId total = c.x(0);
    for (size_t i = 1; i < c.inputs.size(); ++i)
        total = c.binary(OpKind::kAdd, total, c.x(i));
    c.give(c.binary(OpKind::kDivide, total, static_cast<double>(c.inputs.size())));
}

template <CompareDirection direction>
void convertCompare(OnnxContext& c)
{
    const ValueId left = c.x(0);
    c.give(c.compare(direction, left, c.x(1)));
}

void convertWhere(OnnxContext& c)
{
    const ValueId predicate = c.x(0);
    const ValueId onTrue = c.x(1);
    c.give(c.select(predicate, onTrue, c.x(2)));
}

/// Powers of small integers as products: they have a derivative everywhere.
void convertPow(OnnxContext& c)
{
    const ValueId base = c.x(0);
    if (c.has(1) && c.inputs[1].known != nullptr && c.inputs[1].known->values.size() == 1) {
        const double exponent = c.inputs[1].known->values[0];
        const ValueId square =
            exponent == 2 || exponent == 3 ? c.binary(OpKind::kMultiply, base, base) : ValueId();
        if (exponent == 2)
            return c.give(square);
        if (exponent == 3)
            return c.give(c.binary(OpKind::kMultiply, square, base));
        if (exponent == 0.5)
            return c.give(c.unary(OpKind::kSqrt, base));
        if (exponent == -0.5)
            return c.give(c.unary(OpKind::kRsqrt, base));
    }
    c.give(c.binary(OpKind::kPower, base, c.convert(c.x(1), c.type(base).dtype)));
}

void convertMod(OnnxContext& c)
{
    const ValueId left = c.x(0);
    const ValueId right = c.x(1);
    const ValueId remainder = c.binary(OpKind::kRemainder, left, right);
    if (c.integer("fmod", 0) != 0)
        return c.give(remainder);
    // The sign of the divisor, where ours has that of the dividend.
    const ValueId zero = c.splat(0, c.type(remainder));
    const ValueId wide = c.broadcastTo(right, c.dims(remainder));
    const ValueId differs = c.emit(OpKind::kXor, {c.compare(CompareDirection::kLt, remainder, zero),
                                                  c.compare(CompareDirection::kLt, wide, zero)});
    const ValueId isOdd =
        c.emit(OpKind::kAnd, {differs, c.compare(CompareDirection::kNe, remainder, zero)});
    c.give(c.select(isOdd, c.binary(OpKind::kAdd, remainder, wide), remainder));
}

void convertReciprocal(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.emit(OpKind::kDivide, {c.splat(1, c.type(x)), x}));
}

void convertRelu(OnnxContext& c) { c.give(c.binary(OpKind::kMaximum, c.x(0), 0.0)); }

ValueId whereNegative(OnnxContext& c, ValueId x, ValueId negative, ValueId positive)
{
    return c.select(c.compare(CompareDirection::kLt, x, c.splat(0, c.type(x))), negative, positive);
}

void convertLeakyRelu(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(whereNegative(c, x, c.binary(OpKind::kMultiply, x, c.real("alpha", 0.01)), x));
}

void convertPRelu(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(whereNegative(c, x, c.binary(OpKind::kMultiply, x, c.x(1)), x));
}

/// scale * (x if x > 0 else alpha * (exp(x / width) - 1)).
ValueId exponentialUnit(OnnxContext& c, double alpha, double scale, double width)
{
    const ValueId x = c.x(0);
    // exp of what is not taken must stay finite.
    const ValueId low = c.binary(OpKind::kMinimum, x, 0.0);
    const ValueId tail = c.binary(
        OpKind::kMultiply, c.unary(OpKind::kExpm1, c.binary(OpKind::kDivide, low, width)), alpha);
    return c.binary(OpKind::kMultiply, whereNegative(c, x, tail, x), scale);
}

void convertElu(OnnxContext& c) { c.give(exponentialUnit(c, c.real("alpha", 1.0), 1, 1)); }
void convertCelu(OnnxContext& c)
{
    const double alpha = c.real("alpha", 1.0);
    c.give(exponentialUnit(c, alpha, 1, alpha));
}
void convertSelu(OnnxContext& c)
{
    c.give(exponentialUnit(c, c.real("alpha", 1.67326319217681884765625),
                           c.real("gamma", 1.05070102214813232421875), 1));
}

ValueId softplus(OnnxContext& c, ValueId x)
{
    // max(x, 0) + log(1 + exp(-|x|))
    const ValueId tail = c.unary(
        OpKind::kLog1p, c.unary(OpKind::kExp, c.unary(OpKind::kNegate, c.unary(OpKind::kAbs, x))));
    return c.binary(OpKind::kAdd, c.binary(OpKind::kMaximum, x, 0.0), tail);
}

void convertSoftplus(OnnxContext& c) { c.give(softplus(c, c.x(0))); }

void convertMish(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.binary(OpKind::kMultiply, x, c.unary(OpKind::kTanh, softplus(c, x))));
}

void convertSoftsign(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId below = c.binary(OpKind::kAdd, c.unary(OpKind::kAbs, x), 1.0);
    c.give(c.binary(OpKind::kDivide, x, below));
}

ValueId hardSigmoid(OnnxContext& c, ValueId x, double alpha, double beta)
{
    const ValueId line = c.binary(OpKind::kAdd, c.binary(OpKind::kMultiply, x, alpha), beta);
    return c.binary(OpKind::kMinimum, c.binary(OpKind::kMaximum, line, 0.0), 1.0);
}

void convertHardSigmoid(OnnxContext& c)
{
    c.give(hardSigmoid(c, c.x(0), c.real("alpha", 0.2), c.real("beta", 0.5)));
}

void convertHardSwish(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.binary(OpKind::kMultiply, x, hardSigmoid(c, x, 1.0 / 6, 0.5)));
}

void convertSwish(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId gate = c.binary(OpKind::kMultiply, x, c.real("alpha", 1.0));
    c.give(c.binary(OpKind::kMultiply, x, c.unary(OpKind::kLogistic, gate)));
}

void convertGelu(OnnxContext& c)
{
    const ValueId x = c.x(0);
    ValueId gate;
    if (c.text("approximate", "none") == "tanh") {
        const ValueId cube = c.binary(OpKind::kMultiply, c.binary(OpKind::kMultiply, x, x), x);
        const ValueId inner =
            c.binary(OpKind::kAdd, x, c.binary(OpKind::kMultiply, cube, 0.044715));
        gate = c.unary(OpKind::kTanh,
                       c.binary(OpKind::kMultiply, inner, std::sqrt(2 * std::numbers::inv_pi)));
    } else {
        gate = c.unary(OpKind::kErf, c.binary(OpKind::kMultiply, x, std::numbers::sqrt2 / 2));
    }
    const ValueId half = c.binary(OpKind::kMultiply, x, 0.5);
    c.give(c.binary(OpKind::kMultiply, half, c.binary(OpKind::kAdd, gate, 1.0)));
}

void convertThresholdedRelu(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId isAbove =
        c.compare(CompareDirection::kGt, x, c.splat(c.real("alpha", 1.0), c.type(x)));
    c.give(c.select(isAbove, x, c.splat(0, c.type(x))));
}

/// Bounds are attributes up to opset 10, optional inputs after.
void convertClip(OnnxContext& c)
{
    ValueId x = c.x(0);
    const auto bound = [&](size_t input, std::string_view name, OpKind kind) {
        if (const OnnxAttribute* attribute = c.node().find(name))
            x = c.binary(kind, x, attribute->real);
        else if (c.has(input))
            x = c.binary(kind, x, c.x(input));
    };
    bound(1, "min", OpKind::kMaximum);
    bound(2, "max", OpKind::kMinimum);
    c.give(x);
}

/// The element types of ONNX by number, as Cast names them.
std::optional<DType> castType(int64_t number)
{
    constexpr std::array<std::pair<int64_t, DType>, 13> kTypes{{{1, DType::kF32},
                                                                {2, DType::kU8},
                                                                {3, DType::kS8},
                                                                {4, DType::kU16},
                                                                {5, DType::kS16},
                                                                {6, DType::kS32},
                                                                {7, DType::kS64},
                                                                {9, DType::kPred},
                                                                {10, DType::kF16},
                                                                {11, DType::kF64},
                                                                {12, DType::kU32},
                                                                {13, DType::kU64},
                                                                {16, DType::kBF16}}};
    for (const auto& [known, dtype] : kTypes) {
        if (known == number)
            return dtype;
    }
    return std::nullopt;
}

void convertCast(OnnxContext& c)
{
    const auto dtype = castType(c.integer("to", 0));
    if (!dtype)
        return c.unsupported(fmt::format("a cast to element type {}", c.integer("to", 0)));
    c.give(c.convert(c.x(0), *dtype));
}

void convertCastLike(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.convert(x, c.type(c.x(1)).dtype));
}

/// Identity, and dropout as it is outside of training.
void convertIdentity(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(x);
    if (c.node().outputs.size() > 1 && !c.node().outputs[1].empty())
        c.give(c.splat(1, {DType::kPred, c.dims(x)}));
}

void convertIsNaN(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.compare(CompareDirection::kNe, x, x));
}

void convertIsInf(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const double infinity = std::numeric_limits<double>::infinity();
    const auto is = [&](double value) {
        return c.compare(CompareDirection::kEq, x, c.splat(value, c.type(x)));
    };
    const bool takesPositive = c.integer("detect_positive", 1) != 0;
    const bool takesNegative = c.integer("detect_negative", 1) != 0;
    if (takesPositive && takesNegative)
        return c.give(c.emit(OpKind::kOr, {is(infinity), is(-infinity)}));
    if (!takesPositive && !takesNegative)
        return c.give(c.splat(0, {DType::kPred, c.dims(x)}));
    c.give(is(takesPositive ? infinity : -infinity));
}

void convertTan(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.binary(OpKind::kDivide, c.unary(OpKind::kSine, x), c.unary(OpKind::kCosine, x)));
}

constexpr std::array kOperators = {
    OnnxOperator{"Abs", convertUnary<OpKind::kAbs>},
    OnnxOperator{"Add", convertBinary<OpKind::kAdd>},
    OnnxOperator{"And", convertBinary<OpKind::kAnd>},
    OnnxOperator{"BitwiseAnd", convertBinary<OpKind::kAnd>},
    OnnxOperator{"BitwiseNot", convertUnary<OpKind::kNot>},
    OnnxOperator{"BitwiseOr", convertBinary<OpKind::kOr>},
    OnnxOperator{"BitwiseXor", convertBinary<OpKind::kXor>},
    OnnxOperator{"Cast", convertCast},
    OnnxOperator{"CastLike", convertCastLike},
    OnnxOperator{"Ceil", convertUnary<OpKind::kCeil>},
    OnnxOperator{"Celu", convertCelu},
    OnnxOperator{"Clip", convertClip},
    OnnxOperator{"Cos", convertUnary<OpKind::kCosine>},
    OnnxOperator{"Div", convertBinary<OpKind::kDivide>},
    OnnxOperator{"Dropout", convertIdentity},
    OnnxOperator{"Elu", convertElu},
    OnnxOperator{"Equal", convertCompare<CompareDirection::kEq>},
    OnnxOperator{"Erf", convertUnary<OpKind::kErf>},
    OnnxOperator{"Exp", convertUnary<OpKind::kExp>},
    OnnxOperator{"Floor", convertUnary<OpKind::kFloor>},
    OnnxOperator{"Gelu", convertGelu},
    OnnxOperator{"Greater", convertCompare<CompareDirection::kGt>},
    OnnxOperator{"GreaterOrEqual", convertCompare<CompareDirection::kGe>},
    OnnxOperator{"HardSigmoid", convertHardSigmoid},
    OnnxOperator{"HardSwish", convertHardSwish},
    OnnxOperator{"Identity", convertIdentity},
    OnnxOperator{"IsInf", convertIsInf},
    OnnxOperator{"IsNaN", convertIsNaN},
    OnnxOperator{"LeakyRelu", convertLeakyRelu},
    OnnxOperator{"Less", convertCompare<CompareDirection::kLt>},
    OnnxOperator{"LessOrEqual", convertCompare<CompareDirection::kLe>},
    OnnxOperator{"Log", convertUnary<OpKind::kLog>},
    OnnxOperator{"Max", convertMany<OpKind::kMaximum>},
    OnnxOperator{"Mean", convertMean},
    OnnxOperator{"Min", convertMany<OpKind::kMinimum>},
    OnnxOperator{"Mish", convertMish},
    OnnxOperator{"Mod", convertMod},
    OnnxOperator{"Mul", convertBinary<OpKind::kMultiply>},
    OnnxOperator{"Neg", convertUnary<OpKind::kNegate>},
    OnnxOperator{"Not", convertUnary<OpKind::kNot>},
    OnnxOperator{"Or", convertBinary<OpKind::kOr>},
    OnnxOperator{"PRelu", convertPRelu},
    OnnxOperator{"Pow", convertPow},
    OnnxOperator{"Reciprocal", convertReciprocal},
    OnnxOperator{"Relu", convertRelu},
    OnnxOperator{"Round", convertUnary<OpKind::kRound>},
    OnnxOperator{"Selu", convertSelu},
    OnnxOperator{"Sigmoid", convertUnary<OpKind::kLogistic>},
    OnnxOperator{"Sign", convertUnary<OpKind::kSign>},
    OnnxOperator{"Sin", convertUnary<OpKind::kSine>},
    OnnxOperator{"Softplus", convertSoftplus},
    OnnxOperator{"Softsign", convertSoftsign},
    OnnxOperator{"Sqrt", convertUnary<OpKind::kSqrt>},
    OnnxOperator{"Sub", convertBinary<OpKind::kSubtract>},
    OnnxOperator{"Sum", convertMany<OpKind::kAdd>},
    OnnxOperator{"Swish", convertSwish},
    OnnxOperator{"Tan", convertTan},
    OnnxOperator{"Tanh", convertUnary<OpKind::kTanh>},
    OnnxOperator{"ThresholdedRelu", convertThresholdedRelu},
    OnnxOperator{"Where", convertWhere},
    OnnxOperator{"Xor", convertBinary<OpKind::kXor>},
};

} // namespace

std::span<const OnnxOperator> onnxElementwise() { return kOperators; }

} // namespace alpa
