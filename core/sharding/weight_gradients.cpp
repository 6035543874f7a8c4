#include "core/sharding/weight_gradients.h"

namespace alpa
{

std::vector<bool> weightGradientOps(const Graph& graph, const BatchDims& batch,
                                    const std::vector<int>& layerOfOp)
{
    std::vector<bool> isWeight(graph.ops.size(), false);
    std::vector<bool> mayWait(graph.values.size(), true); ///< No reader so far needs it at once.
    std::vector<bool> isRead(graph.values.size(), false);
    for (const GraphOutput& output : graph.outputs)
        mayWait[output.value.index()] = false;
    for (size_t index = graph.ops.size(); index-- > 0;) {
        const Op& op = graph.ops[index];
        const bool leadsToWeights = op.results.size() == 1 && isRead[op.results[0].index()] &&
                                    mayWait[op.results[0].index()] &&
                                    batch.ofValue[op.results[0].index()] < 0;
        isWeight[index] =
            op.phase == Phase::kBackward && (op.kind == OpKind::kAccumulate || leadsToWeights);
        for (const ValueId operand : op.operands) {
            isRead[operand.index()] = true;
            const OpId producer = graph.value(operand).producer;
            if (!isWeight[index] ||
                (producer.isValid() && layerOfOp[producer.index()] != layerOfOp[index]))
                mayWait[operand.index()] = false;
        }
    }
    return isWeight;
}

} // namespace alpa
