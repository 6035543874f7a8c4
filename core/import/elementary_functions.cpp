#include "core/import/elementary_functions.h"

#include <array>
#include <numbers>

namespace alpa
{

/// The series of Abramowitz and Stegun 4.4.49.
ValueId ElementaryFunctions::smallArctangent(ValueId x)
{
    constexpr std::array kSeries = {0.0028662257,  -0.0161657367, 0.0429096138,
                                    -0.0752896400, 0.1065626393,  -0.1420889944,
                                    0.1999355085,  -0.3333314528, 1.0};
    const ValueId square = binary(OpKind::kMultiply, x, x);
    ValueId sum = splat(kSeries[0]);
    for (size_t at = 1; at < kSeries.size(); ++at)
        sum = binary(OpKind::kAdd, binary(OpKind::kMultiply, sum, square), splat(kSeries[at]));
    return binary(OpKind::kMultiply, sum, x);
}

ValueId ElementaryFunctions::arctangent(ValueId x)
{
    const ValueId size = unary(OpKind::kAbs, x);
    const ValueId one = splat(1);
    const ValueId isLarge =
        emit_(OpKind::kCompare, {size, one}, CompareAttributes{CompareDirection::kGt},
              TensorType{DType::kPred, type_.dims});
    // Divided by what is at least 1 on both sides, so that what is not taken stays finite.
    const ValueId angle = smallArctangent(binary(
        OpKind::kDivide, binary(OpKind::kMinimum, size, one), binary(OpKind::kMaximum, size, one)));
    const ValueId other = binary(OpKind::kSubtract, splat(std::numbers::pi / 2), angle);
    const ValueId chosen = emit_(OpKind::kSelect, {isLarge, other, angle}, {}, type_);
    return binary(OpKind::kMultiply, unary(OpKind::kSign, x), chosen);
}

/// asin x = 2 atan(x / (1 + sqrt(1 - x^2))), which stays finite at 1.
ValueId ElementaryFunctions::arcsine(ValueId x)
{
    const ValueId square = binary(OpKind::kMultiply, x, x);
    const ValueId cosine = unary(OpKind::kSqrt, binary(OpKind::kSubtract, splat(1), square));
    const ValueId divisor = binary(OpKind::kAdd, cosine, splat(1));
    return binary(OpKind::kMultiply, arctangent(binary(OpKind::kDivide, x, divisor)), splat(2));
}

ValueId ElementaryFunctions::arccosine(ValueId x)
{
    return binary(OpKind::kSubtract, splat(std::numbers::pi / 2), arcsine(x));
}

ValueId ElementaryFunctions::exponentials(OpKind kind, ValueId x)
{
    const ValueId up = unary(OpKind::kExp, x);
    const ValueId down = unary(OpKind::kExp, unary(OpKind::kNegate, x));
    return binary(OpKind::kMultiply, binary(kind, up, down), splat(0.5));
}

/// sign(x) log(|x| + sqrt(x^2 + 1))
ValueId ElementaryFunctions::inverseHyperbolicSine(ValueId x)
{
    const ValueId square = binary(OpKind::kMultiply, x, x);
    const ValueId root = unary(OpKind::kSqrt, binary(OpKind::kAdd, square, splat(1)));
    const ValueId log = unary(OpKind::kLog, binary(OpKind::kAdd, unary(OpKind::kAbs, x), root));
    return binary(OpKind::kMultiply, unary(OpKind::kSign, x), log);
}

/// log(x + sqrt(x^2 - 1))
ValueId ElementaryFunctions::inverseHyperbolicCosine(ValueId x)
{
    const ValueId square = binary(OpKind::kMultiply, x, x);
    const ValueId root = unary(OpKind::kSqrt, binary(OpKind::kSubtract, square, splat(1)));
    return unary(OpKind::kLog, binary(OpKind::kAdd, x, root));
}

/// (log(1 + x) - log(1 - x)) / 2
ValueId ElementaryFunctions::inverseHyperbolicTangent(ValueId x)
{
    const ValueId difference = binary(OpKind::kSubtract, unary(OpKind::kLog1p, x),
                                      unary(OpKind::kLog1p, unary(OpKind::kNegate, x)));
    return binary(OpKind::kMultiply, difference, splat(0.5));
}

} // namespace alpa
