#include "core/intra_op/ilp_core.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

void appendNode(IlpCore& core, size_t labels)
{
    core.labelCount.push_back(static_cast<int>(labels));
    core.labelOffset.push_back(core.labelOffset.back() + IlpCore::padded(labels));
    core.costs.resize(core.labelOffset.back(), 0.0);
    ++core.nodeCount;
}

/// Room for one matrix, padding filled; the caller writes the entries.
double* appendMatrix(IlpCore& core, int rows, int columns)
{
    IlpCore::Matrix matrix;
    matrix.entries = core.matrixEntries.size();
    matrix.stride = IlpCore::padded(at(columns));
    matrix.rows = rows;
    matrix.columns = columns;
    core.matrices.push_back(matrix);
    core.matrixEntries.resize(matrix.entries + matrix.stride * at(rows), kForbidden);
    return core.matrixEntries.data() + matrix.entries;
}

/// Sorts edges and makes the lists of each node's edges.
void indexEdges(IlpCore& core)
{
    std::sort(core.edges.begin(), core.edges.end(),
              [](const IlpCore::Edge& a, const IlpCore::Edge& b) {
                  return std::pair(a.from, a.to) < std::pair(b.from, b.to);
              });
    const size_t count = at(core.nodeCount);
    core.forwardBegin.assign(count + 1, 0);
    core.backwardBegin.assign(count + 1, 0);
    for (const IlpCore::Edge& edge : core.edges) {
        ++core.forwardBegin[at(edge.from) + 1];
        ++core.backwardBegin[at(edge.to) + 1];
    }
    std::partial_sum(core.forwardBegin.begin(), core.forwardBegin.end(), core.forwardBegin.begin());
    std::partial_sum(core.backwardBegin.begin(), core.backwardBegin.end(),
                     core.backwardBegin.begin());
    core.forwardEdges.resize(core.edges.size());
    core.backwardEdges.resize(core.edges.size());
    std::vector<int> nextForward = core.forwardBegin;
    std::vector<int> nextBackward = core.backwardBegin;
    for (int e = 0; e < core.edgeCount(); ++e) {
        core.forwardEdges[at(nextForward[at(core.edges[at(e)].from)]++)] = e;
        core.backwardEdges[at(nextBackward[at(core.edges[at(e)].to)]++)] = e;
    }
}

/// Adds a usage after moving its least value to the capacity; nothing is added if all labels use
/// the same.
void appendUsage(IlpCore& core, int begin, int end, std::vector<double> bytes,
                 std::vector<double>& fixedChange)
{
    const double least = *std::min_element(bytes.begin(), bytes.end());
    fixedChange[at(begin)] += least;
    fixedChange[at(end)] -= least;
    bool isConstant = true;
    for (double& b : bytes) {
        b -= least;
        isConstant &= b == 0;
    }
    if (isConstant)
        return;
    core.usages.push_back({begin, end, core.usageBytes.size()});
    core.usageBytes.insert(core.usageBytes.end(), bytes.begin(), bytes.end());
}

void subtractFixed(std::vector<double>& capacity, const std::vector<double>& fixedChange)
{
    double fixed = 0;
    for (size_t t = 0; t < capacity.size(); ++t) {
        fixed += fixedChange[t];
        capacity[t] -= fixed;
    }
}

/// Copies the labels kept of one core into another.
class Restriction
{
public:
    Restriction(const IlpCore& core, const std::vector<uint8_t>& isAllowed)
        : from_(core)
        , kept_(at(core.nodeCount))
        , keptId_(at(core.nodeCount))
        , position_(at(core.nodeCount), -1)
    {
        std::map<std::vector<int>, int> ids;
        for (int i = 0; i < core.nodeCount; ++i) {
            for (int s = 0; s < core.labelCount[at(i)]; ++s) {
                if (isAllowed[core.labelOffset[at(i)] + at(s)])
                    kept_[at(i)].push_back(s);
            }
            keptId_[at(i)] =
                ids.try_emplace(kept_[at(i)], static_cast<int>(ids.size())).first->second;
        }
    }

