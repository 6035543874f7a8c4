#include "runtime/cpu/kernel.h"
#include "runtime/cpu/reducers.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <array>

namespace alpa::cpu
{
namespace
{

constexpr size_t kMostDims = 12;
using Index = std::array<int64_t, kMostDims>;

/// Calls visit(index, flat) for every index of `dims` in row-major order.
template <typename Visit>
void forEachIndex(const std::vector<int64_t>& dims, Visit&& visit)
{
    int64_t count = 1;
    for (const int64_t dim : dims)
        count *= dim;
    Index index{};
    for (int64_t flat = 0; flat < count; ++flat) {
        visit(index, flat);
        for (size_t d = dims.size(); d-- > 0;) {
            if (++index[d] < dims[d])
                break;
            index[d] = 0;
        }
    }
}

struct WindowShape {
    ReduceWindowAttributes attributes;
    std::vector<int64_t> dims, strides; ///< Of the tensor under the windows.

    /// Calls visit(element) for the elements of the window at `place`, without padding, in
    /// row-major order.
    template <typename Visit>
    void forEachElement(const Index& place, Visit&& visit) const
    {
        forEachIndex(attributes.window, [&](const Index& within, int64_t) {
            int64_t element = 0;
            for (size_t d = 0; d < dims.size(); ++d) {
                const int64_t at =
                    place[d] * attributes.strides[d] - attributes.paddingLow[d] + within[d];
                if (at < 0 || at >= dims[d])
                    return;
                element += at * strides[d];
            }
            visit(element);
        });
    }
};

template <typename C>
Kernel reduceWindowKernel(const KernelRequest& request, WindowShape shape)
{
    const TensorType& in = request.inputs[0];
    const TensorType& out = request.outputs[0];
    const ReduceKind kind = shape.attributes.kind;
    const int64_t inBytes = alignScratch(in.elementCount() * static_cast<int64_t>(sizeof(C)));
    Kernel kernel;
    kernel.scratchBytes = inBytes + out.elementCount() * static_cast<int64_t>(sizeof(C));
    kernel.run = [=, shape = std::move(shape), load = loadTile<C>(in.dtype),
                  store = storeTile<C>(out.dtype), inCount = in.elementCount(),
                  outCount = out.elementCount(), outDims = out.dims, fold = reduceFunction<C>(kind),
                  identity = reduceIdentity<C>(kind, in.dtype)](const KernelCall& call) {
        C* values = reinterpret_cast<C*>(call.scratch);
        C* results = reinterpret_cast<C*>(call.scratch + inBytes);
        load(call.inputs[0], 0, inCount, values);
        forEachIndex(outDims, [&](const Index& place, int64_t flat) {
            C sum = identity;
            shape.forEachElement(place, [&](int64_t element) { sum = fold(sum, values[element]); });
            results[flat] = sum;
        });
        store(results, outCount, call.outputs[0], 0);
    };
    return kernel;
}

/// Operands: the tensor, and a source with one element per window, which is added to the window's
/// first extreme element.
template <typename C>
Kernel selectAndScatterKernel(const KernelRequest& request, WindowShape shape)
{
    const TensorType& in = request.inputs[0];
    const TensorType& source = request.inputs[1];
    const int64_t inBytes = alignScratch(in.elementCount() * static_cast<int64_t>(sizeof(C)));
    const int64_t sourceBytes =
        alignScratch(source.elementCount() * static_cast<int64_t>(sizeof(C)));
    Kernel kernel;
    kernel.scratchBytes = 2 * inBytes + sourceBytes;
    kernel.run = [=, shape = std::move(shape), load = loadTile<C>(in.dtype),
                  store = storeTile<C>(in.dtype), inCount = in.elementCount(),
                  sourceCount = source.elementCount(),
                  sourceDims = source.dims](const KernelCall& call) {
        C* values = reinterpret_cast<C*>(call.scratch);
        C* sums = reinterpret_cast<C*>(call.scratch + inBytes);
        C* added = reinterpret_cast<C*>(call.scratch + 2 * inBytes);
        load(call.inputs[0], 0, inCount, values);
        load(call.inputs[1], 0, sourceCount, added);
        std::fill_n(sums, inCount, C{});
        const bool isLargest = shape.attributes.kind != ReduceKind::kMinimum;
        forEachIndex(sourceDims, [&](const Index& place, int64_t flat) {
            int64_t chosen = -1;
            shape.forEachElement(place, [&](int64_t element) {
                if (chosen < 0 || (isLargest ? values[element] > values[chosen]
                                             : values[element] < values[chosen]))
                    chosen = element;
            });
            if (chosen >= 0)
                sums[chosen] = reduceAdd(sums[chosen], added[flat]);
        });
        store(sums, inCount, call.outputs[0], 0);
    };
    return kernel;
}

/// Sorts places along one line by the first operand; equal elements keep their order, NaN goes
/// last.
template <typename C>
struct LineOrder {
    const C* keys = nullptr;
    int64_t stride = 1;
    bool isDescending = false;

