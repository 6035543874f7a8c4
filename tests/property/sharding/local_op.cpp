#include "tests/property/sharding/local_op.h"

#include "runtime/reference/evaluate_op.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

int64_t flatIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index)
{
    int64_t flat = 0;
    for (size_t dim = 0; dim < dims.size(); ++dim)
        flat = flat * dims[dim] + index[dim];
    return flat;
}

void advance(std::vector<int64_t>& index, const std::vector<int64_t>& dims)
{
    for (size_t dim = dims.size(); dim-- > 0;) {
        if (++index[dim] < dims[dim])
            return;
        index[dim] = 0;
    }
}

/// An op in a graph of its own, with local types.
struct LocalOp {
    Graph graph;
    Op op;
};

/// Where the operand dimensions that an index looks up start on this device.
using Offsets = std::vector<int64_t>;

void localizeSizes(std::vector<int64_t>& sizes, const std::vector<int64_t>& whole,
                   const std::vector<int64_t>& local)
{
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        if (local[dim] != whole[dim])
            sizes[dim] = local[dim];
    }
}

LocalOp localize(const Graph& graph, const Op& op, const std::vector<Tile>& operands,
                 const std::vector<Tile>& results)
{
    LocalOp local;
    local.op = op;
    local.op.operands.clear();
    for (size_t place = 0; place < operands.size(); ++place) {
        const DType dtype = graph.type(op.operands[place]).dtype;
        local.op.operands.push_back(
            local.graph.addInput("operand", {dtype, operands[place].sizes}, InputRole::kBatch));
    }
    const std::vector<int64_t> firstDims =
        op.operands.empty() ? std::vector<int64_t>{} : graph.type(op.operands[0]).dims;
    if (auto* slice = std::get_if<SliceAttributes>(&local.op.attributes))
        localizeSizes(slice->limits, firstDims, operands[0].sizes);
    if (auto* slice = std::get_if<DynamicSliceAttributes>(&local.op.attributes);
        slice != nullptr && !slice->sizes.empty())
        localizeSizes(slice->sizes, firstDims, operands[0].sizes);
    if (auto* gather = std::get_if<GatherAttributes>(&local.op.attributes)) {
        for (size_t dim = 0; dim < firstDims.size(); ++dim) {
            if (gather->sliceSizes[dim] == firstDims[dim])
                gather->sliceSizes[dim] = operands[0].sizes[dim];
        }
    }
    std::vector<TensorType> types;
    for (size_t place = 0; place < results.size(); ++place)
        types.push_back({graph.type(op.results[place]).dtype, results[place].sizes});
    local.op.results.clear();
    const OpId id = local.graph.addOp(local.op, types);
    local.op = local.graph.op(id);
    return local;
}

/// Indices count from the first row that the device holds.
void shiftIndices(HostTensor& indices, int indexVectorDim, const std::vector<int>& map,
                  const Tile& operand)
{
    const std::vector<int64_t> dims = indices.type.dims;
    std::vector<int64_t> at(dims.size(), 0);
    for (double& value : indices.values) {
        const size_t component = static_cast<size_t>(indexVectorDim) < dims.size()
                                     ? static_cast<size_t>(at[static_cast<size_t>(indexVectorDim)])
                                     : 0;
        value -= static_cast<double>(operand.offsets[static_cast<size_t>(map[component])]);
        advance(at, dims);
    }
}

/// Rows that another device holds count as zero. Assumes one looked-up, collapsed dimension and a
/// trailing index vector.
void clearForeignRows(HostTensor& result, const HostTensor& indices, const GatherAttributes& gather,
                      int64_t rows)
{
    const std::vector<int64_t> dims = result.type.dims;
    std::vector<int64_t> at(dims.size(), 0);
    for (double& value : result.values) {
        int64_t row = 0;
        size_t batchDim = 0;
        for (size_t dim = 0; dim < dims.size(); ++dim) {
            if (std::ranges::find(gather.offsetDims, static_cast<int>(dim)) ==
                gather.offsetDims.end())
                row = row * indices.type.dims[batchDim++] + at[dim];
        }
        const double index = indices.values[static_cast<size_t>(row)];
        if (index < 0 || index >= static_cast<double>(rows))
            value = 0;
        advance(at, dims);
    }
}

