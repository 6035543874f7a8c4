// Pooling of ONNX: reductions of the elements under a window.
#include "core/import/onnx_ops.h"
#include "core/import/onnx_window.h"

#include <algorithm>
#include <array>
#include <limits>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// With ceil_mode the last window may end beyond the padding, but not begin in it.
void roundUp(OnnxContext& c, const Sizes& spatial, OnnxWindow& w)
{
    if (c.integer("ceil_mode", 0) == 0)
        return;
    for (size_t i = 0; i < spatial.size(); ++i) {
        const int64_t inside = spatial[i] + w.low[i];
        const int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
        const int64_t room = inside + w.high[i] - reach;
        if (room < 0)
            continue;
        int64_t last = (room + w.strides[i] - 1) / w.strides[i] * w.strides[i];
        if (last >= inside)
            last -= w.strides[i];
        w.high[i] = last + reach - inside;
    }
}

ReduceWindowAttributes windowOver(const OnnxWindow& w, ReduceKind kind)
{
    ReduceWindowAttributes a;
    a.kind = kind;
    const auto behindChannels = [](const Sizes& sizes, int64_t fill) {
        Sizes all{fill, fill};
        all.insert(all.end(), sizes.begin(), sizes.end());
        return all;
    };
    a.window = behindChannels(w.kernel, 1);
    a.strides = behindChannels(w.strides, 1);
    a.paddingLow = behindChannels(w.low, 0);
    a.paddingHigh = behindChannels(w.high, 0);
    return a;
}

/// A dilated window is taken apart: one strided slice of the padded tensor for each of its
/// elements.
ValueId dilatedReduce(OnnxContext& c, ValueId x, const OnnxWindow& w, ReduceKind kind)
{
    constexpr int64_t kMostElements = 1024;
    const size_t n = w.kernel.size();
    PadAttributes pad{{0, 0}, {0, 0}, Sizes(n + 2, 0)};
    Sizes limits(c.dims(x).begin(), c.dims(x).begin() + 2);
    int64_t count = 1;
    for (size_t i = 0; i < n; ++i) {
        pad.low.push_back(w.low[i]);
        pad.high.push_back(w.high[i]);
        const int64_t room =
            c.dims(x)[i + 2] + w.low[i] + w.high[i] - (w.kernel[i] - 1) * w.dilations[i] - 1;
        count = count > kMostElements ? count : count * w.kernel[i];
        if (room < 0 || count > kMostElements) {
            c.unsupported("a dilated pooling window that large");
            return {};
        }
        limits.push_back(room / w.strides[i] * w.strides[i] + 1);
    }
    const double outside = kind == ReduceKind::kAdd ? 0 : -std::numeric_limits<double>::infinity();
    const ValueId padded =
        c.emit(OpKind::kPad, {x, c.constant({outside}, {c.type(x).dtype, {}})}, pad);
    ValueId total;
    for (int64_t element = 0; element < count && !c.failed(); ++element) {
        Sizes starts{0, 0};
        Sizes ends = limits;
        Sizes strides{1, 1};
        int64_t rest = element;
        for (size_t i = 0; i < n; ++i) {
            starts.push_back(rest % w.kernel[i] * w.dilations[i]);
            ends[i + 2] += starts.back();
            strides.push_back(w.strides[i]);
            rest /= w.kernel[i];
        }
        const ValueId part = c.slice(padded, starts, ends, strides);
        total =
            !total.isValid()
                ? part
                : c.binary(kind == ReduceKind::kAdd ? OpKind::kAdd : OpKind::kMaximum, total, part);
    }
    return total;
}

ValueId pooled(OnnxContext& c, ValueId x, const OnnxWindow& w, ReduceKind kind)
{
    if (std::ranges::any_of(w.dilations, [](int64_t d) { return d != 1; }))
        return c.failed() ? ValueId() : dilatedReduce(c, x, w, kind);
    return c.emit(OpKind::kReduceWindow, {x}, windowOver(w, kind));
}

void convertPool(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.rank(x) < 3)
        return c.invalid("needs batch, channels and space");
    const Sizes spatial(c.dims(x).begin() + 2, c.dims(x).end());
    auto w = readOnnxWindow(c, spatial, c.integers("kernel_shape"));
    if (!w)
        return;
    if (c.node().outputs.size() > 1 && !c.node().outputs[1].empty())
        return c.unsupported("the places of maxima");
    OnnxWindow counted = *w;
    roundUp(c, spatial, *w);
    if (c.node().opType == "MaxPool")
        return c.give(pooled(c, x, *w, ReduceKind::kMaximum));
    const ValueId sum = pooled(c, x, *w, ReduceKind::kAdd);
    double size = 1;
    bool isPadded = false;
    for (size_t i = 0; i < spatial.size(); ++i) {
        size *= static_cast<double>(w->kernel[i]);
        isPadded |= w->low[i] != 0 || w->high[i] != 0;
    }
    if (!isPadded)
        return c.give(c.binary(OpKind::kDivide, sum, size));
    // Divided by the elements that count: those of the tensor, or of the tensor and its own
    // padding.
    const bool countsPadding = c.integer("count_include_pad", 0) != 0;
    Sizes ones = c.dims(x);
    ones[0] = 1;
    ones[1] = 1;
    OnnxWindow divisor = *w;
    for (size_t i = 0; i < spatial.size() && countsPadding; ++i) {
        ones[i + 2] += counted.low[i] + std::min(counted.high[i], w->high[i]);
        divisor.low[i] = 0;
        divisor.high[i] = std::max<int64_t>(0, w->high[i] - counted.high[i]);
    }
    const ValueId count = pooled(c, c.splat(1, {c.type(x).dtype, ones}), divisor, ReduceKind::kAdd);
    c.give(c.binary(OpKind::kDivide, sum, count));
}

void convertGlobalPool(OnnxContext& c)
{
    const ValueId x = c.x(0);
    std::vector<int> reduced;
    for (int dim = 2; dim < c.rank(x); ++dim)
        reduced.push_back(dim);
    c.give(c.node().opType == "GlobalMaxPool" ? c.reduce(ReduceKind::kMaximum, x, reduced, true)
                                              : c.mean(x, reduced, true));
}

constexpr std::array kWindows = {
    OnnxOperator{"AveragePool", convertPool},
    OnnxOperator{"GlobalAveragePool", convertGlobalPool},
    OnnxOperator{"GlobalMaxPool", convertGlobalPool},
    OnnxOperator{"MaxPool", convertPool},
};

} // namespace

std::span<const OnnxOperator> onnxWindows() { return kWindows; }

} // namespace alpa
