#include "core/export/head_splits.h"

#include <map>

namespace alpa
{
namespace
{

struct Search {
    const Graph& graph;
    const ValueSpecs& specs;
    const std::vector<AxisRoles>& roles;
    const BatchDims& batch;

    /// Over its stage's tensor axes, or partial over them.
    bool isSplit(ValueId value) const
    {
        const ShardingSpec* spec = specs.spec(value);
        const int stage = specs.stageOfValue[value.index()];
        return spec != nullptr && stage >= 0 &&
               ((spec->splitAxes() | spec->partial) & roles[static_cast<size_t>(stage)].tensor) !=
                   0;
    }

    /// Does `reader` take a part of what a module gives whole?
    bool readsPartOfWhole(OpId reader) const
    {
        // Ops on the way back to the modules' products, and whether a part was taken behind them.
        std::map<OpId, bool> seen{{reader, false}};
        std::vector<OpId> open{reader};
        while (!open.empty()) {
            const OpId id = open.back();
            open.pop_back();
            const OpSharding* sharding = specs.ofOp[id.index()];
            const int stage = specs.stageOfOp[id.index()];
            if (sharding == nullptr || stage < 0)
                continue;
            const Op& op = graph.op(id);
            const AxisSet tensor = roles[static_cast<size_t>(stage)].tensor;
            for (size_t i = 0; i < op.operands.size() && i < sharding->operands.size(); ++i) {
                const OpId producer = graph.value(op.operands[i]).producer;
                // Masks and positions are anybody's.
                if (!producer.isValid() || batch.ofValue[op.operands[i].index()] < 0)
                    continue;
                const bool isPart =
                    seen[id] ||
                    ((sharding->operands[i].splitAxes() & tensor) != 0 && !isSplit(op.operands[i]));
                if (graph.op(producer).kind == OpKind::kDot) {
                    if (isPart && !isSplit(op.operands[i]))
                        return true;
                } else if (const auto [known, isNew] = seen.emplace(producer, isPart);
                           isNew || (isPart && !known->second)) {
                    known->second = isPart;
                    open.push_back(producer);
                }
            }
        }
        return false;
    }
};

} // namespace

OpId findPartOfWholeHeads(const Graph& graph, const ValueSpecs& specs,
                          const std::vector<AxisRoles>& roles, const BatchDims& batch)
{
    const Search search{graph, specs, roles, batch};
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        const OpId id(static_cast<uint32_t>(i));
        if (op.kind == OpKind::kDot && op.phase == Phase::kForward &&
            std::get<DotAttributes>(op.attributes).lhsBatch.size() > 1 &&
            search.readsPartOfWhole(id))
            return id;
    }
    return OpId();
}

} // namespace alpa