std::vector<HostTensor> evaluateOnDevice(const Graph& graph, const Op& op,
                                         const std::vector<Tile>& operandTiles,
                                         const std::vector<Tile>& resultTiles,
                                         const std::vector<const HostTensor*>& operands)
{
    const LocalOp local = localize(graph, op, operandTiles, resultTiles);
    std::vector<HostTensor> tiles;
    for (size_t place = 0; place < operands.size(); ++place)
        tiles.push_back(tileOf(*operands[place], operandTiles[place]));
    const auto* gather = std::get_if<GatherAttributes>(&op.attributes);
    const auto* scatter = std::get_if<ScatterAttributes>(&op.attributes);
    if (gather != nullptr)
        shiftIndices(tiles[1], gather->indexVectorDim, gather->startIndexMap, operandTiles[0]);
    if (scatter != nullptr)
        shiftIndices(tiles[1], scatter->indexVectorDim, scatter->scatterDimsToOperandDims,
                     operandTiles[0]);
    std::vector<const HostTensor*> pointers;
    for (const HostTensor& tile : tiles)
        pointers.push_back(&tile);
    std::vector<HostTensor> results = evaluateOp(local.graph, local.op, pointers, {}).value();
    if (gather != nullptr && gather->startIndexMap.size() == 1 &&
        operandTiles[0].sizes != graph.type(op.operands[0]).dims)
        clearForeignRows(results[0], tiles[1], *gather,
                         operandTiles[0].sizes[static_cast<size_t>(gather->startIndexMap[0])]);
    if (const auto* iota = std::get_if<IotaAttributes>(&op.attributes)) {
        for (double& value : results[0].values)
            value += static_cast<double>(resultTiles[0].offsets[static_cast<size_t>(iota->dim)]);
    }
    return results;
}

double combine(ReduceKind kind, double a, double b)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return a + b;
    case ReduceKind::kMultiply:
        return a * b;
    case ReduceKind::kMaximum:
    case ReduceKind::kOr:
        return std::max(a, b);
    case ReduceKind::kMinimum:
    case ReduceKind::kAnd:
        return std::min(a, b);
    }
    return 0;
}

} // namespace

std::vector<HostTensor> randomInputs(const Graph& graph, Rng& rng)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        const TensorType& type = graph.type(input.value);
        inputs.push_back(filledTensor(type, 0));
        for (double& value : inputs.back().values)
            value = isFloating(type.dtype) ? rng.uniform() * 2 - 1
                                           : rng.below(type.dtype == DType::kPred ? 2 : 6);
    }
    return inputs;
}

std::vector<HostTensor> evaluateAll(const Graph& graph, std::vector<HostTensor> inputs)
{
    std::vector<HostTensor> values(graph.values.size());
    for (size_t place = 0; place < inputs.size(); ++place)
        values[graph.inputs[place].value.index()] = std::move(inputs[place]);
    for (const Op& op : graph.ops) {
        std::vector<const HostTensor*> operands;
        for (const ValueId operand : op.operands)
            operands.push_back(&values[operand.index()]);
        std::vector<HostTensor> results = evaluateOp(graph, op, operands, {}).value();
        for (size_t place = 0; place < results.size(); ++place)
            values[op.results[place].index()] = std::move(results[place]);
    }
    return values;
}

HostTensor tileOf(const HostTensor& whole, const Tile& tile)
{
    HostTensor part{{whole.type.dtype, tile.sizes}, {}};
    int64_t count = 1;
    for (const int64_t size : tile.sizes)
        count *= size;
    std::vector<int64_t> index(tile.sizes.size(), 0);
    for (int64_t left = count; left > 0; --left) {
        std::vector<int64_t> place = index;
        for (size_t dim = 0; dim < place.size(); ++dim)
            place[dim] += tile.offsets[dim];
        part.values.push_back(whole.values[static_cast<size_t>(flatIndex(whole.type.dims, place))]);
        advance(index, tile.sizes);
    }
    return part;
}

std::string differenceUnder(const Graph& graph, const Op& op, const OpSharding& sharding,
                            const DeviceMesh& mesh, const std::vector<const HostTensor*>& operands,
                            const std::vector<const HostTensor*>& results)
{
    std::vector<std::vector<HostTensor>> held; // [device][result]
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        std::vector<Tile> operandTiles;
        std::vector<Tile> resultTiles;
        for (size_t place = 0; place < operands.size(); ++place)
            operandTiles.push_back(
                deviceTile(mesh, sharding.operands[place], operands[place]->type.dims, index));
        for (size_t place = 0; place < results.size(); ++place)
            resultTiles.push_back(
                deviceTile(mesh, sharding.results[place], results[place]->type.dims, index));
        held.push_back(evaluateOnDevice(graph, op, operandTiles, resultTiles, operands));
    }
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        for (size_t place = 0; place < results.size(); ++place) {
            const ShardingSpec& spec = sharding.results[place];
            const std::vector<int> group = mesh.group(index, spec.partial);
            HostTensor sum = held[static_cast<size_t>(group[0])][place];
            for (size_t member = 1; member < group.size(); ++member) {
                const HostTensor& other = held[static_cast<size_t>(group[member])][place];
                for (size_t at = 0; at < sum.values.size(); ++at)
                    sum.values[at] = combine(spec.partialKind, sum.values[at], other.values[at]);
            }
            const HostTensor expected =
                tileOf(*results[place], deviceTile(mesh, spec, results[place]->type.dims, index));
            const double difference = relativeDifference(sum, expected);
            if (!(difference < 1e-9))
                return "device " + std::to_string(index) + " result " + std::to_string(place) +
                       " " + formatSpec(spec) + " differs by " + std::to_string(difference);
        }
    }
    return "";
}

} // namespace alpa
