#include "core/intra_op/mesh_problem_builder.h"

#include <algorithm>

namespace alpa
{

bool MeshProblemBuilder::alwaysDecides(OpKind kind)
{
    return kind == OpKind::kDot || kind == OpKind::kConvolution || kind == OpKind::kGather ||
           kind == OpKind::kScatter || kind == OpKind::kSort || kind == OpKind::kOpaque;
}

void MeshProblemBuilder::addOp(OpId id)
{
    const Op& op = graph_.op(id);
    const int layer = layered_.layerOfOp[id.index()];
    const TensorType& resultType = type(op.results[0]);
    OpDecision& decision = problem_.ops[id.index()];
    if (op.kind == OpKind::kAccumulate && resultType.rank() > 0) {
        addAccumulator(id, layer);
        return;
    }
    const ValueId group = layered_.updateGroup[op.results[0].index()];
    if (op.phase == Phase::kUpdate && group.isValid() && resultType.rank() > 0) {
        const int index = updateNode(group);
        carry(id, index, tables_.followResult(ruleOf(id), node(index).specs), layer);
        return;
    }
    const int followed = operandToFollow(id, layer);
    if (followed >= 0) {
        const Source from = source(op.operands[static_cast<size_t>(followed)], layer, op.phase);
        carry(id, from.node, tables_.followOperand(ruleOf(id), followed, from.list), layer);
    } else if (resultType.rank() == 0 && std::ranges::all_of(op.operands, [&](ValueId operand) {
                   return type(operand).rank() == 0;
               })) {
        decision.node = -1;
        decision.operands.assign(op.operands.size(), tables_.intern({ShardingSpec::replicated(0)}));
        decision.result = tables_.intern({ShardingSpec::replicated(0)});
        const ShardingSpec scalar = ShardingSpec::replicated(0);
        const bool isUpdate = op.phase == Phase::kUpdate;
        (isUpdate ? problem_.scalarPerStep
                  : problem_.scalarPerMicrobatch)[static_cast<size_t>(layer)] +=
            layered_.computeOn(id, 1, scalar, scalar, sizes()).count;
    } else {
        decide(id, layer);
    }
    if (decision.node >= 0)
        addSavedBytes(id);
}

/// The op's sharding is `carried`, per strategy of node `index`.
void MeshProblemBuilder::carry(OpId id, int index, const Carried& carriedRef, int layer)
{
    const Carried carried = carriedRef;
    const Op& op = graph_.op(id);
    OpDecision& decision = problem_.ops[id.index()];
    decision.node = index;
    decision.operands = carried.operands;
    decision.result = carried.produced;
    addCompute(index, id, carried.share);
    for (size_t o = 0; o < op.operands.size(); ++o)
        needOperand(op.operands[o], problem_.ops[id.index()].operands[o], index, op, layer);
    if (resolvesAtOnce(op, carried.produced)) {
        OpDecision& own = problem_.ops[id.index()];
        own.result = tables_.resolved(carried.produced);
        addDiagonal(index, type(op.results[0]), carried.produced, own.result, paidBy(op));
    }
}

/// Small partial results (means, maxima, losses) are all-reduced where they arise: a decision
/// of their own would not pay.
bool MeshProblemBuilder::resolvesAtOnce(const Op& op, SpecListId produced)
{
    if (!tables_.hasPartial(produced) || layered_.keepsPartial[op.results[0].index()] != 0)
        return false;
    const TensorType& result = type(op.results[0]);
    if (result.rank() == 0)
        return true;
    if (op.kind != OpKind::kReduce)
        return false;
    const bool isSum = std::get<ReduceAttributes>(op.attributes).kind == ReduceKind::kAdd;
    return !isSum || result.elementCount() * 8 <= type(op.operands[0]).elementCount();
}

/// The operand whose sharding the op takes over, or -1 if the op decides for itself.
int MeshProblemBuilder::operandToFollow(OpId id, int layer)
{
    const Op& op = graph_.op(id);
    if (alwaysDecides(op.kind))
        return -1;
    int best = -1;
    int64_t bestBytes = -1;
    int bestNode = -1;
    for (size_t o = 0; o < op.operands.size(); ++o) {
        const ValueId operand = op.operands[o];
        const OpId producer = graph_.value(operand).producer;
        if (type(operand).rank() == 0 ||
            (producer.isValid() && layered_.isLazy[producer.index()] != 0))
            continue;
        const Source from = source(operand, layer, op.phase);
        if (from.node < 0)
            continue;
        const int64_t bytes = type(operand).elementCount();
        if (bytes > bestBytes || (bytes == bestBytes && from.node > bestNode)) {
            best = static_cast<int>(o);
            bestBytes = bytes;
            bestNode = from.node;
        }
    }
    if (best < 0)
        return -1;
    const int batchFactor = layered_.rules.batch.factorOfOp[id.index()];
    const ValueId operand = op.operands[static_cast<size_t>(best)];
    if (batchFactor >= 0 && layered_.rules.batch.ofValue[operand.index()] < 0)
        return -1; // The batch enters through another operand.
    const Source from = source(operand, layer, op.phase);
    const bool passesPartial = linearGroupOf(factors(id), best) == std::vector<int>{best};
    const bool isSmall = bestBytes * 8 <= type(op.results[0]).elementCount();
    return tables_.hasPartial(from.list) && !passesPartial && !isSmall ? -1 : best;
}

bool MeshProblemBuilder::isAllowed(const Strategy& strategy, int batchFactor) const
{
    if (isSplit(kDataAxis) && batchFactor >= 0 && strategy.axisFactor[kDataAxis] != batchFactor)
        return false;
    return true;
}

void MeshProblemBuilder::decide(OpId id, int layer)
{
    const Op& op = graph_.op(id);
    const FactorRule& rule = factors(id);
    const int batchFactor = layered_.rules.batch.factorOfOp[id.index()];
    AxisSet splitting = 0;
    for (int axis = 0; axis < axes(); ++axis) {
        if (isSplit(axis))
            splitting |= axisBit(axis);
    }
    std::vector<Strategy> allowed;
    for (const Strategy& strategy : enumerateStrategies(rule, sizes(), splitting)) {
        if (isAllowed(strategy, batchFactor))
            allowed.push_back(strategy);
    }
    if (allowed.empty()) // The batch cannot be split here: every device does all of it.
        allowed.push_back(Strategy{});
    Carried carried = tables_.decide(ruleOf(id), allowed);
    addPartialVariants(id, layer, rule, allowed, carried);
    SpecListId moved = carried.produced;
    if (alwaysDecides(op.kind) && isReadByBothPhases(op.results[0]))
        moved = addMovedVariants(id, allowed, carried);
    const int index = addNode(DecisionKind::kOp, layer, op.results[0], id, carried.produced);
    node(index).strategies = std::move(allowed);
    carry(id, index, carried, layer);
    if (moved != carried.produced) {
        problem_.ops[id.index()].result = moved;
        addDiagonal(index, type(op.results[0]), carried.produced, moved, paidBy(op));
    }
    node(index).specs = problem_.ops[id.index()].result;
}

/// Both phases read it, and each would pay for moving it: then the op can also move its result
/// once, where it arises, and what is saved has been moved.
bool MeshProblemBuilder::isReadByBothPhases(ValueId value) const
{
    const OpId producer = graph_.value(value).producer;
    if (graph_.op(producer).phase != Phase::kForward || type(value).rank() == 0)
        return false;
    if (layered_.isSaved[value.index()] != 0)
        return true;
    return std::ranges::any_of(layered_.users[value.index()], [this](OpId user) {
        const Op& reader = graph_.op(user);
        const bool isView = reader.kind == OpKind::kTranspose || reader.kind == OpKind::kReshape ||
                            reader.kind == OpKind::kConvert;
        return isView && isReadByBothPhases(reader.results[0]);
    });
}

/// `produced` with one axis reduced, scattered or moved to another dimension.
std::vector<ShardingSpec> MeshProblemBuilder::movedSpecs(OpId id,
                                                         const ShardingSpec& produced) const
{
    const TensorType& result = type(graph_.op(id).results[0]);
    std::vector<ShardingSpec> specs;
    for (int axis = kDataAxis + 1; axis < axes(); ++axis) {
        const AxisSet bit = axisBit(axis);
        if ((produced.usedAxes() & bit) == 0)
            continue;
        ShardingSpec without = produced;
        without.partial &= ~bit;
        if (without.partial == 0)
            without.partialKind = ReduceKind::kAdd;
        for (AxisSet& dim : without.dims)
            dim &= ~bit;
        if ((produced.partial & bit) != 0)
            specs.push_back(without);
        for (size_t dim = 0; dim < static_cast<size_t>(without.rank); ++dim) {
            ShardingSpec there = without;
            there.dims[dim] |= bit;
            if (there.dims[dim] != produced.dims[dim] && dividesEvenly(there, result.dims, sizes()))
                specs.push_back(there);
        }
    }
    return specs;
}

/// Appends them to the strategies and returns the specs of the result under each.
SpecListId MeshProblemBuilder::addMovedVariants(OpId id, std::vector<Strategy>& allowed,
                                                Carried& carried)
{
    std::vector<std::vector<ShardingSpec>> operands;
    for (const SpecListId list : carried.operands)
        operands.push_back(tables_.list(list));
    std::vector<ShardingSpec> produced = tables_.list(carried.produced);
    std::vector<ShardingSpec> results = produced;
    const size_t plain = allowed.size();
    for (size_t k = 0; k < plain; ++k) {
        for (const ShardingSpec& spec : movedSpecs(id, produced[k])) {
            allowed.push_back(allowed[k]);
            for (std::vector<ShardingSpec>& list : operands)
                list.push_back(list[k]);
            produced.push_back(produced[k]);
            results.push_back(spec);
            carried.share.push_back(carried.share[k]);
        }
    }
    for (size_t o = 0; o < operands.size(); ++o)
        carried.operands[o] = tables_.intern(operands[o]);
    carried.produced = tables_.intern(produced);
    return tables_.intern(results);
}

/// A sum of two partial sums may stay partial: then one reduction serves both.
void MeshProblemBuilder::addPartialVariants(OpId id, int layer, const FactorRule& rule,
                                            std::vector<Strategy>& allowed, Carried& carried)
{
    const Op& op = graph_.op(id);
    const std::vector<int> group =
        op.operands.empty() ? std::vector<int>{} : linearGroupOf(rule, 0);
    if (group.size() != 2 || op.operands.size() != 2)
        return;
    for (const ValueId operand : op.operands) {
        const OpId producer = graph_.value(operand).producer;
        if (type(operand).rank() == 0 ||
            (producer.isValid() && layered_.isLazy[producer.index()] != 0) ||
            !tables_.hasPartial(source(operand, layer, op.phase).list))
            return;
    }
    std::vector<ShardingSpec> left = tables_.list(carried.operands[0]);
    std::vector<ShardingSpec> right = tables_.list(carried.operands[1]);
    std::vector<ShardingSpec> sum = tables_.list(carried.produced);
    const size_t plain = allowed.size();
    for (size_t k = 0; k < plain; ++k) {
        for (AxisSet partial = 1; partial < (1u << axes()); ++partial) {
            AxisSet unsplit = 0;
            for (int axis = 0; axis < axes(); ++axis)
                unsplit |= isSplit(axis) ? AxisSet{0} : axisBit(axis);
            if ((partial & (sum[k].usedAxes() | unsplit)) != 0)
                continue;
            allowed.push_back(allowed[k]);
            for (auto* list : {&left, &right, &sum}) {
                list->push_back((*list)[k]);
                list->back().partial = partial;
            }
            carried.share.push_back(carried.share[k]);
        }
    }
    carried.operands = {tables_.intern(left), tables_.intern(right)};
    carried.produced = tables_.intern(sum);
}

void MeshProblemBuilder::addAccumulator(OpId id, int layer)
{
    const Op& op = graph_.op(id);
    const TensorType& tensor = type(op.results[0]);
    const SpecListId specs = tensorSpecs(tensor, -1, true);
    const int index = addNode(DecisionKind::kAccumulator, layer, op.results[0], id, specs);
    addBytes(node(index).fixedBytes, tensor, specs);
    Carried carried;
    carried.operands = {specs};
    carried.produced = specs;
    for (const ShardingSpec& spec : tables_.list(specs))
        carried.share.push_back(1.0 / tables_.mesh().groupSize(spec.splitAxes()));
    OpDecision& decision = problem_.ops[id.index()];
    decision.node = index;
    decision.operands = carried.operands;
    decision.result = specs;
    addCompute(index, id, carried.share);
    needOperand(op.operands[0], specs, index, op, layer);
}

void MeshProblemBuilder::addSavedBytes(OpId id)
{
    const Op& op = graph_.op(id);
    const OpDecision& decision = problem_.ops[id.index()];
    if (layered_.isSaved[op.results[0].index()] != 0)
        addBytes(layered_.isHeldOnce[op.results[0].index()] != 0
                     ? node(decision.node).fixedBytes
                     : node(decision.node).activationBytes,
                 type(op.results[0]), decision.result);
    if (layered_.isHeldOnce[op.results[0].index()] == 0 &&
        layered_.selective.isKept[op.results[0].index()] != 0)
        addBytes(node(decision.node).selectiveBytes, type(op.results[0]), decision.result);
    if (layered_.isHeldOnce[op.results[0].index()] == 0 &&
        layered_.isCheckpoint(id, 0, layered_.layerCount)) {
        addBytes(node(decision.node).checkpointBytes, type(op.results[0]), decision.result);
        if (layered_.isSaved[op.results[0].index()] != 0)
            addBytes(node(decision.node).savedCheckpointBytes, type(op.results[0]),
                     decision.result);
    }
}

/// The updated parameter goes back to where the parameter is stored.
void MeshProblemBuilder::connectUpdatedParameters()
{
    for (const GraphOutput& output : graph_.outputs) {
        if (output.role != OutputRole::kUpdatedParameter || !output.alias.isValid())
            continue;
        const int parameter = problem_.nodeOfInput[output.alias.index()];
        const Source updated = ownSource(output.value);
        if (parameter < 0 || updated.node < 0)
            continue;
        const int matrix = tables_.matrix(type(output.alias), updated.list, node(parameter).specs);
        if (!tables_.matrixAt(matrix).isZero)
            problem_.edges.push_back({.from = updated.node,
                                      .to = parameter,
                                      .matrix = matrix,
                                      .isPerStep = true,
                                      .isGather = true});
    }
}

} // namespace alpa
