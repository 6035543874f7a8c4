#include "core/intra_op/selective_recomputation.h"

#include <queue>

#include <algorithm>
#include <array>
#include <limits>

namespace alpa
{
namespace
{

/// Maximum flow by shortest augmenting paths in levels (Dinic).
class FlowNetwork
{
public:
    static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max() / 4;

    int addNode()
    {
        arcsOf_.emplace_back();
        return static_cast<int>(arcsOf_.size()) - 1;
    }
    void addArc(int from, int to, int64_t capacity)
    {
        arcsOf_[static_cast<size_t>(from)].push_back(static_cast<int>(arcs_.size()));
        arcs_.push_back({to, capacity});
        arcsOf_[static_cast<size_t>(to)].push_back(static_cast<int>(arcs_.size()));
        arcs_.push_back({from, 0});
    }
    void saturate(int source, int sink)
    {
        while (findLevels(source, sink)) {
            next_.assign(arcsOf_.size(), 0);
            while (push(source, sink)) {
            }
        }
    }
    /// Per node: does some unsaturated path lead from it to `sink`?
    std::vector<bool> reaching(int sink) const
    {
        std::vector<bool> reaches(arcsOf_.size(), false);
        std::vector<int> open{sink};
        reaches[static_cast<size_t>(sink)] = true;
        while (!open.empty()) {
            const int node = open.back();
            open.pop_back();
            for (const int arc : arcsOf_[static_cast<size_t>(node)]) {
                // The arc's twin leads here.
                const int from = arcs_[static_cast<size_t>(arc)].to;
                if (arcs_[static_cast<size_t>(arc ^ 1)].capacity > 0 &&
                    !reaches[static_cast<size_t>(from)]) {
                    reaches[static_cast<size_t>(from)] = true;
                    open.push_back(from);
                }
            }
        }
        return reaches;
    }

private:
    struct Arc {
        int to = 0;
        int64_t capacity = 0; ///< What is left of it. Arcs come in twins, one each way.
    };

    bool findLevels(int source, int sink)
    {
        level_.assign(arcsOf_.size(), -1);
        level_[static_cast<size_t>(source)] = 0;
        std::queue<int> open;
        open.push(source);
        while (!open.empty()) {
            const int node = open.front();
            open.pop();
            for (const int arc : arcsOf_[static_cast<size_t>(node)]) {
                const auto to = static_cast<size_t>(arcs_[static_cast<size_t>(arc)].to);
                if (arcs_[static_cast<size_t>(arc)].capacity > 0 && level_[to] < 0) {
                    level_[to] = level_[static_cast<size_t>(node)] + 1;
                    open.push(static_cast<int>(to));
                }
            }
        }
        return level_[static_cast<size_t>(sink)] >= 0;
    }

    /// One path along rising levels; false if there is none left.
    bool push(int source, int sink)
    {
        std::vector<int> path;
        int node = source;
        while (node != sink) {
            size_t& next = next_[static_cast<size_t>(node)];
            const std::vector<int>& arcs = arcsOf_[static_cast<size_t>(node)];
            const auto rises = [&](int arc) {
                const Arc& a = arcs_[static_cast<size_t>(arc)];
                return a.capacity > 0 &&
                       level_[static_cast<size_t>(a.to)] == level_[static_cast<size_t>(node)] + 1;
            };
            while (next < arcs.size() && !rises(arcs[next]))
                ++next;
            if (next < arcs.size()) {
                path.push_back(arcs[next]);
                node = arcs_[static_cast<size_t>(path.back())].to;
                continue;
            }
            if (path.empty())
                return false;
            node = arcs_[static_cast<size_t>(path.back() ^ 1)].to; // A dead end: one step back.
            ++next_[static_cast<size_t>(node)];
            path.pop_back();
        }
        int64_t amount = kUnlimited;
        for (const int arc : path)
            amount = std::min(amount, arcs_[static_cast<size_t>(arc)].capacity);
        for (const int arc : path) {
            arcs_[static_cast<size_t>(arc)].capacity -= amount;
            arcs_[static_cast<size_t>(arc ^ 1)].capacity += amount;
        }
        return true;
    }

    std::vector<Arc> arcs_;
    std::vector<std::vector<int>> arcsOf_;
    std::vector<int> level_;
    std::vector<size_t> next_;
};

class LayerSplit
{
public:
    LayerSplit(const Graph& graph, const std::vector<int>& layerOfOp,
               const std::vector<uint8_t>& isNeverRepeated)
        : graph_(graph)
        , layerOfOp_(layerOfOp)
        , isNeverRepeated_(isNeverRepeated)
        , users_(valueUsers(graph))
    {
        for (const GraphOutput& output : graph.outputs)
            isOutput_[output.value.index()] = true;
    }

