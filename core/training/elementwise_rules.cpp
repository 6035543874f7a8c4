// Derivatives of element-wise ops. Forms that use the forward result (y) are preferred where they
// save an operand or a transcendental function: the result is often kept anyway.
#include "core/training/backward.h"

#include <cmath>
#include <numbers>

namespace alpa
{
namespace
{

ValueId constantLike(Backward& b, double number, ValueId x)
{
    return b.build().constantLike(number, x);
}

/// Where `predicate` holds `g`, elsewhere zero.
ValueId where(Backward& b, ValueId predicate, ValueId g)
{
    return b.build().select(predicate, g, constantLike(b, 0.0, g));
}

void absRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.multiply(g, b.build().sign(op.operands[0])));
}
void cosineRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.negate(b.multiply(g, b.build().sine(op.operands[0]))));
}
void sineRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.multiply(g, b.build().cosine(op.operands[0])));
}
/// 2 / sqrt(pi) * exp(-x^2).
void erfRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId x = op.operands[0];
    const ValueId bell = b.build().exp(b.build().negate(b.build().multiply(x, x)));
    b.contribute(x, b.multiply(g, b.scale(bell, 2.0 * std::numbers::inv_sqrtpi)));
}
void expRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.multiply(g, op.results[0]));
}
void expm1Rule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.multiply(g, b.build().shift(op.results[0], 1.0)));
}
void logRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.divide(g, op.operands[0]));
}
void log1pRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.divide(g, b.build().shift(op.operands[0], 1.0)));
}
/// y (1 - y).
void logisticRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId y = op.results[0];
    const ValueId slope = b.build().multiply(y, b.build().subtract(constantLike(b, 1.0, y), y));
    b.contribute(op.operands[0], b.multiply(g, slope));
}
void negateRule(Backward& b, const Op& op, ValueId g) { b.contribute(op.operands[0], b.negate(g)); }
/// -y^3 / 2.
void rsqrtRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId y = op.results[0];
    const ValueId cube = b.build().multiply(b.build().multiply(y, y), y);
    b.contribute(op.operands[0], b.multiply(g, b.scale(cube, -0.5)));
}
/// 1 / (2 y).
void sqrtRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.divide(b.scale(g, 0.5), op.results[0]));
}
/// 1 - y^2.
void tanhRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId y = op.results[0];
    const ValueId slope = b.build().subtract(constantLike(b, 1.0, y), b.build().multiply(y, y));
    b.contribute(op.operands[0], b.multiply(g, slope));
}
void convertRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.build().convert(g, b.graph().type(op.operands[0]).dtype));
}

void addRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], g);
    b.contribute(op.operands[1], g);
}
void subtractRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], g);
    if (b.isActive(op.operands[1]))
        b.contribute(op.operands[1], b.negate(g));
}
void multiplyRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId x = op.operands[0];
    const ValueId y = op.operands[1];
    if (x == y) { // A square: one product instead of two and a sum.
        b.contribute(x, b.multiply(g, b.scale(x, 2.0)));
        return;
    }
    if (b.isActive(x))
        b.contribute(x, b.multiply(g, y));
    if (b.isActive(y))
        b.contribute(y, b.multiply(g, x));
}
/// q = x / y: dx = g / y, dy = -(g / y) q.
void divideRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId share = b.divide(g, op.operands[1]);
    b.contribute(op.operands[0], share);
    if (b.isActive(op.operands[1]))
        b.contribute(op.operands[1], b.negate(b.multiply(share, op.results[0])));
}

/// The derivative of x^n with respect to x.
ValueId powerSlope(Backward& b, ValueId x, ValueId exponent)
{
    const std::optional<double> n = b.splat(exponent);
    if (n && *n == 2.0)
        return b.scale(x, 2.0);
    if (n && *n == 3.0)
        return b.scale(b.build().multiply(x, x), 3.0);
    if (n)
        return b.scale(b.build().power(x, constantLike(b, *n - 1.0, x)), *n);
    return b.multiply(exponent, b.build().power(x, b.build().shift(exponent, -1.0)));
}
void powerRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId x = op.operands[0];
    const ValueId n = op.operands[1];
    if (b.isActive(x))
        b.contribute(x, b.multiply(g, powerSlope(b, x, n)));
    if (!b.isActive(n))
        return;
    // x^n log x; the logarithm of zero must not turn 0 * log 0 into NaN.
    const ValueId isZero = b.build().compare(CompareDirection::kEq, x, constantLike(b, 0.0, x));
    const ValueId logarithm = b.build().log(b.build().select(isZero, constantLike(b, 1.0, x), x));
    b.contribute(n, b.multiply(g, b.build().multiply(op.results[0], logarithm)));
}

