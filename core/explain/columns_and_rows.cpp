#include "core/explain/columns_and_rows.h"

#include "core/explain/module_names.h"

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

/// A block has a few hundred operations; a residual from further away is none.
constexpr size_t kMostOps = 2000;
constexpr int kTensorAxis = 1; ///< y of every mesh.

/// A parameter that a product reads, perhaps one layer of a stack.
struct Weight {
    ValueId parameter;
    int stackDims = 0; ///< Leading dimensions of the parameter that the product does not see.
};

class BlockWeights
{
public:
    explicit BlockWeights(const Graph& graph)
        : graph_(graph)
        , users_(valueUsers(graph))
    {
        for (const GraphInput& input : graph.inputs) {
            const auto block = blockOf(graph.value(input.value).name);
            if (block && input.role == InputRole::kParameter && graph.type(input.value).rank() > 2)
                expertBlocks_.insert(block->prefix + std::to_string(block->number));
        }
    }

    void pin(PlanConstraints& constraints) const
    {
        std::set<ValueId> pinned;
        for (const Op& op : graph_.ops) {
            if (op.kind != OpKind::kDot || op.phase != Phase::kForward)
                continue;
            for (size_t side = 0; side < 2; ++side) {
                const std::optional<Weight> weight = weightBehind(op.operands[side]);
                if (!weight || !pinned.insert(weight->parameter).second)
                    continue;
                const auto spec = specOf(op, side, *weight);
                if (spec)
                    constraints.specs.push_back(
                        {.pattern = graph_.value(weight->parameter).name, .spec = *spec});
            }
        }
    }

private:
    std::optional<Weight> weightBehind(ValueId value) const
    {
        Weight weight{value, 0};
        bool isSlice = false;
        while (graph_.value(weight.parameter).producer.isValid()) {
            const Op& op = graph_.op(graph_.value(weight.parameter).producer);
            const bool dropsOne =
                op.kind == OpKind::kReshape &&
                graph_.type(op.operands[0]).rank() == graph_.type(op.results[0]).rank() + 1;
            isSlice |= op.kind == OpKind::kSlice;
            if (op.kind != OpKind::kConvert && op.kind != OpKind::kSlice && !dropsOne)
                return std::nullopt;
            weight.stackDims += dropsOne ? 1 : 0;
            weight.parameter = op.operands[0];
        }
        const auto block = blockOf(graph_.value(weight.parameter).name);
        const bool isOfBlock =
            isSlice ? weight.stackDims == 1
                    : weight.stackDims == 0 && block &&
                          !expertBlocks_.contains(block->prefix + std::to_string(block->number));
        const bool isWeight = graph_.inputRole(weight.parameter) == InputRole::kParameter;
        return isWeight && isOfBlock && graph_.type(value).rank() == 2 ? std::optional(weight)
                                                                       : std::nullopt;
    }

    std::optional<ShardingSpec> specOf(const Op& op, size_t side, const Weight& weight) const
    {
        const auto& a = std::get<DotAttributes>(op.attributes);
        const std::vector<int>& contracting = side == 0 ? a.lhsContracting : a.rhsContracting;
        if (contracting.size() != 1)
            return std::nullopt;
        const int summed = contracting[0];
        const int split = (isAddedToInput(op, side) ? summed : 1 - summed) + weight.stackDims;
        ShardingSpec spec = ShardingSpec::replicated(graph_.type(weight.parameter).rank());
        spec.dims[static_cast<size_t>(split)] = axisBit(kTensorAxis);
        return spec;
    }

    /// Does the product go into a sum with something that it was computed from, by way of biases
    /// and other branches only?
    bool isAddedToInput(const Op& dot, size_t weightSide) const
    {
        const std::set<ValueId> inputs = computedFrom(dot.operands[1 - weightSide], OpId());
        ValueId value = dot.results[0];
        const OpId own = graph_.value(value).producer;
        for (size_t steps = 0; steps < kMostOps; ++steps) {
            const Op* next = nullptr;
            for (const OpId user : users_[value.index()]) {
                const Op& op = graph_.op(user);
                const bool isSame = op.kind == OpKind::kConvert || op.kind == OpKind::kAdd;
                if (op.phase == Phase::kForward && isSame)
                    next = &op;
            }
            if (next == nullptr)
                return false;
            if (next->kind == OpKind::kAdd) {
                const ValueId other = next->operands[next->operands[0] == value ? 1 : 0];
                const OpId producer = graph_.value(other).producer;
                const bool isConstant =
                    producer.isValid() && (graph_.op(producer).kind == OpKind::kConstant ||
                                           graph_.op(producer).kind == OpKind::kBroadcast);
                if (!isConstant && inputs.contains(other))
                    return true;
                if (computedFrom(other, own).contains(dot.results[0]))
                    return false;
            }
            value = next->results[0];
        }
        return false;
    }

    /// What `value` is computed from, itself included; no further back than op `first`.
    std::set<ValueId> computedFrom(ValueId value, OpId first) const
    {
        std::set<ValueId> found{value};
        std::vector<ValueId> open{value}; // Nearest first.
        for (size_t next = 0; next < open.size() && next < kMostOps; ++next) {
            const OpId producer = graph_.value(open[next]).producer;
            if (!producer.isValid() || (first.isValid() && producer.index() < first.index()))
                continue;
            for (const ValueId operand : graph_.op(producer).operands) {
                if (found.insert(operand).second)
                    open.push_back(operand);
            }
        }
        return found;
    }

    const Graph& graph_;
    std::vector<std::vector<OpId>> users_;
    /// Blocks with experts: their routers are whole on every device, and what splits is not said.
    std::set<std::string> expertBlocks_;
};

} // namespace

void pinColumnsAndRows(const Graph& model, PlanConstraints& constraints)
{
    if (constraints.parameterStorage != StorageRule::kSplit)
        BlockWeights(model).pin(constraints);
}

} // namespace alpa
