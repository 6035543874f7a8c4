#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// The reduced dimensions: all of them if none is named, unless the node says that this means none.
std::vector<int> reducedAxes(OnnxContext& c, ValueId x)
{
    const auto numbers = c.integersAt("axes", 1);
    if (numbers && !numbers->empty())
        return c.axes(*numbers, c.rank(x));
    std::vector<int> all;
    if (c.integer("noop_with_empty_axes", 0) == 0) {
        all.resize(static_cast<size_t>(c.rank(x)));
        std::iota(all.begin(), all.end(), 0);
    }
    return all;
}

bool keepsDims(const OnnxContext& c) { return c.integer("keepdims", 1) != 0; }

template <ReduceKind kind>
void convertReduce(OnnxContext& c)
{
    const ValueId x = c.x(0);
    // The larger of two truths is "or".
    const bool isTruth = c.type(x).dtype == DType::kPred;
    const ReduceKind meant = !isTruth                       ? kind
                             : kind == ReduceKind::kMaximum ? ReduceKind::kOr
                                                            : ReduceKind::kAnd;
    c.give(c.reduce(meant, x, reducedAxes(c, x), keepsDims(c)));
}

void convertReduceMean(OnnxContext& c)
{
    const ValueId x = c.x(0);
    c.give(c.mean(x, reducedAxes(c, x), keepsDims(c)));
}

/// A sum of f(x), with g over it.
void convertReduceComposed(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const std::vector<int> axes = reducedAxes(c, x);
    const std::string& name = c.node().opType;
    const bool isSquared = name == "ReduceSumSquare" || name == "ReduceL2";
    const ValueId element = isSquared            ? c.binary(OpKind::kMultiply, x, x)
                            : name == "ReduceL1" ? c.unary(OpKind::kAbs, x)
                                                 : x;
    const ValueId sum = c.reduce(ReduceKind::kAdd, element, axes, keepsDims(c));
    c.give(name == "ReduceL2"       ? c.unary(OpKind::kSqrt, sum)
           : name == "ReduceLogSum" ? c.unary(OpKind::kLog, sum)
                                    : sum);
}

void convertReduceLogSumExp(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const std::vector<int> axes = reducedAxes(c, x);
    const ValueId top = c.reduce(ReduceKind::kMaximum, x, axes, true);
    const ValueId exponent = c.unary(OpKind::kExp, c.binary(OpKind::kSubtract, x, top));
    const ValueId sum = c.reduce(ReduceKind::kAdd, exponent, axes, keepsDims(c));
    c.give(c.binary(OpKind::kAdd, c.unary(OpKind::kLog, sum), c.reshape(top, c.dims(sum))));
}

/// Up to opset 12 softmax flattens everything from its axis on.
std::vector<int> softmaxAxes(OnnxContext& c, ValueId x)
{
    const int axis = c.axis(c.integer("axis", c.opset() < 13 ? 1 : -1), c.rank(x));
    std::vector<int> axes{axis};
    for (int dim = axis + 1; dim < c.rank(x) && c.opset() < 13; ++dim)
        axes.push_back(dim);
    return axes;
}

void convertSoftmax(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const std::vector<int> axes = softmaxAxes(c, x);
    const ValueId top = c.reduce(ReduceKind::kMaximum, x, axes, true);
    const ValueId shifted = c.binary(OpKind::kSubtract, x, top);
    const ValueId exponent = c.unary(OpKind::kExp, shifted);
    const ValueId sum = c.reduce(ReduceKind::kAdd, exponent, axes, true);
    c.give(c.node().opType == "Softmax"
               ? c.binary(OpKind::kDivide, exponent, sum)
               : c.binary(OpKind::kSubtract, shifted, c.unary(OpKind::kLog, sum)));
}

/// (x - mean) / sqrt(variance + epsilon) over `axes`; gives mean and inverse deviation as well.
struct Normalized {
    ValueId value, mean, inverse;
};

Normalized normalize(OnnxContext& c, ValueId x, const std::vector<int>& axes, double epsilon)
{
    Normalized n;
    n.mean = c.mean(x, axes, true);
    const ValueId centred = c.binary(OpKind::kSubtract, x, n.mean);
    const ValueId variance = c.mean(c.binary(OpKind::kMultiply, centred, centred), axes, true);
    n.inverse = c.unary(OpKind::kRsqrt, c.binary(OpKind::kAdd, variance, epsilon));
    n.value = c.binary(OpKind::kMultiply, centred, n.inverse);
    return n;
}

std::vector<int> axesFrom(int first, int rank)
{
    std::vector<int> axes;
    for (int dim = first; dim < rank; ++dim)
        axes.push_back(dim);
    return axes;
}

void convertLayerNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const DType dtype = c.type(x).dtype;
    const std::vector<int> axes = axesFrom(c.axis(c.integer("axis", -1), c.rank(x)), c.rank(x));
    const bool isHalf = dtype == DType::kF16 || dtype == DType::kBF16;
    // stash_type 1: the statistics of 16-bit tensors in 32.
    const Normalized n =
        normalize(c, isHalf ? c.convert(x, DType::kF32) : x, axes, c.real("epsilon", 1e-5));
    ValueId result = c.binary(OpKind::kMultiply, c.convert(n.value, dtype), c.x(1));
    if (c.has(2))
        result = c.binary(OpKind::kAdd, result, c.x(2));
    c.give(result);
    c.give(n.mean);
    c.give(n.inverse);
}

void convertRmsNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const DType dtype = c.type(x).dtype;
    const std::vector<int> axes = axesFrom(c.axis(c.integer("axis", -1), c.rank(x)), c.rank(x));
    const bool isHalf = dtype == DType::kF16 || dtype == DType::kBF16;
    const ValueId wide = isHalf ? c.convert(x, DType::kF32) : x;
    const ValueId square = c.mean(c.binary(OpKind::kMultiply, wide, wide), axes, true);
    const ValueId inverse =
        c.unary(OpKind::kRsqrt, c.binary(OpKind::kAdd, square, c.real("epsilon", 1e-5)));
    c.give(c.binary(OpKind::kMultiply, c.convert(c.binary(OpKind::kMultiply, wide, inverse), dtype),
                    c.x(1)));
}

/// scale (C) and shift (C) over the channels of `normalized`.
ValueId scaledByChannel(OnnxContext& c, ValueId normalized, ValueId scale, ValueId shift)
{
    const Sizes sizes = c.dims(normalized);
    const ValueId scaled = c.binary(OpKind::kMultiply, normalized, c.along(scale, 1, sizes));
    return c.binary(OpKind::kAdd, scaled, c.along(shift, 1, sizes));
}

/// As it is outside of training: the running statistics are constants or inputs.
void convertBatchNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.rank(x) < 2)
        return c.invalid("needs batch and channels");
    const ValueId scale = c.x(1);
    const ValueId shift = c.x(2);
    const Sizes sizes = c.dims(x);
    if (c.integer("training_mode", 0) != 0) {
        std::vector<int> axes{0};
        for (int dim = 2; dim < c.rank(x); ++dim)
            axes.push_back(dim);
        return c.give(
            scaledByChannel(c, normalize(c, x, axes, c.real("epsilon", 1e-5)).value, scale, shift));
    }
    const ValueId inverse =
        c.unary(OpKind::kRsqrt, c.binary(OpKind::kAdd, c.x(4), c.real("epsilon", 1e-5)));
    const ValueId centred = c.binary(OpKind::kSubtract, x, c.along(c.x(3), 1, sizes));
    c.give(scaledByChannel(c, centred, c.binary(OpKind::kMultiply, inverse, scale), shift));
}

void convertInstanceNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.rank(x) < 3)
        return c.invalid("needs batch, channels and space");
    const ValueId n = normalize(c, x, axesFrom(2, c.rank(x)), c.real("epsilon", 1e-5)).value;
    const ValueId scale = c.x(1);
    c.give(scaledByChannel(c, n, scale, c.x(2)));
}

/// Statistics over each group of channels; scale and shift per channel (opset 21) or group (18).
void convertGroupNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int64_t groups = c.integer("num_groups", 0);
    if (c.rank(x) < 2 || groups < 1 || c.dims(x)[1] % groups != 0)
        return c.invalid("groups do not divide the channels");
    const Sizes own = c.dims(x);
    Sizes split{own[0], groups, own[1] / groups};
    split.insert(split.end(), own.begin() + 2, own.end());
    const ValueId grouped = c.reshape(x, split);
    const ValueId n =
        normalize(c, grouped, axesFrom(2, c.rank(grouped)), c.real("epsilon", 1e-5)).value;
    const ValueId scale = c.x(1);
    const ValueId shift = c.x(2);
    if (!c.failed() && c.dims(scale)[0] == groups && groups != own[1])
        return c.give(c.reshape(scaledByChannel(c, n, scale, shift), own));
    c.give(scaledByChannel(c, c.reshape(n, own), scale, shift));
}

void convertMeanVarianceNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    Sizes numbers = c.integers("axes");
    if (numbers.empty())
        numbers = {0, 2, 3};
    c.give(normalize(c, x, c.axes(numbers, c.rank(x)), 1e-9).value);
}

