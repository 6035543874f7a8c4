#include "app/cli/batch_bounds.h"

#include <algorithm>
#include <optional>

namespace alpa::cli
{
namespace
{

constexpr int64_t kNoBound = INT64_MAX;

/// Where a value carries the input's integers: everywhere, or only as one component of index
/// vectors that a concatenation has put together.
struct Carried {
    bool isCarried = false;
    std::optional<int64_t> component;
};

/// Kinds that keep what an integer means: JAX wraps negative indices with compare, add and select.
bool passesIntegers(OpKind kind)
{
    return kind == OpKind::kConvert || kind == OpKind::kReshape || kind == OpKind::kBroadcast ||
           kind == OpKind::kTranspose || kind == OpKind::kSlice || kind == OpKind::kSelect ||
           kind == OpKind::kAdd || kind == OpKind::kClamp || kind == OpKind::kMaximum ||
           kind == OpKind::kMinimum;
}

class BoundFinder
{
public:
    BoundFinder(const Graph& graph, ValueId input)
        : graph_(graph)
        , carried_(graph.values.size())
        , iotaSize_(graph.values.size(), 0)
    {
        carried_[input.index()].isCarried = true;
    }

    int64_t find()
    {
        for (const Op& op : graph_.ops)
            visit(op);
        return bound_ == kNoBound || bound_ < 1 ? 2 : bound_;
    }

private:
    void visit(const Op& op)
    {
        if (op.results.empty())
            return;
        const ValueId result = op.results[0];
        const bool isInteger = !isFloating(graph_.type(result).dtype);
        if (const auto* iota = std::get_if<IotaAttributes>(&op.attributes))
            iotaSize_[result.index()] = graph_.type(result).dims[static_cast<size_t>(iota->dim)];
        if (op.kind == OpKind::kGather)
            visitGather(op);
        else if (op.kind == OpKind::kCompare)
            visitCompare(op);
        else if (op.kind == OpKind::kConcatenate)
            visitConcatenate(op);
        else if (passesIntegers(op.kind) && isInteger)
            pass(op);
    }

    void pass(const Op& op)
    {
        for (const ValueId operand : op.operands) {
            const Carried& carried = carried_[operand.index()];
            if (carried.isCarried)
                carried_[op.results[0].index()] = carried;
            if (op.operands.size() == 1)
                iotaSize_[op.results[0].index()] = iotaSize_[operand.index()];
        }
    }

    void visitConcatenate(const Op& op)
    {
        const auto dim = static_cast<size_t>(std::get<ConcatenateAttributes>(op.attributes).dim);
        int64_t offset = 0;
        for (const ValueId operand : op.operands) {
            if (carried_[operand.index()].isCarried)
                carried_[op.results[0].index()] = {.isCarried = true, .component = offset};
            offset += graph_.type(operand).dims[dim];
        }
    }

    void visitGather(const Op& op)
    {
        const Carried& indices = carried_[op.operands[1].index()];
        if (!indices.isCarried)
            return;
        const auto& gather = std::get<GatherAttributes>(op.attributes);
        const TensorType& table = graph_.type(op.operands[0]);
        for (size_t i = 0; i < gather.startIndexMap.size(); ++i) {
            if (indices.component && static_cast<size_t>(*indices.component) != i)
                continue;
            const auto dim = static_cast<size_t>(gather.startIndexMap[i]);
            limit(table.dims[dim] - gather.sliceSizes[dim] + 1);
        }
    }

    /// A one-hot encoding compares with 0, 1, 2, ...
    void visitCompare(const Op& op)
    {
        for (size_t side = 0; side < 2; ++side) {
            if (carried_[op.operands[side].index()].isCarried)
                limit(iotaSize_[op.operands[1 - side].index()]);
        }
    }

    void limit(int64_t size)
    {
        if (size > 0)
            bound_ = std::min(bound_, size);
    }

    const Graph& graph_;
    std::vector<Carried> carried_;
    std::vector<int64_t> iotaSize_; ///< Of values that count 0, 1, 2, ... along a dimension.
    int64_t bound_ = kNoBound;
};

} // namespace

int64_t integerBound(const Graph& graph, ValueId input) { return BoundFinder(graph, input).find(); }

} // namespace alpa::cli
