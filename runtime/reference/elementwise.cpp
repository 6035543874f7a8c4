#include "core/base/check.h"
#include "runtime/reference/kernels.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace alpa
{
namespace
{

template <typename F>
void mapOne(const HostTensor& x, HostTensor& out, F f)
{
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = f(x.values[i]);
}

template <typename F>
void mapTwo(Operands in, HostTensor& out, F f)
{
    const std::vector<double>& a = in[0]->values;
    const std::vector<double>& b = in[1]->values;
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = f(a[i], b[i]);
}

double maximum(double a, double b)
{
    return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b);
}
double minimum(double a, double b)
{
    return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b);
}

void evaluateCompare(CompareDirection direction, Operands in, HostTensor& out)
{
    const auto map = [&](auto holds) {
        mapTwo(in, out, [holds](double a, double b) { return holds(a, b) ? 1.0 : 0.0; });
    };
    switch (direction) {
    case CompareDirection::kEq:
        return map(std::equal_to<>{});
    case CompareDirection::kNe:
        return map(std::not_equal_to<>{});
    case CompareDirection::kLt:
        return map(std::less<>{});
    case CompareDirection::kLe:
        return map(std::less_equal<>{});
    case CompareDirection::kGt:
        return map(std::greater<>{});
    case CompareDirection::kGe:
        return map(std::greater_equal<>{});
    }
}

/// Element i of an operand that may be a scalar.
double elementOrScalar(const HostTensor& tensor, size_t i)
{
    return tensor.values[tensor.values.size() == 1 ? 0 : i];
}

void evaluateSelect(Operands in, HostTensor& out)
{
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = elementOrScalar(*in[0], i) != 0.0 ? in[1]->values[i] : in[2]->values[i];
}

void evaluateClamp(Operands in, HostTensor& out)
{
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = minimum(maximum(in[1]->values[i], elementOrScalar(*in[0], i)),
                                elementOrScalar(*in[2], i));
}

double sign(double x)
{
    return std::isnan(x) ? x : static_cast<double>(x > 0.0) - static_cast<double>(x < 0.0);
}

double bitwise(double a, double b, int64_t (*f)(int64_t, int64_t))
{
    return static_cast<double>(f(static_cast<int64_t>(a), static_cast<int64_t>(b)));
}

/// On predicates 0 and 1 the bitwise operations are the logical ones, but for "not".
void evaluateNot(const HostTensor& x, HostTensor& out)
{
    const bool isPred = out.type.dtype == DType::kPred;
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] =
            isPred ? 1.0 - x.values[i] : static_cast<double>(~static_cast<int64_t>(x.values[i]));
}

double divideIntegers(double a, double b)
{
    // StableHLO leaves integer division by zero to the backend; XLA yields all ones.
    return b == 0.0 ? -1.0 : std::trunc(a / b);
}

struct UnaryKernel {
    OpKind kind;
    double (*function)(double);
};
constexpr UnaryKernel kUnaryKernels[] = {
    {OpKind::kAbs, [](double x) { return std::fabs(x); }},
    {OpKind::kCeil, [](double x) { return std::ceil(x); }},
    {OpKind::kConvert, [](double x) { return x; }}, // The rounding to the result's type follows.
    {OpKind::kCosine, [](double x) { return std::cos(x); }},
    {OpKind::kErf, [](double x) { return std::erf(x); }},
    {OpKind::kExp, [](double x) { return std::exp(x); }},
    {OpKind::kExpm1, [](double x) { return std::expm1(x); }},
    {OpKind::kFloor, [](double x) { return std::floor(x); }},
    {OpKind::kIsFinite, [](double x) { return std::isfinite(x) ? 1.0 : 0.0; }},
    {OpKind::kLog, [](double x) { return std::log(x); }},
    {OpKind::kLog1p, [](double x) { return std::log1p(x); }},
    {OpKind::kLogistic, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
    {OpKind::kNegate, [](double x) { return -x; }},
    {OpKind::kRound, [](double x) { return std::nearbyint(x); }},
    {OpKind::kRsqrt, [](double x) { return 1.0 / std::sqrt(x); }},
    {OpKind::kSign, sign},
    {OpKind::kSine, [](double x) { return std::sin(x); }},
    {OpKind::kSqrt, [](double x) { return std::sqrt(x); }},
    {OpKind::kTanh, [](double x) { return std::tanh(x); }},
};

struct BinaryKernel {
    OpKind kind;
    double (*function)(double, double);
};
constexpr BinaryKernel kBinaryKernels[] = {
    {OpKind::kAdd, [](double a, double b) { return a + b; }},
    {OpKind::kSubtract, [](double a, double b) { return a - b; }},
    {OpKind::kMultiply, [](double a, double b) { return a * b; }},
    {OpKind::kDivide, [](double a, double b) { return a / b; }},
    {OpKind::kMaximum, maximum},
    {OpKind::kMinimum, minimum},
    {OpKind::kPower, [](double a, double b) { return std::pow(a, b); }},
    {OpKind::kRemainder, [](double a, double b) { return std::fmod(a, b); }},
    {OpKind::kAnd,
     [](double a, double b) { return bitwise(a, b, [](int64_t x, int64_t y) { return x & y; }); }},
    {OpKind::kOr,
     [](double a, double b) { return bitwise(a, b, [](int64_t x, int64_t y) { return x | y; }); }},
    {OpKind::kXor,
     [](double a, double b) { return bitwise(a, b, [](int64_t x, int64_t y) { return x ^ y; }); }},
};

} // namespace

void evaluateElementwise(const Op& op, Operands in, HostTensor& out)
{
    if (op.kind == OpKind::kCompare)
        return evaluateCompare(std::get<CompareAttributes>(op.attributes).direction, in, out);
    if (op.kind == OpKind::kSelect)
        return evaluateSelect(in, out);
    if (op.kind == OpKind::kClamp)
        return evaluateClamp(in, out);
    if (op.kind == OpKind::kNot)
        return evaluateNot(*in[0], out);
    if (isBitOperation(op.kind))
        return evaluateBits(op.kind, in, out);
    if (op.kind == OpKind::kDivide && !isFloating(out.type.dtype))
        return mapTwo(in, out, divideIntegers);
    for (const UnaryKernel& kernel : kUnaryKernels) {
        if (kernel.kind == op.kind)
            return mapOne(*in[0], out, kernel.function);
    }
    for (const BinaryKernel& kernel : kBinaryKernels) {
        if (kernel.kind == op.kind)
            return mapTwo(in, out, kernel.function);
    }
    CHECK(false, "every element-wise kind has a kernel");
}

} // namespace alpa
