#include "core/intra_op/layered_graph.h"

#include "core/base/check.h"
#include "core/cost/fused_costs.h"
#include "core/sharding/weight_gradients.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Cheap ops that are better repeated than shared between readers that shard them differently.
bool isExpansion(const Graph& graph, const Op& op)
{
    if (op.kind == OpKind::kConstant || op.kind == OpKind::kIota)
        return true;
    if (op.kind != OpKind::kBroadcast)
        return false;
    return graph.type(op.results[0]).elementCount() > graph.type(op.operands[0]).elementCount();
}

std::vector<uint8_t> findLazyOps(const Graph& graph, const std::vector<std::vector<OpId>>& users)
{
    std::vector<uint8_t> isLazy(graph.ops.size(), 0);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        if (op.results.size() != 1 || users[op.results[0].index()].size() != 1 ||
            op.phase == Phase::kUpdate)
            continue;
        if (graph.type(op.results[0]).rank() == 0)
            continue;
        const bool isInvariant = isElementwise(op.kind) || op.kind == OpKind::kReshape ||
                                 op.kind == OpKind::kTranspose || op.kind == OpKind::kBroadcast;
        const bool fromLazy = isInvariant && std::ranges::all_of(op.operands, [&](ValueId operand) {
                                  const OpId producer = graph.value(operand).producer;
                                  return producer.isValid() && isLazy[producer.index()] != 0;
                              });
        isLazy[index] = isExpansion(graph, op) || fromLazy;
    }
    // The reader must be in the same phase, or the op has to be stored after all.
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        if (isLazy[index] != 0 && graph.op(users[op.results[0].index()][0]).phase != op.phase)
            isLazy[index] = 0;
    }
    return isLazy;
}

std::vector<uint8_t> findKeptPartials(const Graph& graph, const GraphRules& rules,
                                      const std::vector<std::vector<OpId>>& users)
{
    std::vector<uint8_t> keeps(graph.values.size(), 0);
    for (size_t index = graph.ops.size(); index-- > 0;) {
        const Op& op = graph.ops[index];
        for (const ValueId result : op.results) {
            const auto& readers = users[result.index()];
            keeps[result.index()] =
                !readers.empty() && std::ranges::all_of(readers, [&](OpId reader) {
                    const Op& user = graph.op(reader);
                    if (user.kind == OpKind::kAccumulate)
                        return true;
                    if (user.results.size() != 1 || keeps[user.results[0].index()] == 0)
                        return false;
                    const FactorRule& rule =
                        rules.rules[static_cast<size_t>(rules.ofOp[reader.index()])];
                    for (size_t o = 0; o < user.operands.size(); ++o) {
                        if (user.operands[o] == result &&
                            linearGroupOf(rule, static_cast<int>(o)).empty())
                            return false;
                    }
                    return true;
                });
        }
    }
    return keeps;
}

/// Walks back from the updated parameters and states through the update phase.
std::vector<ValueId> findUpdateGroups(const Graph& graph)
{
    std::vector<ValueId> group(graph.values.size());
    std::unordered_map<std::string, ValueId> parameterOf;
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kUpdatedParameter && output.alias.isValid()) {
            parameterOf[graph.value(output.alias).name] = output.alias;
            group[output.value.index()] = output.alias;
        }
    }
    for (const GraphOutput& output : graph.outputs) {
        if (output.role != OutputRole::kUpdatedState || !output.alias.isValid())
            continue;
        // "block_0.fc.kernel.m" belongs to "block_0.fc.kernel".
        const std::string& state = graph.value(output.alias).name;
        const auto owner = parameterOf.find(state.substr(0, state.rfind('.')));
        if (owner != parameterOf.end() &&
            graph.type(output.alias).dims == graph.type(owner->second).dims) {
            group[output.alias.index()] = owner->second;
            group[output.value.index()] = owner->second;
        }
    }
    for (size_t index = graph.ops.size(); index-- > 0;) {
        const Op& op = graph.ops[index];
        if (op.phase != Phase::kUpdate || op.results.empty() ||
            !group[op.results[0].index()].isValid())
            continue;
        const ValueId parameter = group[op.results[0].index()];
        for (const ValueId operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            const bool isUpdateValue = producer.isValid()
                                           ? graph.op(producer).phase == Phase::kUpdate
                                           : graph.inputRole(operand) == InputRole::kOptimizerState;
            if (isUpdateValue && graph.type(operand).dims == graph.type(parameter).dims &&
                !group[operand.index()].isValid())
                group[operand.index()] = parameter;
        }
    }
    return group;
}

