#include "core/import/own_rows.h"

#include <algorithm>
#include <optional>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// Producers followed at most; longer chains are none of indices.
constexpr int kLongestChain = 32;

const Op* producerOf(const Graph& graph, ValueId value)
{
    const OpId producer = graph.value(value).producer;
    return producer.isValid() ? &graph.op(producer) : nullptr;
}

/// Dimensions of more than one element.
std::vector<int> longDims(const Sizes& sizes)
{
    std::vector<int> dims;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        if (sizes[dim] != 1)
            dims.push_back(static_cast<int>(dim));
    }
    return dims;
}

/// The dimension along which a value counts 0, 1, 2, ..., the same along all others.
std::optional<int> countedDim(const Graph& graph, ValueId value)
{
    // Where each dimension of the value at hand lies in the one asked about.
    std::vector<int> place(graph.type(value).dims.size());
    for (size_t dim = 0; dim < place.size(); ++dim)
        place[dim] = static_cast<int>(dim);
    for (int step = 0; step < kLongestChain; ++step) {
        const Op* op = producerOf(graph, value);
        if (op == nullptr)
            return std::nullopt;
        if (const auto* iota = std::get_if<IotaAttributes>(&op->attributes))
            return place[static_cast<size_t>(iota->dim)];
        std::vector<int> before(op->operands.empty() ? 0 : graph.type(op->operands[0]).dims.size());
        if (op->kind == OpKind::kConvert) {
            before = place;
        } else if (op->kind == OpKind::kBroadcast) {
            const std::vector<int>& dims = std::get<DimsAttributes>(op->attributes).dims;
            for (size_t dim = 0; dim < before.size(); ++dim)
                before[dim] = place[static_cast<size_t>(dims[dim])];
        } else if (op->kind == OpKind::kReshape) {
            const std::vector<int> from = longDims(graph.type(op->operands[0]).dims);
            const std::vector<int> to = longDims(graph.type(value).dims);
            if (from.size() != to.size())
                return std::nullopt;
            for (size_t dim = 0; dim < from.size(); ++dim)
                before[static_cast<size_t>(from[dim])] = place[static_cast<size_t>(to[dim])];
        } else {
            return std::nullopt;
        }
        place = std::move(before);
        value = op->operands[0];
    }
    return std::nullopt;
}

/// Is the value 0 everywhere?
bool isZero(const Graph& graph, ValueId value)
{
    for (int step = 0; step < kLongestChain; ++step) {
        const Op* op = producerOf(graph, value);
        if (op == nullptr)
            return false;
        if (const auto* constant = std::get_if<ConstantAttributes>(&op->attributes))
            return std::ranges::all_of(constant->values, [](double x) { return x == 0; });
        if (op->kind != OpKind::kConvert && op->kind != OpKind::kBroadcast &&
            op->kind != OpKind::kReshape)
            return false;
        value = op->operands[0];
    }
    return false;
}

/// The first dimension of one element that is not taken.
template <typename IsTaken>
std::optional<int> firstSingle(const Sizes& sizes, IsTaken&& isTaken)
{
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        if (sizes[dim] == 1 && !isTaken(static_cast<int>(dim)))
            return static_cast<int>(dim);
    }
    return std::nullopt;
}

/// The components of an index, each (..., 1), before they were joined and made flat.
std::vector<ValueId> componentsOf(const Graph& graph, ValueId indices, size_t count)
{
    for (int step = 0; step < kLongestChain; ++step) {
        const Op* op = producerOf(graph, indices);
        if (op == nullptr)
            return {};
        if (const auto* joined = std::get_if<ConcatenateAttributes>(&op->attributes)) {
            const int last = graph.type(indices).rank() - 1;
            return joined->dim == last && op->operands.size() == count ? op->operands
                                                                       : std::vector<ValueId>();
        }
        if (op->kind != OpKind::kConvert && op->kind != OpKind::kReshape)
            return {};
        indices = op->operands[0];
        const Sizes& dims = graph.type(indices).dims;
        if (dims.empty() || dims.back() != static_cast<int64_t>(count))
            return {};
    }
    return {};
}

/// What a lookup becomes.
struct OwnRows {
    std::vector<ValueId> components;    ///< That are left.
    std::vector<int> named;             ///< Dimensions of the tensor that they name.
    std::vector<int> rows, rowsOfIndex; ///< Dimensions of the tensor and of the index, paired.
    Sizes batch;                        ///< Of the index, without its components.
};

