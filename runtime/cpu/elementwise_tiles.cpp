#include "runtime/cpu/elementwise_tiles.h"

#include <cmath>
#include <type_traits>

namespace alpa::cpu
{
namespace
{

/// Signed integers wrap around, as the devices' do.
template <typename C>
constexpr C wrapped(uint64_t value)
{
    return static_cast<C>(value);
}

template <typename C>
C add(C a, C b)
{
    if constexpr (kIsFloat<C>)
        return a + b;
    else
        return wrapped<C>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
template <typename C>
C subtract(C a, C b)
{
    if constexpr (kIsFloat<C>)
        return a - b;
    else
        return wrapped<C>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
template <typename C>
C multiply(C a, C b)
{
    if constexpr (kIsFloat<C>)
        return a * b;
    else
        return wrapped<C>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
/// Integers: truncated; by zero all ones, as XLA has it.
template <typename C>
C divide(C a, C b)
{
    if constexpr (kIsFloat<C>)
        return a / b;
    else if (b == 0)
        return static_cast<C>(-1);
    else if (std::is_signed_v<C> && b == static_cast<C>(-1))
        return subtract<C>(0, a);
    else
        return a / b;
}
template <typename C>
C remainderOf(C a, C b)
{
    if constexpr (kIsFloat<C>)
        return std::fmod(a, b);
    else if (b == 0)
        return a;
    else if (std::is_signed_v<C> && b == static_cast<C>(-1))
        return 0;
    else
        return a % b;
}
template <typename C>
C power(C a, C b)
{
    if constexpr (kIsFloat<C>) {
        return std::pow(a, b);
    } else {
        if (std::is_signed_v<C> && b < 0)
            return a == 1 ? C{1} : a == static_cast<C>(-1) ? (b % 2 != 0 ? a : C{1}) : C{0};
        C result = 1;
        for (; b != 0; b >>= 1, a = multiply(a, a)) {
            if ((b & 1) != 0)
                result = multiply(result, a);
        }
        return result;
    }
}
template <typename C>
C absolute(C a)
{
    if constexpr (kIsFloat<C>)
        return std::fabs(a);
    else
        return std::is_signed_v<C> && a < 0 ? subtract<C>(0, a) : a;
}
template <typename C>
C signOf(C a)
{
    if constexpr (kIsFloat<C>)
        return a != a ? a : static_cast<C>(a > 0) - static_cast<C>(a < 0);
    else
        return static_cast<C>(static_cast<C>(a > 0) - static_cast<C>(std::is_signed_v<C> && a < 0));
}

template <typename C>
C logistic(C a)
{
    return C{1} / (C{1} + std::exp(-a));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored                                                                     \
    "-Wswitch-enum" // The kinds of other families fall through to nullptr.

/// Of floats; nullptr for other kinds.
template <typename C>
UnaryTile<C, C> floatUnary(OpKind kind)
{
    switch (kind) {
    case OpKind::kCeil:
        return mapUnary<C, C, [](C a) { return std::ceil(a); }>;
    case OpKind::kCosine:
        return mapUnary<C, C, [](C a) { return std::cos(a); }>;
    case OpKind::kErf:
        return mapUnary<C, C, [](C a) { return std::erf(a); }>;
    case OpKind::kExp:
        return mapUnary<C, C, [](C a) { return std::exp(a); }>;
    case OpKind::kExpm1:
        return mapUnary<C, C, [](C a) { return std::expm1(a); }>;
    case OpKind::kFloor:
        return mapUnary<C, C, [](C a) { return std::floor(a); }>;
    case OpKind::kLog:
        return mapUnary<C, C, [](C a) { return std::log(a); }>;
    case OpKind::kLog1p:
        return mapUnary<C, C, [](C a) { return std::log1p(a); }>;
    case OpKind::kLogistic:
        return mapUnary<C, C, logistic<C>>;
    case OpKind::kRound:
        return mapUnary<C, C, [](C a) { return std::nearbyint(a); }>;
    case OpKind::kRsqrt:
        return mapUnary<C, C, [](C a) { return C{1} / std::sqrt(a); }>;
    case OpKind::kSine:
        return mapUnary<C, C, [](C a) { return std::sin(a); }>;
    case OpKind::kSqrt:
        return mapUnary<C, C, [](C a) { return std::sqrt(a); }>;
    case OpKind::kTanh:
        return mapUnary<C, C, [](C a) { return std::tanh(a); }>;
    default:
        return nullptr;
    }
}

} // namespace

template <typename C>
UnaryTile<C, C> unaryTile(OpKind kind, DType dtype)
{
    switch (kind) {
    case OpKind::kAbs:
        return mapUnary<C, C, absolute<C>>;
    case OpKind::kNegate:
        return mapUnary<C, C, [](C a) {
            if constexpr (kIsFloat<C>)
                return -a;
            else
                return subtract<C>(0, a);
        }>;
    case OpKind::kSign:
        return mapUnary<C, C, signOf<C>>;
    case OpKind::kNot:
        if constexpr (kIsFloat<C>)
            return nullptr;
        else if (dtype == DType::kPred)
            return mapUnary<C, C, [](C a) { return static_cast<C>(a == 0); }>;
        else
            return mapUnary<C, C, [](C a) { return static_cast<C>(~a); }>;
    default:
        break;
    }
    if constexpr (kIsFloat<C>)
        return floatUnary<C>(kind);
    else
        return nullptr;
}

template <typename C>
BinaryTile<C, C> binaryTile(OpKind kind)
{
    switch (kind) {
    case OpKind::kAdd:
        return mapBinary<C, C, add<C>>;
    case OpKind::kSubtract:
        return mapBinary<C, C, subtract<C>>;
    case OpKind::kMultiply:
        return mapBinary<C, C, multiply<C>>;
    case OpKind::kDivide:
        return mapBinary<C, C, divide<C>>;
    case OpKind::kMaximum:
        return mapBinary<C, C, maximum<C>>;
    case OpKind::kMinimum:
        return mapBinary<C, C, minimum<C>>;
    case OpKind::kPower:
        return mapBinary<C, C, power<C>>;
    case OpKind::kRemainder:
        return mapBinary<C, C, remainderOf<C>>;
    default:
        break;
    }
    if constexpr (!kIsFloat<C>) {
        switch (kind) {
        case OpKind::kAnd:
            return mapBinary<C, C, [](C a, C b) { return static_cast<C>(a & b); }>;
        case OpKind::kOr:
            return mapBinary<C, C, [](C a, C b) { return static_cast<C>(a | b); }>;
        case OpKind::kXor:
            return mapBinary<C, C, [](C a, C b) { return static_cast<C>(a ^ b); }>;
        default:
            break;
        }
    }
    return nullptr;
}

#pragma GCC diagnostic pop

template <typename C>
BinaryTile<C, uint8_t> compareTile(CompareDirection direction)
{
    switch (direction) {
    case CompareDirection::kEq:
        return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a == b); }>;
    case CompareDirection::kNe:
        return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a != b); }>;
    case CompareDirection::kLt:
        return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a < b); }>;
    case CompareDirection::kLe:
        return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a <= b); }>;
    case CompareDirection::kGt:
        return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a > b); }>;
    case CompareDirection::kGe:
        break;
    }
    return mapBinary<C, uint8_t, [](C a, C b) { return static_cast<uint8_t>(a >= b); }>;
}

// The types that values are computed in.
template UnaryTile<float, float> unaryTile<float>(OpKind, DType);
template BinaryTile<float, float> binaryTile<float>(OpKind);
template BinaryTile<float, uint8_t> compareTile<float>(CompareDirection);
template UnaryTile<double, double> unaryTile<double>(OpKind, DType);
template BinaryTile<double, double> binaryTile<double>(OpKind);
template BinaryTile<double, uint8_t> compareTile<double>(CompareDirection);
template UnaryTile<int64_t, int64_t> unaryTile<int64_t>(OpKind, DType);
template BinaryTile<int64_t, int64_t> binaryTile<int64_t>(OpKind);
template BinaryTile<int64_t, uint8_t> compareTile<int64_t>(CompareDirection);
template UnaryTile<uint64_t, uint64_t> unaryTile<uint64_t>(OpKind, DType);
template BinaryTile<uint64_t, uint64_t> binaryTile<uint64_t>(OpKind);
template BinaryTile<uint64_t, uint8_t> compareTile<uint64_t>(CompareDirection);
} // namespace alpa::cpu
