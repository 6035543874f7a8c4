// Lists of tensors, as PyTorch's exporter writes chunk, split and unbind: taken apart while
// importing, since their lengths and places follow from shapes.
#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;
using Parts = std::vector<OnnxOperand>;

/// Of one list.
constexpr int64_t kMostParts = 4096;

/// The parts of input `input`; null after a problem.
const Parts* partsOf(OnnxContext& c, size_t input)
{
    const bool isList = input < c.inputs.size() && c.inputs[input].parts != nullptr;
    if (!isList)
        c.invalid(fmt::format("input {} is no list of tensors", input));
    return isList && !c.failed() ? c.inputs[input].parts.get() : nullptr;
}

void giveParts(OnnxContext& c, Parts parts)
{
    if (!c.failed())
        c.results.push_back({ValueId(), nullptr, std::make_shared<const Parts>(std::move(parts))});
}

/// How long each part is: pieces of one size and a shorter last one, or as listed.
std::optional<Sizes> partSizes(OnnxContext& c, int64_t size)
{
    if (!c.has(1))
        return size <= kMostParts ? std::optional(Sizes(static_cast<size_t>(size), 1))
                                  : std::nullopt;
    const std::optional<Sizes> given = c.integersOf(1);
    const bool isList = given && c.inputs[1].known->type.rank() == 1;
    if (!given || isList || given->size() != 1)
        return isList && static_cast<int64_t>(given->size()) <= kMostParts ? given : std::nullopt;
    const int64_t piece = given->front();
    if (piece < 1 || (size - 1) / piece >= kMostParts)
        return std::nullopt;
    Sizes sizes;
    for (int64_t begin = 0; begin < size; begin += piece)
        sizes.push_back(std::min(piece, size - begin));
    return sizes;
}

void convertSplitToSequence(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    if (c.failed())
        return;
    const auto dim = static_cast<size_t>(axis);
    const std::optional<Sizes> sizes = partSizes(c, c.dims(x)[dim]);
    if (!sizes)
        return c.unsupported("a split into parts of those sizes");
    const bool keeps = c.has(1) || c.integer("keepdims", 1) != 0;
    Parts parts;
    int64_t begin = 0;
    for (const int64_t size : *sizes) {
        Sizes starts(c.dims(x).size(), 0);
        Sizes limits = c.dims(x);
        starts[dim] = begin;
        if (size < 0 || size > c.dims(x)[dim] - begin)
            return c.invalid("the parts do not fit the tensor");
        begin += size;
        limits[dim] = begin;
        ValueId part = c.slice(x, starts, limits);
        if (!keeps && !c.failed()) {
            Sizes squeezed = c.dims(part);
            squeezed.erase(squeezed.begin() + axis);
            part = c.reshape(part, squeezed);
        }
        parts.push_back({part, nullptr, nullptr});
    }
    giveParts(c, std::move(parts));
}

void convertSequenceConstruct(OnnxContext& c)
{
    for (size_t at = 0; at < c.inputs.size(); ++at) {
        if (!c.has(at))
            return c.invalid(fmt::format("input {} is no tensor", at));
    }
    giveParts(c, c.inputs);
}

void convertSequenceAt(OnnxContext& c)
{
    const Parts* parts = partsOf(c, 0);
    const std::optional<double> place = c.scalarOf(1);
    if (parts == nullptr || c.failed())
        return;
    if (!place)
        return c.unsupported("a place that is computed from data");
    const auto count = static_cast<double>(parts->size());
    const double at = *place < 0 ? *place + count : *place;
    if (!(at >= 0 && at < count))
        return c.invalid(fmt::format("place {} of a list of {}", *place, parts->size()));
    c.results.push_back((*parts)[static_cast<size_t>(at)]);
}

void convertSequenceLength(OnnxContext& c)
{
    if (const Parts* parts = partsOf(c, 0))
        c.give(OnnxConstant{{DType::kS64, {}}, {static_cast<double>(parts->size())}});
}

void convertConcatFromSequence(OnnxContext& c)
{
    const Parts* parts = partsOf(c, 0);
    if (parts == nullptr)
        return;
    std::vector<ValueId> values;
    for (const OnnxOperand& part : *parts)
        values.push_back(part.known != nullptr ? c.constant(part.known->values, part.known->type)
                                               : part.value);
    if (values.empty())
        return c.unsupported("a list of nothing");
    const bool isStacked = c.integer("new_axis", 0) != 0;
    const int axis = c.axis(c.integer("axis", 0), c.rank(values[0]) + (isStacked ? 1 : 0));
    for (ValueId& value : values) {
        if (!isStacked || c.failed())
            continue;
        Sizes sizes = c.dims(value);
        sizes.insert(sizes.begin() + std::min<int64_t>(axis, c.rank(value)), 1);
        value = c.reshape(value, sizes);
    }
    c.give(c.emit(OpKind::kConcatenate, values, ConcatenateAttributes{axis}));
}

constexpr std::array kSequences = {
    OnnxOperator{"ConcatFromSequence", convertConcatFromSequence},
    OnnxOperator{"SequenceAt", convertSequenceAt},
    OnnxOperator{"SequenceConstruct", convertSequenceConstruct},
    OnnxOperator{"SequenceLength", convertSequenceLength},
    OnnxOperator{"SplitToSequence", convertSplitToSequence},
};

} // namespace

std::span<const OnnxOperator> onnxSequences() { return kSequences; }

} // namespace alpa
