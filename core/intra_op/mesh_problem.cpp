#include "core/intra_op/mesh_problem.h"

#include "core/base/check.h"
#include "core/base/text.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace alpa
{
namespace
{

constexpr int kDataAxis = 0;

/// Where a reader finds a value: the deciding node (-1 for scalars) and its specs.
struct Source {
    int node = -1;
    SpecListId list = 0;
};

class Builder
{
public:
    Builder(const LayeredGraph& layered, SpecTables& tables, const ShardingRules& rules)
        : layered_(layered)
        , graph_(*layered.graph)
        , tables_(tables)
        , rules_(rules)
    {
    }

    Result<MeshProblem> build()
    {
        problem_.ops.resize(graph_.ops.size());
        problem_.nodeOfInput.assign(graph_.values.size(), -1);
        problem_.listOfInput.assign(graph_.values.size(), 0);
        problem_.nodesOfLayer.resize(static_cast<size_t>(layered_.layerCount));
        updateNode_.assign(graph_.values.size(), -1);
        RETURN_IF_ERROR(checkBatch());
        for (const GraphInput& input : graph_.inputs)
            addInput(input);
        for (size_t index = 0; index < graph_.ops.size(); ++index) {
            if (layered_.isLazy[index] == 0)
                addOp(OpId(index));
        }
        connectUpdatedParameters();
        applySpecConstraints();
        std::ranges::stable_sort(problem_.edges, {}, [this](const MeshEdge& edge) {
            return std::pair(problem_.nodes[static_cast<size_t>(edge.from)].layer,
                             problem_.nodes[static_cast<size_t>(edge.to)].layer);
        });
        std::ranges::stable_sort(problem_.copies, {}, &LayerCopy::layer);
        return std::move(problem_);
    }

private:
    const std::vector<int>& sizes() const { return tables_.axisSizes(); }
    bool isSplit(int axis) const { return sizes()[static_cast<size_t>(axis)] > 1; }
    int axes() const { return static_cast<int>(sizes().size()); }
    const TensorType& type(ValueId value) const { return graph_.type(value); }
    int ruleOf(OpId op) const { return layered_.rules.ofOp[op.index()]; }
    const FactorRule& factors(OpId op) const
    {
        return layered_.rules.rules[static_cast<size_t>(ruleOf(op))];
    }

    Status checkBatch()
    {
        for (const GraphInput& input : graph_.inputs) {
            if (input.role != InputRole::kBatch || type(input.value).rank() == 0)
                continue;
            const int64_t batch = type(input.value).dims[0];
            if (batch % sizes()[kDataAxis] != 0)
                return Error(ErrorCode::kInvalidInput, "a microbatch of " + std::to_string(batch) +
                                                           " samples does not divide over " +
                                                           std::to_string(sizes()[kDataAxis]) +
                                                           " devices");
        }
        return {};
    }

    // --- nodes
    // -----------------------------------------------------------------------------------------------

    int addNode(DecisionKind kind, int layer, ValueId value, OpId op, SpecListId specs)
    {
        const size_t strategies = tables_.list(specs).size();
        MeshNode node{.kind = kind,
                      .layer = layer,
                      .value = value,
                      .op = op,
                      .specs = specs,
                      .strategies = {},
                      .perMicrobatch = std::vector<double>(strategies, 0.0),
                      .perStep = std::vector<double>(strategies, 0.0),
                      .forward = std::vector<double>(strategies, 0.0),
                      .fixedBytes = std::vector<int64_t>(strategies, 0),
                      .activationBytes = std::vector<int64_t>(strategies, 0)};
        const int index = static_cast<int>(problem_.nodes.size());
        problem_.nodes.push_back(std::move(node));
        problem_.nodesOfLayer[static_cast<size_t>(layer)].push_back(index);
        return index;
    }

    MeshNode& node(int index) { return problem_.nodes[static_cast<size_t>(index)]; }

    void addBytes(std::vector<int64_t>& bytes, const TensorType& tensor, SpecListId list)
    {
        const std::vector<int64_t>& local = tables_.localBytes(tensor, list);
        for (size_t k = 0; k < bytes.size(); ++k)
            bytes[k] += local[k];
    }

    /// All specs of a tensor of `dims`; `batchDim` >= 0: the data axis splits just that dimension.
    /// With `withPartial`, axes may also be partial.
    SpecListId tensorSpecs(const TensorType& tensor, int batchDim, StorageRule rule,
                           bool withPartial)
    {
        const auto known = specsOfTensor_.find({tensor.dims, batchDim, rule, withPartial});
        if (known != specsOfTensor_.end())
            return known->second;
        std::vector<ShardingSpec> specs{ShardingSpec::replicated(tensor.rank())};
        for (int axis = 0; axis < axes(); ++axis) {
            if (!isSplit(axis))
                continue;
            std::vector<ShardingSpec> wider;
            for (const ShardingSpec& spec : specs)
                addAxis(wider, spec, axis, tensor, axis == kDataAxis ? batchDim : -1, withPartial);
            specs = std::move(wider);
        }
        restrictStorage(specs, rule);
        const SpecListId list = tables_.intern(specs);
        specsOfTensor_.emplace(std::tuple(tensor.dims, batchDim, rule, withPartial), list);
        return list;
    }

    void addAxis(std::vector<ShardingSpec>& wider, const ShardingSpec& spec, int axis,
                 const TensorType& tensor, int onlyDim, bool withPartial)
    {
        if (onlyDim < 0)
            wider.push_back(spec);
        for (int dim = 0; dim < tensor.rank(); ++dim) {
            if (onlyDim >= 0 && dim != onlyDim)
                continue;
            ShardingSpec split = spec;
            split.dims[static_cast<size_t>(dim)] |= axisBit(axis);
            if (dividesEvenly(split, tensor.dims, sizes()))
                wider.push_back(split);
        }
        if (withPartial) {
            ShardingSpec partial = spec;
            partial.partial |= axisBit(axis);
            wider.push_back(partial);
        }
    }

    static void restrictStorage(std::vector<ShardingSpec>& specs, StorageRule rule)
    {
        if (rule == StorageRule::kFree)
            return;
        std::vector<ShardingSpec> kept;
        for (const ShardingSpec& spec : specs) {
            if (hasAxis(spec.splitAxes(), kDataAxis) == (rule == StorageRule::kSplit))
                kept.push_back(spec);
        }
        if (!kept.empty())
            specs = std::move(kept);
    }

    void addInput(const GraphInput& input)
    {
        const TensorType& tensor = type(input.value);
        problem_.listOfInput[input.value.index()] =
            tables_.intern({ShardingSpec::replicated(tensor.rank())});
        if (input.role == InputRole::kBatch || tensor.rank() == 0)
            return;
        const ValueId group = layered_.updateGroup[input.value.index()];
        if (input.role == InputRole::kParameter) {
            const SpecListId specs = tensorSpecs(tensor, -1, rules_.parameters, false);
            const int index =
                addNode(DecisionKind::kParameter, layered_.layerOfValue[input.value.index()],
                        input.value, OpId(), specs);
            addBytes(node(index).fixedBytes, tensor, specs);
            setInput(input.value, index, specs);
        } else if (group.isValid()) {
            const int index = updateNode(group);
            addBytes(node(index).fixedBytes, tensor, node(index).specs);
            setInput(input.value, index, node(index).specs);
        }
    }

    void setInput(ValueId value, int index, SpecListId specs)
    {
        problem_.nodeOfInput[value.index()] = index;
        problem_.listOfInput[value.index()] = specs;
    }

    /// The node that decides how a parameter's states are stored and its update is split.
    int updateNode(ValueId parameter)
    {
        int& index = updateNode_[parameter.index()];
        if (index < 0) {
            const SpecListId specs = tensorSpecs(type(parameter), -1, rules_.states, false);
            index = addNode(DecisionKind::kUpdate, layered_.layerOfValue[parameter.index()],
                            parameter, OpId(), specs);
        }
        return index;
    }

    // --- sources
    // ---------------------------------------------------------------------------------------------

    /// Where an op of `layer` finds `value`, which is not lazy. Values of other layers come through
    /// a copy.
    Source source(ValueId value, int layer, Phase phase)
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

    Source ownSource(ValueId value)
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
    Source readerSource(ValueId value, int layer, const Op& reader)
    {
        const Source own = source(value, layer, reader.phase);
        if (own.node < 0 || reader.kind != OpKind::kDot || !isShared(value, layer, reader.phase))
            return own;
        const auto [place, isNew] =
            sharedOf_.try_emplace({value.number, layer, static_cast<int>(reader.phase)}, -1);
        if (isNew) {
            const SpecListId specs =
                tensorSpecs(type(value), layered_.rules.batch.ofValue[value.index()],
                            StorageRule::kFree, false);
            place->second = addNode(DecisionKind::kCopy, layer, value, OpId(), specs);
            addEdge(value, own, place->second, specs, reader.phase);
        }
        return {place->second, node(place->second).specs};
    }

    bool isShared(ValueId value, int layer, Phase phase) const
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

    int addCopy(ValueId value, int layer)
    {
        const OpId producer = graph_.value(value).producer;
        const bool isParameter = graph_.inputRole(value) == InputRole::kParameter;
        const bool isAccumulated =
            producer.isValid() && graph_.op(producer).kind == OpKind::kAccumulate;
        const SpecListId specs = tensorSpecs(
            type(value), layered_.rules.batch.ofValue[value.index()], StorageRule::kFree, false);
        const int index = addNode(DecisionKind::kCopy, layer, value, OpId(), specs);
        if (layered_.layerOfValue[value.index()] >= 0) {
            const Source from = ownSource(value);
            addEdge(value, from, index, specs, isAccumulated ? Phase::kUpdate : Phase::kForward);
        }
        problem_.copies.push_back({.value = value,
                                   .layer = layer,
                                   .node = index,
                                   .isPerStep = isParameter || isAccumulated,
                                   .isReadBackward = false});
        return static_cast<int>(problem_.copies.size()) - 1;
    }

    // --- costs
    // -----------------------------------------------------------------------------------------------

    void addDiagonal(int index, const TensorType& tensor, SpecListId from, SpecListId to,
                     Phase phase)
    {
        const std::vector<double>& seconds = tables_.diagonal(tensor, from, to);
        std::vector<double>& cost =
            phase == Phase::kUpdate ? node(index).perStep : node(index).perMicrobatch;
        for (size_t k = 0; k < seconds.size(); ++k) {
            cost[k] += seconds[k];
            if (phase == Phase::kForward)
                node(index).forward[k] += seconds[k];
        }
    }

    /// The reader `to` needs `value` under `required`; pays the resharding. Programs share one
    /// resharding between readers of a phase, so the same need of the same node counts once.
    void addEdge(ValueId value, const Source& from, int to, SpecListId required, Phase phase)
    {
        if (to < 0 || from.node < 0)
            return; // Scalars, and replicated sources: slicing is free.
        if (!needs_.insert({value.number, to, required, static_cast<int>(phase)}).second)
            return;
        if (from.node == to) {
            addDiagonal(to, type(value), from.list, required, phase);
            return;
        }
        const int matrix = tables_.matrix(type(value), from.list, required);
        if (!tables_.matrixAt(matrix).isZero)
            problem_.edges.push_back(
                {from.node, to, matrix, phase == Phase::kUpdate, phase == Phase::kForward});
    }

    /// Operand `value` is needed under `required` by op `reader`, which follows node `index`.
    void needOperand(ValueId value, SpecListId required, int index, const Op& reader, int layer)
    {
        const OpId producer = graph_.value(value).producer;
        if (!producer.isValid() || layered_.isLazy[producer.index()] == 0) {
            addEdge(value, readerSource(value, layer, reader), index, required, reader.phase);
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

    void addCompute(int index, OpId op, const std::vector<double>& share)
    {
        std::vector<double>& cost =
            graph_.op(op).phase == Phase::kUpdate ? node(index).perStep : node(index).perMicrobatch;
        const bool isForward = graph_.op(op).phase == Phase::kForward;
        const std::vector<double>& seconds = computeSeconds(op, share);
        for (size_t k = 0; k < cost.size(); ++k) {
            cost[k] += seconds[k];
            if (isForward)
                node(index).forward[k] += seconds[k];
        }
    }

    /// Per strategy; a dot by the shape that its operands' specs leave on a device.
    const std::vector<double>& computeSeconds(OpId op, const std::vector<double>& share)
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

    // --- ops
    // -------------------------------------------------------------------------------------------------

    static bool alwaysDecides(OpKind kind)
    {
        return kind == OpKind::kDot || kind == OpKind::kConvolution || kind == OpKind::kGather ||
               kind == OpKind::kScatter || kind == OpKind::kSort || kind == OpKind::kOpaque;
    }

    void addOp(OpId id)
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
            decision.operands.assign(op.operands.size(),
                                     tables_.intern({ShardingSpec::replicated(0)}));
            decision.result = tables_.intern({ShardingSpec::replicated(0)});
        } else {
            decide(id, layer);
        }
        if (decision.node >= 0)
            addSavedBytes(id);
    }

    /// The op's sharding is `carried`, per strategy of node `index`.
    void carry(OpId id, int index, const Carried& carriedRef, int layer)
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
            addDiagonal(index, type(op.results[0]), carried.produced, own.result, op.phase);
        }
    }

    /// Small partial results (means, maxima, losses) are all-reduced where they arise: a decision
    /// of their own would not pay.
    bool resolvesAtOnce(const Op& op, SpecListId produced)
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
    int operandToFollow(OpId id, int layer)
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

    bool isAllowed(const Strategy& strategy, int batchFactor) const
    {
        if (isSplit(kDataAxis) && batchFactor >= 0 && strategy.axisFactor[kDataAxis] != batchFactor)
            return false;
        for (int axis = 1; axis < axes(); ++axis) {
            if (batchFactor >= 0 && strategy.axisFactor[static_cast<size_t>(axis)] == batchFactor &&
                !rules_.tensorAxisMaySplitBatch)
                return false;
        }
        return true;
    }

    void decide(OpId id, int layer)
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
        const int index = addNode(DecisionKind::kOp, layer, op.results[0], id, carried.produced);
        node(index).strategies = std::move(allowed);
        carry(id, index, carried, layer);
        node(index).specs = problem_.ops[id.index()].result;
    }

    /// A sum of two partial sums may stay partial: then one reduction serves both.
    void addPartialVariants(OpId id, int layer, const FactorRule& rule,
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

    void addAccumulator(OpId id, int layer)
    {
        const Op& op = graph_.op(id);
        const TensorType& tensor = type(op.results[0]);
        const SpecListId specs = tensorSpecs(tensor, -1, StorageRule::kFree, true);
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

    void addSavedBytes(OpId id)
    {
        const Op& op = graph_.op(id);
        const OpDecision& decision = problem_.ops[id.index()];
        if (layered_.isSaved[op.results[0].index()] != 0)
            addBytes(node(decision.node).activationBytes, type(op.results[0]), decision.result);
    }

    /// The updated parameter goes back to where the parameter is stored.
    void connectUpdatedParameters()
    {
        for (const GraphOutput& output : graph_.outputs) {
            if (output.role != OutputRole::kUpdatedParameter || !output.alias.isValid())
                continue;
            const int parameter = problem_.nodeOfInput[output.alias.index()];
            const Source updated = ownSource(output.value);
            if (parameter < 0 || updated.node < 0)
                continue;
            const int matrix =
                tables_.matrix(type(output.alias), updated.list, node(parameter).specs);
            if (!tables_.matrixAt(matrix).isZero)
                problem_.edges.push_back({updated.node, parameter, matrix, true, false});
        }
    }

    // --- constraints
    // -----------------------------------------------------------------------------------------

    /// "qkv.kernel[0:64]", a part of a separated projection, is also meant by the name of the
    /// whole.
    static bool matchesParameter(std::string_view name, std::string_view pattern)
    {
        return matchesPattern(name, pattern) ||
               (name.ends_with(']') && matchesPattern(name.substr(0, name.rfind('[')), pattern));
    }

    void applySpecConstraints()
    {
        for (const SpecConstraint& constraint : rules_.specs) {
            bool isMatched = false;
            for (MeshNode& decision : problem_.nodes) {
                if (decision.kind == DecisionKind::kParameter &&
                    matchesParameter(graph_.value(decision.value).name, constraint.pattern)) {
                    isMatched = true;
                    restrict(decision, decision.specs, constraint);
                }
            }
            for (size_t index = 0; index < graph_.ops.size(); ++index) {
                const Op& op = graph_.ops[index];
                if (op.phase != Phase::kForward || problem_.ops[index].node < 0 ||
                    !matchesPattern(opLabel(graph_, op), constraint.pattern))
                    continue;
                isMatched = true;
                restrict(node(problem_.ops[index].node), problem_.ops[index].result, constraint);
            }
            if (!isMatched)
                problem_.unmatchedPatterns.push_back(constraint.pattern);
        }
    }

    /// Axes of size 1 split nothing, so they do not count in the comparison.
    ShardingSpec onRealAxes(ShardingSpec spec) const
    {
        AxisSet real = 0;
        for (int axis = 0; axis < axes(); ++axis)
            real |= isSplit(axis) ? axisBit(axis) : AxisSet{0};
        for (AxisSet& dim : spec.dims)
            dim &= real;
        spec.partial &= real;
        return spec;
    }

    void restrict(MeshNode& decision, SpecListId list, const SpecConstraint& constraint)
    {
        const ShardingSpec wanted = onRealAxes(constraint.spec);
        for (size_t k = 0; k < decision.perMicrobatch.size(); ++k) {
            const bool isSame = tables_.list(list)[k] == wanted;
            if (isSame == constraint.forbids)
                decision.perMicrobatch[k] = kForbidden;
        }
    }

    const LayeredGraph& layered_;
    const Graph& graph_;
    SpecTables& tables_;
    const ShardingRules& rules_;
    MeshProblem problem_;
    std::vector<int> updateNode_; ///< Per parameter value.
    std::map<std::pair<uint32_t, int>, int>
        copyOf_; ///< (value, layer) -> index of copies, before sorting.
    std::map<std::tuple<uint32_t, int, int>, int> sharedOf_; ///< (value, layer, phase) -> node.
    std::set<std::tuple<uint32_t, int, SpecListId, int>> needs_;
    std::vector<double> seconds_; ///< Scratch of computeSeconds.
    std::map<std::tuple<int, SpecListId, SpecListId>, std::vector<double>>
        productSeconds_; ///< (product, specs of lhs, of rhs) -> seconds.
    std::map<std::tuple<std::vector<int64_t>, int, StorageRule, bool>, SpecListId> specsOfTensor_;
};

} // namespace

Result<MeshProblem> buildMeshProblem(const LayeredGraph& layered, SpecTables& tables,
                                     const ShardingRules& rules)
{
    return Builder(layered, tables, rules).build();
}

std::string opLabel(const Graph& graph, const Op& op)
{
    return graph.scopePath(op.scope) + ":" + std::string(opKindName(op.kind));
}

std::string decisionLabel(const Graph& graph, const MeshNode& node)
{
    switch (node.kind) {
    case DecisionKind::kOp:
        return opLabel(graph, graph.op(node.op));
    case DecisionKind::kParameter:
        return valueLabel(graph, node.value);
    case DecisionKind::kUpdate:
        return valueLabel(graph, node.value) + " update";
    case DecisionKind::kAccumulator:
        return opLabel(graph, graph.op(node.op));
    case DecisionKind::kCopy:
        return "copy of " + valueLabel(graph, node.value) + " for layer " +
               std::to_string(node.layer);
    }
    return {};
}

} // namespace alpa
