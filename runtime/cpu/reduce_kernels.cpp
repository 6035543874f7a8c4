#include "runtime/cpu/kernel.h"
#include "runtime/cpu/reducers.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <array>

namespace alpa::cpu
{
namespace
{

/// Sums of floats are kept in double: as accurate as any order of summation, for free where memory
/// is the limit.
template <typename C>
using Accumulator = std::conditional_t<std::is_floating_point_v<C>, double, C>;

/// acc = F(acc, all of tile), through lanes so that the loop can be vectorised; the order is fixed.
template <typename C, auto F>
Accumulator<C> foldTile(Accumulator<C> acc, const C* tile, int64_t count)
{
    constexpr int64_t kLanes = 8;
    if (count < 4 * kLanes) {
        for (int64_t i = 0; i < count; ++i)
            acc = F(acc, static_cast<Accumulator<C>>(tile[i]));
        return acc;
    }
    std::array<Accumulator<C>, kLanes> lanes;
    for (int64_t lane = 0; lane < kLanes; ++lane)
        lanes[static_cast<size_t>(lane)] = static_cast<Accumulator<C>>(tile[lane]);
    int64_t i = kLanes;
    for (; i + kLanes <= count; i += kLanes) {
        for (int64_t lane = 0; lane < kLanes; ++lane)
            lanes[static_cast<size_t>(lane)] =
                F(lanes[static_cast<size_t>(lane)], static_cast<Accumulator<C>>(tile[i + lane]));
    }
    for (; i < count; ++i)
        acc = F(acc, static_cast<Accumulator<C>>(tile[i]));
    for (const Accumulator<C> lane : lanes)
        acc = F(acc, lane);
    return acc;
}

/// out[i * stride] = F(out[i * stride], tile[i])
template <typename C, auto F>
void combineTile(Accumulator<C>* out, int64_t stride, const C* tile, int64_t count)
{
    if (stride == 1) {
        for (int64_t i = 0; i < count; ++i)
            out[i] = F(out[i], static_cast<Accumulator<C>>(tile[i]));
    } else {
        for (int64_t i = 0; i < count; ++i)
            out[i * stride] = F(out[i * stride], static_cast<Accumulator<C>>(tile[i]));
    }
}

/// Walks the operand in memory order; the dimensions that are reduced have write stride 0.
template <typename C, auto F>
Kernel reduceKernel(const KernelRequest& request, Accumulator<C> identity)
{
    const TensorType& in = request.inputs[0];
    const TensorType& out = request.outputs[0];
    const std::vector<int64_t> outStrides = rowMajorStrides(out.dims);
    std::vector<int64_t> write(in.dims.size(), 0);
    const std::vector<int>& reduced = request.as<ReduceAttributes>().dims;
    size_t kept = 0;
    for (size_t d = 0; d < in.dims.size(); ++d) {
        if (std::ranges::find(reduced, static_cast<int>(d)) == reduced.end())
            write[d] = outStrides[kept++];
    }
    const int64_t outCount = out.elementCount();
    Kernel kernel;
    kernel.scratchBytes = outCount * static_cast<int64_t>(sizeof(Accumulator<C>));
    kernel.run =
        [pair = StridedPair(in.dims, rowMajorStrides(in.dims), write, StridedPair::Order::kRead),
         load = loadTile<C>(in.dtype), direct = isDirect<C>(in.dtype),
         store = storeTile<Accumulator<C>>(out.dtype), outCount, identity](const KernelCall& call) {
            auto* acc = reinterpret_cast<Accumulator<C>*>(call.scratch);
            std::fill_n(acc, outCount, identity);
            alignas(64) std::array<C, kTile> buffer;
            const StridedPair::Dim& inner = pair.inner();
            pair.forEachRun([&](int64_t read, int64_t written) {
                for (int64_t first = 0; first < inner.size; first += kTile) {
                    const int64_t count = std::min(kTile, inner.size - first);
                    const C* tile =
                        readTile(load, direct, call.inputs[0], read + first, count, buffer.data());
                    Accumulator<C>* target = acc + written + first * inner.write;
                    if (inner.write == 0)
                        *target = foldTile<C, F>(*target, tile, count);
                    else
                        combineTile<C, F>(target, inner.write, tile, count);
                }
            });
            store(acc, outCount, call.outputs[0], 0);
        };
    return kernel;
}

template <typename C>
Kernel makeFor(const KernelRequest& request)
{
    using A = Accumulator<C>;
    const ReduceKind kind = request.as<ReduceAttributes>().kind;
    const A identity = reduceIdentity<A>(kind, request.inputs[0].dtype);
    switch (kind) {
    case ReduceKind::kAdd:
        return reduceKernel<C, reduceAdd<A>>(request, identity);
    case ReduceKind::kMultiply:
        return reduceKernel<C, reduceMultiply<A>>(request, identity);
    case ReduceKind::kMaximum:
        return reduceKernel<C, reduceMaximum<A>>(request, identity);
    case ReduceKind::kMinimum:
        return reduceKernel<C, reduceMinimum<A>>(request, identity);
    case ReduceKind::kAnd:
        return reduceKernel<C, reduceAnd<A>>(request, identity);
    case ReduceKind::kOr:
        break;
    }
    return reduceKernel<C, reduceOr<A>>(request, identity);
}

} // namespace

Result<Kernel> makeReduceKernel(const KernelRequest& request)
{
    return withComputeType(request.inputs[0].dtype,
                           [&](auto element) { return makeFor<decltype(element)>(request); });
}

} // namespace alpa::cpu
