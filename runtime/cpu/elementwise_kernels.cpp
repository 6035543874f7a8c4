#include "runtime/cpu/bit_tiles.h"
#include "runtime/cpu/elementwise_tiles.h"
#include "runtime/cpu/kernel.h"
#include "runtime/cpu/storage.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <optional>

namespace alpa::cpu
{
namespace
{

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
    if constexpr (!kIsFloat<C>) {
        const DType dtype = request.inputs[0].dtype;
        if (const UnaryTile<C, C> tile = bitCountTile<C>(request.kind, dtype))
            return unaryKernel<C>(request, tile);
        if (const BinaryTile<C, C> tile = shiftTile<C>(request.kind, dtype))
            return binaryKernel<C>(request, tile);
    }
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
    if (request.kind == OpKind::kBitcast) {
        const auto bytes = static_cast<size_t>(request.outputs[0].bytes().count);
        return Kernel{[bytes](const KernelCall& call) {
            std::memmove(call.outputs[0], call.inputs[0], bytes);
        }};
    }
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
