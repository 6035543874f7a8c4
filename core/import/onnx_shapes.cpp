#include "core/import/onnx_ops.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// Of depth to space; its square must stay a number.
constexpr int64_t kLargestBlock = 1 << 20;

int64_t product(const Sizes& sizes, size_t begin, size_t end)
{
    int64_t count = 1;
    for (size_t i = begin; i < end && i < sizes.size(); ++i)
        count *= sizes[i];
    return count;
}

void convertReshape(OnnxContext& c)
{
    const ValueId x = c.x(0);
    auto wanted = c.integersAt("shape", 1);
    if (!wanted)
        return c.invalid("the shape is missing");
    const Sizes& own = c.dims(x);
    int open = -1;
    int64_t rest = 1;
    for (size_t i = 0; i < wanted->size(); ++i) {
        int64_t& size = (*wanted)[i];
        if (size == 0 && c.integer("allowzero", 0) == 0 && i < own.size())
            size = own[i];
        if (size == -1 && open < 0)
            open = static_cast<int>(i);
        else if (size < 0 || __builtin_mul_overflow(rest, size, &rest))
            return c.invalid(fmt::format("no reshape to ({})", fmt::join(*wanted, ", ")));
    }
    if (open >= 0)
        (*wanted)[static_cast<size_t>(open)] = rest > 0 ? c.type(x).elementCount() / rest : 0;
    c.give(c.reshape(x, *wanted));
}

void convertFlatten(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int64_t number = c.integer("axis", 1);
    const auto axis =
        static_cast<size_t>(number == c.rank(x) ? c.rank(x) : c.axis(number, c.rank(x)));
    const Sizes& own = c.dims(x);
    c.give(c.reshape(x, {product(own, 0, axis), product(own, axis, own.size())}));
}

void convertSqueeze(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const auto numbers = c.integersAt("axes", 1);
    std::vector<int> axes;
    if (numbers)
        axes = c.axes(*numbers, c.rank(x));
    Sizes sizes;
    for (int dim = 0; dim < c.rank(x); ++dim) {
        const int64_t size = c.dims(x)[static_cast<size_t>(dim)];
        const bool isNamed = numbers ? std::ranges::find(axes, dim) != axes.end() : size == 1;
        if (!isNamed)
            sizes.push_back(size);
        else if (size != 1)
            return c.invalid(fmt::format("dimension {} has size {}, not 1", dim, size));
    }
    c.give(c.reshape(x, sizes));
}

void convertUnsqueeze(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const auto numbers = c.integersAt("axes", 1);
    if (!numbers)
        return c.invalid("the axes are missing");
    const int rank = c.rank(x) + static_cast<int>(numbers->size());
    const std::vector<int> axes = c.axes(*numbers, rank);
    if (c.failed())
        return;
    Sizes sizes;
    size_t next = 0;
    for (int dim = 0; dim < rank; ++dim)
        sizes.push_back(std::ranges::find(axes, dim) != axes.end() ? 1 : c.dims(x)[next++]);
    c.give(c.reshape(x, sizes));
}

void convertTranspose(OnnxContext& c)
{
    const ValueId x = c.x(0);
    std::vector<int> permutation;
    for (const int64_t dim : c.integers("perm"))
        permutation.push_back(c.axis(dim, c.rank(x)));
    if (permutation.empty()) {
        for (int dim = c.rank(x) - 1; dim >= 0; --dim)
            permutation.push_back(dim);
    }
    c.give(c.transpose(x, std::move(permutation)));
}

void convertExpand(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const auto wanted = c.integersOf(1);
    if (!wanted)
        return c.invalid("the shape is missing");
    const auto sizes = broadcastSizes(c.dims(x), *wanted);
    if (!sizes || std::ranges::any_of(*sizes, [](int64_t size) { return size < 0; }))
        return c.invalid(fmt::format("{} cannot be expanded to ({})", formatType(c.type(x)),
                                     fmt::join(*wanted, ", ")));
    c.give(c.broadcastTo(x, *sizes));
}