    CoreWithOrigin run()
    {
        IlpCore& core = result_.core;
        core.labelOffset = {0};
        core.base = from_.base;
        core.capacity = from_.capacity;
        result_.fixedLabel.assign(at(from_.nodeCount), -1);
        copyNodes();
        for (const IlpCore::Edge& edge : from_.edges)
            copyEdge(edge);
        indexEdges(core);
        forgetSlackTimes();
        return std::move(result_);
    }

private:
    void copyNodes()
    {
        IlpCore& core = result_.core;
        std::vector<double> fixedChange(from_.capacity.size() + 1, 0.0);
        std::vector<std::vector<int>> labels;
        core.usageBegin = {0};
        for (int i = 0; i < from_.nodeCount; ++i) {
            const std::vector<int>& kept = kept_[at(i)];
            const double* costs = from_.costs.data() + from_.labelOffset[at(i)];
            const bool isFree = kept.size() > 1;
            if (isFree) {
                position_[at(i)] = core.nodeCount;
                result_.node.push_back(i);
                labels.push_back(kept);
                appendNode(core, kept.size());
                for (size_t s = 0; s < kept.size(); ++s)
                    core.costs[core.labelOffset[at(core.nodeCount) - 1] + s] = costs[kept[s]];
            } else {
                result_.fixedLabel[at(i)] = kept[0];
                core.base += costs[kept[0]];
            }
            for (int u = from_.usageBegin[at(i)]; u < from_.usageBegin[at(i) + 1]; ++u) {
                const IlpCore::Usage& usage = from_.usages[at(u)];
                std::vector<double> bytes;
                for (int s : kept)
                    bytes.push_back(from_.usageBytes[usage.bytes + at(s)]);
                appendUsage(core, usage.begin, usage.end, std::move(bytes), fixedChange);
            }
            if (isFree)
                core.usageBegin.push_back(static_cast<int>(core.usages.size()));
        }
        subtractFixed(core.capacity, fixedChange);
        result_.label = std::move(labels);
    }

    void copyEdge(const IlpCore::Edge& edge)
    {
        IlpCore& core = result_.core;
        const std::vector<int>& rows = kept_[at(edge.from)];
        const std::vector<int>& columns = kept_[at(edge.to)];
        const IlpCore::Matrix& matrix = from_.matrices[at(edge.matrix)];
        const double* entries = from_.matrixEntries.data() + matrix.entries;
        const auto entry = [&](int s, int t) { return entries[matrix.stride * at(s) + at(t)]; };
        const int from = position_[at(edge.from)];
        const int to = position_[at(edge.to)];
        if (from < 0 && to < 0) {
            core.base += entry(rows[0], columns[0]);
        } else if (from < 0) {
            for (size_t t = 0; t < columns.size(); ++t)
                core.costs[core.labelOffset[at(to)] + t] += entry(rows[0], columns[t]);
        } else if (to < 0) {
            for (size_t s = 0; s < rows.size(); ++s)
                core.costs[core.labelOffset[at(from)] + s] += entry(rows[s], columns[0]);
        } else {
            const auto [place, isNew] =
                copied_.try_emplace({edge.matrix, keptId_[at(edge.from)], keptId_[at(edge.to)]},
                                    static_cast<int>(core.matrices.size()));
            if (isNew) {
                double* to_ = appendMatrix(core, static_cast<int>(rows.size()),
                                           static_cast<int>(columns.size()));
                const size_t stride = core.matrices.back().stride;
                for (size_t s = 0; s < rows.size(); ++s) {
                    for (size_t t = 0; t < columns.size(); ++t)
                        to_[s * stride + t] = entry(rows[s], columns[t]);
                }
            }
            core.edges.push_back({from, to, place->second});
        }
    }

    /// Times at which even the most demanding labels fit.
    void forgetSlackTimes()
    {
        IlpCore& core = result_.core;
        std::vector<double> most(core.capacity.size() + 1, 0.0);
        for (int i = 0; i < core.nodeCount; ++i) {
            for (int u = core.usageBegin[at(i)]; u < core.usageBegin[at(i) + 1]; ++u) {
                const IlpCore::Usage& usage = core.usages[at(u)];
                const double* bytes = core.usageBytes.data() + usage.bytes;
                const double largest = *std::max_element(bytes, bytes + core.labelCount[at(i)]);
                most[at(usage.begin)] += largest;
                most[at(usage.end)] -= largest;
            }
        }
        std::vector<int> keptBefore(core.capacity.size() + 1, 0);
        std::vector<double> capacity;
        double sum = 0;
        for (size_t t = 0; t < core.capacity.size(); ++t) {
            sum += most[t];
            keptBefore[t] = static_cast<int>(capacity.size());
            if (sum > core.capacity[t]) {
                capacity.push_back(core.capacity[t]);
                result_.time.push_back(static_cast<int>(t));
            }
        }
        keptBefore.back() = static_cast<int>(capacity.size());
        core.capacity = std::move(capacity);
        std::vector<IlpCore::Usage> usages;
        int begin = 0;
        for (int i = 0; i < core.nodeCount; ++i) {
            const int end = core.usageBegin[at(i) + 1];
            for (int u = begin; u < end; ++u) {
                IlpCore::Usage usage = core.usages[at(u)];
                usage.begin = keptBefore[at(usage.begin)];
                usage.end = keptBefore[at(usage.end)];
                if (usage.begin < usage.end)
                    usages.push_back(usage);
            }
            begin = end;
            core.usageBegin[at(i) + 1] = static_cast<int>(usages.size());
        }
        core.usages = std::move(usages);
    }

