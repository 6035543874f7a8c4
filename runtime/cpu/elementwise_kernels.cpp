#include "runtime/cpu/kernel.h"
#include "runtime/cpu/storage.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>

namespace alpa::cpu
{
namespace
{

// A tile function is a loop over contiguous elements; results may lie on an operand. C: compute
// type, R: result.
template <typename C, typename R>
using UnaryTile = void (*)(const C* a, R* out, int64_t count);
template <typename C, typename R>
using BinaryTile = void (*)(const C* a, const C* b, R* out, int64_t count);

template <typename C, typename R, auto F>
void mapUnary(const C* a, R* out, int64_t count)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i)
        out[i] = F(a[i]);
}

template <typename C, typename R, auto F>
void mapBinary(const C* a, const C* b, R* out, int64_t count)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i)
        out[i] = F(a[i], b[i]);
}

template <typename C>
constexpr bool kIsFloat = std::is_floating_point_v<C>;

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
/// NaN if either is.
template <typename C>
C maximum(C a, C b)
{
    return a >= b || a != a ? a : b;
}
template <typename C>
C minimum(C a, C b)
{
    return a <= b || a != a ? a : b;
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

/// Calls body(first, count) for every tile of `total` elements.
template <typename Body>
void forEachTile(int64_t total, Body&& body)
{
    for (int64_t first = 0; first < total; first += kTile)
        body(first, std::min(kTile, total - first));
}

/// One operand, read tile by tile in compute type C.
template <typename C>
struct Reader {
    explicit Reader(const TensorType& type)
        : load(loadTile<C>(type.dtype))
        , direct(isDirect<C>(type.dtype))
        , isScalar(type.elementCount() == 1)
    {
    }
    /// Elements [first, first + count); a scalar is repeated when `repeat`.
    const C* read(const std::byte* base, int64_t first, int64_t count, C* buffer) const
    {
        return readTile(load, direct, base, first, count, buffer);
    }
    /// For operands that may be scalars beside larger ones: a scalar is repeated.
    const C* readRepeated(const std::byte* base, int64_t first, int64_t count, C* buffer,
                          int64_t total) const
    {
        if (!isScalar || total == 1)
            return read(base, first, count, buffer);
        C value{};
        load(base, 0, 1, &value);
        std::fill_n(buffer, count, value);
        return buffer;
    }
    LoadTile<C> load;
    bool direct;
    bool isScalar;
};

template <typename C>
struct Writer {
    explicit Writer(const TensorType& type)
        : store(storeTile<C>(type.dtype))
        , direct(isDirect<C>(type.dtype))
    {
    }
    /// Where the tile's results go: in place, or into `buffer` and then through flush().
    C* target(std::byte* base, int64_t first, C* buffer) const
    {
        return direct ? reinterpret_cast<C*>(base) + first : buffer;
    }
    void flush(const C* tile, int64_t count, std::byte* base, int64_t first) const
    {
        if (!direct)
            store(tile, count, base, first);
    }
    StoreTile<C> store;
    bool direct;
};

template <typename C>
using Tile = std::array<C, kTile>;

template <typename C>
Kernel unaryKernel(const KernelRequest& request, UnaryTile<C, C> tile)
{
    return {[tile, total = request.outputs[0].elementCount(), in = Reader<C>(request.inputs[0]),
             out = Writer<C>(request.outputs[0])](const KernelCall& call) {
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> result;
        forEachTile(total, [&](int64_t first, int64_t count) {
            C* target = out.target(call.outputs[0], first, result.data());
            tile(in.read(call.inputs[0], first, count, a.data()), target, count);
            out.flush(target, count, call.outputs[0], first);
        });
    }};
}

template <typename C>
Kernel binaryKernel(const KernelRequest& request, BinaryTile<C, C> tile)
{
    return {[tile, total = request.outputs[0].elementCount(), x = Reader<C>(request.inputs[0]),
             y = Reader<C>(request.inputs[1]),
             out = Writer<C>(request.outputs[0])](const KernelCall& call) {
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> b;
        alignas(64) Tile<C> result;
        forEachTile(total, [&](int64_t first, int64_t count) {
            C* target = out.target(call.outputs[0], first, result.data());
            tile(x.read(call.inputs[0], first, count, a.data()),
                 y.read(call.inputs[1], first, count, b.data()), target, count);
            out.flush(target, count, call.outputs[0], first);
        });
    }};
}

template <typename C>
Kernel compareKernel(const KernelRequest& request)
{
    return {[tile = compareTile<C>(request.as<CompareAttributes>().direction),
             total = request.outputs[0].elementCount(), x = Reader<C>(request.inputs[0]),
             y = Reader<C>(request.inputs[1])](const KernelCall& call) {
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> b;
        forEachTile(total, [&](int64_t first, int64_t count) {
            tile(x.read(call.inputs[0], first, count, a.data()),
                 y.read(call.inputs[1], first, count, b.data()),
                 reinterpret_cast<uint8_t*>(call.outputs[0]) + first, count);
        });
    }};
}

template <typename C>
Kernel isFiniteKernel(const KernelRequest& request)
{
    return {[total = request.outputs[0].elementCount(),
             x = Reader<C>(request.inputs[0])](const KernelCall& call) {
        alignas(64) Tile<C> a;
        forEachTile(total, [&](int64_t first, int64_t count) {
            mapUnary<C, uint8_t,
                     [](C value) {
                         if constexpr (kIsFloat<C>)
                             return static_cast<uint8_t>(std::fabs(value) <=
                                                         std::numeric_limits<C>::max());
                         else
                             return uint8_t{1};
                     }>(x.read(call.inputs[0], first, count, a.data()),
                        reinterpret_cast<uint8_t*>(call.outputs[0]) + first, count);
        });
    }};
}

template <typename C>
Kernel selectKernel(const KernelRequest& request)
{
    return {[total = request.outputs[0].elementCount(),
             predicate = Reader<int64_t>(request.inputs[0]), x = Reader<C>(request.inputs[1]),
             y = Reader<C>(request.inputs[2]),
             out = Writer<C>(request.outputs[0])](const KernelCall& call) {
        alignas(64) Tile<int64_t> p;
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> b;
        alignas(64) Tile<C> result;
        forEachTile(total, [&](int64_t first, int64_t count) {
            const int64_t* chosen =
                predicate.readRepeated(call.inputs[0], first, count, p.data(), total);
            const C* onTrue = x.read(call.inputs[1], first, count, a.data());
            const C* onFalse = y.read(call.inputs[2], first, count, b.data());
            C* target = out.target(call.outputs[0], first, result.data());
#pragma GCC ivdep
            for (int64_t i = 0; i < count; ++i)
                target[i] = chosen[i] != 0 ? onTrue[i] : onFalse[i];
            out.flush(target, count, call.outputs[0], first);
        });
    }};
}

template <typename C>
Kernel clampKernel(const KernelRequest& request)
{
    return {[total = request.outputs[0].elementCount(), low = Reader<C>(request.inputs[0]),
             x = Reader<C>(request.inputs[1]), high = Reader<C>(request.inputs[2]),
             out = Writer<C>(request.outputs[0])](const KernelCall& call) {
        alignas(64) Tile<C> l;
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> h;
        alignas(64) Tile<C> result;
        forEachTile(total, [&](int64_t first, int64_t count) {
            const C* lows = low.readRepeated(call.inputs[0], first, count, l.data(), total);
            const C* values = x.read(call.inputs[1], first, count, a.data());
            const C* highs = high.readRepeated(call.inputs[2], first, count, h.data(), total);
            C* target = out.target(call.outputs[0], first, result.data());
#pragma GCC ivdep
            for (int64_t i = 0; i < count; ++i)
                target[i] = minimum(maximum(values[i], lows[i]), highs[i]);
            out.flush(target, count, call.outputs[0], first);
        });
    }};
}

/// From compute type C to D.
template <typename C, typename D>
Kernel convertKernel(const KernelRequest& request)
{
    const DType target = request.outputs[0].dtype;
    // The store of a C converts by itself, unless the values have to pass through the narrower D.
    if constexpr (std::is_same_v<C, D>) {
        return unaryKernel<C>(request, mapUnary<C, C, [](C a) { return a; }>);
    } else {
        return {[total = request.outputs[0].elementCount(), in = Reader<C>(request.inputs[0]),
                 store = storeTile<C>(target)](const KernelCall& call) {
            alignas(64) Tile<C> a;
            forEachTile(total, [&](int64_t first, int64_t count) {
                store(in.read(call.inputs[0], first, count, a.data()), count, call.outputs[0],
                      first);
            });
        }};
    }
}

Kernel makeConvert(const KernelRequest& request)
{
    return withComputeType(request.inputs[0].dtype, [&](auto source) {
        return withComputeType(request.outputs[0].dtype, [&](auto target) {
            return convertKernel<decltype(source), decltype(target)>(request);
        });
    });
}

template <typename C>
std::optional<Kernel> makeFor(const KernelRequest& request)
{
    if (request.kind == OpKind::kCompare)
        return compareKernel<C>(request);
    if (request.kind == OpKind::kIsFinite)
        return isFiniteKernel<C>(request);
    if (request.kind == OpKind::kSelect)
        return selectKernel<C>(request);
    if (request.kind == OpKind::kClamp)
        return clampKernel<C>(request);
    if (const UnaryTile<C, C> tile = unaryTile<C>(request.kind, request.inputs[0].dtype))
        return unaryKernel<C>(request, tile);
    if (const BinaryTile<C, C> tile = binaryTile<C>(request.kind))
        return binaryKernel<C>(request, tile);
    return std::nullopt;
}

template <typename C>
Kernel accumulateKernel(const KernelRequest& request)
{
    return {[total = request.outputs[0].elementCount(), in = Reader<C>(request.inputs[0]),
             sum = Reader<C>(request.outputs[0]), out = Writer<C>(request.outputs[0]),
             scale = C{1} / static_cast<C>(request.microbatches)](const KernelCall& call) {
        alignas(64) Tile<C> a;
        alignas(64) Tile<C> b;
        alignas(64) Tile<C> result;
        forEachTile(total, [&](int64_t first, int64_t count) {
            const C* added = in.read(call.inputs[0], first, count, a.data());
            const C* before = sum.read(call.outputs[0], first, count, b.data());
            C* target = out.target(call.outputs[0], first, result.data());
#pragma GCC ivdep
            for (int64_t i = 0; i < count; ++i)
                target[i] = before[i] + added[i] * scale;
            out.flush(target, count, call.outputs[0], first);
        });
    }};
}

} // namespace

Result<Kernel> makeElementwiseKernel(const KernelRequest& request)
{
    if (request.kind == OpKind::kConvert)
        return makeConvert(request);
    // Of select and clamp, operand 1 has the type that is computed with.
    const bool isTernary = request.kind == OpKind::kSelect || request.kind == OpKind::kClamp;
    const DType dtype = request.inputs[isTernary ? 1 : 0].dtype;
    std::optional<Kernel> kernel =
        withComputeType(dtype, [&](auto element) { return makeFor<decltype(element)>(request); });
    if (!kernel)
        return Error(ErrorCode::kUnsupported,
                     fmt::format("{} of {} has no kernel on CPU devices", opKindName(request.kind),
                                 dtypeName(dtype)));
    return *std::move(kernel);
}

Kernel makeAccumulateKernel(const KernelRequest& request)
{
    if (request.outputs[0].dtype == DType::kF64)
        return accumulateKernel<double>(request);
    return accumulateKernel<float>(request);
}

} // namespace alpa::cpu
