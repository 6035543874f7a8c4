#include "core/import/onnx_context.h"

#include "core/graph/infer_types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace alpa
{
namespace
{

/// Files write the largest numbers of 64 bits for "to the end".
int64_t toInteger(double value)
{
    constexpr double kLargest = 0x1p62;
    if (std::isnan(value))
        return 0;
    return static_cast<int64_t>(std::clamp(value, -kLargest, kLargest));
}

} // namespace

std::optional<std::vector<int64_t>> broadcastSizes(const std::vector<int64_t>& left,
                                                   const std::vector<int64_t>& right)
{
    std::vector<int64_t> sizes(std::max(left.size(), right.size()));
    for (size_t i = 0; i < sizes.size(); ++i) {
        const int64_t a = i < left.size() ? left[left.size() - 1 - i] : 1;
        const int64_t b = i < right.size() ? right[right.size() - 1 - i] : 1;
        if (a != b && a != 1 && b != 1)
            return std::nullopt;
        sizes[sizes.size() - 1 - i] = a == 1 ? b : a;
    }
    return sizes;
}

void OnnxContext::fail(Outcome outcome, std::string reason)
{
    if (failed())
        return;
    outcome_ = outcome;
    reason_ = std::move(reason);
}

ValueId OnnxContext::x(size_t input)
{
    if (failed())
        return {};
    if (!has(input)) {
        invalid(fmt::format("input {} is missing", input));
        return {};
    }
    if (inputs[input].known != nullptr)
        return constant(inputs[input].known->values, inputs[input].known->type);
    return inputs[input].value;
}

std::optional<std::vector<int64_t>> OnnxContext::integersOf(size_t input)
{
    if (failed() || !has(input))
        return std::nullopt;
    if (inputs[input].known == nullptr) {
        unsupported(fmt::format("input {} ('{}') is computed from data, so that shapes are not "
                                "known",
                                input, input < node_.inputs.size() ? node_.inputs[input] : ""));
        return std::nullopt;
    }
    std::vector<int64_t> numbers;
    for (const double value : inputs[input].known->values)
        numbers.push_back(toInteger(value));
    return numbers;
}

std::optional<double> OnnxContext::scalarOf(size_t input)
{
    if (failed() || !has(input))
        return std::nullopt;
    if (inputs[input].known == nullptr || inputs[input].known->values.size() != 1) {
        unsupported(fmt::format("input {} is no known number", input));
        return std::nullopt;
    }
    return inputs[input].known->values[0];
}

int64_t OnnxContext::integer(std::string_view name, int64_t missing) const
{
    const OnnxAttribute* attribute = node_.find(name);
    return attribute != nullptr ? attribute->integer : missing;
}

double OnnxContext::real(std::string_view name, double missing) const
{
    const OnnxAttribute* attribute = node_.find(name);
    return attribute != nullptr ? attribute->real : missing;
}

std::string OnnxContext::text(std::string_view name, std::string missing) const
{
    const OnnxAttribute* attribute = node_.find(name);
    return attribute != nullptr ? attribute->text : missing;
}

std::vector<int64_t> OnnxContext::integers(std::string_view name) const
{
    const OnnxAttribute* attribute = node_.find(name);
    return attribute != nullptr ? attribute->integers : std::vector<int64_t>();
}

std::optional<std::vector<int64_t>> OnnxContext::integersAt(std::string_view name, size_t input)
{
    if (const OnnxAttribute* attribute = node_.find(name))
        return attribute->integers;
    return integersOf(input);
}

int OnnxContext::axis(int64_t number, int rank)
{
    const int64_t counted = number < 0 ? number + rank : number;
    if (counted >= 0 && counted < rank)
        return static_cast<int>(counted);
    invalid(fmt::format("axis {} of a tensor with {} dimensions", number, rank));
    return 0;
}

std::vector<int> OnnxContext::axes(const std::vector<int64_t>& numbers, int rank)
{
    std::vector<int> known;
    for (const int64_t number : numbers)
        known.push_back(axis(number, rank));
    std::ranges::sort(known);
    if (std::ranges::adjacent_find(known) != known.end())
        invalid(fmt::format("axes {} name one twice", fmt::join(numbers, ", ")));
    return known;
}

const TensorType& OnnxContext::type(ValueId id) const
{
    static const TensorType kScalar{DType::kF32, {}};
    return id.isValid() ? graph_.type(id) : kScalar;
}

std::vector<ValueId> OnnxContext::add(OpKind kind, std::vector<ValueId> operands,
                                      Attributes attributes,
                                      const std::optional<TensorType>& declared)
{
    std::vector<TensorType> types;
    for (const ValueId operand : operands) {
        if (!operand.isValid() && !failed())
            invalid("an operand is missing");
        types.push_back(type(operand));
    }
    if (failed())
        return {};
    const Result<std::vector<TensorType>> inferred = inferTypes(kind, attributes, types, declared);
    if (!inferred.ok()) {
        invalid(inferred.error().message);
        return {};
    }
    // Beyond this a size is damage, and products of sizes would not be exact.
    for (const TensorType& result : *inferred) {
        if (result.elementCount() > kLargestDim) {
            invalid(fmt::format("its result would be {}", formatType(result)));
            return {};
        }
    }
    Op op;
    op.kind = kind;
    op.scope = scope_;
    op.sourceLine = line_;
    op.operands = std::move(operands);
    op.attributes = std::move(attributes);
    return graph_.op(graph_.addOp(std::move(op), *inferred)).results;
}

ValueId OnnxContext::emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                          const std::optional<TensorType>& declared)
{
    const std::vector<ValueId> made =
        add(kind, std::move(operands), std::move(attributes), declared);
    return made.empty() ? ValueId() : made.front();
}