/// Of one fused kernel per parameter: inputs and accumulated gradients read once, outputs written
/// once.
Seconds updateWork(const Graph& graph, const Op& op, const std::vector<uint8_t>& isOutput,
                   const std::vector<std::vector<OpId>>& users, OpId id, const DeviceKind& device)
{
    Bytes bytes;
    for (const ValueId operand : op.operands) {
        const OpId producer = graph.value(operand).producer;
        const bool isRead = !producer.isValid() || graph.op(producer).phase != Phase::kUpdate;
        bool isFirst = false;
        for (const OpId reader : users[operand.index()]) {
            if (graph.op(reader).phase == Phase::kUpdate) {
                isFirst = reader == id;
                break;
            }
        }
        if (isRead && isFirst)
            bytes += graph.type(operand).bytes();
    }
    for (const ValueId result : op.results) {
        if (isOutput[result.index()] != 0)
            bytes += graph.type(result).bytes();
    }
    return Seconds(static_cast<double>(bytes.count) / device.memoryBandwidth);
}

/// Per value: is it read in the backward phase?
std::vector<uint8_t> findReadLate(const Graph& graph, const std::vector<std::vector<OpId>>& users)
{
    std::vector<uint8_t> isLate(graph.values.size(), 0);
    for (size_t value = 0; value < graph.values.size(); ++value)
        isLate[value] = std::ranges::any_of(
            users[value], [&](OpId user) { return graph.op(user).phase == Phase::kBackward; });
    return isLate;
}

/// The update op that makes the new value of the parameter that `op` reads, perhaps through others;
/// `op` itself if there is none.
OpId updateOf(const Graph& graph, OpId op)
{
    ValueId value = graph.op(op).operands[0];
    for (OpId producer = graph.value(value).producer; producer.isValid();
         producer = graph.value(value).producer) {
        if (graph.op(producer).operands.empty())
            return op;
        value = graph.op(producer).operands[0];
    }
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kUpdatedParameter && output.alias == value &&
            graph.value(output.value).producer.isValid())
            return graph.value(output.value).producer;
    }
    return op;
}

/// What the ops cost where the backend fuses them.
void takeFusedCosts(LayeredGraph& layered, const FusedCosts& fused)
{
    const Graph& graph = *layered.graph;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const OpId id(index);
        if (graph.op(id).phase == Phase::kUpdate)
            continue;
        layered.work[index] = fused.times[index].work;
        layered.fixed[index] = fused.times[index].fixed;
    }
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const ComputeTime& once = fused.oncePerStep[index];
        if (once.work.count <= 0 || graph.ops[index].operands.empty())
            continue;
        const OpId payer = updateOf(graph, OpId(index));
        layered.work[payer.index()] += once.work;
        layered.fixed[payer.index()] += once.fixed;
    }
}

} // namespace

Graph cloneLazyOps(const Graph& graph)
{
    const auto users = valueUsers(graph);
    Graph result;
    result.name = graph.name;
    result.scopes = graph.scopes;
    result.ops.reserve(graph.ops.size());
    result.values.reserve(graph.values.size());
    std::vector<ValueId> mapped(graph.values.size());
    std::vector<OpId> mappedOp(graph.ops.size());
    std::vector<uint8_t> isCloned(graph.ops.size(), 0);
    std::vector<uint8_t> isOutput(graph.values.size(), 0);
    for (const GraphOutput& output : graph.outputs)
        isOutput[output.value.index()] = 1;
    for (const GraphInput& input : graph.inputs) {
        const Value& value = graph.value(input.value);
        mapped[input.value.index()] = result.addInput(value.name, value.type, input.role);
    }
    const auto copyOp = [&](auto&& self, OpId id, const Op* reader) -> OpId {
        Op op = graph.op(id);
        std::vector<TensorType> types;
        for (const ValueId value : op.results)
            types.push_back(graph.type(value));
        if (reader != nullptr)
            op.phase = reader->phase;
        for (ValueId& operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            if (producer.isValid() && isCloned[producer.index()] != 0)
                operand = result.op(self(self, producer, &op)).results[0];
            else
                operand = mapped[operand.index()];
        }
        if (op.origin.isValid())
            op.origin = mappedOp[op.origin.index()];
        op.results.clear();
        const OpId added = result.addOp(std::move(op), std::move(types));
        if (!mappedOp[id.index()].isValid())
            mappedOp[id.index()] = added;
        return added;
    };
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const OpId id(index);
        const Op& op = graph.op(id);
        // Expansions are emitted before each reader instead of here.
        if (op.results.size() == 1 && isExpansion(graph, op) &&
            isOutput[op.results[0].index()] == 0 && op.phase != Phase::kUpdate) {
            isCloned[index] = 1;
            continue;
        }
        const OpId added = copyOp(copyOp, id, nullptr);
        for (size_t r = 0; r < op.results.size(); ++r)
            mapped[op.results[r].index()] = result.op(added).results[r];
    }
    for (GraphOutput output : graph.outputs) {
        output.value = mapped[output.value.index()];
        if (output.alias.isValid())
            output.alias = mapped[output.alias.index()];
        result.addOutput(std::move(output));
    }
    return result;
}

Seconds LayeredGraph::computeOn(OpId op, double share, const ShardingSpec& lhs,
                                const ShardingSpec& rhs, const std::vector<int>& axisSizes) const
{
    const int index = productOf[op.index()];
    if (index < 0)
        return work[op.index()] * share + fixed[op.index()];
    const ProductWork& product = products[static_cast<size_t>(index)];
    return rooflineOf(product, product.shape(lhs, rhs, axisSizes), device).time();
}

