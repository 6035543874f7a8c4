#include "runtime/cuda/emitter.h"
#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

/// Where the index vectors of a gather or scatter lie.
struct IndexedPlaces {
    const std::vector<int>& indexMap;
    const std::vector<int>& tensorBatching;
    const std::vector<int>& indicesBatching;
    int indexVectorDim;
};

/// The index of component `component` of an index vector; `batch` runs over the indices' other
/// dimensions.
Indices componentAt(const TensorType& indices, const IndexedPlaces& places, const Indices& batch,
                    size_t component)
{
    Indices at;
    size_t next = 0;
    for (int d = 0; d < indices.rank(); ++d)
        at.push_back(d == places.indexVectorDim ? Index{std::to_string(component), 0, true}
                                                : batch[next++]);
    return at;
}

/// Position of an indices' dimension among the batch dimensions.
size_t batchPosition(const IndexedPlaces& places, int dim)
{
    return static_cast<size_t>(dim > places.indexVectorDim ? dim - 1 : dim);
}

} // namespace

Operand Emitter::select(const std::string& condition, const Operand& yes, const Operand& no,
                        DType dtype)
{
    return define(dtype, yes.isVector || no.isVector,
                  fmt::format("({}) ? {} : {}", condition, yes.at("l"), no.at("l")));
}

Operand Emitter::iota(BufferId id, const Instruction& instruction, const Indices& at)
{
    const auto dim = static_cast<size_t>(std::get<IotaAttributes>(instruction.attributes).dim);
    Index index = at[dim];
    for (const ResolvedOffset& offset : graph_.offsets(instruction))
        index = plus(index, offset.value);
    const std::string type = computeType(graph_.type(id).dtype);
    if (index.lane == 0)
        return define(graph_.type(id).dtype, false,
                      fmt::format("static_cast<{}>({})", type, index.base));
    return define(graph_.type(id).dtype, true,
                  fmt::format("static_cast<{}>({} + l * ({}))", type, index.base, index.lane));
}

Operand Emitter::pad(BufferId id, const Instruction& instruction, const Indices& at)
{
    const auto& pad = std::get<PadAttributes>(instruction.attributes);
    const BufferId tensor = instruction.inputs[0];
    const TensorType& in = graph_.type(tensor);
    const Operand padding = value(instruction.inputs[1], {});
    if (in.elementCount() == 0)
        return padding;
    Indices from(at.size());
    std::string condition;
    for (size_t d = 0; d < at.size(); ++d) {
        const int64_t step = pad.interior[d] + 1;
        if (pad.low[d] == 0 && pad.high[d] == 0 && step == 1) {
            from[d] = at[d];
            continue;
        }
        if (at[d].lane != 0)
            needsOneLane_ = true;
        const std::string place = name(fmt::format("{} - ({})", at[d].base, pad.low[d]));
        const int64_t last = in.dims[d] - 1;
        std::string holds = fmt::format("{} >= 0 && {} <= {}", place, place, last * step);
        if (step > 1)
            holds += fmt::format(" && {} % {} == 0", place, step);
        condition += (condition.empty() ? "" : " && ") + holds;
        from[d] = {name(fmt::format("opBound<I>({} / {}, 0, {})", place, step, last)), 0, true};
    }
    const Operand inside = value(tensor, from);
    if (condition.empty())
        return inside;
    return select(condition, inside, padding, graph_.type(id).dtype);
}

Operand Emitter::concatenate(BufferId id, const Instruction& instruction, const Indices& at)
{
    const auto dim =
        static_cast<size_t>(std::get<ConcatenateAttributes>(instruction.attributes).dim);
    if (instruction.inputs.size() > 1 && at[dim].lane != 0)
        needsOneLane_ = true;
    Operand result;
    int64_t first = 0;
    for (const BufferId input : instruction.inputs) {
        const int64_t size = graph_.type(input).dims[dim];
        if (size == 0)
            continue;
        Indices from = at;
        if (instruction.inputs.size() > 1)
            from[dim] = {
                name(fmt::format("opBound<I>({} - {}, 0, {})", at[dim].base, first, size - 1)), 0,
                true};
        const Operand part = value(input, from);
        result = first == 0 ? part
                            : select(fmt::format("{} >= {}", at[dim].base, first), part, result,
                                     graph_.type(id).dtype);
        first += size;
    }
    return result;
}

std::string Emitter::boundIndex(BufferId id, const Indices& at, int64_t last)
{
    const Operand start = value(id, at);
    if (start.isVector)
        needsOneLane_ = true;
    return name(fmt::format("static_cast<I>(opBound<s64>(static_cast<s64>({}), 0, {}))",
                            start.at("0"), last));
}

Operand Emitter::dynamicSlice(const Instruction& instruction, const Indices& at)
{
    const std::vector<int64_t>& dims = graph_.type(instruction.inputs[0]).dims;
    const auto& sizes = std::get<DynamicSliceAttributes>(instruction.attributes).sizes;
    Indices from = at;
    for (size_t d = 0; d < at.size(); ++d)
        from[d] = plus(at[d], boundIndex(instruction.inputs[d + 1], {}, dims[d] - sizes[d]));
    return value(instruction.inputs[0], from);
}

