// Products of ONNX: matrices, and einsums as chains of them.
#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
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

/// The operands with their letters; nothing after a problem.
std::optional<std::vector<EinsumOperand>> einsumOperands(OnnxContext& c, std::string_view equation,
                                                         size_t arrow)
{
    std::vector<EinsumOperand> operands;
    size_t begin = 0;
    for (size_t i = 0; i < c.inputs.size(); ++i) {
        const size_t end = std::min(equation.find(',', begin), arrow);
        const ValueId x = c.x(i);
        const auto letters = einsumLetters(equation.substr(begin, end - begin), c.rank(x));
        if (c.failed() || !letters || static_cast<int>(letters->size()) != c.rank(x)) {
            c.invalid(fmt::format("operand {} does not fit '{}'", i, equation));
            return std::nullopt;
        }
        for (size_t k = 0; k < letters->size(); ++k) {
            if (letters->find((*letters)[k], k + 1) != std::string::npos) {
                c.unsupported("an einsum with a diagonal");
                return std::nullopt;
            }
        }
        operands.push_back({x, *letters});
        begin = end + 1;
    }
    return operands;
}

/// The letters of the result, in which the dots stand for as many dimensions as in any operand.
std::optional<std::string> einsumResult(const std::vector<EinsumOperand>& operands,
                                        std::string_view term)
{
    const auto count = [](std::string_view text, int (*isOne)(int)) {
        return static_cast<int>(std::ranges::count_if(
            text, [&](char x) { return isOne(static_cast<unsigned char>(x)) != 0; }));
    };
    int dots = 0;
    for (const EinsumOperand& operand : operands)
        dots = std::max(dots, count(operand.letters, std::isdigit));
    return einsumLetters(term, count(term, std::isalpha) + dots);
}

/// What the result does not name is summed, the rest put in its order.
void giveEinsum(OnnxContext& c, EinsumOperand total, const std::string& result)
{
    std::vector<int> gone;
    std::string kept;
    for (size_t i = 0; i < total.letters.size(); ++i) {
        if (result.find(total.letters[i]) == std::string::npos)
            gone.push_back(static_cast<int>(i));
        else
            kept += total.letters[i];
    }
    total.value = c.reduce(ReduceKind::kAdd, total.value, gone, false);
    std::vector<int> permutation;
    for (const char letter : result) {
        const size_t at = kept.find(letter);
        if (at == std::string::npos)
            return c.unsupported("an einsum whose result has letters of its own");
        permutation.push_back(static_cast<int>(at));
    }
    c.give(c.transpose(total.value, permutation));
}

void convertEinsum(OnnxContext& c)
{
    const std::string equation = c.text("equation", "");
    const size_t arrow = equation.find("->");
    if (arrow == std::string::npos)
        return c.unsupported("an einsum without '->'");
    const auto operands = einsumOperands(c, equation, arrow);
    if (!operands)
        return;
    if (operands->empty())
        return c.invalid("no operands");
    const auto result = einsumResult(*operands, std::string_view(equation).substr(arrow + 2));
    if (!result)
        return c.invalid("the result does not fit");
    EinsumOperand total = operands->front();
    for (size_t i = 1; i < operands->size() && !c.failed(); ++i) {
        std::string needed = *result;
        for (size_t k = i + 1; k < operands->size(); ++k)
            needed += (*operands)[k].letters;
        total = einsumPair(c, total, (*operands)[i], needed);
    }
    giveEinsum(c, std::move(total), *result);
}

constexpr std::array kContractions = {
    OnnxOperator{"Einsum", convertEinsum},
    OnnxOperator{"Gemm", convertGemm},
    OnnxOperator{"MatMul", convertMatMul},
};

} // namespace

std::span<const OnnxOperator> onnxContractions() { return kContractions; }

} // namespace alpa
