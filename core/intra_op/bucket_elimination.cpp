#include "core/intra_op/bucket_elimination.h"

#include "core/intra_op/odometer.h"

#include <queue>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// A function of some nodes' labels, row-major over `scope`.
struct Factor {
    std::vector<int> scope;
    std::vector<double> values;
};

/// Who is next to whom while nodes are eliminated.
class Neighbourhoods
{
public:
    explicit Neighbourhoods(const IlpCore& core)
        : core_(core)
        , around_(at(core.nodeCount))
    {
        for (const IlpCore::Edge& edge : core.edges) {
            around_[at(edge.from)].push_back(edge.to);
            around_[at(edge.to)].push_back(edge.from);
        }
        for (std::vector<int>& around : around_) {
            std::ranges::sort(around);
            const auto repeated = std::ranges::unique(around);
            around.erase(repeated.begin(), repeated.end());
        }
    }

    /// Numbers in a table over the node and those next to it.
    double tableOf(int node) const
    {
        double size = core_.labelCount[at(node)];
        for (const int neighbour : around_[at(node)])
            size *= core_.labelCount[at(neighbour)];
        return size;
    }

    /// Puts all that is next to the node next to each other; returns it, ascending.
    std::vector<int> eliminate(int node)
    {
        std::vector<int> scope = std::move(around_[at(node)]);
        for (const int neighbour : scope) {
            std::vector<int>& around = around_[at(neighbour)];
            merged_.clear();
            std::ranges::set_union(around, scope, std::back_inserter(merged_));
            std::erase_if(merged_, [&](int other) { return other == neighbour || other == node; });
            std::swap(around, merged_);
        }
        return scope;
    }

private:
    const IlpCore& core_;
    std::vector<std::vector<int>> around_; ///< Ascending.
    std::vector<int> merged_;              ///< Scratch of eliminate.
};

/// One run of the elimination; keeps, per node, the best label for each choice of its scope.
class Eliminator
{
public:
    Eliminator(const IlpCore& core, const EliminationPlan& plan)
        : core_(core)
        , plan_(plan)
        , position_(at(core.nodeCount))
        , buckets_(at(core.nodeCount))
        , bestLabel_(at(core.nodeCount))
    {
        for (size_t i = 0; i < plan.order.size(); ++i)
            position_[at(plan.order[i])] = i;
        for (int i = 0; i < core.nodeCount; ++i) {
            const double* costs = core.costs.data() + core.labelOffset[at(i)];
            place({{i}, {costs, costs + core.labelCount[at(i)]}});
        }
        for (int e = 0; e < core.edgeCount(); ++e)
            place(edgeFactor(e));
    }

    Elimination run()
    {
        Elimination result;
        result.cost = core_.base;
        for (int node : plan_.order) {
            Factor rest = minimise(node, node == plan_.order.back() ? &result.costOfLast : nullptr);
            if (rest.scope.empty())
                result.cost += rest.values[0];
            else
                place(std::move(rest));
        }
        // What other components cost is known only now.
        const double last = result.costOfLast.empty() ? 0
                                                      : *std::min_element(result.costOfLast.begin(),
                                                                          result.costOfLast.end());
        for (double& cost : result.costOfLast)
            cost = cost + (result.cost - last);
        result.choice.assign(at(core_.nodeCount), 0);
        for (size_t i = plan_.order.size(); i-- > 0;) {
            const int node = plan_.order[i];
            size_t offset = 0;
            for (int neighbour : plan_.scope[at(node)])
                offset =
                    offset * at(core_.labelCount[at(neighbour)]) + at(result.choice[at(neighbour)]);
            result.choice[at(node)] = bestLabel_[at(node)][offset];
        }
        return result;
    }

private:
    Factor edgeFactor(int edge) const
    {
        const IlpCore::Edge& e = core_.edges[at(edge)];
        Factor factor{{e.from, e.to}, {}};
        for (int s = 0; s < core_.labelCount[at(e.from)]; ++s) {
            const double* row = core_.row(edge, s);
            factor.values.insert(factor.values.end(), row, row + core_.labelCount[at(e.to)]);
        }
        return factor;
    }

    void place(Factor factor)
    {
        size_t first = position_[at(factor.scope[0])];
        for (int node : factor.scope)
            first = std::min(first, position_[at(node)]);
        buckets_[first].push_back(std::move(factor));
    }