Operand Emitter::dynamicUpdate(BufferId id, const Instruction& instruction, const Indices& at)
{
    const TensorType& update = graph_.type(instruction.inputs[1]);
    const std::vector<int64_t>& dims = graph_.type(id).dims;
    Indices from(at.size());
    std::string condition;
    for (size_t d = 0; d < at.size(); ++d) {
        if (update.dims[d] == dims[d]) {
            from[d] = at[d];
            continue;
        }
        if (at[d].lane != 0)
            needsOneLane_ = true;
        const std::string start =
            boundIndex(instruction.inputs[d + 2], {}, dims[d] - update.dims[d]);
        const std::string place = name(fmt::format("{} - {}", at[d].base, start));
        condition += fmt::format("{}{} >= 0 && {} < {}", condition.empty() ? "" : " && ", place,
                                 place, update.dims[d]);
        from[d] = {name(fmt::format("opBound<I>({}, 0, {})", place, update.dims[d] - 1)), 0, true};
    }
    const Operand updated = value(instruction.inputs[1], from);
    if (condition.empty())
        return updated;
    return select(condition, updated, value(instruction.inputs[0], at), graph_.type(id).dtype);
}

Operand Emitter::gather(BufferId id, const Instruction& instruction, const Indices& at)
{
    const auto& gather = std::get<GatherAttributes>(instruction.attributes);
    const TensorType& tensor = graph_.type(instruction.inputs[0]);
    const BufferId indices = instruction.inputs[1];
    const IndexedPlaces places{gather.startIndexMap, gather.operandBatchingDims,
                               gather.indicesBatchingDims, gather.indexVectorDim};
    Indices batch;
    Indices window;
    for (size_t d = 0; d < at.size(); ++d)
        (contains(gather.offsetDims, static_cast<int>(d)) ? window : batch).push_back(at[d]);
    Indices from(tensor.dims.size());
    size_t next = 0;
    for (int d = 0; d < tensor.rank(); ++d) {
        if (!contains(gather.collapsedSliceDims, d) && !contains(places.tensorBatching, d))
            from[static_cast<size_t>(d)] = window[next++];
    }
    for (size_t i = 0; i < places.tensorBatching.size(); ++i)
        from[static_cast<size_t>(places.tensorBatching[i])] =
            batch[batchPosition(places, places.indicesBatching[i])];
    const std::vector<ResolvedOffset> offsets = graph_.offsets(instruction);
    std::string condition;
    for (size_t i = 0; i < places.indexMap.size(); ++i) {
        const auto d = static_cast<size_t>(places.indexMap[i]);
        const int64_t last = tensor.dims[d] - gather.sliceSizes[d];
        const Indices component = componentAt(graph_.type(indices), places, batch, i);
        const ResolvedOffset* offset = nullptr;
        for (const ResolvedOffset& candidate : offsets)
            offset = static_cast<size_t>(candidate.dim) == d ? &candidate : offset;
        if (offset == nullptr) {
            from[d] = plus(from[d], boundIndex(indices, component, last));
            continue;
        }
        // Rows of other devices are skipped and read as zero.
        const std::string whole =
            boundIndex(indices, component, offset->wholeSize - gather.sliceSizes[d]);
        const std::string local = name(fmt::format("{} - {}", whole, offset->value));
        condition += fmt::format("{}{} >= 0 && {} <= {}", condition.empty() ? "" : " && ", local,
                                 local, last);
        from[d] = plus(from[d], name(fmt::format("opBound<I>({}, 0, {})", local, last)));
    }
    const Operand found = value(instruction.inputs[0], from);
    if (condition.empty())
        return found;
    const DType dtype = graph_.type(id).dtype;
    return select(condition, found, {literal(dtype, 0), false}, dtype);
}

Operand Emitter::oneHot(BufferId id, const Instruction& instruction, const Indices& at)
{
    const auto& scatter = std::get<ScatterAttributes>(instruction.attributes);
    const BufferId indices = instruction.inputs[1];
    const BufferId updates = instruction.inputs[2];
    const TensorType& out = graph_.type(id);
    const IndexedPlaces places{scatter.scatterDimsToOperandDims, scatter.inputBatchingDims,
                               scatter.indicesBatchingDims, scatter.indexVectorDim};
    const auto along = static_cast<size_t>(places.indexMap[0]);
    const int indicesRank = graph_.type(indices).rank();
    Indices batch(
        static_cast<size_t>(places.indexVectorDim < indicesRank ? indicesRank - 1 : indicesRank));
    for (size_t i = 0; i < places.tensorBatching.size(); ++i)
        batch[batchPosition(places, places.indicesBatching[i])] =
            at[static_cast<size_t>(places.tensorBatching[i])];
    int64_t shift = 0;
    for (const ResolvedOffset& offset : graph_.offsets(instruction))
        shift += static_cast<size_t>(offset.dim) == along ? offset.value : 0;
    const Operand place = value(indices, componentAt(graph_.type(indices), places, batch, 0));
    const Operand update = value(updates, batch);
    if (place.isVector || update.isVector)
        needsOneLane_ = true;
    const Operand before = value(instruction.inputs[0], at);
    const std::string combined = scatter.isReplace
                                     ? update.at("0")
                                     : combineText(scatter.kind, before.at("l"), update.at("0"));
    const Index& index = at[along];
    return define(out.dtype, before.isVector || index.lane != 0,
                  fmt::format("static_cast<s64>({}{}) == static_cast<s64>({}) - {} ? {} : {}",
                              index.base,
                              index.lane == 0 ? "" : fmt::format(" + l * ({})", index.lane),
                              place.at("0"), shift, combined, before.at("l")));
}

} // namespace alpa::cuda