    const IlpCore& from_;
    std::vector<std::vector<int>> kept_;
    std::vector<int> keptId_;
    std::vector<int> position_; ///< In the result; -1 for folded nodes.
    std::map<std::array<int, 3>, int> copied_;
    CoreWithOrigin result_;
};

} // namespace

int64_t IlpCore::passWork() const
{
    int64_t work = static_cast<int64_t>(labelTotal()) + timeCount();
    for (const Edge& edge : edges) {
        const Matrix& matrix = matrices[at(edge.matrix)];
        work += static_cast<int64_t>(matrix.stride) * matrix.rows;
    }
    return work;
}

double IlpCore::costOf(const std::vector<int>& choice) const
{
    double cost = base;
    for (int i = 0; i < nodeCount; ++i)
        cost += costs[labelOffset[at(i)] + at(choice[at(i)])];
    for (int e = 0; e < edgeCount(); ++e)
        cost += row(e, choice[at(edges[at(e)].from)])[choice[at(edges[at(e)].to)]];
    return cost;
}

std::vector<double> IlpCore::useOf(const std::vector<int>& choice) const
{
    std::vector<double> use(capacity.size() + 1, 0.0);
    for (int i = 0; i < nodeCount; ++i) {
        for (int u = usageBegin[at(i)]; u < usageBegin[at(i) + 1]; ++u) {
            const double bytes = usageBytes[usages[at(u)].bytes + at(choice[at(i)])];
            use[at(usages[at(u)].begin)] += bytes;
            use[at(usages[at(u)].end)] -= bytes;
        }
    }
    std::partial_sum(use.begin(), use.end(), use.begin());
    use.pop_back();
    return use;
}

bool IlpCore::fits(const std::vector<int>& choice) const
{
    const std::vector<double> use = useOf(choice);
    for (size_t t = 0; t < use.size(); ++t) {
        if (use[t] > capacity[t])
            return false;
    }
    return true;
}

std::vector<int> CoreWithOrigin::lift(const std::vector<int>& choice) const
{
    std::vector<int> lifted = fixedLabel;
    for (size_t i = 0; i < node.size(); ++i)
        lifted[at(node[i])] = label[i][at(choice[i])];
    return lifted;
}

CoreWithOrigin makeCore(IlpGraph& graph)
{
    CoreWithOrigin result;
    IlpCore& core = result.core;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].isAlive)
            result.node.push_back(static_cast<int>(i));
    }
    std::sort(result.node.begin(), result.node.end(), [&](int a, int b) {
        return std::pair(graph.nodes[at(a)].order, a) < std::pair(graph.nodes[at(b)].order, b);
    });
    core.base = graph.base;
    core.labelOffset = {0};
    core.usageBegin = {0};
    for (int64_t use : graph.fixedUse)
        core.capacity.push_back(static_cast<double>(*graph.limit - use));
    std::vector<double> fixedChange(core.capacity.size() + 1, 0.0);
    std::vector<int> position(graph.nodes.size(), -1);
    for (int i : result.node) {
        const GraphNode& node = graph.nodes[at(i)];
        position[at(i)] = core.nodeCount;
        appendNode(core, node.costs.size());
        std::copy(node.costs.begin(), node.costs.end(),
                  core.costs.begin() +
                      static_cast<std::ptrdiff_t>(core.labelOffset[at(core.nodeCount) - 1]));
        for (const IlpUsage& usage : node.usages)
            appendUsage(core, usage.begin, usage.end, {usage.bytes.begin(), usage.bytes.end()},
                        fixedChange);
        core.usageBegin.push_back(static_cast<int>(core.usages.size()));
    }
    subtractFixed(core.capacity, fixedChange);
    std::unordered_map<int, int> copied;
    for (int i : result.node) {
        for (int edge : graph.nodes[at(i)].edges) {
            const int neighbour = graph.other(edge, i);
            if (position[at(neighbour)] < position[at(i)])
                continue;
            const int matrix = graph.matrixFrom(edge, i);
            const auto [place, isNew] =
                copied.try_emplace(matrix, static_cast<int>(core.matrices.size()));
            if (isNew) {
                const int rows = graph.matrices.rows(matrix);
                const int columns = graph.matrices.columns(matrix);
                double* to = appendMatrix(core, rows, columns);
                const double* from = graph.matrices.entries(matrix);
                for (int s = 0; s < rows; ++s)
                    std::copy(from + at(s) * at(columns), from + at(s + 1) * at(columns),
                              to + at(s) * core.matrices.back().stride);
            }
            core.edges.push_back({position[at(i)], position[at(neighbour)], place->second});
        }
    }
    indexEdges(core);
    result.time = graph.times;
    return result;
}

CoreWithOrigin restrictCore(const IlpCore& core, const std::vector<uint8_t>& isAllowed)
{
    return Restriction(core, isAllowed).run();
}

} // namespace alpa
