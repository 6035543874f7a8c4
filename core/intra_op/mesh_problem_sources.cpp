#include "core/intra_op/mesh_problem_builder.h"

#include <algorithm>

namespace alpa
{

/// Where an op of `layer` finds `value`, which is not lazy. Values of other layers come through
/// a copy.
MeshProblemBuilder::Source MeshProblemBuilder::source(ValueId value, int layer, Phase phase)
{
    const TensorType& tensor = type(value);
    if (tensor.rank() == 0)
        return {-1, tables_.intern({ShardingSpec::replicated(0)})};
    if (layered_.layerOfValue[value.index()] == layer)
        return ownSource(value);
    const auto [place, isNew] = copyOf_.try_emplace({value.number, layer}, -1);
    if (isNew)
        place->second = addCopy(value, layer);
    LayerCopy& copy = problem_.copies[static_cast<size_t>(place->second)];
    copy.isReadBackward = copy.isReadBackward || phase == Phase::kBackward;
    return {copy.node, node(copy.node).specs};
}

MeshProblemBuilder::Source MeshProblemBuilder::ownSource(ValueId value)
{
    const OpId producer = graph_.value(value).producer;
    if (!producer.isValid())
        return {problem_.nodeOfInput[value.index()], problem_.listOfInput[value.index()]};
    const OpDecision& decision = problem_.ops[producer.index()];
    return {decision.node, decision.result};
}

/// Several contractions of one phase that read the same value (q, k and v of attention; the two
/// products of a backward pass) share its resharding: a decision of its own stands between them
/// and the value.
MeshProblemBuilder::Source MeshProblemBuilder::readerSource(ValueId value, int layer,
                                                            const Op& reader)
{
    const Source own = source(value, layer, reader.phase);
    if (own.node < 0 || reader.kind != OpKind::kDot || !isShared(value, layer, reader.phase))
        return own;
    const auto [place, isNew] =
        sharedOf_.try_emplace({value.number, layer, static_cast<int>(reader.phase)}, -1);
    if (isNew) {
        const SpecListId specs =
            tensorSpecs(type(value), layered_.rules.batch.ofValue[value.index()], false);
        place->second = addNode(DecisionKind::kCopy, layer, value, OpId(), specs);
        addEdge(value, own, place->second, specs, paidBy(reader));
    }
    return {place->second, node(place->second).specs};
}

bool MeshProblemBuilder::isShared(ValueId value, int layer, Phase phase) const
{
    int readers = 0;
    for (const OpId user : layered_.users[value.index()]) {
        const Op& op = graph_.op(user);
        readers += op.kind == OpKind::kDot && op.phase == phase &&
                           layered_.layerOfOp[user.index()] == layer
                       ? 1
                       : 0;
    }
    return readers > 1;
}

int MeshProblemBuilder::addCopy(ValueId value, int layer)
{
    const OpId producer = graph_.value(value).producer;
    const bool isParameter = graph_.inputRole(value) == InputRole::kParameter;
    const bool isAccumulated =
        producer.isValid() && graph_.op(producer).kind == OpKind::kAccumulate;
    const SpecListId specs =
        tensorSpecs(type(value), layered_.rules.batch.ofValue[value.index()], false);
    const int index = addNode(DecisionKind::kCopy, layer, value, OpId(), specs);
    if (layered_.layerOfValue[value.index()] >= 0) {
        const Source from = ownSource(value);
        addEdge(value, from, index, specs,
                {.phase = isAccumulated ? Phase::kUpdate : Phase::kForward});
    }
    problem_.copies.push_back({.value = value,
                               .layer = layer,
                               .node = index,
                               .isPerStep = isParameter || isAccumulated,
                               .isReadBackward = false});
    return static_cast<int>(problem_.copies.size()) - 1;
}

MeshProblemBuilder::Paid MeshProblemBuilder::paidBy(const Op& reader) const
{
    const OpId id = graph_.value(reader.results[0]).producer;
    return {reader.phase, layered_.selective.isRepeated[id.index()]};
}

void MeshProblemBuilder::addDiagonal(int index, const TensorType& tensor, SpecListId from,
                                     SpecListId to, Paid paid)
{
    const std::vector<double>& seconds = tables_.diagonal(tensor, from, to);
    std::vector<double>& cost =
        paid.phase == Phase::kUpdate ? node(index).perStep : node(index).perMicrobatch;
    for (size_t k = 0; k < seconds.size(); ++k) {
        cost[k] += seconds[k];
        if (paid.phase == Phase::kForward)
            node(index).forward[k] += seconds[k];
        if (paid.isRepeated)
            node(index).repeatedForward[k] += seconds[k];
    }
}

/// The reader `to` needs `value` under `required`; pays the resharding. Programs share one
/// resharding between readers of a phase, so the same need of the same node counts once.
void MeshProblemBuilder::addEdge(ValueId value, const Source& from, int to, SpecListId required,
                                 Paid paid)
{
    if (to < 0 || from.node < 0)
        return; // Scalars, and replicated sources: slicing is free.
    if (!needs_.insert({value.number, to, required, static_cast<int>(paid.phase)}).second)
        return;
    if (from.node == to) {
        addDiagonal(to, type(value), from.list, required, paid);
        return;
    }
    const int matrix = tables_.matrix(type(value), from.list, required);
    if (!tables_.matrixAt(matrix).isZero)
        problem_.edges.push_back({from.node, to, matrix, paid.phase == Phase::kUpdate,
                                  paid.phase == Phase::kForward, paid.isRepeated});
}

/// Operand `value` is needed under `required` by op `reader`, which follows node `index`.
void MeshProblemBuilder::needOperand(ValueId value, SpecListId required, int index,
                                     const Op& reader, int layer)
{
    const OpId producer = graph_.value(value).producer;
    if (!producer.isValid() || layered_.isLazy[producer.index()] == 0) {
        addEdge(value, readerSource(value, layer, reader), index, required, paidBy(reader));
        return;
    }
    // A lazy op yields what its reader needs, and passes the need on.
    const Op& lazy = graph_.op(producer);
    const Carried& carried = tables_.followResult(ruleOf(producer), required);
    OpDecision& decision = problem_.ops[producer.index()];
    decision.node = index;
    decision.operands = carried.operands;
    decision.result = carried.produced;
    if (index >= 0)
        addCompute(index, producer, carried.share);
    for (size_t o = 0; o < lazy.operands.size(); ++o)
        needOperand(lazy.operands[o], decision.operands[o], index, lazy, layer);
}

void MeshProblemBuilder::addCompute(int index, OpId op, const std::vector<double>& share)
{
    std::vector<double>& cost =
        graph_.op(op).phase == Phase::kUpdate ? node(index).perStep : node(index).perMicrobatch;
    const bool isForward = graph_.op(op).phase == Phase::kForward;
    const std::vector<double>& seconds = computeSeconds(op, share);
    for (size_t k = 0; k < cost.size(); ++k) {
        cost[k] += seconds[k];
        if (isForward)
            node(index).forward[k] += seconds[k];
        if (layered_.selective.isRepeated[op.index()])
            node(index).repeatedForward[k] += seconds[k];
    }
}

/// Per strategy; a dot by the shape that its operands' specs leave on a device.
const std::vector<double>& MeshProblemBuilder::computeSeconds(OpId op,
                                                              const std::vector<double>& share)
{
    const int product = layered_.productOf[op.index()];
    if (product < 0) {
        seconds_.clear();
        for (const double part : share)
            seconds_.push_back(layered_.work[op.index()].count * part +
                               layered_.fixed[op.index()].count);
        return seconds_;
    }
    const std::vector<SpecListId>& operands = problem_.ops[op.index()].operands;
    std::vector<double>& known = productSeconds_[{product, operands[0], operands[1]}];
    if (known.empty()) {
        const auto& lhs = tables_.list(operands[0]);
        const auto& rhs = tables_.list(operands[1]);
        for (size_t k = 0; k < share.size(); ++k)
            known.push_back(layered_.computeOn(op, share[k], lhs[k], rhs[k], sizes()).count);
    }
    return known;
}

} // namespace alpa
