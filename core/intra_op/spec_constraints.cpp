#include "core/intra_op/spec_constraints.h"

#include "core/base/text.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// "qkv.kernel[0:64]", a part of a separated projection, is also meant by the name of the whole.
bool matchesParameter(std::string_view name, std::string_view pattern)
{
    return matchesPattern(name, pattern) ||
           (name.ends_with(']') && matchesPattern(name.substr(0, name.rfind('[')), pattern));
}

/// Axes of size 1 split nothing, so they do not count in the comparison.
ShardingSpec onRealAxes(ShardingSpec spec, const std::vector<int>& axisSizes)
{
    AxisSet real = 0;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis)
        real |= axisSizes[axis] > 1 ? axisBit(static_cast<int>(axis)) : AxisSet{0};
    for (AxisSet& dim : spec.dims)
        dim &= real;
    spec.partial &= real;
    return spec;
}

void forbid(std::vector<uint8_t>& flags, const std::vector<ShardingSpec>& specs,
            const ShardingSpec& wanted, bool forbids)
{
    for (size_t k = 0; k < flags.size(); ++k) {
        if ((specs[k] == wanted) == forbids)
            flags[k] = 1;
    }
}

} // namespace

std::vector<SpecMatch> matchSpecs(const LayeredGraph& layered, int layer,
                                  const std::vector<SpecConstraint>& constraints,
                                  const RenameFunction& rename, MatchedRank rank)
{
    std::vector<SpecMatch> matches;
    if (constraints.empty())
        return matches;
    const Graph& graph = *layered.graph;
    const auto nameOf = [&rename](const std::string& name) { return rename ? rename(name) : name; };
    const auto add = [&](const auto& isNamed, ValueId parameter, OpId op) {
        const ValueId named = op.isValid() ? graph.op(op).results[0] : parameter;
        for (size_t c = 0; c < constraints.size(); ++c) {
            const bool fits =
                rank == MatchedRank::kAny || constraints[c].spec.rank == graph.type(named).rank();
            if (fits && isNamed(constraints[c].pattern))
                matches.push_back(
                    {.constraint = static_cast<int>(c), .parameter = parameter, .op = op});
        }
    };
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kParameter || graph.type(input.value).rank() == 0 ||
            layered.layerOfValue[input.value.index()] != layer)
            continue;
        const std::string name = nameOf(graph.value(input.value).name);
        add([&](const std::string& pattern) { return matchesParameter(name, pattern); },
            input.value, OpId());
    }
    for (const OpId id : layered.opsOfLayer[static_cast<size_t>(layer)]) {
        const Op& op = graph.op(id);
        if (op.phase != Phase::kForward || graph.type(op.results[0]).rank() == 0)
            continue;
        const std::string label =
            nameOf(graph.scopePath(op.scope)) + ":" + std::string(opKindName(op.kind));
        add([&](const std::string& pattern) { return matchesPattern(label, pattern); }, ValueId(),
            id);
    }
    return matches;
}

void forbidByRules(const LayeredGraph& layered, const BatchDims* sequence,
                   const MeshProblem& problem, const SpecTables& tables, const ShardingRules& rules,
                   int first, int end, ForbiddenStrategies& forbidden)
{
    if (rules == ShardingRules{})
        return;
    const auto add = [&](int node, const auto& isForbidden) {
        const size_t strategies = problem.nodes[static_cast<size_t>(node)].perMicrobatch.size();
        std::vector<uint8_t> flags(strategies, 0);
        size_t count = 0;
        for (size_t k = 0; k < strategies; ++k) {
            flags[k] = isForbidden(k) ? 1 : 0;
            count += flags[k];
        }
        if (count > 0 && count < strategies)
            forbidden.emplace(node, std::move(flags));
    };
    for (int layer = first; layer < end; ++layer) {
        for (const int index : problem.nodesOfLayer[static_cast<size_t>(layer)]) {
            const MeshNode& node = problem.nodes[static_cast<size_t>(index)];
            const bool isParameter = node.kind == DecisionKind::kParameter;
            const StorageRule storage = isParameter ? rules.parameters : rules.states;
            if ((isParameter || node.kind == DecisionKind::kUpdate) &&
                storage != StorageRule::kFree) {
                const std::vector<ShardingSpec>& specs = tables.list(node.specs);
                add(index, [&](size_t k) {
                    return hasAxis(specs[k].splitAxes(), kDataAxis) !=
                           (storage == StorageRule::kSplit);
                });
            } else if (node.kind == DecisionKind::kOp) {
                const bool isBound = !rules.tensorAxisMaySplitBatch;
                const int batch = isBound ? layered.rules.batch.factorOfOp[node.op.index()] : -1;
                const int dim = isBound ? layered.rules.batch.ofValue[node.value.index()] : -1;
                const bool isFollowed = rules.contextAxis && sequence != nullptr &&
                                        layered.graph->op(node.op).phase != Phase::kUpdate;
                const int positions = isFollowed ? sequence->factorOfOp[node.op.index()] : -1;
                const std::vector<ShardingSpec>& specs = tables.list(node.specs);
                add(index, [&](size_t k) {
                    const auto& factors = node.strategies[k].axisFactor;
                    const bool splitsBatch =
                        batch >= 0 &&
                        std::find(factors.begin() + 1, factors.end(), batch) != factors.end();
                    // Or moves its result there at once.
                    const bool moves = dim >= 0 && (specs[k].dims[static_cast<size_t>(dim)] &
                                                    ~axisBit(kDataAxis)) != 0;
                    const bool keepsSequence =
                        positions >= 0 &&
                        factors[static_cast<size_t>(*rules.contextAxis)] != positions;
                    return splitsBatch || moves || keepsSequence;
                });
            }
        }
    }
}

void forbidStrategies(const MeshProblem& problem, const SpecTables& tables,
                      const std::vector<SpecConstraint>& constraints,
                      const std::vector<SpecMatch>& matches, ForbiddenStrategies& forbidden)
{
    for (const SpecMatch& match : matches) {
        const bool isOp = match.op.isValid();
        const int node = isOp ? problem.ops[match.op.index()].node
                              : problem.nodeOfInput[match.parameter.index()];
        if (node < 0)
            continue;
        const MeshNode& decision = problem.nodes[static_cast<size_t>(node)];
        const SpecListId list = isOp ? problem.ops[match.op.index()].result : decision.specs;
        std::vector<uint8_t>& flags = forbidden[node];
        flags.resize(decision.perMicrobatch.size(), 0);
        const SpecConstraint& constraint = constraints[static_cast<size_t>(match.constraint)];
        forbid(flags, tables.list(list), onRealAxes(constraint.spec, tables.axisSizes()),
               constraint.forbids);
    }
}

} // namespace alpa
