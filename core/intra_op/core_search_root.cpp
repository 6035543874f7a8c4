// What only the root of the search does: first prices, tries for good choices, and handing over to
// smaller cores.
#include "core/intra_op/core_search.h"
#include "core/intra_op/price_bundle.h"
#include "core/intra_op/primal_search.h"

#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

std::vector<double> pricesIn(const CoreWithOrigin& smaller, const std::vector<double>& multipliers)
{
    std::vector<double> prices;
    for (int time : smaller.time)
        prices.push_back(multipliers[at(time)]);
    return prices;
}

void CoreSearch::notePrices()
{
    if (!isWhole_)
        return;
    context_.prices.clear();
    for (size_t t = 0; t < lagrangian_.multipliers.size(); ++t) {
        if (lagrangian_.multipliers[t] > 0)
            context_.prices.emplace_back(static_cast<int>(t), lagrangian_.multipliers[t]);
    }
}

void CoreSearch::remember()
{
    liking_.resize(core_.labelTotal(), 0.0f);
    for (int i = 0; i < core_.nodeCount; ++i)
        liking_[core_.labelOffset[at(i)] + at(lagrangian_.messages.choice[at(i)])] += 1;
}

/// Multipliers to start from; returns their bound.
double CoreSearch::startPrices()
{
    const auto see = [this](const std::vector<int>& choice, double cost) {
        remember();
        spendPasses();
        if (cost < incumbentCost_ && core_.fits(choice))
            offer(cost, choice);
    };
    PriceBundle bundle(core_, lagrangian_, see, [this] { return context_.isOver(); });
    const double bound = bundle.run();
    context_.trwsIterations += bundle.turns();
    mixture_ = bundle.mixture();
    bundlePrices_ = lagrangian_.multipliers;
    if (context_.raiseRootBound(bound))
        notePrices();
    return bound;
}

/// Where nothing is known, the label that is cheapest given the earlier nodes.
std::vector<int> CoreSearch::completed(std::vector<int> choice) const
{
    for (int i = 0; i < core_.nodeCount; ++i) {
        if (choice[at(i)] != kNoLabel)
            continue;
        double least = kForbidden;
        for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
            double cost = core_.costs[core_.labelOffset[at(i)] + at(s)];
            for (int q = core_.backwardBegin[at(i)]; q < core_.backwardBegin[at(i) + 1]; ++q) {
                const int edge = core_.backwardEdges[at(q)];
                cost += core_.row(edge, choice[at(core_.edges[at(edge)].from)])[s];
            }
            for (int q = core_.forwardBegin[at(i)]; q < core_.forwardBegin[at(i) + 1]; ++q) {
                const int edge = core_.forwardEdges[at(q)];
                const int known = choice[at(core_.edges[at(edge)].to)];
                cost += known == kNoLabel ? 0 : core_.row(edge, s)[known];
            }
            if (cost < least || s == 0) {
                least = cost;
                choice[at(i)] = s;
            }
        }
    }
    return choice;
}

void CoreSearch::startFrom(const CoreStart& start)
{
    constexpr int kRepairs = 500;
    if (!start.choice.empty()) {
        local_.start(completed(start.choice));
        if (local_.repair(kRepairs)) {
            local_.descend(4);
            if (local_.cost() < kForbidden)
                offer(local_.cost(), local_.choice());
        }
        mixture_ = {local_.choice()};
        spendPasses();
    }
    if (!start.multipliers.empty()) {
        lagrangian_.multipliers = start.multipliers;
        isWarm_ = true;
    }
}

/// The bound at the prices of an earlier search, after enough passes for the messages to settle.
double CoreSearch::continuePrices()
{
    constexpr int kMostPasses = 12;
    constexpr double kSlow = 2e-5;
    bundlePrices_ = lagrangian_.multipliers;
    lagrangian_.price();
    double bound = -kForbidden;
    for (int pass = 0; pass < kMostPasses && !context_.isOver(); ++pass) {
        const double before = bound;
        lagrangian_.messages.forward(false);
        bound = std::max(bound, lagrangian_.messages.backward(true));
        remember();
        ++context_.trwsIterations;
        spendPasses();
        if (core_.fits(lagrangian_.messages.choice))
            offerChoice(lagrangian_.messages.choice);
        if (bound - before < kSlow * std::abs(bound))
            break;
    }
    if (context_.raiseRootBound(bound))
        notePrices();
    return bound;
}