std::optional<OwnRows> findOwnRows(const Graph& graph, const Op& op, const std::vector<int>& named,
                                   int vectorDim)
{
    const TensorType& indices = graph.type(op.operands[1]);
    if (vectorDim != indices.rank() - 1)
        return std::nullopt;
    OwnRows own;
    const std::vector<ValueId> all = componentsOf(graph, op.operands[1], named.size());
    if (all.empty())
        return std::nullopt;
    own.batch = graph.type(all[0]).dims;
    own.batch.pop_back();
    std::vector<std::pair<int, int>> pairs;
    const auto isTaken = [&](int dim) {
        return std::ranges::find(pairs, dim, &std::pair<int, int>::second) != pairs.end();
    };
    for (size_t at = 0; at < all.size(); ++at) {
        const int64_t rows = graph.type(op.operands[0]).dims[static_cast<size_t>(named[at])];
        std::optional<int> counted = countedDim(graph, all[at]);
        if (rows == 1 && isZero(graph, all[at])) // A count of one row.
            counted = firstSingle(own.batch, isTaken);
        const bool isRow = counted && static_cast<size_t>(*counted) < own.batch.size() &&
                           own.batch[static_cast<size_t>(*counted)] == rows && !isTaken(*counted);
        if (isRow) {
            pairs.emplace_back(named[at], *counted);
            continue;
        }
        own.components.push_back(all[at]);
        own.named.push_back(named[at]);
    }
    if (pairs.empty() || own.components.empty())
        return std::nullopt;
    std::ranges::sort(pairs);
    for (const auto& [row, ofIndex] : pairs) {
        own.rows.push_back(row);
        own.rowsOfIndex.push_back(ofIndex);
    }
    return own;
}

/// Dimensions of the tensor that stay in the windows of the lookup.
std::vector<int> windowDims(int rank, const std::vector<int>& collapsed,
                            const std::vector<int>& rows)
{
    std::vector<int> dims;
    for (int dim = 0; dim < rank; ++dim) {
        if (std::ranges::find(collapsed, dim) == collapsed.end() &&
            std::ranges::find(rows, dim) == rows.end())
            dims.push_back(dim);
    }
    return dims;
}

/// first, first + 1, ...
std::vector<int> counting(size_t first, size_t count)
{
    std::vector<int> numbers(count);
    for (size_t at = 0; at < count; ++at)
        numbers[at] = static_cast<int>(first + at);
    return numbers;
}

bool areSingle(const Sizes& sizes, const std::vector<int>& dims)
{
    return std::ranges::all_of(dims, [&](int dim) { return sizes[static_cast<size_t>(dim)] == 1; });
}

std::vector<int> without(std::vector<int> dims, const std::vector<int>& gone)
{
    std::erase_if(dims, [&](int dim) { return std::ranges::find(gone, dim) != gone.end(); });
    return dims;
}

/// Rewrites the ops one by one; their values stay, new ones come behind.
class RowBatcher
{
public:
    explicit RowBatcher(Graph& graph)
        : graph_(graph)
    {
    }

    void run()
    {
        std::vector<Op> ops = graph_.ops; // The old ones are looked at until the end.
        for (Op& op : ops) {
            const auto* gather = std::get_if<GatherAttributes>(&op.attributes);
            const auto* scatter = std::get_if<ScatterAttributes>(&op.attributes);
            const bool isDone = (gather != nullptr && rewrite(op, GatherAttributes(*gather))) ||
                                (scatter != nullptr && rewrite(op, ScatterAttributes(*scatter)));
            if (!isDone)
                ops_.push_back(std::move(op));
        }
        graph_.ops = std::move(ops_);
        for (size_t at = 0; at < graph_.ops.size(); ++at) {
            for (const ValueId result : graph_.ops[at].results)
                graph_.values[result.index()].producer = OpId(static_cast<uint32_t>(at));
        }
    }

private:
    /// An op beside `like`.
    ValueId add(const Op& like, OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                TensorType type)
    {
        const auto id = ValueId(static_cast<uint32_t>(graph_.values.size()));
        graph_.values.push_back({std::move(type), OpId(), "", ""});
        put(like, kind, std::move(operands), std::move(attributes), id);
        return id;
    }
    void put(const Op& like, OpKind kind, std::vector<ValueId> operands, Attributes attributes,
             ValueId result)
    {
        Op op;
        op.kind = kind;
        op.phase = like.phase;
        op.scope = like.scope;
        op.sourceLine = like.sourceLine;
        op.operands = std::move(operands);
        op.results = {result};
        op.attributes = std::move(attributes);
        ops_.push_back(std::move(op));
    }

