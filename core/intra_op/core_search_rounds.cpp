// The root of the search on large cores: one half raises the bound, the other looks for choices,
// and after each round they tell one another.
#include "core/intra_op/core_search.h"
#include "core/intra_op/side_by_side.h"

#include <algorithm>

namespace alpa
{

/// Passes and price steps; bars labels now and then.
CoreSearch::End CoreSearch::ascend(PriceAscent& ascent, double& bound, int turns)
{
    constexpr int kFixEvery = 5;
    Trws& messages = lagrangian_.messages;
    for (int turn = 0; turn < turns && !context_.isOver(); ++turn) {
        const bool fixes = turn % kFixEvery == kFixEvery - 1;
        lagrangian_.price();
        const double first = messages.forward(false);
        const double now = fixes ? std::max(first, messages.backward(true, minMarginals_))
                                 : std::max(first, messages.backward(true));
        ++context_.trwsIterations;
        spendPasses();
        remember();
        if (core_.fits(messages.choice))
            offerChoice(messages.choice);
        bound = std::max(bound, now);
        if (context_.raiseRootBound(std::min(now, context_.cutoff())))
            notePrices();
        if (context_.isClosedBy(bound) || (fixes && !fixByReducedCost(first))) {
            context_.closedBy("bound");
            return End::kClosed;
        }
        ascent.advance(now, context_.upperBound);
    }
    return End::kOpen;
}

/// Supposes that the optimum lies in the lower part of the gap. Many labels are barred then, and
/// the rest is searched: if nothing is found, the bound rises to where the supposition ended.
CoreSearch::End CoreSearch::probe(double& bound)
{
    if (context_.upperBound == kForbidden)
        return End::kOpen;
    const double target =
        probeShare_ < 1 ? bound + probeShare_ * (context_.upperBound - bound) : context_.upperBound;
    lagrangian_.price();
    const double first = lagrangian_.messages.forward(false);
    lagrangian_.messages.backward(true, minMarginals_);
    spendPasses();
    if (probeWork_ == 0)
        probeWork_ = 100 * core_.passWork();
    IlpOptions options;
    options.control.stop = context_.options().control.stop;
    options.gapTolerance = context_.options().gapTolerance;
    options.workLimit = std::min(probeWork_, context_.workLeft());
    options.threads = 1;
    options.smallCoreLabels = context_.options().smallCoreLabels;
    options.looksForChoices = context_.options().looksForChoices;
    SearchContext inner = context_.within(options);
    inner.upperBound = target;
    inner.rootBound = bound;
    const std::vector<uint8_t> allowed = lagrangian_.isAllowed;
    if (fixByReducedCostBelow(first, inner.cutoff())) {
        const CoreWithOrigin smaller = restrictCore(core_, lagrangian_.isAllowed);
        CoreSearch search(smaller.core, inner, [&smaller](const std::vector<int>& choice) {
            return smaller.lift(choice);
        });
        search.inherit(*this, smaller);
        if (std::all_of(smaller.core.capacity.begin(), smaller.core.capacity.end(),
                        [](double room) { return room > -0.5; }))
            search.solve(0, bound);
    }
    lagrangian_.isAllowed = allowed;
    context_.spend(options.workLimit - inner.workLeft());
    if (!inner.best.empty())
        offer(core_.costOf(inner.best), inner.best);
    // Whatever was not finished may hold choices from its bound on; all else costs the target or
    // more.
    const double proven = std::min(inner.openBound, inner.cutoff());
    if (inner.openBound == kForbidden) {
        // All of the gap in the end: shares of it would shrink it for ever and never close it.
        probeShare_ = std::min(probeShare_ * 1.5, 1.0);
    } else {
        probeShare_ = std::max(probeShare_ * 0.6, 0.01);
        probeWork_ += probeWork_ / 2;
    }
    if (proven > bound) {
        bound = proven;
        context_.raiseRootBound(std::min(bound, context_.cutoff()));
    }
    if (!context_.isClosedBy(bound))
        return End::kOpen;
    context_.closedBy("branching");
    return End::kClosed;
}

CoreSearch::End CoreSearch::searchLargeRoot(double& bound)
{
    constexpr int kFirstTurns = 10;
    constexpr int kMostTurns = 60;
    // What an entry costs in the search for choices, in entries of the passes: measured.
    constexpr double kChoiceWork = 0.45;
    PriceAscent ascent(lagrangian_);
    ChoiceSearch choices(
        core_, static_cast<uint64_t>(labelCount_), [this] { return context_.isStopped(); },
        context_.options().control.stop);
    liking_.resize(core_.labelTotal(), 0.0f);
    int64_t choiceWork = 0;
    int turns = kFirstTurns;
    for (int round = 0; true; ++round, turns = std::min(2 * turns, kMostTurns)) {
        ChoiceTask task = choiceTask();
        task.multipliers = ascent.bestPrices();
        task.work = std::min(
            static_cast<int64_t>(kChoiceWork * 2 * turns * static_cast<double>(core_.passWork())),
            std::max<int64_t>(context_.workLeft() / 2, 1));
        for (float& liking : liking_)
            liking *= 0.7f;
        // Where the climb has settled, every second round probes; the other bars labels by what the
        // probes have proven.
        const bool probes = ascent.isSettled() && round % 2 == 0;
        if (probes)
            task.work = std::max(
                task.work, static_cast<int64_t>(kChoiceWork * static_cast<double>(probeWork_)));
        End end = End::kOpen;
        FoundChoice found;
        runSideBySide(
            context_.threads(), [&] { end = probes ? probe(bound) : ascend(ascent, bound, turns); },
            [&] {
                if (context_.options().looksForChoices)
                    found = choices.run(task);
            });
        context_.spend(
            static_cast<int64_t>(static_cast<double>(choices.work() - choiceWork) / kChoiceWork));
        choiceWork = choices.work();
        if (!found.choice.empty())
            offer(found.cost, found.choice);
        if (end == End::kClosed)
            return end;
        if (context_.isOver() || isCompactable())
            break;
    }
    ascent.returnToBest();
    return End::kOpen;
}

} // namespace alpa
