// Inverse and hyperbolic functions out of those that the graph has.
#include "core/import/onnx_ops.h"

#include <array>
#include <cmath>
#include <numbers>

namespace alpa
{
namespace
{

/// Of any number, by the series of Abramowitz and Stegun 4.4.49 on [0, 1], good to 2e-8.
ValueId arctangent(OnnxContext& c, ValueId x)
{
    constexpr std::array kSeries = {0.0028662257,  -0.0161657367, 0.0429096138,
                                    -0.0752896400, 0.1065626393,  -0.1420889944,
                                    0.1999355085,  -0.3333314528, 1.0};
    const ValueId size = c.unary(OpKind::kAbs, x);
    const ValueId one = c.splat(1, c.type(x));
    const ValueId isLarge = c.compare(CompareDirection::kGt, size, one);
    // Divided by what is at least 1 on both sides, so that what is not taken stays finite.
    const ValueId t = c.emit(OpKind::kDivide, {c.binary(OpKind::kMinimum, size, 1.0),
                                               c.binary(OpKind::kMaximum, size, 1.0)});
    const ValueId s = c.binary(OpKind::kMultiply, t, t);
    ValueId sum = c.splat(kSeries[0], c.type(x));
    for (size_t i = 1; i < kSeries.size(); ++i)
        sum = c.binary(OpKind::kAdd, c.binary(OpKind::kMultiply, sum, s), kSeries[i]);
    const ValueId angle = c.binary(OpKind::kMultiply, sum, t);
    const ValueId other =
        c.emit(OpKind::kSubtract, {c.splat(std::numbers::pi / 2, c.type(x)), angle});
    return c.binary(OpKind::kMultiply, c.unary(OpKind::kSign, x), c.select(isLarge, other, angle));
}

ValueId exponentials(OnnxContext& c, OpKind kind)
{
    const ValueId x = c.x(0);
    const ValueId up = c.unary(OpKind::kExp, x);
    const ValueId down = c.unary(OpKind::kExp, c.unary(OpKind::kNegate, x));
    return c.binary(OpKind::kMultiply, c.binary(kind, up, down), 0.5);
}

/// sqrt(1 - x^2)
ValueId cosineOf(OnnxContext& c, ValueId x)
{
    const ValueId square = c.binary(OpKind::kMultiply, x, x);
    return c.unary(OpKind::kSqrt, c.emit(OpKind::kSubtract, {c.splat(1, c.type(x)), square}));
}

/// asin x = 2 atan(x / (1 + sqrt(1 - x^2))), which stays finite at 1.
ValueId arcsine(OnnxContext& c, ValueId x)
{
    const ValueId divisor = c.binary(OpKind::kAdd, cosineOf(c, x), 1.0);
    return c.binary(OpKind::kMultiply, arctangent(c, c.binary(OpKind::kDivide, x, divisor)), 2.0);
}

void convertAtan(OnnxContext& c) { c.give(arctangent(c, c.x(0))); }
void convertAsin(OnnxContext& c) { c.give(arcsine(c, c.x(0))); }
void convertAcos(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.emit(OpKind::kSubtract, {c.splat(std::numbers::pi / 2, c.type(x)), arcsine(c, x)}));
}
void convertSinh(OnnxContext& c) { c.give(exponentials(c, OpKind::kSubtract)); }
void convertCosh(OnnxContext& c) { c.give(exponentials(c, OpKind::kAdd)); }
/// sign(x) log(|x| + sqrt(x^2 + 1))
void convertAsinh(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId size = c.unary(OpKind::kAbs, x);
    const ValueId root =
        c.unary(OpKind::kSqrt, c.binary(OpKind::kAdd, c.binary(OpKind::kMultiply, x, x), 1.0));
    const ValueId log = c.unary(OpKind::kLog, c.binary(OpKind::kAdd, size, root));
    c.give(c.binary(OpKind::kMultiply, c.unary(OpKind::kSign, x), log));
}
void convertAcosh(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId root =
        c.unary(OpKind::kSqrt, c.binary(OpKind::kSubtract, c.binary(OpKind::kMultiply, x, x), 1.0));
    c.give(c.unary(OpKind::kLog, c.binary(OpKind::kAdd, x, root)));
}
/// (log(1 + x) - log(1 - x)) / 2
void convertAtanh(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId difference = c.binary(OpKind::kSubtract, c.unary(OpKind::kLog1p, x),
                                        c.unary(OpKind::kLog1p, c.unary(OpKind::kNegate, x)));
    c.give(c.binary(OpKind::kMultiply, difference, 0.5));
}

constexpr std::array kOperators = {
    OnnxOperator{"Acos", convertAcos}, OnnxOperator{"Acosh", convertAcosh},
    OnnxOperator{"Asin", convertAsin}, OnnxOperator{"Asinh", convertAsinh},
    OnnxOperator{"Atan", convertAtan}, OnnxOperator{"Atanh", convertAtanh},
    OnnxOperator{"Cosh", convertCosh}, OnnxOperator{"Sinh", convertSinh},
};

} // namespace

std::span<const OnnxOperator> onnxTrigonometry() { return kOperators; }

} // namespace alpa