    /// The components that are left, joined: (batch..., components).
    ValueId joined(const Op& op, const OwnRows& own)
    {
        if (own.components.size() == 1)
            return own.components[0];
        TensorType type = graph_.type(own.components[0]);
        type.dims.back() = static_cast<int64_t>(own.components.size());
        const int last = type.rank() - 1;
        return add(op, OpKind::kConcatenate, own.components, ConcatenateAttributes{last}, type);
    }

    bool rewrite(const Op& op, GatherAttributes a)
    {
        if (!a.operandBatchingDims.empty() || !std::ranges::is_sorted(a.offsetDims))
            return false;
        const auto own = findOwnRows(graph_, op, a.startIndexMap, a.indexVectorDim);
        const size_t rank = graph_.type(op.operands[0]).dims.size();
        const TensorType result = graph_.type(op.results[0]);
        const size_t batchRank = graph_.type(op.operands[1]).dims.size() - 1;
        // Windows must lie behind the batch, so that only its shape changes.
        if (!own || a.offsetDims != counting(batchRank, a.offsetDims.size()) ||
            !areSingle(a.sliceSizes, own->rows))
            return false;
        a.collapsedSliceDims = without(a.collapsedSliceDims, own->rows);
        const std::vector<int> window =
            windowDims(static_cast<int>(rank), a.collapsedSliceDims, own->rows);
        a.operandBatchingDims = own->rows;
        a.indicesBatchingDims = own->rowsOfIndex;
        a.startIndexMap = own->named;
        a.indexVectorDim = static_cast<int>(own->batch.size());
        a.offsetDims = counting(own->batch.size(), window.size());
        TensorType type{result.dtype, own->batch};
        for (const int dim : window)
            type.dims.push_back(a.sliceSizes[static_cast<size_t>(dim)]);
        const ValueId indices = joined(op, *own);
        const ValueId found = add(op, OpKind::kGather, {op.operands[0], indices}, a, type);
        put(op, OpKind::kReshape, {found}, {}, op.results[0]);
        return true;
    }

    bool rewrite(const Op& op, ScatterAttributes a)
    {
        if (!a.inputBatchingDims.empty() || op.operands.size() != 3)
            return false;
        const auto own = findOwnRows(graph_, op, a.scatterDimsToOperandDims, a.indexVectorDim);
        const TensorType tensor = graph_.type(op.operands[0]);
        const TensorType updates = graph_.type(op.operands[2]);
        const size_t batchRank = graph_.type(op.operands[1]).dims.size() - 1;
        if (!own || a.updateWindowDims != counting(batchRank, a.updateWindowDims.size()))
            return false;
        const std::vector<int> before = windowDims(tensor.rank(), a.insertedWindowDims, {});
        a.insertedWindowDims = without(a.insertedWindowDims, own->rows);
        const std::vector<int> window = windowDims(tensor.rank(), a.insertedWindowDims, own->rows);
        TensorType type{updates.dtype, own->batch};
        for (size_t at = 0; at < before.size(); ++at) {
            const int64_t size = updates.dims[batchRank + at];
            if (std::ranges::find(own->rows, before[at]) == own->rows.end())
                type.dims.push_back(size);
            else if (size != 1)
                return false;
        }
        a.inputBatchingDims = own->rows;
        a.indicesBatchingDims = own->rowsOfIndex;
        a.scatterDimsToOperandDims = own->named;
        a.indexVectorDim = static_cast<int>(own->batch.size());
        a.updateWindowDims = counting(own->batch.size(), window.size());
        const ValueId indices = joined(op, *own);
        const ValueId shaped = add(op, OpKind::kReshape, {op.operands[2]}, {}, type);
        put(op, OpKind::kScatter, {op.operands[0], indices, shaped}, a, op.results[0]);
        return true;
    }

    Graph& graph_;
    std::vector<Op> ops_;
};

} // namespace

bool batchOwnRows(Graph& graph)
{
    const bool hasRows = std::ranges::any_of(graph.ops, [&](const Op& op) {
        const auto* gather = std::get_if<GatherAttributes>(&op.attributes);
        const auto* scatter = std::get_if<ScatterAttributes>(&op.attributes);
        return (gather != nullptr &&
                findOwnRows(graph, op, gather->startIndexMap, gather->indexVectorDim)) ||
               (scatter != nullptr &&
                findOwnRows(graph, op, scatter->scatterDimsToOperandDims, scatter->indexVectorDim));
    });
    if (hasRows)
        RowBatcher(graph).run();
    return hasRows;
}

} // namespace alpa
