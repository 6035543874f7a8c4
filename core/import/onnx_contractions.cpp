#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// NumPy's matmul. Batch dimensions that only one side has stay on that side: with a weight (k, n)
/// the product is one dot, not a batch of them.
ValueId matmul(OnnxContext& c, ValueId left, ValueId right)
{
    if (c.failed())
        return {};
    if (c.rank(left) == 0 || c.rank(right) == 0) {
        c.invalid("an operand is a scalar");
        return {};
    }
    const bool isLeftVector = c.rank(left) == 1;
    const bool isRightVector = c.rank(right) == 1;
    if (isLeftVector)
        left = c.reshape(left, {1, c.dims(left)[0]});
    if (isRightVector)
        right = c.reshape(right, {c.dims(right)[0], 1});
    DotAttributes dot;
    if (c.rank(right) > 2) {
        const Sizes leftBatch(c.dims(left).begin(), c.dims(left).end() - 2);
        const Sizes rightBatch(c.dims(right).begin(), c.dims(right).end() - 2);
        const auto batch = broadcastSizes(leftBatch, rightBatch);
        if (!batch) {
            c.invalid(fmt::format("batches of {} and {} differ", formatType(c.type(left)),
                                  formatType(c.type(right))));
            return {};
        }
        const auto widened = [&](ValueId x) {
            Sizes sizes = *batch;
            sizes.insert(sizes.end(), c.dims(x).end() - 2, c.dims(x).end());
            return c.broadcastTo(x, sizes);
        };
        left = widened(left);
        right = widened(right);
        dot.lhsBatch.resize(batch->size());
        std::iota(dot.lhsBatch.begin(), dot.lhsBatch.end(), 0);
        dot.rhsBatch = dot.lhsBatch;
    }
    dot.lhsContracting = {c.rank(left) - 1};
    dot.rhsContracting = {c.rank(right) - 2};
    ValueId product = c.emit(OpKind::kDot, {left, right}, dot, TensorType{c.type(left).dtype, {}});
    if (!isLeftVector && !isRightVector)
        return product;
    Sizes sizes = c.dims(product);
    if (isRightVector && !sizes.empty())
        sizes.pop_back();
    if (isLeftVector && !sizes.empty())
        sizes.erase(sizes.end() - (isRightVector ? 1 : 2));
    return c.reshape(product, sizes);
}

void convertMatMul(OnnxContext& c)
{
    const ValueId left = c.x(0);
    c.give(matmul(c, left, c.x(1)));
}

/// alpha op(A) op(B) + beta C; transposes are dimension numbers, not ops.
void convertGemm(OnnxContext& c)
{
    const ValueId left = c.x(0);
    const ValueId right = c.x(1);
    if (c.rank(left) != 2 || c.rank(right) != 2)
        return c.invalid("needs two matrices");
    DotAttributes dot;
    dot.lhsContracting = {c.integer("transA", 0) != 0 ? 0 : 1};
    dot.rhsContracting = {c.integer("transB", 0) != 0 ? 1 : 0};
    ValueId product = c.emit(OpKind::kDot, {left, right}, dot, TensorType{c.type(left).dtype, {}});
    if (const double alpha = c.real("alpha", 1); alpha != 1)
        product = c.binary(OpKind::kMultiply, product, alpha);
    if (!c.has(2))
        return c.give(product);
    ValueId bias = c.x(2);
    if (const double beta = c.real("beta", 1); beta != 1)
        bias = c.binary(OpKind::kMultiply, bias, beta);
    c.give(c.binary(OpKind::kAdd, product, bias));
}

/// The letters of an operand of an einsum, with the dots as digits '0', '1', ...
std::optional<std::string> einsumLetters(std::string_view term, int rank)
{
    std::string letters;
    for (size_t i = 0; i < term.size(); ++i) {
        if (term[i] == ' ')
            continue;
        if (term.substr(i, 3) != "...") {
            letters += term[i];
            continue;
        }
        const int others = static_cast<int>(std::ranges::count_if(
            term, [](char x) { return std::isalpha(static_cast<unsigned char>(x)) != 0; }));
        if (rank - others < 0 || rank - others > 9)
            return std::nullopt;
        // Counted from the right, as broadcasting aligns them.
        for (int k = rank - others - 1; k >= 0; --k)
            letters += static_cast<char>('0' + k);
        i += 2;
    }
    return letters;
}

struct EinsumOperand {
    ValueId value;
    std::string letters;
};