std::vector<ValueId> OnnxContext::emitAll(OpKind kind, std::vector<ValueId> operands,
                                          Attributes attributes)
{
    std::vector<ValueId> made = add(kind, operands, std::move(attributes), std::nullopt);
    if (made.empty())
        made.resize(operands.size());
    return made;
}

ValueId OnnxContext::constant(std::vector<double> values, TensorType constantType)
{
    // One number stands for all.
    const bool isSplat = values.size() > 1 && std::ranges::all_of(values, [&](double value) {
                             return value == values[0];
                         });
    if (isSplat)
        values.erase(values.begin() + 1, values.end());
    if (values.empty())
        values.push_back(0);
    // Masks and positions are often written out for every sample: one is kept, and the batch can be
    // another.
    const int64_t samples = constantType.rank() > 1 ? constantType.dims[0] : 1;
    if (values.size() > 1 && samples > 1) {
        const size_t row = values.size() / static_cast<size_t>(samples);
        bool isRepeated = row * static_cast<size_t>(samples) == values.size();
        for (size_t i = row; i < values.size() && isRepeated; ++i)
            isRepeated = values[i] == values[i - row];
        if (isRepeated) {
            values.resize(row);
            const TensorType one{constantType.dtype,
                                 {constantType.dims.begin() + 1, constantType.dims.end()}};
            return spread(constant(std::move(values), one), {0}, constantType.dims);
        }
    }
    return emit(OpKind::kConstant, {}, ConstantAttributes{std::move(values)}, constantType);
}

ValueId OnnxContext::binary(OpKind kind, ValueId left, ValueId right)
{
    const auto sizes = broadcastSizes(dims(left), dims(right));
    if (!sizes) {
        invalid(fmt::format("shapes {} and {} cannot be broadcast", formatType(type(left)),
                            formatType(type(right))));
        return {};
    }
    const ValueId wideLeft = broadcastTo(left, *sizes);
    return emit(kind, {wideLeft, broadcastTo(right, *sizes)});
}

ValueId OnnxContext::compare(CompareDirection direction, ValueId left, ValueId right)
{
    const auto sizes = broadcastSizes(dims(left), dims(right));
    if (!sizes) {
        invalid("shapes cannot be broadcast");
        return {};
    }
    const ValueId wideLeft = broadcastTo(left, *sizes);
    return emit(OpKind::kCompare, {wideLeft, broadcastTo(right, *sizes)},
                CompareAttributes{direction});
}

ValueId OnnxContext::select(ValueId predicate, ValueId onTrue, ValueId onFalse)
{
    auto sizes = broadcastSizes(dims(onTrue), dims(onFalse));
    if (sizes)
        sizes = broadcastSizes(*sizes, dims(predicate));
    if (!sizes) {
        invalid("shapes cannot be broadcast");
        return {};
    }
    const ValueId widePredicate = broadcastTo(predicate, *sizes);
    const ValueId wideTrue = broadcastTo(onTrue, *sizes);
    return emit(OpKind::kSelect, {widePredicate, wideTrue, broadcastTo(onFalse, *sizes)});
}

