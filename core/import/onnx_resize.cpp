// Resizing of images: each dimension is a gather of nearest elements, or a product with the weights
// of an interpolation.
#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// One dimension: from `from` elements to `to`.
struct Resizing {
    int64_t from = 1, to = 1;
    double scale = 1;
    /// The node's modes, looked up once: a dimension may have millions of elements.
    std::string coordinates, rounding;
};

/// Weights are written out; more is no image.
constexpr int64_t kMostWeights = int64_t{1} << 24;

/// Where output element `index` lies among the input's.
double sourcePlace(const Resizing& r, int64_t index)
{
    const std::string& mode = r.coordinates;
    const auto x = static_cast<double>(index);
    if (mode == "asymmetric")
        return x / r.scale;
    if (mode == "align_corners")
        return r.to == 1 ? 0.0
                         : x * static_cast<double>(r.from - 1) /
                               (r.scale * static_cast<double>(r.from) - 1);
    if (mode == "pytorch_half_pixel" && r.to == 1)
        return 0.0;
    if (mode == "half_pixel_symmetric") {
        const double adjustment =
            static_cast<double>(r.to) / (r.scale * static_cast<double>(r.from));
        const double centre = static_cast<double>(r.from) / 2;
        return centre * (1 - adjustment) + (x + 0.5) / r.scale - 0.5;
    }
    return (x + 0.5) / r.scale - 0.5;
}

int64_t nearest(const Resizing& r, double place)
{
    const std::string& mode = r.rounding;
    const double at = mode == "floor"               ? std::floor(place)
                      : mode == "ceil"              ? std::ceil(place)
                      : mode == "round_prefer_ceil" ? std::floor(place + 0.5)
                                                    : std::ceil(place - 0.5);
    return static_cast<int64_t>(std::clamp(at, 0.0, static_cast<double>(r.from - 1)));
}

/// Elements repeated a whole number of times are a broadcast, which can be split; others a gather.
ValueId takeNearest(OnnxContext& c, ValueId x, int dim, const Resizing& r)
{
    std::vector<double> places;
    bool isRepetition = r.to % r.from == 0;
    for (int64_t i = 0; i < r.to; ++i) {
        const int64_t place = nearest(r, sourcePlace(r, i));
        places.push_back(static_cast<double>(place));
        isRepetition = isRepetition && place == i / (r.to / r.from);
    }
    Sizes sizes = c.dims(x);
    const auto d = static_cast<size_t>(dim);
    if (isRepetition) {
        Sizes wide = sizes;
        wide.insert(wide.begin() + dim + 1, r.to / r.from);
        const ValueId repeated = c.spread(x, {dim + 1}, wide);
        sizes[d] = r.to;
        return c.reshape(repeated, sizes);
    }
    GatherAttributes a;
    a.collapsedSliceDims = {dim};
    a.startIndexMap = {dim};
    a.indexVectorDim = 1;
    a.sliceSizes = sizes;
    a.sliceSizes[d] = 1;
    for (int other = 0; other < c.rank(x); ++other) {
        if (other != dim)
            a.offsetDims.push_back(other);
    }
    const ValueId indices = c.constant(places, {DType::kS32, {r.to}});
    return c.emit(OpKind::kGather, {x, indices}, a);
}

/// Weights of the elements around `place`: two for linear, four for cubic interpolation.
std::vector<double> weightsAround(OnnxContext& c, bool isCubic, double fraction)
{
    if (!isCubic)
        return {1 - fraction, fraction};
    const double a = c.real("cubic_coeff_a", -0.75);
    const auto near = [&](double t) { return ((a + 2) * t - (a + 3)) * t * t + 1; };
    const auto far = [&](double t) { return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a; };
    return {far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)};
}