/// Each dimension d repeated r times: (d) to (r, d), and back to (r d).
void convertTile(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const auto repeats = c.integersOf(1);
    const Sizes own = c.dims(x);
    if (!repeats || repeats->size() != own.size())
        return c.invalid("repeats must have an entry for every dimension");
    Sizes wide;
    Sizes sizes;
    std::vector<int> targets;
    for (size_t i = 0; i < own.size(); ++i) {
        const int64_t repeat = (*repeats)[i];
        int64_t size = 0;
        if (repeat < 0 || __builtin_mul_overflow(repeat, own[i], &size))
            return c.invalid(fmt::format("{} repeats", repeat));
        wide.push_back(repeat);
        targets.push_back(static_cast<int>(wide.size()));
        wide.push_back(own[i]);
        sizes.push_back(size);
    }
    c.give(c.reshape(c.broadcastIn(x, targets, wide), sizes));
}

void convertConcat(OnnxContext& c)
{
    std::vector<ValueId> parts;
    for (size_t i = 0; i < c.inputs.size(); ++i)
        parts.push_back(c.x(i));
    if (parts.empty())
        return c.invalid("nothing to concatenate");
    const int axis = c.axis(c.integer("axis", 0), c.rank(parts[0]));
    if (parts.size() == 1)
        return c.give(parts[0]);
    c.give(c.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{axis}));
}

void convertSplit(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    if (c.failed())
        return;
    const int64_t size = c.dims(x)[static_cast<size_t>(axis)];
    const auto count = static_cast<int64_t>(c.node().outputs.size());
    auto parts = c.integersAt("split", 1);
    if (!parts && count > 0) {
        const int64_t even = (size + count - 1) / count;
        parts.emplace(static_cast<size_t>(count), even);
        parts->back() = size - even * (count - 1);
    }
    if (!parts || parts->size() != c.node().outputs.size())
        return c.invalid("the parts are not as many as the outputs");
    int64_t begin = 0;
    for (const int64_t part : *parts) {
        Sizes starts(c.dims(x).size(), 0);
        Sizes limits = c.dims(x);
        starts[static_cast<size_t>(axis)] = begin;
        int64_t end = 0;
        if (part < 0 || __builtin_add_overflow(begin, part, &end))
            return c.invalid(fmt::format("a part of size {}", part));
        begin = end;
        limits[static_cast<size_t>(axis)] = begin;
        c.give(c.slice(x, starts, limits));
    }
}

/// One dimension of a slice, as NumPy reads it: bounds past the ends are the ends.
struct Range {
    int64_t start = 0, limit = 0, step = 1;
};

Range clampRange(int64_t start, int64_t end, int64_t step, int64_t size)
{
    const auto fromEnd = [&](int64_t at) { return at < 0 ? at + size : at; };
    if (step > 0)
        return {std::clamp<int64_t>(fromEnd(start), 0, size),
                std::clamp<int64_t>(fromEnd(end), 0, size), step};
    return {std::clamp<int64_t>(fromEnd(start), -1, size - 1),
            std::clamp<int64_t>(fromEnd(end), -1, size - 1), step};
}

void convertSlice(OnnxContext& c)
{
    ValueId x = c.x(0);
    const auto starts = c.integersAt("starts", 1);
    const auto ends = c.integersAt("ends", 2);
    auto numbers = c.integersAt("axes", 3);
    auto steps = c.integersOf(4);
    if (!starts || !ends || starts->size() != ends->size())
        return c.invalid("starts and ends are missing or differ in number");
    if (!numbers) {
        numbers.emplace(starts->size());
        std::iota(numbers->begin(), numbers->end(), int64_t{0});
    }
    if (!steps)
        steps.emplace(starts->size(), 1);
    if (numbers->size() != starts->size() || steps->size() != starts->size())
        return c.invalid("axes or steps differ in number from the starts");
    const Sizes own = c.dims(x);
    Sizes begin(own.size(), 0);
    Sizes limit = own;
    Sizes stride(own.size(), 1);
    std::vector<int> reversed;
    for (size_t i = 0; i < starts->size(); ++i) {
        const int dim = c.axis((*numbers)[i], c.rank(x));
        if (c.failed())
            return;
        const auto d = static_cast<size_t>(dim);
        if ((*steps)[i] == 0 || (*steps)[i] < -own[d] - 1)
            return c.invalid("a step of 0, or beyond the tensor");
        const Range range = clampRange((*starts)[i], (*ends)[i], (*steps)[i], own[d]);
        if (range.step > 0) {
            begin[d] = range.start;
            limit[d] = std::max(range.start, range.limit);
            stride[d] = std::min(range.step, std::max<int64_t>(own[d], 1));
        } else {
            // Backwards from start: forwards from the mirrored start of the reversed tensor.
            reversed.push_back(dim);
            begin[d] = own[d] - 1 - range.start;
            limit[d] = std::max(begin[d], own[d] - 1 - range.limit);
            stride[d] = -range.step;
        }
    }
    if (!reversed.empty())
        x = c.emit(OpKind::kReverse, {x}, DimsAttributes{reversed});
    c.give(c.slice(x, begin, limit, stride));
}