/// One contraction of two operands; letters that nothing after needs are summed.
EinsumOperand einsumPair(OnnxContext& c, EinsumOperand left, EinsumOperand right,
                         const std::string& needed)
{
    const auto sumAlone = [&](EinsumOperand& x, const std::string& other) {
        std::vector<int> gone;
        std::string kept;
        for (size_t i = 0; i < x.letters.size(); ++i) {
            const bool isUsed = other.find(x.letters[i]) != std::string::npos ||
                                needed.find(x.letters[i]) != std::string::npos;
            if (isUsed)
                kept += x.letters[i];
            else
                gone.push_back(static_cast<int>(i));
        }
        x.value = c.reduce(ReduceKind::kAdd, x.value, gone, false);
        x.letters = kept;
    };
    sumAlone(left, right.letters);
    sumAlone(right, left.letters);
    DotAttributes dot;
    std::string batch;
    for (size_t i = 0; i < left.letters.size(); ++i) {
        const size_t at = right.letters.find(left.letters[i]);
        if (at == std::string::npos)
            continue;
        const bool isKept = needed.find(left.letters[i]) != std::string::npos;
        (isKept ? dot.lhsBatch : dot.lhsContracting).push_back(static_cast<int>(i));
        (isKept ? dot.rhsBatch : dot.rhsContracting).push_back(static_cast<int>(at));
        if (isKept)
            batch += left.letters[i];
    }
    EinsumOperand product;
    product.letters = batch;
    for (const char letter : left.letters) {
        if (right.letters.find(letter) == std::string::npos)
            product.letters += letter;
    }
    for (const char letter : right.letters) {
        if (left.letters.find(letter) == std::string::npos)
            product.letters += letter;
    }
    product.value = c.emit(OpKind::kDot, {left.value, right.value}, dot,
                           TensorType{c.type(left.value).dtype, {}});
    return product;
}

void convertEinsum(OnnxContext& c)
{
    const std::string equation = c.text("equation", "");
    const size_t arrow = equation.find("->");
    if (arrow == std::string::npos)
        return c.unsupported("an einsum without '->'");
    std::vector<EinsumOperand> operands;
    size_t begin = 0;
    for (size_t i = 0; i < c.inputs.size(); ++i) {
        const size_t end = std::min(equation.find(',', begin), arrow);
        const ValueId x = c.x(i);
        const auto letters =
            einsumLetters(std::string_view(equation).substr(begin, end - begin), c.rank(x));
        if (c.failed() || !letters || static_cast<int>(letters->size()) != c.rank(x))
            return c.invalid(fmt::format("operand {} does not fit '{}'", i, equation));
        for (size_t k = 0; k < letters->size(); ++k) {
            if (letters->find((*letters)[k], k + 1) != std::string::npos)
                return c.unsupported("an einsum with a diagonal");
        }
        operands.push_back({x, *letters});
        begin = end + 1;
    }
    if (operands.empty())
        return c.invalid("no operands");
    int dots = 0;
    for (const EinsumOperand& operand : operands)
        dots = std::max(dots, static_cast<int>(std::ranges::count_if(operand.letters, [](char x) {
                            return std::isdigit(static_cast<unsigned char>(x)) != 0;
                        })));
    const std::string_view resultTerm = std::string_view(equation).substr(arrow + 2);
    const int letterCount = static_cast<int>(std::ranges::count_if(
        resultTerm, [](char x) { return std::isalpha(static_cast<unsigned char>(x)) != 0; }));
    const auto result = einsumLetters(resultTerm, letterCount + dots);
    if (!result)
        return c.invalid("the result does not fit");
    EinsumOperand total = operands[0];
    for (size_t i = 1; i < operands.size() && !c.failed(); ++i) {
        std::string needed = *result;
        for (size_t k = i + 1; k < operands.size(); ++k)
            needed += operands[k].letters;
        total = einsumPair(c, total, operands[i], needed);
    }
    std::vector<int> gone;
    std::string kept;
    for (size_t i = 0; i < total.letters.size(); ++i) {
        if (result->find(total.letters[i]) == std::string::npos)
            gone.push_back(static_cast<int>(i));
        else
            kept += total.letters[i];
    }
    total.value = c.reduce(ReduceKind::kAdd, total.value, gone, false);
    std::vector<int> permutation;
    for (const char letter : *result) {
        const size_t at = kept.find(letter);
        if (at == std::string::npos)
            return c.unsupported("an einsum whose result has letters of its own");
        permutation.push_back(static_cast<int>(at));
    }
    c.give(c.transpose(total.value, permutation));
}

/// Of n spatial dimensions: strides, dilations and padding of a window, with auto_pad resolved.
struct Window {
    Sizes kernel, strides, dilations, low, high;
};

