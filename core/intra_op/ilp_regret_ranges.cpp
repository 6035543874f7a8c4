// Regrets by bounds: the passes settle once at the prices of the solution; forcing a strategy
// changes little, so a few more passes bound each.
#include "core/intra_op/ilp_core.h"
#include "core/intra_op/ilp_graph.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_regret.h"
#include "core/intra_op/ilp_search.h"
#include "core/intra_op/lagrangian.h"
#include "core/intra_op/local_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// One core in which one node is forced to one label after the other.
class ForcedCore
{
public:
    ForcedCore(IlpCore core, const CoreStart& start, int node, double tolerance)
        : core_(std::move(core))
        , lagrangian_(core_)
        , start_(start.choice)
        , node_(node)
        , tolerance_(tolerance)
    {
        if (!start.multipliers.empty())
            lagrangian_.multipliers = start.multipliers;
        const double* costs = core_.costs.data() + core_.labelOffset[at(node)];
        freeCosts_.assign(costs, costs + core_.labelCount[at(node)]);
    }

    /// Passes without force until they stall; returns the least cost with each label that they
    /// prove.
    std::vector<double> settle(int mostPasses)
    {
        constexpr double kSlow = 1e-6;
        std::vector<double> least(freeCosts_.size(), -kForbidden);
        std::vector<double> minMarginals;
        lagrangian_.price();
        double before = -kForbidden;
        for (int pass = 0; pass < mostPasses; ++pass) {
            const double bound = lagrangian_.messages.forward(false);
            lagrangian_.messages.backward(true, minMarginals);
            for (size_t s = 0; s < least.size(); ++s)
                least[s] =
                    std::max(least[s], bound + minMarginals[core_.labelOffset[at(node_)] + s]);
            if (bound - before <= kSlow * std::abs(bound))
                break;
            before = bound;
        }
        settled_ = lagrangian_.messages.messages;
        return least;
    }

    /// Raises `least` and lowers `most`, the bounds on the cost with `label`.
    void force(int label, double& least, double& most, int mostPasses)
    {
        double* costs = core_.costs.data() + core_.labelOffset[at(node_)];
        std::fill_n(costs, freeCosts_.size(), kForbidden);
        costs[label] = freeCosts_[at(label)];
        lagrangian_.messages.messages = settled_;
        lagrangian_.price();
        std::vector<int> choice = start_;
        if (!choice.empty()) {
            choice[at(node_)] = label;
            improve(std::move(choice), most);
        }
        for (int pass = 0; pass < mostPasses && most - least > tolerance_; ++pass) {
            const double before = least;
            const double first = lagrangian_.messages.forward(false);
            least = std::max({least, first, lagrangian_.messages.backward(true)});
            improve(lagrangian_.messages.choice, most);
            if (pass > 0 && least - before <= tolerance_)
                break;
        }
        std::copy(freeCosts_.begin(), freeCosts_.end(), costs);
    }

    int64_t work() const { return lagrangian_.messages.work() + localWork_; }

private:
    void improve(std::vector<int> choice, double& most)
    {
        constexpr int kRepairs = 60;
        LocalSearch local(core_);
        local.start(std::move(choice));
        if (local.repair(kRepairs)) {
            start_.empty() ? local.descend(3) : local.descendSince(start_);
            if (local.fits())
                most = std::min(most, local.cost());
        }
        localWork_ += local.work();
    }

    IlpCore core_;
    Lagrangian lagrangian_;
    std::vector<int> start_;
    int node_;
    double tolerance_;
    std::vector<double> freeCosts_;
    std::vector<double> settled_;
    int64_t localWork_ = 0;
};

} // namespace

std::vector<RegretRange> regretRangesOf(const IlpProblem& problem, const IlpSolution& solution,
                                        int node, int64_t workLimit, const JobControl& control)
{
    constexpr int kSettlingPasses = 20;
    constexpr int kPassesPerLabel = 3;
    const size_t count = problem.nodes[at(node)].costs.size();
    std::vector<RegretRange> ranges(count, RegretRange{kForbidden, kForbidden});
    const size_t chosen = at(solution.choice[at(node)]);
    if (solution.isOptimal)
        ranges[chosen] = {0, 0};
    IlpGraph graph(problem);
    graph.protectedNode = node;
    if (reduceGraph(graph) != ReductionEnd::kReduced)
        return ranges;
    const CoreWithOrigin whole = makeCore(graph);
    const auto place = std::find(whole.node.begin(), whole.node.end(), node);
    const std::vector<int> strategies = graph.originalStrategies(node);
    // What passes still leave open when they have practically settled, and what rounding does.
    const double tolerance =
        std::max(1e-12 * magnitudeOf(whole.core), 1e-7 * std::abs(solution.cost));
    ForcedCore forced(whole.core, startOf(graph, whole, solution.warmStart()),
                      static_cast<int>(place - whole.node.begin()), tolerance);
    const std::vector<double> least = forced.settle(kSettlingPasses);
    std::vector<int> order(strategies.size());
    std::iota(order.begin(), order.end(), 0);
    // The likeliest alternatives first, in case the work does not last for all.
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return least[at(a)] < least[at(b)]; });
    for (const int label : order) {
        if (control.isCancelled())
            return {};
        const size_t strategy = at(strategies[at(label)]);
        if (solution.isOptimal && strategy == chosen)
            continue;
        double low = least[at(label)];
        double high = strategy == chosen ? solution.cost : kForbidden;
        forced.force(label, low, high, forced.work() < workLimit ? kPassesPerLabel : 0);
        RegretRange& range = ranges[strategy];
        range.most = high == kForbidden ? high : std::max(0.0, high - solution.cost);
        range.least = std::clamp(low - solution.cost, 0.0, range.most);
        if (range.most - range.least <= tolerance)
            range.least = range.most;
    }
    return ranges;
}

} // namespace alpa
