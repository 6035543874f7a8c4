#include "runtime/cuda/emitter.h"

#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

bool isNumber(const std::string& text)
{
    return !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos;
}

} // namespace

std::string indexKey(const Indices& at)
{
    std::string key;
    for (const Index& index : at)
        key += fmt::format("{}:{},", index.base, index.lane);
    return key;
}

Emitter::Emitter(const StageGraph& graph, int node, int lanes)
    : graph_(graph)
    , node_(node)
    , lanes_(lanes)
{
}

std::string Emitter::name(const std::string& expression)
{
    if (expression.find_first_of(" (") == std::string::npos)
        return expression;
    const auto known = names_.find(expression);
    if (known != names_.end())
        return known->second;
    const std::string variable = fmt::format("i{}", variables_++);
    line(fmt::format("const I {} = {};", variable, expression));
    names_[expression] = variable;
    return variable;
}

Index Emitter::plus(const Index& index, int64_t value)
{
    if (value == 0)
        return index;
    Index sum = index;
    sum.base = isNumber(index.base) ? std::to_string(std::stoll(index.base) + value)
                                    : name(fmt::format("{} + ({})", index.base, value));
    sum.isAligned = index.isAligned && value % lanes_ == 0;
    return sum;
}

Index Emitter::plus(const Index& index, const std::string& value)
{
    if (isNumber(value))
        return plus(index, std::stoll(value));
    Index sum = index;
    sum.base = index.base == "0" ? value : name(fmt::format("{} + {}", index.base, value));
    sum.isAligned = false;
    return sum;
}

void Emitter::know(const Indices& at, const std::vector<int64_t>& dims, const std::string& base)
{
    const std::string lines = lines_;
    const std::string named = linear(at, dims).base;
    lines_ = lines;
    for (auto& [expression, variable] : names_) {
        if (variable == named)
            variable = base;
    }
}

Index Emitter::linear(const Indices& at, const std::vector<int64_t>& dims)
{
    const std::vector<int64_t> strides = rowMajorStrides(dims);
    Index sum;
    int64_t constant = 0;
    std::string text;
    for (size_t d = 0; d < at.size(); ++d) {
        sum.lane += at[d].lane * strides[d];
        const bool isMultiple = strides[d] % lanes_ == 0 || (at[d].lane != 0 && at[d].isAligned);
        if (isNumber(at[d].base)) {
            constant += std::stoll(at[d].base) * strides[d];
            continue;
        }
        sum.isAligned = sum.isAligned && isMultiple;
        text += (text.empty() ? "" : " + ") +
                (strides[d] == 1 ? at[d].base : fmt::format("{} * {}", at[d].base, strides[d]));
    }
    sum.isAligned = sum.isAligned && constant % lanes_ == 0;
    if (constant != 0 || text.empty())
        text += (text.empty() ? "" : " + ") + std::to_string(constant);
    sum.base = name(text);
    return sum;
}

Indices Emitter::split(const Index& index, const std::vector<int64_t>& dims)
{
    Indices at(dims.size());
    Index rest = index;
    size_t left = 0; // Dimensions of more than one element not yet done.
    for (const int64_t dim : dims)
        left += dim != 1 ? 1 : 0;
    for (size_t d = dims.size(); d-- > 0;) {
        if (dims[d] == 1)
            continue;
        if (--left == 0) {
            at[d] = rest;
            break;
        }
        if (rest.lane != 0 && !(rest.lane == 1 && rest.isAligned && dims[d] % lanes_ == 0)) {
            needsOneLane_ = true;
            rest.lane = 0;
        }
        if (isNumber(rest.base)) {
            const int64_t value = std::stoll(rest.base);
            at[d] = {std::to_string(value % dims[d]), rest.lane, rest.isAligned};
            rest = {std::to_string(value / dims[d]), 0, true};
            continue;
        }
        at[d] = {name(fmt::format("MOD({}, {})", rest.base, dims[d])), rest.lane, rest.isAligned};
        rest = {name(fmt::format("DIV({}, {})", rest.base, dims[d])), 0, true};
    }
    return at;
}

