#include "runtime/cuda/attention_copies.h"

namespace alpa::cuda
{

AttentionShape packedAttention(const AttentionShape& shape, bool isBackward,
                               std::vector<PartCopy>& copies)
{
    AttentionShape packed = shape;
    const auto pack = [&](size_t part, bool isResult, int64_t positions,
                          AttentionShape::Strides& strides) {
        if (strides[3] == 1)
            return;
        // (batch, position, head, channel), as without a collective in between.
        const AttentionShape::Strides own{positions * shape.heads * shape.channels, shape.channels,
                                          shape.heads * shape.channels, 1};
        PartCopy& copy = copies.emplace_back();
        copy.part = part;
        copy.isResult = isResult;
        copy.shape.bytes = dtypeBytes(shape.dtype);
        copy.shape.dims = {shape.batch, shape.heads, positions, shape.channels};
        copy.shape.from.assign(strides.begin(), strides.end());
        copy.shape.to.assign(own.begin(), own.end());
        if (isResult)
            std::swap(copy.shape.from, copy.shape.to);
        copy.bytes = copy.shape.bytes * product(copy.shape.dims);
        strides = own;
    };
    pack(0, false, shape.queries, packed.q);
    pack(1, false, shape.keys, packed.k);
    pack(2, false, shape.keys, packed.v);
    pack(3, !isBackward, shape.queries, packed.o);
    if (!isBackward)
        return packed;
    pack(4, false, shape.queries, packed.gradO);
    pack(6, true, shape.queries, packed.gradQ); // The statistics are part 5.
    pack(7, true, shape.keys, packed.gradK);
    pack(8, true, shape.keys, packed.gradV);
    return packed;
}

} // namespace alpa::cuda
