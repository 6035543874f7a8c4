// Convolutions of ONNX and their transposes.
#include "core/import/onnx_ops.h"
#include "core/import/onnx_window.h"

#include <fmt/format.h>

#include <array>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

ConvolutionAttributes channelsFirst(size_t spatial)
{
    ConvolutionAttributes a;
    a.inputBatch = 0;
    a.inputFeature = 1;
    a.kernelOutputFeature = 0;
    a.kernelInputFeature = 1;
    a.outputBatch = 0;
    a.outputFeature = 1;
    for (size_t i = 0; i < spatial; ++i) {
        const int dim = static_cast<int>(i) + 2;
        a.inputSpatial.push_back(dim);
        a.kernelSpatial.push_back(dim);
        a.outputSpatial.push_back(dim);
    }
    a.lhsDilation.assign(spatial, 1);
    a.reversal.assign(spatial, false);
    return a;
}

void giveWithBias(OnnxContext& c, ValueId result)
{
    if (!c.has(2))
        return c.give(result);
    const Sizes sizes = c.dims(result);
    c.give(c.binary(OpKind::kAdd, result, c.along(c.x(2), 1, sizes)));
}

void convertConv(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId kernel = c.x(1);
    if (c.rank(x) < 3 || c.rank(kernel) != c.rank(x))
        return c.invalid("needs an input and a kernel with batch, channels and space");
    const Sizes spatial(c.dims(x).begin() + 2, c.dims(x).end());
    const auto w =
        readOnnxWindow(c, spatial, Sizes(c.dims(kernel).begin() + 2, c.dims(kernel).end()));
    if (!w)
        return;
    ConvolutionAttributes a = channelsFirst(spatial.size());
    a.strides = w->strides;
    a.rhsDilation = w->dilations;
    a.paddingLow = w->low;
    a.paddingHigh = w->high;
    a.featureGroups = c.integer("group", 1);
    giveWithBias(c, c.emit(OpKind::kConvolution, {x, kernel}, a, TensorType{c.type(x).dtype, {}}));
}

/// With output_shape or auto_pad the padding of a transposed convolution follows from the result's
/// size.
void padToShape(OnnxContext& c, const Sizes& spatial, const Sizes& extra, OnnxWindow& w)
{
    const std::string automatic = c.text("auto_pad", "NOTSET");
    const Sizes given = c.integers("output_shape");
    const size_t leading = given.size() > spatial.size() ? given.size() - spatial.size() : 0;
    for (size_t i = 0; i < spatial.size(); ++i) {
        const bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
        if (i + leading >= given.size() && !isSame) {
            w.low[i] = automatic == "VALID" ? 0 : w.low[i];
            w.high[i] = automatic == "VALID" ? 0 : w.high[i];
            continue;
        }
        const int64_t wanted =
            i + leading < given.size() ? given[i + leading] : spatial[i] * w.strides[i];
        const int64_t total = w.strides[i] * (spatial[i] - 1) + extra[i] +
                              (w.kernel[i] - 1) * w.dilations[i] + 1 - wanted;
        w.low[i] = automatic == "SAME_LOWER" ? total - total / 2 : total / 2;
        w.high[i] = total - w.low[i];
    }
}

/// A convolution of the input spread by the strides with the kernel turned around.
void convertConvTranspose(OnnxContext& c)
{
    const ValueId x = c.x(0);
    ValueId kernel = c.x(1); // (C, M / groups, spatial)
    if (c.rank(x) < 3 || c.rank(kernel) != c.rank(x))
        return c.invalid("needs an input and a kernel with batch, channels and space");
    const Sizes spatial(c.dims(x).begin() + 2, c.dims(x).end());
    const Sizes window(c.dims(kernel).begin() + 2, c.dims(kernel).end());
    auto w = readOnnxWindow(c, spatial, window);
    const int64_t groups = c.integer("group", 1);
    if (!w)
        return;
    if (groups < 1 || c.dims(kernel)[0] % groups != 0)
        return c.invalid(fmt::format("{} groups do not divide the channels", groups));
    Sizes extra = c.integers("output_padding");
    extra.resize(spatial.size(), 0);
    padToShape(c, spatial, extra, *w);
    // (g, C / g, M / g, ...) to (C / g, g, M / g, ...) to (C / g, M, ...)
    Sizes split{groups, c.dims(kernel)[0] / groups, c.dims(kernel)[1]};
    Sizes joined{c.dims(kernel)[0] / groups, groups * c.dims(kernel)[1]};
    std::vector<int> order{1, 0, 2};
    for (size_t i = 0; i < window.size(); ++i) {
        split.push_back(window[i]);
        joined.push_back(window[i]);
        order.push_back(static_cast<int>(i) + 3);
    }
    if (groups > 1)
        kernel = c.reshape(c.transpose(c.reshape(kernel, split), order), joined);
    ConvolutionAttributes a = channelsFirst(spatial.size());
    a.kernelInputFeature = 0;
    a.kernelOutputFeature = 1;
    a.strides.assign(spatial.size(), 1);
    a.lhsDilation = w->strides;
    a.rhsDilation = w->dilations;
    a.reversal.assign(spatial.size(), true);
    a.featureGroups = groups;
    for (size_t i = 0; i < spatial.size(); ++i) {
        const int64_t reach = (w->kernel[i] - 1) * w->dilations[i];
        a.paddingLow.push_back(reach - w->low[i]);
        a.paddingHigh.push_back(reach - w->high[i] + extra[i]);
    }
    giveWithBias(c, c.emit(OpKind::kConvolution, {x, kernel}, a, TensorType{c.type(x).dtype, {}}));
}

constexpr std::array kConvolutions = {
    OnnxOperator{"Conv", convertConv},
    OnnxOperator{"ConvTranspose", convertConvTranspose},
};

} // namespace

std::span<const OnnxOperator> onnxConvolutions() { return kConvolutions; }

} // namespace alpa
