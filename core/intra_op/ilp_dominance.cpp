// Goldstein's dead-end elimination, computed once for all nodes that look alike. "Performance
// enhancement of dead-end elimination": Goldstein, Biophysical Journal 66 (1994), with usage as an
// extra condition.
#include "core/intra_op/ilp_reductions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// A node's surroundings as dominance sees them.
struct NodeView {
    std::span<const double> costs;
    std::vector<int>
        matrices; ///< Rows for the node; sorted, so that equal surroundings look equal.
    const std::vector<IlpUsage>* usages = nullptr;
};

bool isSame(const NodeView& a, const NodeView& b)
{
    if (a.matrices != b.matrices || a.usages->size() != b.usages->size() ||
        !std::equal(a.costs.begin(), a.costs.end(), b.costs.begin(), b.costs.end()))
        return false;
    for (size_t i = 0; i < a.usages->size(); ++i) {
        if ((*a.usages)[i].bytes != (*b.usages)[i].bytes)
            return false;
    }
    return true;
}

uint64_t viewHash(const NodeView& view)
{
    uint64_t hash = hashOf(view.costs) ^ (hashOf(std::span<const int>(view.matrices)) << 1);
    for (const IlpUsage& usage : *view.usages)
        hash = hash * 31 + hashOf(std::span<const int64_t>(usage.bytes));
    return hash;
}

/// Finds the dominated strategies of one node.
class Dominance
{
public:
    Dominance(MatrixPool& pool, const NodeView& view)
        : pool_(pool)
        , view_(view)
    {
        const size_t count = view.costs.size();
        means_.assign(view.costs.begin(), view.costs.end());
        rowMeans_.reserve(count * view.matrices.size());
        for (int matrix : view.matrices) {
            const size_t columns = at(pool.columns(matrix));
            const double* row = pool.entries(matrix);
            hasForbidden_.push_back(pool.traits(matrix).hasForbidden);
            for (size_t s = 0; s < count; ++s, row += columns) {
                rowMeans_.push_back(sumOf(row, columns) / static_cast<double>(columns));
                means_[s] += rowMeans_.back();
            }
        }
        for (double cost : view.costs)
            magnitude_ = std::max(magnitude_, std::abs(cost));
    }

    /// The strategies to keep, ascending.
    std::vector<int> undominated() const
    {
        const size_t count = view_.costs.size();
        std::vector<size_t> order(count);
        std::iota(order.begin(), order.end(), size_t{0});
        std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
            return means_[a] != means_[b] ? means_[a] < means_[b] : a < b;
        });
        std::vector<uint8_t> isDead(count, 0);
        for (size_t b : order) {
            // A strategy that never loses does not lose on average either.
            const double most = means_[b] + 1e-9 * (std::abs(means_[b]) + magnitude_);
            for (size_t a : order) {
                if (means_[a] > most)
                    break;
                if (a != b && !isDead[a] && dominates(a, b)) {
                    isDead[b] = 1;
                    break;
                }
            }
        }
        std::vector<int> keep;
        for (size_t s = 0; s < count; ++s) {
            if (!isDead[s])
                keep.push_back(static_cast<int>(s));
        }
        return keep;
    }