/// x - trunc(x / y) y.
void remainderRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], g);
    if (!b.isActive(op.operands[1]))
        return;
    GraphBuilder& build = b.build();
    const ValueId quotient = build.divide(op.operands[0], op.operands[1]);
    const ValueId whole =
        build.multiply(build.sign(quotient), build.unary(OpKind::kFloor, build.abs(quotient)));
    b.contribute(op.operands[1], b.negate(b.multiply(g, whole)));
}

/// Maximum and minimum; `wins` says when the first operand is the result.
void extremumRule(Backward& b, const Op& op, ValueId g, CompareDirection wins,
                  CompareDirection loses)
{
    const ValueId x = op.operands[0];
    const ValueId y = op.operands[1];
    const bool isShared = b.isActive(x) && b.isActive(y);
    GraphBuilder& build = b.build();
    if (isShared) {
        // One predicate for both: ties go to x.
        const CompareDirection atLeast =
            wins == CompareDirection::kGt ? CompareDirection::kGe : CompareDirection::kLe;
        const ValueId isX = build.compare(atLeast, x, y);
        const ValueId zero = constantLike(b, 0.0, g);
        b.contribute(x, build.select(isX, g, zero));
        b.contribute(y, build.select(isX, zero, g));
    } else if (b.isActive(x)) {
        b.contribute(x, where(b, build.compare(wins, x, y), g));
    } else {
        b.contribute(y, where(b, build.compare(loses, x, y), g));
    }
}
void maximumRule(Backward& b, const Op& op, ValueId g)
{
    extremumRule(b, op, g, CompareDirection::kGt, CompareDirection::kLt);
}
void minimumRule(Backward& b, const Op& op, ValueId g)
{
    extremumRule(b, op, g, CompareDirection::kLt, CompareDirection::kGt);
}

void selectRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId zero = constantLike(b, 0.0, g);
    if (b.isActive(op.operands[1]))
        b.contribute(op.operands[1], b.build().select(op.operands[0], g, zero));
    if (b.isActive(op.operands[2]))
        b.contribute(op.operands[2], b.build().select(op.operands[0], zero, g));
}

void clampRule(Backward& b, const Op& op, ValueId g)
{
    GraphBuilder& build = b.build();
    const ValueId x = op.operands[1];
    const std::vector<int64_t> sizes = b.dims(x);
    const auto full = [&](ValueId bound) {
        return b.dims(bound) == sizes ? bound : build.broadcastScalar(bound, sizes);
    };
    const ValueId low = full(op.operands[0]);
    const ValueId high = full(op.operands[2]);
    if (b.isActive(x)) {
        const ValueId isInside = build.logicalAnd(build.compare(CompareDirection::kGt, x, low),
                                                  build.compare(CompareDirection::kLt, x, high));
        b.contribute(x, where(b, isInside, g));
    }
    const auto contributeBound = [&](ValueId bound, ValueId predicate) {
        ValueId share = where(b, predicate, g);
        if (b.dims(bound) != sizes)
            share = build.sumAll(share);
        b.contribute(bound, share);
    };
    if (b.isActive(op.operands[2]))
        contributeBound(op.operands[2],
                        build.compare(CompareDirection::kGe, build.maximum(x, low), high));
    if (b.isActive(op.operands[0])) {
        const ValueId isLow = build.logicalAnd(build.compare(CompareDirection::kLe, x, low),
                                               build.compare(CompareDirection::kLt, low, high));
        contributeBound(op.operands[0], isLow);
    }
}

struct Entry {
    OpKind kind;
    DerivativeRule rule;
};
constexpr Entry kRules[] = {
    {OpKind::kAbs, absRule},           {OpKind::kConvert, convertRule},
    {OpKind::kCosine, cosineRule},     {OpKind::kErf, erfRule},
    {OpKind::kExp, expRule},           {OpKind::kExpm1, expm1Rule},
    {OpKind::kLog, logRule},           {OpKind::kLog1p, log1pRule},
    {OpKind::kLogistic, logisticRule}, {OpKind::kNegate, negateRule},
    {OpKind::kRsqrt, rsqrtRule},       {OpKind::kSine, sineRule},
    {OpKind::kSqrt, sqrtRule},         {OpKind::kTanh, tanhRule},
    {OpKind::kAdd, addRule},           {OpKind::kClamp, clampRule},
    {OpKind::kDivide, divideRule},     {OpKind::kMaximum, maximumRule},
    {OpKind::kMinimum, minimumRule},   {OpKind::kMultiply, multiplyRule},
    {OpKind::kPower, powerRule},       {OpKind::kRemainder, remainderRule},
    {OpKind::kSelect, selectRule},     {OpKind::kSubtract, subtractRule},
};

} // namespace

DerivativeRule elementwiseRule(OpKind kind)
{
    for (const Entry& entry : kRules) {
        if (entry.kind == kind)
            return entry.rule;
    }
    return nullptr;
}

} // namespace alpa