ValueId interpolate(OnnxContext& c, ValueId x, int dim, const Resizing& r, bool isCubic)
{
    if (r.from * r.to > kMostWeights) {
        c.unsupported(fmt::format("interpolation of {} elements from {}", r.to, r.from));
        return {};
    }
    std::vector<double> weights(static_cast<size_t>(r.from * r.to), 0);
    for (int64_t i = 0; i < r.to; ++i) {
        const double place = sourcePlace(r, i);
        const double below = std::floor(place);
        std::vector<double> around = weightsAround(c, isCubic, place - below);
        const int64_t first = static_cast<int64_t>(below) - (isCubic ? 1 : 0);
        double total = 0;
        const bool excludes = isCubic && c.integer("exclude_outside", 0) != 0;
        for (size_t k = 0; k < around.size(); ++k) {
            const int64_t at = first + static_cast<int64_t>(k);
            if (excludes && (at < 0 || at >= r.from))
                around[k] = 0;
            total += around[k];
        }
        for (size_t k = 0; k < around.size(); ++k) {
            const int64_t at = std::clamp<int64_t>(first + static_cast<int64_t>(k), 0, r.from - 1);
            weights[static_cast<size_t>(i * r.from + at)] +=
                excludes ? around[k] / total : around[k];
        }
    }
    const ValueId matrix = c.constant(weights, {c.type(x).dtype, {r.to, r.from}});
    DotAttributes dot;
    dot.lhsContracting = {dim};
    dot.rhsContracting = {1};
    // The new dimension comes last and goes back to its place.
    const ValueId product = c.emit(OpKind::kDot, {x, matrix}, dot, TensorType{c.type(x).dtype, {}});
    if (c.failed())
        return {};
    std::vector<int> order;
    for (int other = 0; other + 1 < c.rank(product); ++other)
        order.push_back(other);
    order.insert(order.begin() + dim, c.rank(product) - 1);
    return c.transpose(product, order);
}

/// Per dimension, from scales or sizes; nothing after a problem.
std::vector<Resizing> readResizings(OnnxContext& c, ValueId x)
{
    const size_t scalesInput = c.node().opType == "Upsample" || c.opset() < 11 ? 1 : 2;
    std::vector<int> axes;
    for (int dim = 0; dim < c.rank(x); ++dim)
        axes.push_back(dim);
    if (c.node().find("axes") != nullptr)
        axes.clear();
    for (const int64_t number : c.integers("axes"))
        axes.push_back(c.axis(number, c.rank(x)));
    const std::string coordinates =
        c.text("coordinate_transformation_mode", c.opset() < 11 ? "asymmetric" : "half_pixel");
    const std::string rounding =
        c.text("nearest_mode", c.opset() < 11 ? "floor" : "round_prefer_floor");
    constexpr std::array<std::string_view, 5> kKnown = {
        "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric", "half_pixel"};
    if (std::ranges::find(kKnown, coordinates) == kKnown.end()) {
        c.unsupported("resizing with coordinates " + coordinates);
        return {};
    }
    std::vector<Resizing> resizings;
    for (const int64_t size : c.dims(x))
        resizings.push_back({size, size, 1, coordinates, rounding});
    const auto sizes = c.integersOf(3);
    const auto scales = c.has(scalesInput) ? c.inputs[scalesInput].known : nullptr;
    const bool hasSizes = sizes && !sizes->empty();
    const size_t count = hasSizes ? sizes->size() : scales != nullptr ? scales->values.size() : 0;
    if (count != axes.size() || c.failed()) {
        c.unsupported("resizing without known sizes or scales");
        return {};
    }
    for (size_t i = 0; i < count; ++i) {
        Resizing& r = resizings[static_cast<size_t>(axes[i])];
        const double scale = hasSizes
                                 ? static_cast<double>((*sizes)[i]) / static_cast<double>(r.from)
                                 : scales->values[i];
        const double to = hasSizes ? static_cast<double>((*sizes)[i])
                                   : std::floor(scale * static_cast<double>(r.from));
        if (!(to >= 1) || to > static_cast<double>(kMostWeights) || r.from < 1) {
            c.invalid("a dimension would be empty or too large");
            return {};
        }
        r.scale = scale;
        r.to = static_cast<int64_t>(to);
    }
    return resizings;
}

void convertResize(OnnxContext& c)
{
    ValueId x = c.x(0);
    const std::string mode = c.text("mode", "nearest");
    if (c.integer("antialias", 0) != 0)
        return c.unsupported("resizing with antialiasing");
    if (c.text("keep_aspect_ratio_policy", "stretch") != "stretch")
        return c.unsupported("resizing that keeps the aspect ratio");
    const std::vector<Resizing> resizings = readResizings(c, x);
    for (size_t i = 0; i < resizings.size() && !c.failed(); ++i) {
        const Resizing& r = resizings[i];
        if (r.to == r.from && r.scale == 1)
            continue;
        x = mode == "nearest" ? takeNearest(c, x, static_cast<int>(i), r)
                              : interpolate(c, x, static_cast<int>(i), r, mode == "cubic");
    }
    c.give(x);
}

constexpr std::array kOperators = {
    OnnxOperator{"Resize", convertResize},
    OnnxOperator{"Upsample", convertResize},
};

} // namespace

std::span<const OnnxOperator> onnxResizing() { return kOperators; }

} // namespace alpa