private:
    bool dominates(size_t a, size_t b) const
    {
        for (const IlpUsage& usage : *view_.usages) {
            if (usage.bytes[a] > usage.bytes[b])
                return false;
        }
        double loss = view_.costs[a] - view_.costs[b];
        // What the edges not yet looked at lose on average, they lose at worst: most pairs end at
        // the first edge.
        double lossToCome = means_[a] - means_[b] - loss;
        const size_t count = view_.costs.size();
        const double rounding = 1e-12 * (std::abs(means_[b]) + magnitude_);
        for (size_t e = 0; e < view_.matrices.size(); ++e) {
            const size_t columns = at(pool_.columns(view_.matrices[e]));
            const double* rowA = pool_.entries(view_.matrices[e]) + a * columns;
            const double* rowB = pool_.entries(view_.matrices[e]) + b * columns;
            loss += hasForbidden_[e] ? worstLossWithForbidden(rowA, rowB, columns)
                                     : worstLoss(rowA, rowB, columns);
            if (loss == kForbidden)
                return false;
            lossToCome -= rowMeans_[e * count + a] - rowMeans_[e * count + b];
            if (loss + lossToCome >
                rounding) // never true with forbidden entries: the means are NaN then
                return false;
        }
        return loss <= 0;
    }

    // Four sums or maxima at a time: one would wait for the one before.
    static double sumOf(const double* values, size_t count)
    {
        double sums[4] = {0, 0, 0, 0};
        size_t i = 0;
        for (; i + 4 <= count; i += 4) {
            for (size_t k = 0; k < 4; ++k)
                sums[k] += values[i + k];
        }
        for (; i < count; ++i)
            sums[0] += values[i];
        return (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }

    static double worstLoss(const double* a, const double* b, size_t count)
    {
        const double first = a[0] - b[0];
        double worst[4] = {first, first, first, first};
        size_t t = 0;
        for (; t + 4 <= count; t += 4) {
            for (size_t k = 0; k < 4; ++k)
                worst[k] = std::max(worst[k], a[t + k] - b[t + k]);
        }
        for (; t < count; ++t)
            worst[0] = std::max(worst[0], a[t] - b[t]);
        return std::max(std::max(worst[0], worst[1]), std::max(worst[2], worst[3]));
    }

    static double worstLossWithForbidden(const double* a, const double* b, size_t count)
    {
        double worst = -std::numeric_limits<double>::max();
        for (size_t t = 0; t < count; ++t) {
            if (b[t] == kForbidden)
                continue;
            if (a[t] == kForbidden)
                return kForbidden;
            worst = std::max(worst, a[t] - b[t]);
        }
        return worst;
    }

    const MatrixPool& pool_;
    const NodeView& view_;
    std::vector<double> means_;    ///< Cost of each strategy against partners drawn at random.
    std::vector<double> rowMeans_; ///< By edge, then strategy.
    std::vector<uint8_t> hasForbidden_;
    double magnitude_ = 0;
};

} // namespace

int64_t removeDominated(IlpGraph& graph, const std::stop_token& stop)
{
    struct Known {
        NodeView view;
        std::vector<int> keep;
    };
    // Decisions first, removals after: the views of known nodes stay valid, and removing at once is
    // sound because each decision holds for every choice of the neighbours.
    std::unordered_map<uint64_t, std::vector<size_t>> byHash;
    std::vector<Known> known;
    std::vector<std::pair<int, size_t>> decisions;
    for (size_t i = 0; i < graph.nodes.size() && !stop.stop_requested(); ++i) {
        GraphNode& node = graph.nodes[i];
        if (!std::exchange(node.isChanged, false) || !node.isAlive || node.size() < 2 ||
            graph.protectedNode == static_cast<int>(i))
            continue;
        NodeView view{node.costs, {}, &node.usages};
        view.matrices.reserve(node.edges.size());
        for (int edge : node.edges)
            view.matrices.push_back(graph.matrixFrom(edge, static_cast<int>(i)));
        std::sort(view.matrices.begin(), view.matrices.end());
        std::vector<size_t>& candidates = byHash[viewHash(view)];
        const auto same = std::find_if(candidates.begin(), candidates.end(), [&](size_t candidate) {
            return isSame(known[candidate].view, view);
        });
        if (same != candidates.end()) {
            decisions.emplace_back(static_cast<int>(i), *same);
            continue;
        }
        candidates.push_back(known.size());
        decisions.emplace_back(static_cast<int>(i), known.size());
        std::vector<int> keep = Dominance(graph.matrices, view).undominated();
        known.push_back({std::move(view), std::move(keep)});
    }
    int64_t removed = 0;
    for (const auto& [node, decision] : decisions) {
        const std::vector<int>& keep = known[decision].keep;
        removed += graph.nodes[at(node)].size() - static_cast<int64_t>(keep.size());
        graph.select(node, keep);
    }
    return removed;
}

} // namespace alpa