ValueId OnnxContext::convert(ValueId operand, DType dtype)
{
    if (!operand.isValid() || type(operand).dtype == dtype)
        return operand;
    // A number is true if it is not zero.
    if (dtype == DType::kPred)
        return compare(CompareDirection::kNe, operand, splat(0, type(operand)));
    return emit(OpKind::kConvert, {operand}, {}, TensorType{dtype, dims(operand)});
}

ValueId OnnxContext::broadcastTo(ValueId operand, const std::vector<int64_t>& sizes)
{
    if (!operand.isValid() || dims(operand) == sizes)
        return operand;
    const std::vector<int64_t> own = dims(operand);
    if (own.size() > sizes.size()) {
        invalid(
            fmt::format("{} cannot be broadcast to fewer dimensions", formatType(type(operand))));
        return {};
    }
    // Sizes of one are dropped first, so that what is left maps one to one.
    std::vector<int64_t> kept;
    std::vector<int> targets;
    const size_t offset = sizes.size() - own.size();
    for (size_t i = 0; i < own.size(); ++i) {
        if (own[i] == 1 && sizes[offset + i] != 1)
            continue;
        kept.push_back(own[i]);
        targets.push_back(static_cast<int>(offset + i));
    }
    return broadcastIn(reshape(operand, kept), targets, sizes);
}

ValueId OnnxContext::broadcastIn(ValueId operand, std::vector<int> resultDims,
                                 std::vector<int64_t> sizes)
{
    const TensorType wide{type(operand).dtype, std::move(sizes)};
    return emit(OpKind::kBroadcast, {operand}, DimsAttributes{std::move(resultDims)}, wide);
}

ValueId OnnxContext::reshape(ValueId operand, std::vector<int64_t> sizes)
{
    if (!operand.isValid() || dims(operand) == sizes)
        return operand;
    return emit(OpKind::kReshape, {operand}, {}, TensorType{type(operand).dtype, std::move(sizes)});
}

ValueId OnnxContext::transpose(ValueId operand, std::vector<int> permutation)
{
    if (std::ranges::is_sorted(permutation))
        return operand;
    return emit(OpKind::kTranspose, {operand}, DimsAttributes{std::move(permutation)});
}

ValueId OnnxContext::slice(ValueId operand, std::vector<int64_t> starts,
                           std::vector<int64_t> limits, std::vector<int64_t> strides)
{
    if (strides.empty())
        strides.assign(starts.size(), 1);
    return emit(OpKind::kSlice, {operand},
                SliceAttributes{std::move(starts), std::move(limits), std::move(strides)});
}

ValueId OnnxContext::reduce(ReduceKind kind, ValueId operand, const std::vector<int>& reduced,
                            bool keeps)
{
    if (reduced.empty())
        return operand;
    std::vector<int64_t> sizes = dims(operand);
    const ValueId result = emit(OpKind::kReduce, {operand}, ReduceAttributes{kind, reduced});
    if (!keeps || failed())
        return result;
    for (const int dim : reduced)
        sizes[static_cast<size_t>(dim)] = 1;
    return reshape(result, sizes);
}

ValueId OnnxContext::mean(ValueId operand, const std::vector<int>& reduced, bool keeps)
{
    double count = 1;
    for (const int dim : reduced) {
        if (static_cast<size_t>(dim) < dims(operand).size())
            count *= static_cast<double>(dims(operand)[static_cast<size_t>(dim)]);
    }
    const ValueId sum = reduce(ReduceKind::kAdd, operand, reduced, keeps);
    return binary(OpKind::kDivide, sum, std::max(count, 1.0));
}

ValueId OnnxContext::spread(ValueId operand, const std::vector<int>& reduced,
                            std::vector<int64_t> sizes)
{
    std::vector<int> targets;
    for (int dim = 0; dim < static_cast<int>(sizes.size()); ++dim) {
        if (std::ranges::find(reduced, dim) == reduced.end())
            targets.push_back(dim);
    }
    return broadcastIn(operand, std::move(targets), std::move(sizes));
}

ValueId OnnxContext::along(ValueId vector, int dim, const std::vector<int64_t>& sizes)
{
    return broadcastIn(vector, {dim}, sizes);
}

ValueId OnnxContext::iota(int dim, TensorType iotaType)
{
    return emit(OpKind::kIota, {}, IotaAttributes{dim}, std::move(iotaType));
}

} // namespace alpa