Indices Emitter::reshaped(const Indices& at, const std::vector<int64_t>& from,
                          const std::vector<int64_t>& to)
{
    Indices result(to.size());
    size_t i = 0;
    size_t o = 0;
    while (i < from.size() || o < to.size()) {
        const size_t firstIn = i;
        const size_t firstOut = o;
        int64_t in = i < from.size() ? from[i++] : 1;
        int64_t out = o < to.size() ? to[o++] : 1;
        while (in != out) {
            if (in < out)
                in *= from[i++];
            else
                out *= to[o++];
        }
        const auto begin = static_cast<std::ptrdiff_t>(firstIn);
        const auto end = static_cast<std::ptrdiff_t>(i);
        const std::vector<int64_t> inDims(from.begin() + begin, from.begin() + end);
        const Indices part(at.begin() + begin, at.begin() + end);
        const std::vector<int64_t> outDims(to.begin() + static_cast<std::ptrdiff_t>(firstOut),
                                           to.begin() + static_cast<std::ptrdiff_t>(o));
        const auto wide = [](const std::vector<int64_t>& dims) {
            return std::ranges::count_if(dims, [](int64_t dim) { return dim != 1; });
        };
        // One dimension for one needs no arithmetic.
        if (wide(inDims) == 1 && wide(outDims) == 1) {
            const auto source = std::ranges::find_if(inDims, [](int64_t d) { return d != 1; });
            const auto target = std::ranges::find_if(outDims, [](int64_t d) { return d != 1; });
            result[firstOut + static_cast<size_t>(target - outDims.begin())] =
                part[static_cast<size_t>(source - inDims.begin())];
            continue;
        }
        const Indices pieces = split(linear(part, inDims), outDims);
        std::ranges::copy(pieces, result.begin() + static_cast<std::ptrdiff_t>(firstOut));
    }
    return result;
}

std::string Emitter::parameter(BufferId id)
{
    const auto known = std::ranges::find(parameters_, id);
    if (known != parameters_.end())
        return fmt::format("p{}", known - parameters_.begin());
    parameters_.push_back(id);
    return fmt::format("p{}", parameters_.size() - 1);
}

Operand Emitter::define(DType dtype, bool isVector, const std::string& expression)
{
    const std::string variable = fmt::format("t{}", variables_++);
    const std::string type = computeType(dtype);
    if (!isVector) {
        line(fmt::format("const {} {} = {};", type, variable, expression));
        return {variable, false};
    }
    line(fmt::format("{} {}[{}];", type, variable, lanes_));
    line("#pragma unroll");
    line(fmt::format("for (int l = 0; l < {}; ++l) {}[l] = {};", lanes_, variable, expression));
    return {variable, true};
}

void Emitter::define(BufferId id, const Indices& at, const Operand& operand)
{
    known_[fmt::format("{}@{}", id.number, indexKey(at))] = operand;
}

Operand Emitter::value(BufferId requested, const Indices& where)
{
    // A dimension of one element has one index.
    Indices at = where;
    const TensorType& type = graph_.type(requested);
    for (size_t d = 0; d < at.size(); ++d) {
        if (type.dims[d] == 1)
            at[d] = Index{};
    }
    const auto key = [&](BufferId id) { return fmt::format("{}@{}", id.number, indexKey(at)); };
    if (const auto known = known_.find(key(requested)); known != known_.end())
        return known->second;
    const BufferId id = graph_.location(requested, node_);
    Operand result;
    if (const auto known = known_.find(key(id)); known != known_.end())
        return known->second;
    const int producer = graph_.producer(id);
    if (graph_.isStored(id) || producer < 0)
        result = load(id, at);
    else
        result = compute(id, *graph_.nodes()[static_cast<size_t>(producer)].instruction, at);
    known_[key(id)] = result;
    return result;
}

Operand Emitter::result(int node, const Indices& at)
{
    const Instruction& instruction = *graph_.nodes()[static_cast<size_t>(node)].instruction;
    return compute(instruction.outputs[0], instruction, at);
}

Operand Emitter::load(BufferId id, const Indices& at)
{
    const TensorType& type = graph_.type(id);
    const std::string pointer = parameter(id);
    const Index offset = linear(at, type.dims);
    const std::string first = fmt::format("{}[{}]", pointer, offset.base);
    if (offset.lane == 0)
        return define(type.dtype, false, fmt::format("decode({})", first));
    if (offset.lane == 1 && offset.isAligned) {
        const std::string variable = fmt::format("t{}", variables_++);
        line(fmt::format("{} {}[{}];", computeType(type.dtype), variable, lanes_));
        line(fmt::format("loadPack<{}>({} + {}, {});", lanes_, pointer, offset.base, variable));
        return {variable, true};
    }
    return define(type.dtype, true,
                  fmt::format("decode({}[{} + l * ({})])", pointer, offset.base, offset.lane));
}