LayeredGraph analyseLayers(std::shared_ptr<const Graph> graph, std::vector<int> layerOfOp,
                           int layerCount, const DeviceKind& device)
{
    LayeredGraph layered;
    layered.graph = std::move(graph);
    const Graph& g = *layered.graph;
    layered.layerCount = layerCount;
    layered.device = device;
    layered.layerOfOp = std::move(layerOfOp);
    layered.users = valueUsers(g);
    layered.rules = collectRules(g);
    layered.isLazy = findLazyOps(g, layered.users);
    // A lazy op is computed where it is read: between layers its operands cross, not its result.
    for (size_t index = g.ops.size(); index-- > 0;) {
        if (layered.isLazy[index] != 0)
            layered.layerOfOp[index] =
                layered.layerOfOp[layered.users[g.ops[index].results[0].index()].front().index()];
    }
    layered.keepsPartial = findKeptPartials(g, layered.rules, layered.users);
    layered.updateGroup = findUpdateGroups(g);

    std::optional<FusedCosts> fused;
    if (device.fusesKernels)
        fused = fusedCosts(g, device);
    layered.isStored = fused ? fused->isStored : std::vector<uint8_t>(g.values.size(), 1);
    layered.isHeldOnce = fused ? fused->isHeldOnce : std::vector<uint8_t>(g.values.size(), 0);
    const std::vector<uint8_t> isLate = fused ? fused->isReadLate : findReadLate(g, layered.users);
    layered.selective = selectRecomputation(
        g, layered.layerOfOp, fused ? fused->isInAttention : std::vector<uint8_t>(g.ops.size(), 0));
    layered.isWeightGradient = weightGradientOps(g, layered.rules.batch, layered.layerOfOp);

    layered.opsOfLayer.resize(static_cast<size_t>(layerCount));
    layered.largestResult.resize(static_cast<size_t>(layerCount));
    layered.layerOfValue.assign(g.values.size(), -1);
    layered.isSaved.assign(g.values.size(), 0);
    std::vector<uint8_t> isOutput(g.values.size(), 0);
    for (const GraphOutput& output : g.outputs)
        isOutput[output.value.index()] = 1;
    for (size_t index = 0; index < g.ops.size(); ++index) {
        const OpId id(index);
        const Op& op = g.ops[index];
        const int layer = layered.layerOfOp[index];
        CHECK(layer >= 0 && layer < layerCount, "every op has a layer");
        layered.productOf.push_back(-1);
        if (fused && op.phase != Phase::kUpdate && fused->isInAttention[index] != 0) {
            for (const ValueId result : op.results)
                layered.selective.isKept[result.index()] &= layered.isStored[result.index()];
        }
        const bool isOwnProduct = !fused || fused->isProduct[index] != 0;
        if (std::optional<ProductWork> product = !isOwnProduct ? std::nullopt
                                                 : fused       ? fusedProductWork(g, op, device)
                                                               : productWork(g, op, device)) {
            const auto known = std::ranges::find(layered.products, *product);
            layered.productOf.back() = static_cast<int>(known - layered.products.begin());
            if (known == layered.products.end())
                layered.products.push_back(std::move(*product));
        }
        layered.opsOfLayer[static_cast<size_t>(layer)].push_back(id);
        for (const ValueId result : op.results) {
            Bytes& largest = layered.largestResult[static_cast<size_t>(layer)];
            if (op.phase != Phase::kUpdate && layered.isStored[result.index()] != 0)
                largest = std::max(largest, g.type(result).bytes());
            layered.layerOfValue[result.index()] = layer;
            layered.isSaved[result.index()] = op.phase == Phase::kForward &&
                                              layered.isStored[result.index()] != 0 &&
                                              isLate[result.index()] != 0;
            layered.isHeldOnce[result.index()] &= layered.isSaved[result.index()];
        }
        if (op.phase == Phase::kUpdate) {
            layered.work.push_back(updateWork(g, op, isOutput, layered.users, id, device));
            layered.fixed.push_back(Seconds(0));
        } else {
            const ComputeTime time = computeTime(g, op, device);
            layered.work.push_back(time.work);
            layered.fixed.push_back(time.fixed);
        }
    }
    if (fused)
        takeFusedCosts(layered, *fused);
    // Parameters live with their update, states with them; without an update, with the first
    // reader.
    for (const GraphInput& input : g.inputs) {
        if (input.role == InputRole::kBatch)
            continue;
        int& layer = layered.layerOfValue[input.value.index()];
        for (const OpId user : layered.users[input.value.index()]) {
            if (layer < 0 || g.op(user).phase == Phase::kUpdate)
                layer = layered.layerOfOp[user.index()];
        }
        if (layer < 0)
            layer = 0;
    }
    return layered;
}

} // namespace alpa