/// What the other half of the search starts a round from.
ChoiceTask CoreSearch::choiceTask() const
{
    return {.isAllowed = lagrangian_.isAllowed,
            .liking = liking_,
            .multipliers = lagrangian_.multipliers,
            .bundlePrices = bundlePrices_,
            .mixture = mixture_,
            .decoded = lagrangian_.messages.choice,
            .incumbent = incumbent_,
            .upperBound = std::min(context_.upperBound, incumbentCost_),
            .work = context_.workLeft()};
}

/// One bout of tries on the labels that the passes liked.
void CoreSearch::searchPrimally()
{
    --primalRounds_;
    ChoiceSearch choices(
        core_, static_cast<uint64_t>(11 + primalRounds_), [this] { return context_.isStopped(); },
        context_.options().control.stop);
    const FoundChoice found = choices.runOnce(choiceTask());
    if (!found.choice.empty())
        offer(found.cost, found.choice);
    context_.spend(choices.work());
    for (float& liking : liking_)
        liking *= 0.5f;
}

CoreSearch::End CoreSearch::searchRoot(double& bound)
{
    if (context_.rootBound == -kForbidden)
        bound = std::max(bound, isWarm_ ? continuePrices() : startPrices());
    if (context_.isClosedBy(bound))
        return End::kClosed;
    if (core_.timeCount() == 1) {
        crossMixture();
        if (searchFronts(bound) == End::kClosed)
            return End::kClosed;
    }
    const auto small = static_cast<size_t>(std::max(context_.options().smallCoreLabels, 0));
    return labelCount_ < small ? searchSmallRoot(bound) : searchLargeRoot(bound);
}

/// Alternates between tries and passes until the bound closes, many labels are barred, or rounds
/// are used up.
CoreSearch::End CoreSearch::searchSmallRoot(double& bound)
{
    // Prices first: tries are worth little before they have settled.
    constexpr int kFirstTurns = 250;
    constexpr int kTurns = 15;
    int turns =
        context_.upperBound < kForbidden && primalRounds_ < mostRounds_ ? kTurns : kFirstTurns;
    while (true) {
        if (iterate(0, bound, turns) == End::kClosed)
            return End::kClosed;
        if (primalRounds_ == 0 || context_.isOver() || isCompactable())
            return End::kOpen;
        const double before = context_.upperBound;
        searchPrimally();
        if (context_.upperBound < before)
            primalRounds_ = std::max(primalRounds_,
                                     mostRounds_ - (primalRounds_ % 2 == mostRounds_ % 2 ? 2 : 1));
        turns = kTurns;
    }
}

/// What the search has learnt, in terms of the smaller core.
void CoreSearch::inherit(const CoreSearch& outer, const CoreWithOrigin& smaller)
{
    isWhole_ = false;
    lagrangian_.messages.takeOver(outer.lagrangian_.messages, smaller);
    lagrangian_.multipliers = pricesIn(smaller, outer.lagrangian_.multipliers);
    if (!outer.bundlePrices_.empty())
        bundlePrices_ = pricesIn(smaller, outer.bundlePrices_);
    primalRounds_ = std::min(outer.primalRounds_, mostRounds_);
    mixture_.assign(outer.mixture_.size(), std::vector<int>(smaller.node.size(), kNoLabel));
    liking_.assign(core_.labelTotal(), 0.0f);
    for (size_t i = 0; i < smaller.node.size(); ++i) {
        const size_t node = at(smaller.node[i]);
        for (size_t s = 0; s < smaller.label[i].size(); ++s) {
            const int label = smaller.label[i][s];
            if (!outer.liking_.empty())
                liking_[core_.labelOffset[i] + s] =
                    outer.liking_[outer.core_.labelOffset[node] + at(label)];
            for (size_t k = 0; k < mixture_.size(); ++k) {
                if (outer.mixture_[k][node] == label)
                    mixture_[k][i] = static_cast<int>(s);
            }
        }
    }
}

} // namespace alpa