    /// The factor with `node` last in its scope, so that the node's labels are neighbours in
    /// memory.
    Factor withLast(Factor factor, int node) const
    {
        if (factor.scope.back() == node)
            return factor;
        size_t step = 1;
        size_t i = factor.scope.size() - 1;
        for (; factor.scope[i] != node; --i)
            step *= at(core_.labelCount[at(factor.scope[i])]);
        const size_t labels = at(core_.labelCount[at(node)]);
        std::vector<double> turned(factor.values.size());
        for (size_t block = 0; block < factor.values.size(); block += labels * step) {
            for (size_t s = 0; s < labels; ++s) {
                for (size_t k = 0; k < step; ++k)
                    turned[block + k * labels + s] = factor.values[block + s * step + k];
            }
        }
        factor.scope.erase(factor.scope.begin() + static_cast<std::ptrdiff_t>(i));
        factor.scope.push_back(node);
        factor.values = std::move(turned);
        return factor;
    }

    /// Sums the node's bucket over (scope, node) and minimises over the node's labels.
    Factor minimise(int node, std::vector<double>* costs)
    {
        const std::vector<int>& scope = plan_.scope[at(node)];
        const size_t labels = at(core_.labelCount[at(node)]);
        size_t rows = 1;
        for (int neighbour : scope)
            rows *= at(core_.labelCount[at(neighbour)]);
        std::vector<double> table(rows * labels, 0.0);
        for (Factor& factor : buckets_[position_[at(node)]]) {
            const Factor turned = withLast(std::move(factor), node);
            const std::vector<size_t> strides = Odometer::strides(core_, scope, turned.scope);
            Odometer odometer(core_, scope);
            size_t offset = 0;
            double* row = table.data();
            for (size_t i = 0; i < rows; ++i, row += labels) {
                const double* values = turned.values.data() + offset;
                for (size_t s = 0; s < labels; ++s)
                    row[s] += values[s];
                odometer.advance(offset, strides);
            }
        }
        Factor rest{scope, std::vector<double>(rows)};
        std::vector<int>& best = bestLabel_[at(node)];
        best.resize(rows);
        for (size_t row = 0; row < rows; ++row) {
            const double* values = table.data() + row * labels;
            size_t least = 0;
            for (size_t s = 1; s < labels; ++s)
                least = values[s] < values[least] ? s : least;
            rest.values[row] = values[least];
            best[row] = static_cast<int>(least);
        }
        if (costs)
            *costs = std::move(table);
        return rest;
    }

    const IlpCore& core_;
    const EliminationPlan& plan_;
    std::vector<size_t> position_;
    std::vector<std::vector<Factor>> buckets_; ///< By position of the first node to go.
    std::vector<std::vector<int>> bestLabel_;
};

} // namespace

std::optional<EliminationPlan> planElimination(const IlpCore& core, double mostNumbers,
                                               std::optional<int> last)
{
    EliminationPlan plan;
    Neighbourhoods graph(core);
    std::vector<double> key(at(core.nodeCount)); ///< Numbers in the node's table; 0: it is gone.
    // Holds outdated keys too, which are passed over.
    using Entry = std::pair<double, int>;
    std::vector<Entry> entries;
    for (int i = 0; i < core.nodeCount; ++i) {
        key[at(i)] = graph.tableOf(i);
        if (i != last)
            entries.emplace_back(key[at(i)], i);
    }
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue({}, std::move(entries));
    plan.scope.resize(at(core.nodeCount));
    while (plan.order.size() < at(core.nodeCount)) {
        while (!queue.empty() && queue.top().first != key[at(queue.top().second)])
            queue.pop();
        const int node = queue.empty() ? *last : queue.top().second;
        plan.tableTotal += key[at(node)];
        if (plan.tableTotal > mostNumbers)
            return std::nullopt;
        key[at(node)] = 0;
        plan.order.push_back(node);
        plan.scope[at(node)] = graph.eliminate(node);
        for (const int neighbour : plan.scope[at(node)]) {
            key[at(neighbour)] = graph.tableOf(neighbour);
            if (neighbour != last)
                queue.emplace(key[at(neighbour)], neighbour);
        }
    }
    return plan;
}

Elimination eliminateAll(const IlpCore& core, const EliminationPlan& plan)
{
    return Eliminator(core, plan).run();
}

} // namespace alpa