std::optional<Window> readWindow(OnnxContext& c, const Sizes& spatial, Sizes kernel)
{
    Window w;
    const size_t n = spatial.size();
    w.kernel = std::move(kernel);
    w.strides = c.integers("strides");
    w.dilations = c.integers("dilations");
    const Sizes pads = c.integers("pads");
    if (w.strides.empty())
        w.strides.assign(n, 1);
    if (w.dilations.empty())
        w.dilations.assign(n, 1);
    const auto isPositive = [](const Sizes& sizes) {
        return std::ranges::all_of(sizes, [](int64_t s) { return s > 0 && s < (1 << 24); });
    };
    constexpr int64_t kMostPadding = int64_t{1} << 40;
    const bool isPadded = std::ranges::all_of(
        pads, [](int64_t pad) { return pad > -kMostPadding && pad < kMostPadding; });
    if (!isPadded || w.kernel.size() != n || w.strides.size() != n || w.dilations.size() != n ||
        (!pads.empty() && pads.size() != 2 * n) || !isPositive(w.kernel) ||
        !isPositive(w.strides) || !isPositive(w.dilations)) {
        c.invalid("kernel, strides, dilations or pads do not fit the spatial dimensions");
        return std::nullopt;
    }
    const std::string automatic = c.text("auto_pad", "NOTSET");
    for (size_t i = 0; i < n; ++i) {
        int64_t low = pads.empty() ? 0 : pads[i];
        int64_t high = pads.empty() ? 0 : pads[i + n];
        if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
            const int64_t results = (spatial[i] + w.strides[i] - 1) / w.strides[i];
            const int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
            const int64_t total =
                std::max<int64_t>(0, (results - 1) * w.strides[i] + reach - spatial[i]);
            low = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
            high = total - low;
        }
        w.low.push_back(low);
        w.high.push_back(high);
    }
    return w;
}

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
    const auto w = readWindow(c, spatial, Sizes(c.dims(kernel).begin() + 2, c.dims(kernel).end()));
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

/// With output_shape or auto_pad the padding of a transposed convolution follows from the result's size.
void padToShape(OnnxContext& c, const Sizes& spatial, const Sizes& extra, Window& w)
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
        const int64_t wanted = i + leading < given.size() ? given[i + leading] : spatial[i] * w.strides[i];
        const int64_t total = w.strides[i] * (spatial[i] - 1) + extra[i] + (w.kernel[i] - 1) * w.dilations[i] + 1 - wanted;
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
    auto w = readWindow(c, spatial, window);
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

/// With ceil_mode the last window may end beyond the padding, but not begin in it.
void roundUp(OnnxContext& c, const Sizes& spatial, Window& w)
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

ReduceWindowAttributes windowOver(const Window& w, ReduceKind kind)
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

/// A dilated window is taken apart: one strided slice of the padded tensor for each of its elements.
ValueId dilatedReduce(OnnxContext& c, ValueId x, const Window& w, ReduceKind kind)
{
    constexpr int64_t kMostElements = 1024;
    const size_t n = w.kernel.size();
    PadAttributes pad{{0, 0}, {0, 0}, Sizes(n + 2, 0)};
    Sizes limits(c.dims(x).begin(), c.dims(x).begin() + 2);
    int64_t count = 1;
    for (size_t i = 0; i < n; ++i) {
        pad.low.push_back(w.low[i]);
        pad.high.push_back(w.high[i]);
        const int64_t room = c.dims(x)[i + 2] + w.low[i] + w.high[i] - (w.kernel[i] - 1) * w.dilations[i] - 1;
        count = count > kMostElements ? count : count * w.kernel[i];
        if (room < 0 || count > kMostElements) {
            c.unsupported("a dilated pooling window that large");
            return {};
        }
        limits.push_back(room / w.strides[i] * w.strides[i] + 1);
    }
    const double outside = kind == ReduceKind::kAdd ? 0 : -std::numeric_limits<double>::infinity();
    const ValueId padded = c.emit(OpKind::kPad, {x, c.constant({outside}, {c.type(x).dtype, {}})}, pad);
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
        total = !total.isValid() ? part
                                 : c.binary(kind == ReduceKind::kAdd ? OpKind::kAdd : OpKind::kMaximum, total, part);
    }
    return total;
}

ValueId pooled(OnnxContext& c, ValueId x, const Window& w, ReduceKind kind)
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
    auto w = readWindow(c, spatial, c.integers("kernel_shape"));
    if (!w)
        return;
    if (c.node().outputs.size() > 1 && !c.node().outputs[1].empty())
        return c.unsupported("the places of maxima");
    Window counted = *w;
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
    Window divisor = *w;
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

constexpr std::array kContractions = {
    OnnxOperator{"Conv", convertConv},     OnnxOperator{"ConvTranspose", convertConvTranspose},
    OnnxOperator{"Einsum", convertEinsum}, OnnxOperator{"Gemm", convertGemm},
    OnnxOperator{"MatMul", convertMatMul},
};

constexpr std::array kWindows = {
    OnnxOperator{"AveragePool", convertPool},
    OnnxOperator{"GlobalAveragePool", convertGlobalPool},
    OnnxOperator{"GlobalMaxPool", convertGlobalPool},
    OnnxOperator{"MaxPool", convertPool},
};

} // namespace

std::span<const OnnxOperator> onnxContractions() { return kContractions; }

std::span<const OnnxOperator> onnxWindows() { return kWindows; }

} // namespace alpa
