#include "core/plan/model_units.h"

#include "core/graph/op_cost.h"
#include "core/inter_op/cluster_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace alpa
{
namespace
{

constexpr int kMostLayers =
    16; // As Alpa's largest runs; more seldom changes the plan and costs planning time.

/// "GPT/block_3/ln1" gives "GPT/block_3": up to the first component that ends in a number.
std::string blockOf(const std::string& scope)
{
    size_t begin = 0;
    while (begin < scope.size()) {
        const size_t end = std::min(scope.find('/', begin), scope.size());
        if (end > begin && std::isdigit(static_cast<unsigned char>(scope[end - 1])) != 0 &&
            scope.substr(begin, end - begin).find_first_not_of("0123456789") != std::string::npos)
            return scope.substr(0, end);
        begin = end + 1;
    }
    return {};
}

ClusteringProblem clusteringProblem(const Graph& graph, const std::vector<OpId>& ops,
                                    const std::vector<ModelUnit>& units)
{
    ClusteringProblem problem;
    std::vector<int> unitOfOp(graph.ops.size(), -1);
    for (size_t u = 0; u < units.size(); ++u) {
        const int end = u + 1 < units.size() ? units[u + 1].begin : static_cast<int>(ops.size());
        for (int i = units[u].begin; i < end; ++i)
            unitOfOp[ops[static_cast<size_t>(i)].index()] = static_cast<int>(u);
        problem.cost.push_back(units[u].flops);
        problem.isHeavy.push_back(1);
    }
    const auto users = valueUsers(graph);
    for (const OpId id : ops) {
        for (const ValueId value : graph.op(id).results) {
            ClusteringValue crossing{.producer = unitOfOp[id.index()],
                                     .uses = {},
                                     .bytes = static_cast<double>(graph.type(value).bytes().count)};
            for (const OpId user : users[value.index()]) {
                const int unit = unitOfOp[user.index()];
                if (unit > crossing.producer &&
                    (crossing.uses.empty() || crossing.uses.back() < unit))
                    crossing.uses.push_back(unit);
            }
            if (!crossing.uses.empty())
                problem.values.push_back(std::move(crossing));
        }
    }
    return problem;
}

int defaultLayerCount(int units)
{
    if (units <= kMostLayers)
        return units;
    for (int count = kMostLayers; count >= kMostLayers / 2; --count) {
        if (units % count == 0)
            return count;
    }
    return kMostLayers;
}

/// Blocks that hold a contraction.
std::set<std::string> workingBlocks(const Graph& graph, const std::vector<OpId>& ops)
{
    std::set<std::string> blocks;
    for (const OpId id : ops) {
        if (isContraction(graph.op(id)))
            blocks.insert(blockOf(graph.scopePath(graph.op(id).scope)));
    }
    return blocks;
}

/// Unrolled loops that multiply nothing, such as the rounds of a random number generator, are no
/// blocks of the model.
bool isIdleLoop(const std::string& block, const std::set<std::string>& working)
{
    return block.find("iteration_") != std::string::npos && !working.contains(block);
}

/// A head of several blocks' cost can exceed Alpa's balance bound: widens it until a layering
/// exists.
Result<LayerClustering> clusterUnits(const ClusteringProblem& problem, int wanted,
                                     const JobControl& control)
{
    Result<LayerClustering> found = clusterLayers(problem, {wanted, 0.5}, control);
    for (double imbalance = 1.0; !found && imbalance <= 64; imbalance *= 2)
        found = clusterLayers(problem, {wanted, imbalance}, control);
    return found;
}

} // namespace

bool isContraction(const Op& op)
{
    return op.kind == OpKind::kDot || op.kind == OpKind::kConvolution;
}

std::vector<OpId> forwardOps(const Graph& graph)
{
    std::vector<OpId> ops;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        if (graph.ops[index].phase == Phase::kForward)
            ops.push_back(OpId(index));
    }
    return ops;
}

std::vector<ModelUnit> findBlocks(const Graph& graph, const std::vector<OpId>& ops)
{
    std::vector<ModelUnit> units;
    const std::set<std::string> working = workingBlocks(graph, ops);
    const auto blockAt = [&](size_t i) {
        std::string block = blockOf(graph.scopePath(graph.op(ops[i]).scope));
        return isIdleLoop(block, working) ? std::string() : block;
    };
    int lastOfAll = -1;
    for (size_t i = 0; i < ops.size(); ++i) {
        if (!blockAt(i).empty())
            lastOfAll = static_cast<int>(i);
    }
    std::string current;
    for (size_t i = 0; i < ops.size(); ++i) {
        const std::string block = blockAt(i);
        const bool beginsBlock = !block.empty() && block != current;
        const bool endsAll = block.empty() && !current.empty() && lastOfAll < static_cast<int>(i);
        if (units.empty() || (beginsBlock && !current.empty()) ||
            (endsAll && units.back().name != "head")) {
            units.push_back(
                {.begin = static_cast<int>(i), .flops = 0, .name = endsAll ? "head" : block});
        }
        if (beginsBlock) {
            current = block;
            if (units.back().name.empty())
                units.back().name = block;
        }
        if (isContraction(graph.op(ops[i])))
            units.back().flops += opFlops(graph, graph.op(ops[i])).count;
    }
    return units;
}

std::vector<ModelUnit> findContractions(const Graph& graph, const std::vector<OpId>& ops)
{
    std::vector<ModelUnit> units;
    bool isOpen = false;
    for (size_t i = 0; i < ops.size(); ++i) {
        const Op& op = graph.op(ops[i]);
        if (!isOpen) {
            units.push_back(
                {.begin = static_cast<int>(i), .flops = 0, .name = graph.scopePath(op.scope)});
            isOpen = true;
        }
        if (isContraction(op)) {
            units.back().flops += opFlops(graph, op).count;
            units.back().name = graph.scopePath(op.scope);
            isOpen = false;
        }
    }
    if (units.size() > 1 && units.back().flops == 0)
        units.pop_back(); // Cheap ops at the end belong to the last contraction.
    return units;
}

Result<Layering> layerUnits(const Graph& graph, std::optional<int> layerCount,
                            std::optional<bool> isOfBlocks, const JobControl& control)
{
    const std::vector<OpId> ops = forwardOps(graph);
    std::vector<ModelUnit> units = findBlocks(graph, ops);
    const bool hasHead = !units.empty() && units.back().name == "head";
    const int blocks = static_cast<int>(units.size()) - (hasHead ? 1 : 0);
    Layering layering;
    layering.isOfBlocks = isOfBlocks.value_or(
        blocks >= 2 && (!layerCount || *layerCount <= static_cast<int>(units.size())));
    if (!layering.isOfBlocks)
        units = findContractions(graph, ops);
    const int unitCount = static_cast<int>(units.size());
    const int wanted =
        layerCount.value_or(defaultLayerCount(layering.isOfBlocks ? blocks : unitCount));
    if (wanted < 1 || wanted > unitCount)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} layers asked, but the model has {} contractions", wanted,
                                 units.size()));
    ASSIGN_OR_RETURN(const LayerClustering clustering,
                     clusterUnits(clusteringProblem(graph, ops, units), wanted, control));
    layering.begins = clustering.begins;
    layering.begins.push_back(unitCount);
    for (size_t layer = 0; layer + 1 < layering.begins.size(); ++layer) {
        const auto first = static_cast<size_t>(layering.begins[layer]);
        const auto last = static_cast<size_t>(layering.begins[layer + 1]) - 1;
        layering.names.push_back(first == last ? units[first].name
                                               : units[first].name + " .. " + units[last].name);
    }
    return layering;
}

} // namespace alpa
