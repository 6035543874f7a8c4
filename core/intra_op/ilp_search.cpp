#include "core/intra_op/ilp_search.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

bool areWhole(const std::vector<double>& numbers)
{
    return std::all_of(numbers.begin(), numbers.end(), [](double number) {
        return number == kForbidden || number == std::floor(number);
    });
}

} // namespace

CoreStart startOf(const IlpGraph& graph, const CoreWithOrigin& reduced,
                  const IlpWarmStart& warmStart)
{
    CoreStart start;
    if (warmStart.choice.size() == graph.nodes.size()) {
        const std::vector<std::vector<int>> original = graph.originalStrategiesOfAlive();
        for (int node : reduced.node) {
            const std::vector<int>& strategies = original[at(node)];
            const auto same =
                std::find(strategies.begin(), strategies.end(), warmStart.choice[at(node)]);
            start.choice.push_back(same == strategies.end()
                                       ? CoreStart::kNoLabel
                                       : static_cast<int>(same - strategies.begin()));
        }
    }
    if (!warmStart.prices.empty() && !reduced.time.empty()) {
        start.multipliers.assign(reduced.time.size(), 0.0);
        for (const ActiveLimit& price : warmStart.prices) {
            // A time that is no longer kept is implied by one beside it.
            const auto next =
                std::lower_bound(reduced.time.begin(), reduced.time.end(), price.time);
            const auto place = next == reduced.time.end() ? std::prev(next) : next;
            start.multipliers[static_cast<size_t>(place - reduced.time.begin())] +=
                std::max(0.0, price.costPerByte);
        }
    }
    return start;
}

bool isIntegral(const IlpProblem& problem)
{
    return std::all_of(problem.nodes.begin(), problem.nodes.end(),
                       [](const IlpNode& node) { return areWhole(node.costs); }) &&
           std::all_of(problem.matrices.begin(), problem.matrices.end(),
                       [](const IlpMatrix& matrix) { return areWhole(matrix.entries); });
}

double magnitudeOf(const IlpCore& core)
{
    double sum = std::abs(core.base);
    for (int i = 0; i < core.nodeCount; ++i) {
        double least = kForbidden;
        for (int s = 0; s < core.labelCount[at(i)]; ++s)
            least = std::min(least, std::abs(core.costs[core.labelOffset[at(i)] + at(s)]));
        sum += least;
    }
    return sum;
}

SearchContext::SearchContext(const IlpOptions& options, bool isIntegral, double costScale)
    : options_(options)
    , isIntegral_(isIntegral)
    , costScale_(costScale)
    , workLeft_(options.workLimit)
    , tableWorkLeft_(options.tableWork)
    , deadline_(std::chrono::steady_clock::time_point::max())
{
    hasDeadline_ = options.timeLimit.has_value();
    if (hasDeadline_)
        deadline_ = std::chrono::steady_clock::now() +
                    std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                        std::chrono::duration<double>(options.timeLimit->count));
}

SearchContext SearchContext::within(const IlpOptions& options) const
{
    SearchContext inner(options, isIntegral_, costScale_);
    inner.deadline_ = deadline_;
    inner.hasDeadline_ = hasDeadline_;
    return inner;
}

double SearchContext::cutoff() const
{
    if (upperBound == kForbidden)
        return kForbidden;
    // Sums of doubles in different orders agree to about 1e-15 per term.
    const double rounding = 1e-12 * costScale_;
    const double tolerance = std::max(options_.gapTolerance * std::abs(upperBound), rounding);
    return isIntegral_ ? std::min(upperBound - 1 + 1e-3, upperBound - tolerance)
                       : upperBound - tolerance;
}

bool SearchContext::offer(double cost, const std::vector<int>& choice)
{
    if (!(cost < upperBound))
        return false;
    upperBound = cost;
    best = choice;
    if (options_.onBound)
        options_.onBound(upperBound, rootBound);
    return true;
}

bool SearchContext::raiseRootBound(double bound)
{
    if (bound <= rootBound)
        return false;
    rootBound = bound;
    if (options_.onBound)
        options_.onBound(upperBound, rootBound);
    return true;
}

void SearchContext::closedBy(std::string_view how)
{
    if (method != "branching")
        method = how;
}

void SearchContext::giveUp(double bound) { openBound = std::min(openBound, bound); }

bool SearchContext::isStopped() const
{
    return isCancelled() || (hasDeadline_ && std::chrono::steady_clock::now() > deadline_);
}

bool SearchContext::isOver()
{
    if (workLeft_ <= 0 || branchNodes > options_.branchNodeLimit || isPastDeadline_ ||
        isCancelled())
        return true;
    isPastDeadline_ = hasDeadline_ && std::chrono::steady_clock::now() > deadline_;
    return isPastDeadline_;
}

} // namespace alpa