    void split(const std::vector<OpId>& ops, SelectiveRecomputation& result)
    {
        FlowNetwork network;
        const int source = network.addNode();
        const int sink = network.addNode();
        std::vector<int> entrances; ///< Per op; the exit is the next node.
        for (const OpId id : ops) {
            const Op& op = graph_.op(id);
            const ValueId made = op.results[0];
            const int entrance = network.addNode();
            const int exit = network.addNode();
            entrances.push_back(entrance);
            entranceOf_[made.index()] = entrance;
            network.addArc(entrance, exit, std::max<int64_t>(1, graph_.type(made).bytes().count));
            if (isReadBackward(made))
                network.addArc(exit, sink, FlowNetwork::kUnlimited);
            if (!isRepeatable(id, op)) {
                network.addArc(source, entrance, FlowNetwork::kUnlimited);
                continue;
            }
            for (const ValueId operand : op.operands) {
                const OpId producer = graph_.value(operand).producer;
                if (producer.isValid() && isHere(producer, layerOfOp_[id.index()]))
                    network.addArc(entranceOf_[operand.index()] + 1, entrance,
                                   FlowNetwork::kUnlimited);
            }
        }
        network.saturate(source, sink);
        const std::vector<bool> reaches = network.reaching(sink);
        for (size_t i = 0; i < ops.size(); ++i) {
            const auto entrance = static_cast<size_t>(entrances[i]);
            result.isRepeated[ops[i].index()] = reaches[entrance];
            result.isKept[graph_.op(ops[i]).results[0].index()] =
                !reaches[entrance] && reaches[entrance + 1];
        }
    }

private:
    bool isHere(OpId op, int layer) const
    {
        return graph_.op(op).phase == Phase::kForward && layerOfOp_[op.index()] == layer;
    }
    bool isReadBackward(ValueId value) const
    {
        return std::ranges::any_of(users_[value.index()], [&](OpId user) {
            return graph_.op(user).phase == Phase::kBackward;
        });
    }

    bool isRepeatable(OpId id, const Op& op) const
    {
        const int layer = layerOfOp_[id.index()];
        if (isNeverRepeated_[id.index()] != 0)
            return false;
        if (op.results.size() != 1 || isOutput_[op.results[0].index()] || !isCheap(op))
            return false;
        const bool crosses = std::ranges::any_of(users_[op.results[0].index()], [&](OpId user) {
            return layerOfOp_[user.index()] != layer;
        });
        // Other layers' values are at hand only if the backward pass of this layer reads them
        // anyway.
        return !crosses && std::ranges::all_of(op.operands, [&](ValueId operand) {
            const OpId producer = graph_.value(operand).producer;
            return !producer.isValid() || isHere(producer, layer) ||
                   graph_.type(operand).rank() == 0 ||
                   std::ranges::any_of(users_[operand.index()], [&](OpId user) {
                       return layerOfOp_[user.index()] == layer &&
                              graph_.op(user).phase == Phase::kBackward;
                   });
        });
    }

    bool isCheap(const Op& op) const
    {
        if (op.kind == OpKind::kDot) {
            int64_t read = 0;
            for (const ValueId operand : op.operands)
                read += graph_.type(operand).bytes().count;
            return graph_.type(op.results[0]).bytes().count > read;
        }
        constexpr std::array kMoves{OpKind::kReduce,    OpKind::kBroadcast, OpKind::kReshape,
                                    OpKind::kTranspose, OpKind::kSlice,     OpKind::kConcatenate,
                                    OpKind::kConstant,  OpKind::kIota};
        return isElementwise(op.kind) || std::ranges::find(kMoves, op.kind) != kMoves.end();
    }

    const Graph& graph_;
    const std::vector<int>& layerOfOp_;
    const std::vector<uint8_t>& isNeverRepeated_;
    std::vector<std::vector<OpId>> users_;
    std::vector<bool> isOutput_ = std::vector<bool>(graph_.values.size(), false);
    std::vector<int> entranceOf_ = std::vector<int>(graph_.values.size(), 0);
};

} // namespace

SelectiveRecomputation selectRecomputation(const Graph& graph, const std::vector<int>& layerOfOp,
                                           const std::vector<uint8_t>& isNeverRepeated)
{
    SelectiveRecomputation result{std::vector<bool>(graph.ops.size(), false),
                                  std::vector<uint8_t>(graph.values.size(), 0)};
    std::vector<std::vector<OpId>> opsOfLayer;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        const auto layer = static_cast<size_t>(layerOfOp[index]);
        if (op.phase != Phase::kForward || op.results.empty())
            continue;
        opsOfLayer.resize(std::max(opsOfLayer.size(), layer + 1));
        opsOfLayer[layer].emplace_back(index);
    }
    LayerSplit layers(graph, layerOfOp, isNeverRepeated);
    for (const std::vector<OpId>& ops : opsOfLayer)
        layers.split(ops, result);
    return result;
}

bool isReadByOtherLayer(const Graph& graph, const std::vector<int>& layerOfOp,
                        const std::vector<OpId>& users, int layer, int firstLayer, int endLayer)
{
    return std::ranges::any_of(users, [&](OpId user) {
        const int reader = layerOfOp[user.index()];
        return graph.op(user).phase == Phase::kForward && reader != layer && reader >= firstLayer &&
               reader < endLayer;
    });
}

} // namespace alpa
