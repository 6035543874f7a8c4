#include "app/session/selection_sums.h"

#include "app/session/selection_place.h"
#include "core/graph/op_cost.h"

#include <set>

namespace alpa::app
{

namespace
{

Bytes bytesPerDevice(const GraphFacts& facts, ValueId value)
{
    const auto& spec = facts.specOfValue[value.index()];
    const int stage = facts.stageOfValue[value.index()];
    if (!spec || stage < 0)
        return {};
    const DeviceMesh& mesh = facts.plan->stages[static_cast<size_t>(stage)].mesh;
    return facts.graph->type(value).bytes() / int64_t{mesh.groupSize(spec->splitAxes())};
}

} // namespace

SelectionSums sumOf(const std::vector<Selection>& selections, const GraphFacts& facts,
                    const ScopeTree& scopes)
{
    std::set<size_t> ops;
    std::set<ValueId> results, parameters;
    for (const Selection& selection : selections) {
        const auto index = static_cast<size_t>(selection.index);
        if (selection.kind == Selection::Kind::kValue && index < facts.graph->values.size()) {
            results.insert(ValueId(index));
            continue;
        }
        for (const OpId op : opsOf(selection, facts, scopes))
            ops.insert(op.index());
    }
    SelectionSums sums;
    sums.ops = int(ops.size());
    for (const size_t index : ops) {
        const Op& op = facts.graph->ops[index];
        sums.flops += opFlops(*facts.graph, op);
        results.insert(op.results.begin(), op.results.end());
        for (const ValueId operand : op.operands) {
            if (facts.graph->inputRole(operand) == InputRole::kParameter)
                parameters.insert(operand);
        }
        if (facts.plan == nullptr)
            continue;
        sums.compute += facts.timeOfOp[index];
        sums.collectives += int(facts.communicationsOfOp[index].size());
        for (const int number : facts.communicationsOfOp[index])
            sums.communication += facts.communications[static_cast<size_t>(number)].time;
    }
    for (const ValueId value : results) {
        sums.results += facts.graph->type(value).bytes();
        sums.resultsPerDevice += bytesPerDevice(facts, value);
    }
    for (const ValueId value : parameters) {
        sums.parameters += facts.graph->type(value).elementCount();
        sums.parametersPerDevice += bytesPerDevice(facts, value);
    }
    return sums;
}

} // namespace alpa::app