void convertLpNorm(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const std::vector<int> axis{c.axis(c.integer("axis", -1), c.rank(x))};
    const bool isAbsolute = c.integer("p", 2) == 1;
    const ValueId part = isAbsolute ? c.unary(OpKind::kAbs, x) : c.binary(OpKind::kMultiply, x, x);
    const ValueId sum = c.reduce(ReduceKind::kAdd, part, axis, true);
    const ValueId norm = isAbsolute ? sum : c.unary(OpKind::kSqrt, sum);
    // Nothing stays nothing.
    const ValueId isZero = c.compare(CompareDirection::kEq, norm, c.splat(0, c.type(norm)));
    c.give(c.binary(OpKind::kDivide, x, c.select(isZero, c.splat(1, c.type(norm)), norm)));
}

/// A running sum as a window that reaches back to the beginning.
void convertCumSum(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const auto number = c.integersOf(1);
    if (!number || number->size() != 1)
        return c.invalid("the axis is missing");
    const auto dim = static_cast<size_t>(c.axis(number->front(), c.rank(x)));
    if (c.failed())
        return;
    const int64_t size = c.dims(x)[dim];
    ReduceWindowAttributes a;
    a.window.assign(c.dims(x).size(), 1);
    a.strides = a.window;
    a.paddingLow.assign(c.dims(x).size(), 0);
    a.paddingHigh = a.paddingLow;
    const int64_t excluded = c.integer("exclusive", 0) != 0 ? 1 : 0;
    a.window[dim] = std::max<int64_t>(size, 1);
    const bool isReversed = c.integer("reverse", 0) != 0;
    (isReversed ? a.paddingHigh : a.paddingLow)[dim] = size - 1 + excluded;
    (isReversed ? a.paddingLow : a.paddingHigh)[dim] = -excluded;
    c.give(c.emit(OpKind::kReduceWindow, {x}, a));
}

/// The first (or last) place of the largest element: the least (largest) index among its equals.
void convertArgMax(OnnxContext& c)
{
    ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    const bool isMin = c.node().opType == "ArgMin";
    const bool isLast = c.integer("select_last_index", 0) != 0;
    const ValueId best =
        c.reduce(isMin ? ReduceKind::kMinimum : ReduceKind::kMaximum, x, {axis}, true);
    const TensorType places{DType::kS64, c.dims(x)};
    const ValueId place = c.iota(axis, places);
    const double none = isLast ? -1 : static_cast<double>(c.type(x).elementCount());
    const ValueId found =
        c.select(c.compare(CompareDirection::kEq, x, best), place, c.splat(none, places));
    c.give(c.reduce(isLast ? ReduceKind::kMaximum : ReduceKind::kMinimum, found, {axis},
                    keepsDims(c)));
}

constexpr std::array kOperators = {
    OnnxOperator{"ArgMax", convertArgMax},
    OnnxOperator{"ArgMin", convertArgMax},
    OnnxOperator{"BatchNormalization", convertBatchNorm},
    OnnxOperator{"CumSum", convertCumSum},
    OnnxOperator{"GroupNormalization", convertGroupNorm},
    OnnxOperator{"InstanceNormalization", convertInstanceNorm},
    OnnxOperator{"LayerNormalization", convertLayerNorm},
    OnnxOperator{"LogSoftmax", convertSoftmax},
    OnnxOperator{"LpNormalization", convertLpNorm},
    OnnxOperator{"MeanVarianceNormalization", convertMeanVarianceNorm},
    OnnxOperator{"RMSNormalization", convertRmsNorm},
    OnnxOperator{"ReduceL1", convertReduceComposed},
    OnnxOperator{"ReduceL2", convertReduceComposed},
    OnnxOperator{"ReduceLogSum", convertReduceComposed},
    OnnxOperator{"ReduceLogSumExp", convertReduceLogSumExp},
    OnnxOperator{"ReduceMax", convertReduce<ReduceKind::kMaximum>},
    OnnxOperator{"ReduceMean", convertReduceMean},
    OnnxOperator{"ReduceMin", convertReduce<ReduceKind::kMinimum>},
    OnnxOperator{"ReduceProd", convertReduce<ReduceKind::kMultiply>},
    OnnxOperator{"ReduceSum", convertReduce<ReduceKind::kAdd>},
    OnnxOperator{"ReduceSumSquare", convertReduceComposed},
    OnnxOperator{"SimplifiedLayerNormalization", convertRmsNorm},
    OnnxOperator{"Softmax", convertSoftmax},
};

} // namespace

std::span<const OnnxOperator> onnxReductions() { return kOperators; }

} // namespace alpa
