#include "core/intra_op/ilp_regret.h"

#include "core/intra_op/ilp_core.h"
#include "core/intra_op/ilp_graph.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_search.h"

#include <algorithm>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// What a search that has ended leaves of the regret.
RegretRange rangeOf(const SearchContext& context, double cost)
{
    constexpr double kRounding = 1e-9;
    RegretRange range;
    if (context.upperBound < kForbidden)
        range.most = std::max(0.0, context.upperBound - cost);
    const double proven = std::min(context.openBound, context.cutoff());
    range.least = std::clamp(std::max(context.rootBound, proven) - cost, 0.0, range.most);
    if (context.openBound == kForbidden || range.most - range.least <= kRounding * cost)
        range.least = range.most; // Nothing was given up.
    return range;
}

} // namespace

std::vector<RegretRange> regretOf(const IlpProblem& problem, const IlpSolution& solution, int node,
                                  const IlpOptions& options)
{
    std::vector<RegretRange> regrets(problem.nodes[at(node)].costs.size(),
                                     RegretRange{kForbidden, kForbidden});
    // Reduced once for all strategies of the node, so none of them may be reduced away.
    IlpGraph graph(problem);
    graph.protectedNode = node;
    if (reduceGraph(graph) != ReductionEnd::kReduced)
        return regrets;
    const CoreWithOrigin whole = makeCore(graph);
    const auto place = std::find(whole.node.begin(), whole.node.end(), node);
    const size_t position = static_cast<size_t>(place - whole.node.begin());
    const std::vector<int> strategies = graph.originalStrategies(node);
    const bool hasWholeCosts = isIntegral(problem);
    const double magnitude = magnitudeOf(whole.core);
    IlpOptions shared = options;
    shared.onBound = nullptr;
    shared.workLimit =
        options.workLimit / static_cast<int64_t>(std::max<size_t>(strategies.size(), 1));
    for (size_t s = 0; s < strategies.size(); ++s) {
        std::vector<uint8_t> isAllowed(whole.core.labelTotal(), 1);
        uint8_t* labels = isAllowed.data() + whole.core.labelOffset[position];
        std::fill_n(labels, strategies.size(), uint8_t{0});
        labels[s] = 1;
        const CoreWithOrigin forced = restrictCore(whole.core, isAllowed);
        SearchContext context(shared, hasWholeCosts, magnitude);
        searchCore(forced.core, context);
        if (context.isCancelled())
            return {};
        regrets[at(strategies[s])] = rangeOf(context, solution.cost);
    }
    return regrets;
}

} // namespace alpa
