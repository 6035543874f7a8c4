#include "core/intra_op/core_search.h"

#include "core/intra_op/bucket_elimination.h"

#include <cmath>
#include <memory>
#include <optional>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Numbers in elimination tables: worth it at once, and worth it when the bound alone does not
/// close the gap.
constexpr double kCheapTables = 1 << 15;
constexpr double kMostTables = 1 << 23;
constexpr int64_t kTablePasses = 64; // elimination may cost as much as so many passes

} // namespace

void CoreSearch::spendPasses()
{
    const int64_t passes = lagrangian_.messages.work();
    context_.spend(passes - passesPaid_ + (local_.work() - localPaid_));
    passesPaid_ = passes;
    localPaid_ = local_.work();
}

size_t CoreSearch::allowedCount() const
{
    size_t count = 0;
    for (int i = 0; i < core_.nodeCount; ++i) {
        for (int s = 0; s < core_.labelCount[at(i)]; ++s)
            count += lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)];
    }
    return count;
}

void CoreSearch::offer(double cost, const std::vector<int>& choice)
{
    if (cost < incumbentCost_) {
        incumbentCost_ = cost;
        incumbent_ = choice;
    }
    if (cost < context_.upperBound)
        context_.offer(cost, lift_(choice));
}

void CoreSearch::offerChoice(const std::vector<int>& choice)
{
    offer(core_.costOf(choice), choice);
}

/// Exact if no usage can exceed its limit any more and the tables are small enough.
bool CoreSearch::tryElimination(double mostNumbers)
{
    if (core_.timeCount() > 0)
        return false;
    const std::optional<EliminationPlan> plan = planElimination(core_, mostNumbers);
    if (!plan)
        return false;
    const Elimination result = eliminateAll(core_, *plan);
    context_.spend(static_cast<int64_t>(plan->tableTotal));
    if (result.cost < context_.upperBound)
        context_.offer(result.cost, lift_(result.choice));
    context_.closedBy("elimination");
    return true;
}

/// Rebuilds the core without barred labels if they are many, and goes on there.
bool CoreSearch::compactAndSolve(int depth, double bound)
{
    if (!isCompactable())
        return false;
    const auto smaller =
        std::make_shared<CoreWithOrigin>(restrictCore(core_, lagrangian_.isAllowed));
    for (double capacity : smaller->core.capacity) {
        if (capacity < -0.5)
            return true;
    }
    const Lift lift = lift_;
    CoreSearch inner(smaller->core, context_, [smaller, lift](const std::vector<int>& choice) {
        return lift(smaller->lift(choice));
    });
    if (depth == 0)
        inner.inherit(*this, *smaller);
    else
        inner.lagrangian_.multipliers = pricesIn(*smaller, lagrangian_.multipliers);
    inner.solve(depth, bound);
    return true;
}

/// The node where a second choice costs most, and its best label.
std::pair<int, int> CoreSearch::branchingLabel() const
{
    std::pair<int, int> result{-1, -1};
    double bestScore = -1;
    for (int i = 0; i < core_.nodeCount; ++i) {
        double least = kForbidden;
        double second = kForbidden;
        int label = -1;
        int count = 0;
        for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
            if (!lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)])
                continue;
            ++count;
            const double marginal = minMarginals_[core_.labelOffset[at(i)] + at(s)];
            if (marginal < least || label < 0) {
                second = least;
                least = marginal;
                label = s;
            } else {
                second = std::min(second, marginal);
            }
        }
        if (count < 2)
            continue;
        const double score = std::min(second, 1e300) + 0.3 * lagrangian_.priceSpread(i);
        if (score > bestScore) {
            bestScore = score;
            result = {i, label};
        }
    }
    return result;
}

void CoreSearch::branch(int depth, double bound)
{
    const auto [node, label] = branchingLabel();
    if (node < 0) {
        // One label each: the bound of a single choice is its cost, and propagation has checked
        // that it fits.
        std::vector<int> choice(at(core_.nodeCount));
        for (int i = 0; i < core_.nodeCount; ++i) {
            for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                if (lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)])
                    choice[at(i)] = s;
            }
        }
        if (core_.fits(choice))
            offerChoice(choice);
        return;
    }
    const std::vector<uint8_t> allowed = lagrangian_.isAllowed;
    const std::vector<double> multipliers = lagrangian_.multipliers;
    for (bool takesLabel : {true, false}) {
        lagrangian_.isAllowed = allowed;
        lagrangian_.multipliers = multipliers;
        uint8_t* labels = lagrangian_.isAllowed.data() + core_.labelOffset[at(node)];
        if (takesLabel)
            std::fill_n(labels, core_.labelCount[at(node)], uint8_t{0});
        labels[label] = takesLabel;
        lagrangian_.messages.forgetBarred();
        if (context_.isOver())
            context_.giveUp(bound);
        else if (propagate())
            solve(depth + 1, bound);
    }
}

void CoreSearch::solve(int depth, double bound)
{
    if (context_.isClosedBy(bound))
        return;
    if (context_.isOver()) {
        context_.giveUp(bound);
        return;
    }
    context_.branchNodes += depth > 0;
    if (depth > 0)
        context_.closedBy("branching");
    if (core_.nodeCount == 0) {
        offerChoice({});
        return;
    }
    const bool isWhole = allowedCount() == labelCount_;
    if (isWhole && tryElimination(kCheapTables))
        return;
    const bool hasTimes = core_.timeCount() > 0;
    const End end = depth > 0   ? iterate(depth, bound, 14)
                    : !hasTimes ? iterate(0, bound, 200)
                                : searchRoot(bound);
    if (end == End::kClosed)
        return;
    if (context_.isOver()) {
        context_.giveUp(bound);
        return;
    }
    if (compactAndSolve(depth, bound))
        return;
    // Branching halves the work of elimination again and again, so its allowance grows with depth.
    const double allowance =
        static_cast<double>(kTablePasses * core_.passWork()) * std::pow(4.0, depth);
    if (isWhole && tryElimination(std::min(allowance, kMostTables)))
        return;
    branch(depth, bound);
}

void searchCore(const IlpCore& core, SearchContext& context, const CoreStart& start)
{
    if (std::any_of(core.capacity.begin(), core.capacity.end(),
                    [](double room) { return room < -0.5; }))
        return;
    CoreSearch search(core, context, [](const std::vector<int>& choice) { return choice; });
    search.startFrom(start);
    search.solve(0, -kForbidden);
}

} // namespace alpa
