// Derivatives of ops that only move elements: each is undone, and what was copied is summed.
#include "core/training/backward.h"

#include <algorithm>

namespace alpa
{
namespace
{

void broadcastRule(Backward& b, const Op& op, ValueId g)
{
    const ValueId x = op.operands[0];
    const std::vector<int64_t>& from = b.dims(x);
    const std::vector<int64_t>& to = b.dims(g);
    const std::vector<int>& dims = std::get<DimsAttributes>(op.attributes).dims;
    std::vector<int> copied; // Result dimensions that did not exist, or had size 1.
    for (int d = 0; d < static_cast<int>(to.size()); ++d) {
        const auto at = std::ranges::find(dims, d);
        if (at == dims.end() ||
            from[static_cast<size_t>(at - dims.begin())] != to[static_cast<size_t>(d)])
            copied.push_back(d);
    }
    ValueId sum = g;
    if (const std::optional<double> number = b.splat(g)) {
        double count = 1.0;
        for (const int d : copied)
            count *= static_cast<double>(to[static_cast<size_t>(d)]);
        b.contribute(x, b.build().constantLike(*number * count, x));
        return;
    }
    if (!copied.empty())
        sum = b.build().sum(g, copied);
    // The mapped dimensions may stand in another order than the operand's.
    std::vector<int> order;
    for (size_t i = 0; i < dims.size(); ++i) {
        if (std::ranges::find(copied, dims[i]) == copied.end())
            order.push_back(static_cast<int>(i));
    }
    std::vector<int> bySize = order;
    std::ranges::sort(bySize, {}, [&](int i) { return dims[static_cast<size_t>(i)]; });
    std::vector<int> permutation;
    for (const int i : order)
        permutation.push_back(static_cast<int>(std::ranges::find(bySize, i) - bySize.begin()));
    if (!std::ranges::is_sorted(permutation))
        sum = b.build().transpose(sum, permutation);
    b.contribute(x, b.build().reshape(sum, b.dims(x)));
}

void reshapeRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0], b.build().reshape(g, b.dims(op.operands[0])));
}

void transposeRule(Backward& b, const Op& op, ValueId g)
{
    const std::vector<int>& dims = std::get<DimsAttributes>(op.attributes).dims;
    std::vector<int> inverse(dims.size());
    for (size_t i = 0; i < dims.size(); ++i)
        inverse[static_cast<size_t>(dims[i])] = static_cast<int>(i);
    b.contribute(op.operands[0], b.build().transpose(g, inverse));
}

void reverseRule(Backward& b, const Op& op, ValueId g)
{
    b.contribute(op.operands[0],
                 b.build().reverse(g, std::get<DimsAttributes>(op.attributes).dims));
}

ValueId zeroScalar(Backward& b, ValueId like)
{
    return b.build().scalar(0.0, b.graph().type(like).dtype);
}

void sliceRule(Backward& b, const Op& op, ValueId g)
{
    if (b.tiles().isTile(op)) {
        if (const std::optional<SliceTiles::Complete> all = b.tiles().add(op, g))
            b.contribute(op.operands[0], b.build().concatenate(all->cotangents, all->dim));
        return;
    }
    const auto& slice = std::get<SliceAttributes>(op.attributes);
    const std::vector<int64_t>& from = b.dims(op.operands[0]);
    const std::vector<int64_t>& taken = b.dims(g);
    std::vector<int64_t> high(from.size());
    std::vector<int64_t> interior(from.size());
    for (size_t d = 0; d < from.size(); ++d) {
        interior[d] = slice.strides[d] - 1;
        high[d] = from[d] - (slice.starts[d] + (taken[d] - 1) * slice.strides[d] + 1);
    }
    b.contribute(op.operands[0], b.build().pad(g, zeroScalar(b, g), slice.starts, high, interior));
}

void padRule(Backward& b, const Op& op, ValueId g)
{
    const auto& pad = std::get<PadAttributes>(op.attributes);
    const std::vector<int64_t> sizes = b.dims(op.operands[0]);
    if (b.graph().type(op.operands[0]).elementCount() == 0) {
        b.contribute(op.operands[1], b.build().sumAll(g));
        return;
    }
    // Take the padding off (elements that a negative padding cut away get zero), then skip the
    // interior.
    std::vector<int64_t> low(sizes.size());
    std::vector<int64_t> high(sizes.size());
    bool isCut = false;
    for (size_t d = 0; d < sizes.size(); ++d) {
        low[d] = -pad.low[d];
        high[d] = -pad.high[d];
        isCut = isCut || pad.low[d] != 0 || pad.high[d] != 0;
    }
    ValueId inner = isCut ? b.build().pad(g, zeroScalar(b, g), low, high) : g;
    if (std::ranges::any_of(pad.interior, [](int64_t n) { return n != 0; })) {
        std::vector<int64_t> strides = pad.interior;
        for (int64_t& stride : strides)
            ++stride;
        inner =
            b.build().slice(inner, std::vector<int64_t>(sizes.size(), 0), b.dims(inner), strides);
    }
    b.contribute(op.operands[0], inner);
    if (b.isActive(op.operands[1]))
        b.contribute(op.operands[1],
                     b.build().subtract(b.build().sumAll(g), b.build().sumAll(inner)));
}

void concatenateRule(Backward& b, const Op& op, ValueId g)
{
    const auto dim = static_cast<size_t>(std::get<ConcatenateAttributes>(op.attributes).dim);
    std::vector<int64_t> starts(b.dims(g).size(), 0);
    std::vector<int64_t> limits = b.dims(g);
    for (const ValueId part : op.operands) {
        limits[dim] = starts[dim] + b.dims(part)[dim];
        if (b.isActive(part))
            b.contribute(part, b.build().slice(g, starts, limits));
        starts[dim] = limits[dim];
    }
}

void dynamicSliceRule(Backward& b, const Op& op, ValueId g)
{
    const std::vector<ValueId> starts(op.operands.begin() + 1, op.operands.end());
    const ValueId zeros = b.build().zerosLike(op.operands[0]);
    b.contribute(op.operands[0], b.build().dynamicUpdateSlice(zeros, g, starts));
}

void dynamicUpdateSliceRule(Backward& b, const Op& op, ValueId g)
{
    const std::vector<ValueId> starts(op.operands.begin() + 2, op.operands.end());
    const ValueId update = op.operands[1];
    if (b.isActive(op.operands[0]))
        b.contribute(op.operands[0],
                     b.build().dynamicUpdateSlice(g, b.build().zerosLike(update), starts));
    if (b.isActive(update))
        b.contribute(update, b.build().dynamicSlice(g, starts, b.dims(update)));
}

struct Entry {
    OpKind kind;
    DerivativeRule rule;
};
constexpr Entry kRules[] = {
    {OpKind::kBroadcast, broadcastRule},
    {OpKind::kConcatenate, concatenateRule},
    {OpKind::kDynamicSlice, dynamicSliceRule},
    {OpKind::kDynamicUpdateSlice, dynamicUpdateSliceRule},
    {OpKind::kPad, padRule},
    {OpKind::kReshape, reshapeRule},
    {OpKind::kReverse, reverseRule},
    {OpKind::kSlice, sliceRule},
    {OpKind::kTranspose, transposeRule},
};

} // namespace

DerivativeRule shapeRule(OpKind kind)
{
    for (const Entry& entry : kRules) {
        if (entry.kind == kind)
            return entry.rule;
    }
    return nullptr;
}

} // namespace alpa