Operand Emitter::elementwise(BufferId id, const Instruction& instruction, const Indices& at)
{
    std::vector<Operand> operands;
    std::vector<DType> types;
    bool isVector = false;
    for (const BufferId input : instruction.inputs) {
        const TensorType& type = graph_.type(input);
        // Predicates and bounds may be scalars.
        const bool isScalar = type.dims.size() != at.size();
        operands.push_back(value(input, isScalar ? Indices(type.dims.size()) : at));
        types.push_back(type.dtype);
        isVector = isVector || operands.back().isVector;
    }
    std::vector<std::string> texts;
    for (const Operand& operand : operands)
        texts.push_back(operand.at("l"));
    const DType out = graph_.type(id).dtype;
    return define(out, isVector,
                  elementText(instruction.opKind, instruction.attributes, types, out, texts));
}

Operand Emitter::compute(BufferId id, const Instruction& instruction, const Indices& at)
{
    if (isElementwise(instruction.opKind))
        return elementwise(id, instruction, at);
    const TensorType& out = graph_.type(id);
    const BufferId first = instruction.inputs.empty() ? id : instruction.inputs[0];
    const TensorType& in = graph_.type(first);
    Indices from(in.dims.size());
// The remaining inlined kinds; others are always stored.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (instruction.opKind) {
    case OpKind::kConstant: {
        const auto& values = std::get<ConstantAttributes>(instruction.attributes).values;
        return {literal(out.dtype, values.empty() ? 0.0 : values[0]), false};
    }
    case OpKind::kIota:
        return iota(id, instruction, at);
    case OpKind::kBroadcast: {
        const auto& dims = std::get<DimsAttributes>(instruction.attributes).dims;
        for (size_t d = 0; d < dims.size(); ++d)
            from[d] = at[static_cast<size_t>(dims[d])];
        return value(first, from);
    }
    case OpKind::kTranspose: {
        const auto& dims = std::get<DimsAttributes>(instruction.attributes).dims;
        for (size_t d = 0; d < dims.size(); ++d)
            from[static_cast<size_t>(dims[d])] = at[d];
        return value(first, from);
    }
    case OpKind::kReshape:
        return value(first, reshaped(at, out.dims, in.dims));
    case OpKind::kReverse:
        from = at;
        for (const int dim : std::get<DimsAttributes>(instruction.attributes).dims) {
            Index& index = from[static_cast<size_t>(dim)];
            const int64_t last = in.dims[static_cast<size_t>(dim)] - 1;
            index = {isNumber(index.base) ? std::to_string(last - std::stoll(index.base))
                                          : name(fmt::format("{} - {}", last, index.base)),
                     -index.lane, false};
        }
        return value(first, from);
    case OpKind::kSlice: {
        const auto& slice = std::get<SliceAttributes>(instruction.attributes);
        for (size_t d = 0; d < from.size(); ++d) {
            Index index = at[d];
            if (slice.strides[d] != 1) {
                index.base = isNumber(index.base)
                                 ? std::to_string(std::stoll(index.base) * slice.strides[d])
                                 : name(fmt::format("{} * {}", index.base, slice.strides[d]));
                index.lane *= slice.strides[d];
            }
            from[d] = plus(index, slice.starts[d]);
        }
        for (const ResolvedOffset& offset : graph_.offsets(instruction))
            from[static_cast<size_t>(offset.dim)] =
                plus(from[static_cast<size_t>(offset.dim)], offset.value);
        return value(first, from);
    }
    case OpKind::kPad:
        return pad(id, instruction, at);
    case OpKind::kConcatenate:
        return concatenate(id, instruction, at);
    case OpKind::kDynamicSlice:
        return dynamicSlice(instruction, at);
    case OpKind::kDynamicUpdateSlice:
        return dynamicUpdate(id, instruction, at);
    case OpKind::kGather:
        return gather(id, instruction, at);
    default:
        return oneHot(id, instruction, at);
    }
#pragma GCC diagnostic pop
}

} // namespace alpa::cuda