/// Repeats the border of dimension `dim`: "edge" one element, "reflect" those behind the border.
ValueId padByCopies(OnnxContext& c, ValueId x, int dim, int64_t low, int64_t high, bool reflects)
{
    const auto d = static_cast<size_t>(dim);
    const Sizes own = c.dims(x);
    const auto part = [&](int64_t from, int64_t to) {
        Sizes starts(own.size(), 0);
        Sizes limits = own;
        starts[d] = from;
        limits[d] = to;
        return c.slice(x, starts, limits);
    };
    const auto border = [&](int64_t count, bool isLow) {
        if (reflects)
            return c.emit(OpKind::kReverse,
                          {isLow ? part(1, count + 1) : part(own[d] - 1 - count, own[d] - 1)},
                          DimsAttributes{{dim}});
        Sizes sizes = own;
        sizes[d] = count;
        return c.broadcastTo(isLow ? part(0, 1) : part(own[d] - 1, own[d]), sizes);
    };
    std::vector<ValueId> parts;
    if (low > 0)
        parts.push_back(border(low, true));
    parts.push_back(x);
    if (high > 0)
        parts.push_back(border(high, false));
    return parts.size() == 1 ? x : c.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{dim});
}

void convertPad(OnnxContext& c)
{
    ValueId x = c.x(0);
    const auto pads = c.integersAt("pads", 1);
    const std::string mode = c.text("mode", "constant");
    const auto numbers = c.integersOf(3);
    std::vector<int> axes(static_cast<size_t>(c.rank(x)));
    std::iota(axes.begin(), axes.end(), 0);
    if (numbers) {
        axes.clear();
        for (const int64_t number : *numbers)
            axes.push_back(c.axis(number, c.rank(x)));
    }
    if (!pads || pads->size() != 2 * axes.size())
        return c.invalid("pads must have two entries for every dimension");
    PadAttributes padding;
    padding.low.assign(c.dims(x).size(), 0);
    padding.high = padding.low;
    padding.interior = padding.low;
    for (size_t i = 0; i < axes.size() && !c.failed(); ++i) {
        const int64_t low = (*pads)[i];
        const int64_t high = (*pads)[i + axes.size()];
        padding.low[static_cast<size_t>(axes[i])] = low;
        padding.high[static_cast<size_t>(axes[i])] = high;
        if (mode == "edge" || mode == "reflect") {
            if (low < 0 || high < 0)
                return c.unsupported("negative padding of mode " + mode);
            x = padByCopies(c, x, axes[i], low, high, mode == "reflect");
        }
    }
    if (mode == "edge" || mode == "reflect")
        return c.give(x);
    if (mode != "constant")
        return c.unsupported("padding of mode " + mode);
    const double number = c.has(2) ? c.scalarOf(2).value_or(0) : c.real("value", 0);
    c.give(c.emit(OpKind::kPad, {x, c.splat(number, {c.type(x).dtype, {}})}, padding));
}

