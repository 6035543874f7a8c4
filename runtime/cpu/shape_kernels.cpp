#include "runtime/cpu/kernel.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <cstring>

namespace alpa::cpu
{
namespace
{

using Strides = std::vector<int64_t>;

int64_t elementBytes(const KernelRequest& request) { return dtypeBytes(request.outputs[0].dtype); }

/// Reads from element `readStart` of the operand and writes from element `writeStart` of the
/// result.
Kernel copyKernel(const KernelRequest& request, const std::vector<int64_t>& dims,
                  const Strides& read, const Strides& write, int64_t readStart = 0,
                  int64_t writeStart = 0)
{
    const int64_t bytes = elementBytes(request);
    return {[copy = StridedCopy(bytes, dims, read, write), from = readStart * bytes,
             to = writeStart * bytes](const KernelCall& call) {
        copy.run(call.inputs[0] + from, call.outputs[0] + to);
    }};
}

Kernel broadcastKernel(const KernelRequest& request)
{
    const TensorType& in = request.inputs[0];
    const TensorType& out = request.outputs[0];
    const Strides inStrides = rowMajorStrides(in.dims);
    Strides read(out.dims.size(), 0);
    const std::vector<int>& dims = request.as<DimsAttributes>().dims;
    for (size_t d = 0; d < dims.size(); ++d)
        read[static_cast<size_t>(dims[d])] = in.dims[d] == 1 ? 0 : inStrides[d];
    return copyKernel(request, out.dims, read, rowMajorStrides(out.dims));
}

Kernel transposeKernel(const KernelRequest& request)
{
    const Strides inStrides = rowMajorStrides(request.inputs[0].dims);
    Strides read;
    for (const int dim : request.as<DimsAttributes>().dims)
        read.push_back(inStrides[static_cast<size_t>(dim)]);
    return copyKernel(request, request.outputs[0].dims, read,
                      rowMajorStrides(request.outputs[0].dims));
}

Kernel reverseKernel(const KernelRequest& request)
{
    const std::vector<int64_t>& dims = request.outputs[0].dims;
    const Strides write = rowMajorStrides(dims);
    Strides read = write;
    int64_t start = 0;
    for (const int dim : request.as<DimsAttributes>().dims) {
        const auto d = static_cast<size_t>(dim);
        start += std::max<int64_t>(dims[d] - 1, 0) * write[d];
        read[d] = -write[d];
    }
    return copyKernel(request, dims, read, write, start);
}

Kernel sliceKernel(const KernelRequest& request)
{
    const auto& slice = request.as<SliceAttributes>();
    Strides read = rowMajorStrides(request.inputs[0].dims);
    int64_t start = 0;
    for (size_t d = 0; d < read.size(); ++d) {
        start += slice.starts[d] * read[d];
        for (const ResolvedOffset& offset : request.offsets)
            start += static_cast<size_t>(offset.dim) == d ? offset.value * read[d] : 0;
        read[d] *= slice.strides[d];
    }
    return copyKernel(request, request.outputs[0].dims, read,
                      rowMajorStrides(request.outputs[0].dims), start);
}

Kernel reshapeKernel(const KernelRequest& request)
{
    return {
        [bytes = static_cast<size_t>(request.outputs[0].bytes().count)](const KernelCall& call) {
            if (call.inputs[0] != call.outputs[0])
                std::memcpy(call.outputs[0], call.inputs[0], bytes);
        }};
}

Kernel concatenateKernel(const KernelRequest& request)
{
    const auto dim = static_cast<size_t>(request.as<ConcatenateAttributes>().dim);
    const int64_t bytes = elementBytes(request);
    const Strides write = rowMajorStrides(request.outputs[0].dims);
    std::vector<std::pair<StridedCopy, int64_t>> parts; // With the place in the result, in bytes.
    int64_t place = 0;
    for (const TensorType& in : request.inputs) {
        parts.emplace_back(StridedCopy(bytes, in.dims, rowMajorStrides(in.dims), write),
                           place * write[dim] * bytes);
        place += in.dims[dim];
    }
    return {[parts = std::move(parts)](const KernelCall& call) {
        for (size_t i = 0; i < parts.size(); ++i)
            parts[i].first.run(call.inputs[i], call.outputs[0] + parts[i].second);
    }};
}

/// Fills the result with the padding value, then copies the elements that stay: along each
/// dimension element i goes to low + i * (interior + 1), and negative padding cuts some off.
Kernel padKernel(const KernelRequest& request)
{
    const auto& pad = request.as<PadAttributes>();
    const std::vector<int64_t>& outDims = request.outputs[0].dims;
    std::vector<int64_t> kept = request.inputs[0].dims;
    const Strides read = rowMajorStrides(kept);
    Strides write = rowMajorStrides(outDims);
    int64_t readStart = 0;
    int64_t writeStart = 0;
    for (size_t d = 0; d < kept.size(); ++d) {
        const int64_t step = pad.interior[d] + 1;
        const int64_t first = pad.low[d] < 0 ? (-pad.low[d] + step - 1) / step : 0;
        const int64_t room = outDims[d] - pad.low[d];
        const int64_t end = std::min(kept[d], room > 0 ? (room + step - 1) / step : 0);
        kept[d] = std::max<int64_t>(end - first, 0);
        readStart += first * read[d];
        writeStart += (pad.low[d] + first * step) * write[d];
        write[d] *= step;
    }
    const int64_t bytes = elementBytes(request);
    const int64_t count = request.outputs[0].elementCount();
    return {[fill = StridedCopy(bytes, {count}, {0}, {1}),
             copy = StridedCopy(bytes, kept, read, write), from = readStart * bytes,
             to = writeStart * bytes](const KernelCall& call) {
        fill.run(call.inputs[1], call.outputs[0]);
        copy.run(call.inputs[0] + from, call.outputs[0] + to);
    }};
}

/// `values` as elements of `dtype`.
std::vector<std::byte> encode(const std::vector<double>& values, DType dtype)
{
    std::vector<std::byte> bytes(values.size() * static_cast<size_t>(dtypeBytes(dtype)));
    storeTile<double>(dtype)(values.data(), static_cast<int64_t>(values.size()), bytes.data(), 0);
    return bytes;
}

Result<Kernel> constantKernel(const KernelRequest& request)
{
    const TensorType& out = request.outputs[0];
    const std::vector<double>& values = request.as<ConstantAttributes>().values;
    std::vector<std::byte> bytes = encode(values, out.dtype);
    if (values.size() == 1)
        return Kernel{[bytes = std::move(bytes),
                       fill = StridedCopy(elementBytes(request), {out.elementCount()}, {0}, {1})](
                          const KernelCall& call) { fill.run(bytes.data(), call.outputs[0]); }};
    if (static_cast<int64_t>(values.size()) != out.elementCount())
        return Error(ErrorCode::kInvalidInput,
                     "constant: the number of values is not that of the elements");
    return Kernel{[bytes = std::move(bytes)](const KernelCall& call) {
        std::memcpy(call.outputs[0], bytes.data(), bytes.size());
    }};
}

Kernel iotaKernel(const KernelRequest& request)
{
    const TensorType& out = request.outputs[0];
    const int dim = request.as<IotaAttributes>().dim;
    std::vector<double> line(static_cast<size_t>(out.dims[static_cast<size_t>(dim)]));
    int64_t first = 0;
    for (const ResolvedOffset& offset : request.offsets)
        first += offset.dim == dim ? offset.value : 0;
    for (size_t i = 0; i < line.size(); ++i)
        line[i] = static_cast<double>(first + static_cast<int64_t>(i));
    Strides read(out.dims.size(), 0);
    read[static_cast<size_t>(dim)] = 1;
    return {[bytes = encode(line, out.dtype),
             copy = StridedCopy(elementBytes(request), out.dims, read, rowMajorStrides(out.dims))](
                const KernelCall& call) { copy.run(bytes.data(), call.outputs[0]); }};
}

/// Start indices of dynamic ops: scalar operands from `firstScalar` on, clamped so that the window
/// fits.
class DynamicStarts
{
public:
    DynamicStarts(const KernelRequest& request, size_t firstScalar,
                  const std::vector<int64_t>& whole, const std::vector<int64_t>& window)
        : firstScalar_(firstScalar)
        , strides_(rowMajorStrides(whole))
    {
        for (size_t d = 0; d < whole.size(); ++d) {
            last_.push_back(whole[d] - window[d]);
            dtypes_.push_back(request.inputs[firstScalar + d].dtype);
        }
    }
    /// Of the window's first element.
    int64_t element(const KernelCall& call) const
    {
        int64_t element = 0;
        for (size_t d = 0; d < last_.size(); ++d) {
            const int64_t start = loadIndex(dtypes_[d], call.inputs[firstScalar_ + d], 0);
            element += std::clamp<int64_t>(start, 0, last_[d]) * strides_[d];
        }
        return element;
    }

private:
    size_t firstScalar_;
    Strides strides_;
    std::vector<int64_t> last_;
    std::vector<DType> dtypes_;
};

Kernel dynamicSliceKernel(const KernelRequest& request)
{
    const std::vector<int64_t>& whole = request.inputs[0].dims;
    const std::vector<int64_t>& window = request.outputs[0].dims;
    const int64_t bytes = elementBytes(request);
    return {[starts = DynamicStarts(request, 1, whole, window), bytes,
             copy = StridedCopy(bytes, window, rowMajorStrides(whole), rowMajorStrides(window))](
                const KernelCall& call) {
        copy.run(call.inputs[0] + starts.element(call) * bytes, call.outputs[0]);
    }};
}

Kernel dynamicUpdateSliceKernel(const KernelRequest& request)
{
    const std::vector<int64_t>& whole = request.outputs[0].dims;
    const std::vector<int64_t>& window = request.inputs[1].dims;
    const int64_t bytes = elementBytes(request);
    return {[starts = DynamicStarts(request, 2, whole, window), bytes,
             size = static_cast<size_t>(request.outputs[0].bytes().count),
             copy = StridedCopy(bytes, window, rowMajorStrides(window), rowMajorStrides(whole))](
                const KernelCall& call) {
        if (call.inputs[0] != call.outputs[0])
            std::memcpy(call.outputs[0], call.inputs[0], size);
        copy.run(call.inputs[1], call.outputs[0] + starts.element(call) * bytes);
    }};
}

} // namespace

Result<Kernel> makeShapeKernel(const KernelRequest& request)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum" // The kinds of other families do not come here.
    switch (request.kind) {
    case OpKind::kBroadcast:
        return broadcastKernel(request);
    case OpKind::kConcatenate:
        return concatenateKernel(request);
    case OpKind::kConstant:
        return constantKernel(request);
    case OpKind::kDynamicSlice:
        return dynamicSliceKernel(request);
    case OpKind::kDynamicUpdateSlice:
        return dynamicUpdateSliceKernel(request);
    case OpKind::kIota:
        return iotaKernel(request);
    case OpKind::kPad:
        return padKernel(request);
    case OpKind::kReverse:
        return reverseKernel(request);
    case OpKind::kSlice:
        return sliceKernel(request);
    case OpKind::kTranspose:
        return transposeKernel(request);
    default:
        return reshapeKernel(request);
    }
#pragma GCC diagnostic pop
}

} // namespace alpa::cpu
