#include "core/plan/strategy_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// "dim 2 of 8192" or "sum over 2048".
std::string factorText(const FactorRule& rule, int factor)
{
    const Factor& f = rule.factors[static_cast<size_t>(factor)];
    for (size_t dim = 0; dim < rule.results[0].size(); ++dim) {
        if (std::ranges::find(rule.results[0][dim], factor) != rule.results[0][dim].end())
            return fmt::format("dim {} of {}", dim, f.size);
    }
    return fmt::format("sum over {}", f.size);
}

/// Does the op pass its result on otherwise than its factors leave it?
bool movesAtOnce(const FactorRule& rule, const DeviceMesh& mesh, const Strategy& strategy,
                 const ShardingSpec& result)
{
    std::vector<int> sizes;
    for (const MeshAxis& axis : mesh.axes)
        sizes.push_back(axis.size);
    const std::optional<OpSharding> sharding = shardingOf(rule, strategy, sizes);
    if (!sharding || sharding->results.empty())
        return false;
    const ShardingSpec& left = sharding->results[0];
    return left.dims != result.dims || (left.partial & ~result.partial) != 0;
}

} // namespace

std::string strategyText(const LayeredGraph& layered, const DeviceMesh& mesh, const MeshNode& node,
                         const ShardingSpec& spec, size_t k)
{
    if (node.kind != DecisionKind::kOp)
        return formatSpec(spec);
    const FactorRule& rule =
        layered.rules.rules[static_cast<size_t>(layered.rules.ofOp[node.op.index()])];
    std::string text;
    for (size_t axis = 0; axis < mesh.axes.size(); ++axis) {
        const int factor = node.strategies[k].axisFactor[axis];
        if (mesh.axes[axis].size == 1)
            continue;
        if (!text.empty())
            text += ", ";
        text += mesh.axes[axis].name + ": ";
        text += factor == Strategy::kUnused ? "replicated" : factorText(rule, factor);
    }
    if (text.empty())
        return "one device";
    return movesAtOnce(rule, mesh, node.strategies[k], spec) ? text + ", moved at once" : text;
}

} // namespace alpa