void convertShape(OnnxContext& c)
{
    const TensorType type =
        c.inputs.empty() || !c.inputs[0].known ? c.type(c.x(0)) : c.inputs[0].known->type;
    const int64_t rank = type.rank();
    const auto clamped = [&](int64_t at) {
        return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const int64_t begin = clamped(c.integer("start", 0));
    const int64_t end = std::max(begin, clamped(c.integer("end", rank)));
    OnnxConstant shape{{DType::kS64, {end - begin}}, {}};
    for (int64_t i = begin; i < end; ++i)
        shape.values.push_back(static_cast<double>(type.dims[static_cast<size_t>(i)]));
    c.give(std::move(shape));
}

void convertSize(OnnxContext& c)
{
    c.give(OnnxConstant{{DType::kS64, {}}, {static_cast<double>(c.type(c.x(0)).elementCount())}});
}

void convertTrilu(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.rank(x) < 2)
        return c.invalid("needs a matrix");
    const TensorType counts{DType::kS32, c.dims(x)};
    const double k = c.has(1) ? c.scalarOf(1).value_or(0) : 0;
    const ValueId row = c.iota(c.rank(x) - 2, counts);
    const ValueId column = c.iota(c.rank(x) - 1, counts);
    const ValueId shifted = c.binary(OpKind::kAdd, row, k);
    const bool isUpper = c.integer("upper", 1) != 0;
    c.give(c.select(
        c.compare(isUpper ? CompareDirection::kGe : CompareDirection::kLe, column, shifted), x,
        c.splat(0, c.type(x))));
}

void convertEyeLike(OnnxContext& c)
{
    const TensorType type = c.type(c.x(0));
    if (type.rank() != 2)
        return c.invalid("needs a matrix");
    const TensorType counts{DType::kS32, type.dims};
    const ValueId row =
        c.binary(OpKind::kAdd, c.iota(0, counts), static_cast<double>(c.integer("k", 0)));
    c.give(c.convert(c.compare(CompareDirection::kEq, row, c.iota(1, counts)), type.dtype));
}

/// (N, C, H, W) with blocks of b x b: depth to space, DCR or CRD order, and back.
void convertDepthToSpace(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int64_t b = c.integer("blocksize", 1);
    if (c.rank(x) != 4 || b < 1 || b > kLargestBlock || c.dims(x)[1] % (b * b) != 0)
        return c.invalid("needs four dimensions, and channels that the blocks divide");
    const Sizes d = c.dims(x);
    const int64_t depth = d[1] / (b * b);
    const bool isCrd = c.text("mode", "DCR") == "CRD";
    const ValueId split = c.reshape(x, isCrd ? Sizes{d[0], depth, b, b, d[2], d[3]}
                                             : Sizes{d[0], b, b, depth, d[2], d[3]});
    const ValueId moved = c.transpose(split, isCrd ? std::vector<int>{0, 1, 4, 2, 5, 3}
                                                   : std::vector<int>{0, 3, 4, 1, 5, 2});
    c.give(c.reshape(moved, {d[0], depth, d[2] * b, d[3] * b}));
}

void convertSpaceToDepth(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int64_t b = c.integer("blocksize", 1);
    if (c.rank(x) != 4 || b < 1 || b > kLargestBlock || c.dims(x)[2] % b != 0 ||
        c.dims(x)[3] % b != 0)
        return c.invalid("needs four dimensions that the blocks divide");
    const Sizes d = c.dims(x);
    const ValueId split = c.reshape(x, {d[0], d[1], d[2] / b, b, d[3] / b, b});
    const bool isCrd = c.text("mode", "DCR") == "CRD";
    c.give(c.reshape(c.transpose(split, isCrd ? std::vector<int>{0, 1, 3, 5, 2, 4}
                                              : std::vector<int>{0, 3, 5, 1, 2, 4}),
                     {d[0], d[1] * b * b, d[2] / b, d[3] / b}));
}

constexpr std::array kOperators = {
    OnnxOperator{"Concat", convertConcat},
    OnnxOperator{"DepthToSpace", convertDepthToSpace},
    OnnxOperator{"Expand", convertExpand},
    OnnxOperator{"EyeLike", convertEyeLike},
    OnnxOperator{"Flatten", convertFlatten},
    OnnxOperator{"Pad", convertPad},
    OnnxOperator{"Reshape", convertReshape},
    OnnxOperator{"Shape", convertShape},
    OnnxOperator{"Size", convertSize},
    OnnxOperator{"Slice", convertSlice},
    OnnxOperator{"SpaceToDepth", convertSpaceToDepth},
    OnnxOperator{"Split", convertSplit},
    OnnxOperator{"Squeeze", convertSqueeze},
    OnnxOperator{"Tile", convertTile},
    OnnxOperator{"Transpose", convertTranspose},
    OnnxOperator{"Trilu", convertTrilu},
    OnnxOperator{"Unsqueeze", convertUnsqueeze},
};

} // namespace

std::span<const OnnxOperator> onnxShapes() { return kOperators; }

} // namespace alpa