    bool operator()(int64_t a, int64_t b) const
    {
        const C x = keys[a * stride];
        const C y = keys[b * stride];
        if (x != x || y != y)
            return (x != x) == (y != y) ? a < b : x == x;
        if (x == y)
            return a < b;
        return isDescending ? x > y : x < y;
    }
};

template <typename C>
Kernel sortKernel(const KernelRequest& request)
{
    const auto& sort = request.as<SortAttributes>();
    const TensorType& keys = request.inputs[0];
    const auto dim = static_cast<size_t>(sort.dim);
    const int64_t stride = rowMajorStrides(keys.dims)[dim];
    const int64_t length = keys.dims[dim];
    const int64_t keyBytes = alignScratch(keys.elementCount() * static_cast<int64_t>(sizeof(C)));
    std::vector<int64_t> elementSizes;
    for (const TensorType& input : request.inputs)
        elementSizes.push_back(dtypeBytes(input.dtype));
    Kernel kernel;
    kernel.scratchBytes = keyBytes + length * static_cast<int64_t>(sizeof(int64_t));
    kernel.run = [=, elementSizes = std::move(elementSizes), load = loadTile<C>(keys.dtype),
                  total = keys.elementCount(),
                  isDescending = sort.isDescending](const KernelCall& call) {
        C* values = reinterpret_cast<C*>(call.scratch);
        auto* order = reinterpret_cast<int64_t*>(call.scratch + keyBytes);
        load(call.inputs[0], 0, total, values);
        const int64_t lines = length == 0 ? 0 : total / length;
        for (int64_t line = 0; line < lines; ++line) {
            const int64_t start = line / stride * stride * length + line % stride;
            for (int64_t i = 0; i < length; ++i)
                order[i] = i;
            std::sort(order, order + length, LineOrder<C>{values + start, stride, isDescending});
            for (size_t operand = 0; operand < elementSizes.size(); ++operand) {
                const int64_t bytes = elementSizes[operand];
                for (int64_t i = 0; i < length; ++i)
                    std::copy_n(call.inputs[operand] + (start + order[i] * stride) * bytes, bytes,
                                call.outputs[operand] + (start + i * stride) * bytes);
            }
        }
    };
    return kernel;
}

} // namespace

Result<Kernel> makeWindowKernel(const KernelRequest& request)
{
    const TensorType& in = request.inputs[0];
    if (in.dims.size() > kMostDims)
        return Error(ErrorCode::kUnsupported, "windows over more than 12 dimensions");
    WindowShape shape{request.as<ReduceWindowAttributes>(), in.dims, rowMajorStrides(in.dims)};
    return withComputeType(in.dtype, [&](auto element) {
        using C = decltype(element);
        return request.kind == OpKind::kReduceWindow
                   ? reduceWindowKernel<C>(request, std::move(shape))
                   : selectAndScatterKernel<C>(request, std::move(shape));
    });
}

Result<Kernel> makeSortKernel(const KernelRequest& request)
{
    return withComputeType(request.inputs[0].dtype,
                           [&](auto element) { return sortKernel<decltype(element)>(request); });
}

} // namespace alpa::cpu
