// Reading at computed places (GridSample), rounding to small integers (QuantizeLinear and its kin),
// and tensors made of numbers alone.
#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// Of x (N, C, H, W) at `grid` (N, h, w, 2), places in [-1, 1], x before y.
class GridSampler
{
public:
    explicit GridSampler(OnnxContext& context)
        : c_(context)
    {
    }

    void convert()
    {
        x_ = c_.x(0);
        const ValueId grid = c_.x(1);
        if (c_.failed())
            return;
        if (c_.rank(x_) != 4 || c_.rank(grid) != 4 || c_.dims(grid)[3] != 2 ||
            c_.dims(grid)[0] != c_.dims(x_)[0])
            return c_.unsupported("sampling of anything but images");
        mode_ = c_.text("mode", "linear");
        padding_ = c_.text("padding_mode", "zeros");
        if ((mode_ != "linear" && mode_ != "bilinear" && mode_ != "nearest") ||
            padding_ == "reflection")
            return c_.unsupported("cubic sampling or padding by reflection");
        sizes_ = {c_.dims(grid)[0], c_.dims(grid)[1], c_.dims(grid)[2]};
        ValueId px = place(grid, 0, c_.dims(x_)[3]);
        ValueId py = place(grid, 1, c_.dims(x_)[2]);
        if (mode_ == "nearest")
            return c_.give(at(c_.unary(OpKind::kRound, py), c_.unary(OpKind::kRound, px)));
        const ValueId x0 = c_.unary(OpKind::kFloor, px);
        const ValueId y0 = c_.unary(OpKind::kFloor, py);
        const ValueId wx = c_.binary(OpKind::kSubtract, px, x0);
        const ValueId wy = c_.binary(OpKind::kSubtract, py, y0);
        const ValueId top = mixed(y0, x0, wx);
        const ValueId below = mixed(c_.binary(OpKind::kAdd, y0, 1.0), x0, wx);
        c_.give(blend(top, below, wy));
    }

private:
    /// In elements: of 0 to size - 1 with aligned corners, else of -0.5 to size - 0.5.
    ValueId place(ValueId grid, int64_t which, int64_t size)
    {
        Sizes starts{0, 0, 0, which};
        Sizes limits = c_.dims(grid);
        limits[3] = which + 1;
        const ValueId p = c_.reshape(c_.slice(grid, starts, limits), sizes_);
        const auto extent = static_cast<double>(size);
        ValueId at = c_.binary(OpKind::kAdd, p, 1.0);
        if (c_.integer("align_corners", 0) != 0)
            at = c_.binary(OpKind::kMultiply, at, (extent - 1) / 2);
        else
            at = c_.binary(OpKind::kSubtract, c_.binary(OpKind::kMultiply, at, extent / 2), 0.5);
        return padding_ == "border" ? clamped(at, extent - 1) : at;
    }
    ValueId clamped(ValueId p, double last)
    {
        return c_.binary(OpKind::kMinimum, c_.binary(OpKind::kMaximum, p, 0.0), last);
    }
    ValueId isInside(ValueId p, double last)
    {
        return c_.emit(OpKind::kAnd,
                       {c_.compare(CompareDirection::kGe, p, c_.splat(0, c_.type(p))),
                        c_.compare(CompareDirection::kLe, p, c_.splat(last, c_.type(p)))});
    }
    /// The elements at whole places (N, h, w), as (N, C, h, w); zero outside.
    ValueId at(ValueId py, ValueId px)
    {
        const double lastX = static_cast<double>(c_.dims(x_)[3] - 1);
        const double lastY = static_cast<double>(c_.dims(x_)[2] - 1);
        const auto index = [&](ValueId p, double last) {
            Sizes wide = sizes_;
            wide.push_back(1);
            return c_.reshape(c_.convert(clamped(p, last), DType::kS32), wide);
        };
        const ValueId indices = c_.emit(OpKind::kConcatenate, {index(py, lastY), index(px, lastX)},
                                        ConcatenateAttributes{3});
        GatherAttributes gather;
        gather.offsetDims = {1};
        gather.collapsedSliceDims = {2, 3};
        gather.operandBatchingDims = {0};
        gather.indicesBatchingDims = {0};
        gather.startIndexMap = {2, 3};
        gather.indexVectorDim = 3;
        gather.sliceSizes = {1, c_.dims(x_)[1], 1, 1};
        const ValueId read = c_.emit(OpKind::kGather, {x_, indices}, gather);
        if (padding_ == "border" || c_.failed())
            return read;
        const ValueId inside = c_.emit(OpKind::kAnd, {isInside(py, lastY), isInside(px, lastX)});
        return c_.select(spread(inside), read, c_.splat(0, c_.type(read)));
    }
    /// (N, h, w) over the channels.
    ValueId spread(ValueId p)
    {
        return c_.broadcastIn(p, {0, 2, 3}, {sizes_[0], c_.dims(x_)[1], sizes_[1], sizes_[2]});
    }
    ValueId blend(ValueId a, ValueId b, ValueId weight)
    {
        const ValueId difference = c_.binary(OpKind::kSubtract, b, a);
        return c_.binary(OpKind::kAdd, a, c_.binary(OpKind::kMultiply, difference, spread(weight)));
    }
    ValueId mixed(ValueId y, ValueId x0, ValueId wx)
    {
        return blend(at(y, x0), at(y, c_.binary(OpKind::kAdd, x0, 1.0)), wx);
    }

