#include "runtime/reference/kernels.h"
#include "runtime/reference/strided.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// to[...] = from[...] over `dims`.
void copyStrided(const std::vector<int64_t>& dims, const HostTensor& from, Walk read,
                 HostTensor& to, Walk write)
{
    const double* source = from.values.data();
    double* target = to.values.data();
    forEachOffset<2>(dims, {std::move(read), std::move(write)},
                     [source, target](int64_t r, int64_t w) { target[w] = source[r]; });
}

Walk whole(const HostTensor& tensor) { return Walk{0, rowMajorStrides(tensor.type.dims)}; }

void broadcastTensor(const DimsAttributes& attributes, const HostTensor& x, HostTensor& out)
{
    const std::vector<int64_t> from = rowMajorStrides(x.type.dims);
    Walk read{0, std::vector<int64_t>(out.type.dims.size(), 0)};
    for (size_t d = 0; d < from.size(); ++d)
        read.strides[static_cast<size_t>(attributes.dims[d])] = x.type.dims[d] == 1 ? 0 : from[d];
    copyStrided(out.type.dims, x, read, out, whole(out));
}

void transposeTensor(const DimsAttributes& attributes, const HostTensor& x, HostTensor& out)
{
    const std::vector<int64_t> from = rowMajorStrides(x.type.dims);
    Walk read;
    for (const int d : attributes.dims)
        read.strides.push_back(from[static_cast<size_t>(d)]);
    copyStrided(out.type.dims, x, read, out, whole(out));
}

void reverseTensor(const DimsAttributes& attributes, const HostTensor& x, HostTensor& out)
{
    Walk read = whole(x);
    for (const int dim : attributes.dims) {
        const auto d = static_cast<size_t>(dim);
        read.start += (x.type.dims[d] - 1) * read.strides[d];
        read.strides[d] = -read.strides[d];
    }
    copyStrided(out.type.dims, x, read, out, whole(out));
}

void sliceTensor(const SliceAttributes& attributes, const HostTensor& x, HostTensor& out)
{
    Walk read = whole(x);
    for (size_t d = 0; d < read.strides.size(); ++d) {
        read.start += attributes.starts[d] * read.strides[d];
        read.strides[d] *= attributes.strides[d];
    }
    copyStrided(out.type.dims, x, read, out, whole(out));
}

void concatenateTensors(const ConcatenateAttributes& attributes, Operands in, HostTensor& out)
{
    Walk write = whole(out);
    const auto dim = static_cast<size_t>(attributes.dim);
    for (const HostTensor* part : in) {
        copyStrided(part->type.dims, *part, whole(*part), out, write);
        write.start += part->type.dims[dim] * write.strides[dim];
    }
}

/// Element i of the tensor lands at low + i * (interior + 1); those outside the result are dropped.
void padTensor(const PadAttributes& attributes, Operands in, HostTensor& out)
{
    std::ranges::fill(out.values, in[1]->values[0]);
    const HostTensor& x = *in[0];
    Walk read = whole(x);
    Walk write = whole(out);
    std::vector<int64_t> kept = x.type.dims;
    for (size_t d = 0; d < kept.size(); ++d) {
        const int64_t step = attributes.interior[d] + 1;
        const int64_t low = attributes.low[d];
        const int64_t first = low >= 0 ? 0 : (-low + step - 1) / step;
        const int64_t room =
            out.type.dims[d] - 1 - low; // The last source position * step that still fits.
        const int64_t last = room < 0 ? -1 : std::min(x.type.dims[d] - 1, room / step);
        kept[d] = std::max<int64_t>(0, last - first + 1);
        read.start += first * read.strides[d];
        write.start += (low + first * step) * write.strides[d];
        write.strides[d] *= step;
    }
    copyStrided(kept, x, read, out, write);
}

/// Start indices, clamped so that a window of `window` lies inside `dims`.
std::vector<int64_t> clampedStarts(Operands scalars, const std::vector<int64_t>& dims,
                                   const std::vector<int64_t>& window)
{
    std::vector<int64_t> starts(dims.size(), 0);
    for (size_t d = 0; d < dims.size(); ++d)
        starts[d] = std::clamp<int64_t>(static_cast<int64_t>(scalars[d]->values[0]), 0,
                                        dims[d] - window[d]);
    return starts;
}

Walk startingAt(Walk walk, const std::vector<int64_t>& starts)
{
    for (size_t d = 0; d < starts.size(); ++d)
        walk.start += starts[d] * walk.strides[d];
    return walk;
}

void dynamicSliceTensor(Operands in, HostTensor& out)
{
    const HostTensor& x = *in[0];
    const std::vector<int64_t> starts = clampedStarts(in.subspan(1), x.type.dims, out.type.dims);
    copyStrided(out.type.dims, x, startingAt(whole(x), starts), out, whole(out));
}

void dynamicUpdateSliceTensor(Operands in, HostTensor& out)
{
    out.values = in[0]->values;
    const HostTensor& update = *in[1];
    const std::vector<int64_t> starts =
        clampedStarts(in.subspan(2), out.type.dims, update.type.dims);
    copyStrided(update.type.dims, update, whole(update), out, startingAt(whole(out), starts));
}

} // namespace

bool evaluateShape(const Op& op, Operands in, HostTensor& out)
{
    if (op.kind == OpKind::kBroadcast)
        broadcastTensor(std::get<DimsAttributes>(op.attributes), *in[0], out);
    else if (op.kind == OpKind::kTranspose)
        transposeTensor(std::get<DimsAttributes>(op.attributes), *in[0], out);
    else if (op.kind == OpKind::kReverse)
        reverseTensor(std::get<DimsAttributes>(op.attributes), *in[0], out);
    else if (op.kind == OpKind::kReshape || op.kind == OpKind::kAccumulate)
        out.values = in[0]->values;
    else if (op.kind == OpKind::kSlice)
        sliceTensor(std::get<SliceAttributes>(op.attributes), *in[0], out);
    else if (op.kind == OpKind::kConcatenate)
        concatenateTensors(std::get<ConcatenateAttributes>(op.attributes), in, out);
    else if (op.kind == OpKind::kPad)
        padTensor(std::get<PadAttributes>(op.attributes), in, out);
    else if (op.kind == OpKind::kDynamicSlice)
        dynamicSliceTensor(in, out);
    else if (op.kind == OpKind::kDynamicUpdateSlice)
        dynamicUpdateSliceTensor(in, out);
    else
        return false;
    return true;
}

} // namespace alpa