    OnnxContext& c_;
    ValueId x_;
    std::string mode_, padding_;
    Sizes sizes_; ///< N, h, w
};

/// A scale or zero point: one number, or a vector along `axis` of `like`.
ValueId alongAxis(OnnxContext& c, ValueId x, ValueId like)
{
    if (c.failed() || c.type(x).elementCount() == 1)
        return c.failed() ? x : c.reshape(x, {});
    const int axis = c.axis(c.integer("axis", 1), c.rank(like));
    if (c.failed())
        return {};
    if (c.rank(x) != 1 || c.dims(x)[0] != c.dims(like)[static_cast<size_t>(axis)]) {
        c.unsupported("a scale for each block");
        return {};
    }
    const Sizes sizes = c.dims(like);
    return c.along(x, axis, sizes);
}

std::pair<double, double> rangeOf(DType dtype)
{
    if (dtype == DType::kS8)
        return {-128, 127};
    if (dtype == DType::kS16)
        return {-32768, 32767};
    return {0, dtype == DType::kU16 ? 65535 : 255};
}

ValueId quantized(OnnxContext& c, ValueId x, ValueId scale, ValueId zero, DType dtype)
{
    ValueId level = c.unary(OpKind::kRound, c.binary(OpKind::kDivide, x, scale));
    if (zero.isValid())
        level = c.binary(OpKind::kAdd, level, zero);
    const auto [low, high] = rangeOf(dtype);
    level = c.binary(OpKind::kMinimum, c.binary(OpKind::kMaximum, level, low), high);
    return c.convert(level, dtype);
}

void convertQuantize(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId scale = alongAxis(c, c.x(1), x);
    const DType dtype = c.has(2) ? c.type(c.x(2)).dtype : DType::kU8;
    const ValueId zero = c.has(2) ? alongAxis(c, c.convert(c.x(2), c.type(x).dtype), x) : ValueId();
    c.give(quantized(c, x, scale, zero, dtype));
}

void convertDequantize(OnnxContext& c)
{
    const ValueId scale = c.x(1);
    if (c.failed())
        return;
    ValueId x = c.convert(c.x(0), c.type(scale).dtype);
    if (c.has(2))
        x = c.binary(OpKind::kSubtract, x, alongAxis(c, c.convert(c.x(2), c.type(scale).dtype), x));
    c.give(c.binary(OpKind::kMultiply, x, alongAxis(c, scale, x)));
}

/// Unsigned 8 bits over the range of the whole tensor, zero included.
void convertDynamicQuantize(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.failed())
        return;
    std::vector<int> all;
    for (int dim = 0; dim < c.rank(x); ++dim)
        all.push_back(dim);
    const ValueId high =
        c.binary(OpKind::kMaximum, c.reduce(ReduceKind::kMaximum, x, all, false), 0.0);
    const ValueId low =
        c.binary(OpKind::kMinimum, c.reduce(ReduceKind::kMinimum, x, all, false), 0.0);
    const ValueId scale = c.binary(OpKind::kDivide, c.binary(OpKind::kSubtract, high, low), 255.0);
    const ValueId place = c.unary(OpKind::kNegate, c.binary(OpKind::kDivide, low, scale));
    const ValueId zero = c.unary(
        OpKind::kRound, c.binary(OpKind::kMinimum, c.binary(OpKind::kMaximum, place, 0.0), 255.0));
    c.give(quantized(c, x, scale, zero, DType::kU8));
    c.give(scale);
    c.give(c.convert(zero, DType::kU8));
}

/// More elements than shapes are folded with.
void convertConstantOfShape(OnnxContext& c)
{
    const auto sizes = c.integersOf(0);
    if (!sizes)
        return c.unsupported("a shape that is not known");
    double number = 0;
    TensorType type{DType::kF32, *sizes};
    if (const OnnxAttribute* value = c.node().find("value");
        value != nullptr && value->tensor != nullptr && value->tensor->dtype &&
        value->tensor->hasData && !value->tensor->bytes.empty()) {
        type.dtype = *value->tensor->dtype;
        number = onnxValues(*value->tensor)[0];
    }
    c.give(c.constant({number}, type));
}

void convertRange(OnnxContext& c)
{
    const auto start = c.scalarOf(0);
    const auto limit = c.scalarOf(1);
    const auto step = c.scalarOf(2);
    if (!start || !limit || !step || *step == 0)
        return c.unsupported("a range that is not known");
    const double count = std::max(0.0, std::ceil((*limit - *start) / *step));
    if (!(count < 1e12))
        return c.invalid("the range is too long");
    const TensorType type{c.inputs[0].known->type.dtype, {static_cast<int64_t>(count)}};
    const ValueId scaled = c.binary(OpKind::kMultiply, c.iota(0, type), *step);
    c.give(c.binary(OpKind::kAdd, scaled, *start));
}

void convertBitShift(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.failed())
        return;
    const DType dtype = c.type(x).dtype;
    const bool isSigned =
        dtype == DType::kS8 || dtype == DType::kS16 || dtype == DType::kS32 || dtype == DType::kS64;
    const OpKind kind = c.text("direction", "LEFT") == "LEFT" ? OpKind::kShiftLeft
                        : isSigned                            ? OpKind::kShiftRightArithmetic
                                                              : OpKind::kShiftRightLogical;
    c.give(c.binary(kind, x, c.x(1)));
}

/// x - bias above lambd, x + bias below -lambd, zero between.
void convertShrink(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const double bias = c.real("bias", 0);
    const double lambd = c.real("lambd", 0.5);
    const ValueId zero = c.splat(0, c.type(x));
    const ValueId isHigh = c.compare(CompareDirection::kGt, x, c.splat(lambd, c.type(x)));
    const ValueId isLow = c.compare(CompareDirection::kLt, x, c.splat(-lambd, c.type(x)));
    const ValueId low = c.select(isLow, c.binary(OpKind::kAdd, x, bias), zero);
    c.give(c.select(isHigh, c.binary(OpKind::kSubtract, x, bias), low));
}

/// x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta
void convertLrn(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int64_t size = c.integer("size", 0);
    if (c.failed() || c.rank(x) < 2 || size < 1 || size > (1 << 20))
        return c.invalid("needs channels and a size");
    ReduceWindowAttributes window{
        .kind = ReduceKind::kAdd, .window = {}, .strides = {}, .paddingLow = {}, .paddingHigh = {}};
    const auto rank = static_cast<size_t>(c.rank(x));
    window.window.assign(rank, 1);
    window.strides.assign(rank, 1);
    window.paddingLow.assign(rank, 0);
    window.paddingHigh.assign(rank, 0);
    window.window[1] = size;
    window.paddingLow[1] = (size - 1) / 2;
    window.paddingHigh[1] = size - 1 - (size - 1) / 2;
    const ValueId sum = c.emit(OpKind::kReduceWindow, {c.binary(OpKind::kMultiply, x, x)}, window);
    const ValueId scaled =
        c.binary(OpKind::kMultiply, sum, c.real("alpha", 1e-4) / static_cast<double>(size));
    const ValueId norm = c.binary(OpKind::kPower, c.binary(OpKind::kAdd, scaled, c.real("bias", 1)),
                                  c.real("beta", 0.75));
    c.give(c.binary(OpKind::kDivide, x, norm));
}

constexpr std::array kOperators = {
    OnnxOperator{"BitShift", convertBitShift},
    OnnxOperator{"ConstantOfShape", convertConstantOfShape},
    OnnxOperator{"DequantizeLinear", convertDequantize},
    OnnxOperator{"DynamicQuantizeLinear", convertDynamicQuantize},
    OnnxOperator{"GridSample", [](OnnxContext& c) { GridSampler(c).convert(); }},
    OnnxOperator{"LRN", convertLrn},
    OnnxOperator{"QuantizeLinear", convertQuantize},
    OnnxOperator{"Range", convertRange},
    OnnxOperator{"Shrink", convertShrink},
};

} // namespace

std::span<const OnnxOperator> onnxSampling() { return kOperators; }

} // namespace alpa
