// Where one time limits use: parts of the gap, from the bound upwards, in which elimination by
// fronts finds the optimum or proves that it lies above.
#include "core/intra_op/bucket_elimination.h"
#include "core/intra_op/core_search.h"
#include "core/intra_op/front_elimination.h"

#include <array>
#include <limits>
#include <optional>

namespace alpa
{
namespace
{

/// Part of the bound above it that is searched first, and how it grows. What elimination takes
/// grows fast with it, and most optima lie close above the bound.
constexpr double kFirstShare = 2e-4;
constexpr double kGrowth = 1.7;
constexpr int kMostShares = 12;
constexpr int kSettlingPasses = 3; ///< The bundle leaves messages of other prices.
constexpr double kMostTables = 1 << 19;
constexpr double kMostSharedTables = 1 << 22; ///< Equal layers share theirs.
constexpr int64_t kWorkShare = 3;             ///< Of the work left, for one elimination.
/// Where fronts are too many for a proof, a few of each make a choice that is hardly worse.
constexpr size_t kFewOfFront = 40;
constexpr std::array<size_t, 1> kFew{kFewOfFront};
constexpr std::array<size_t, 2> kAllOrFew{std::numeric_limits<size_t>::max(), kFewOfFront};

} // namespace

/// The part of the core that may cost less than `target`, by min-marginals that go with `first`;
/// nothing if no choice can.
std::optional<CoreWithOrigin> CoreSearch::partBelow(double first, double target)
{
    const std::vector<uint8_t> allowed = lagrangian_.isAllowed;
    std::optional<CoreWithOrigin> part;
    if (fixByReducedCostBelow(first, target))
        part = restrictCore(core_, lagrangian_.isAllowed);
    lagrangian_.isAllowed = allowed;
    if (part && std::ranges::any_of(part->core.capacity, [](double room) { return room < 0; }))
        part.reset();
    return part;
}

/// Searches all choices that cost less than `target`, or where these are too many, a few of each
/// front; offers what it finds.
CoreSearch::Proof CoreSearch::proveByFronts(double first, double target)
{
    const std::optional<CoreWithOrigin> part = partBelow(first, target);
    if (!part)
        return {target, true};
    const bool isLimited = part->core.timeCount() > 0;
    const std::optional<EliminationPlan> plan =
        planElimination(part->core, isLimited ? kMostSharedTables : kMostTables);
    if (!plan)
        return {first, false};
    if (!isLimited) {
        const Elimination result = eliminateAll(part->core, *plan);
        context_.spend(static_cast<int64_t>(plan->tableTotal));
        if (result.cost < kForbidden)
            offerChoice(part->lift(result.choice));
        return {std::min(result.cost, target), true};
    }
    const int64_t ofPairs = context_.workLeft() / kWorkShare;
    const FrontAnswer answer =
        eliminateFronts(part->core, *plan, pricesIn(*part, lagrangian_.multipliers)[0], target,
                        kAllOrFew, {std::max(ofPairs, context_.tableWorkLeft()), ofPairs});
    context_.spendTables(answer.tableWork);
    context_.spend(answer.work);
    if (answer.cost < kForbidden)
        offerChoice(part->lift(answer.choice));
    return {answer.bound, answer.isComplete};
}

/// Offers a good choice that takes each node's label from one of those that together use memory
/// best: equal layers change sides at one price, and what fits has some of them on either side.
void CoreSearch::crossMixture()
{
    if (mixture_.empty())
        return;
    std::vector<uint8_t> inMixture(lagrangian_.isAllowed.size(), 0);
    for (size_t i = 0; i < mixture_.front().size(); ++i) {
        bool isAnyLeft = false;
        for (const std::vector<int>& choice : mixture_) {
            if (choice[i] == kNoLabel)
                continue;
            inMixture[core_.labelOffset[i] + static_cast<size_t>(choice[i])] = 1;
            isAnyLeft = true;
        }
        if (!isAnyLeft)
            return;
    }
    const CoreWithOrigin part = restrictCore(core_, inMixture);
    if (part.core.timeCount() == 0 || part.core.capacity[0] < 0)
        return;
    const std::optional<EliminationPlan> plan = planElimination(part.core, kMostTables);
    if (!plan)
        return;
    const int64_t ofPairs = context_.workLeft() / kWorkShare;
    const FrontAnswer answer =
        eliminateFronts(part.core, *plan, pricesIn(part, lagrangian_.multipliers)[0],
                        context_.upperBound, kFew, {ofPairs, ofPairs});
    context_.spendTables(answer.tableWork);
    context_.spend(answer.work);
    if (answer.cost < kForbidden)
        offerChoice(part.lift(answer.choice));
}

CoreSearch::End CoreSearch::searchFronts(double& bound)
{
    double first = 0;
    for (int pass = 0; pass < kSettlingPasses && !context_.isOver(); ++pass)
        bound = std::max(bound, passBothWays(pass, first));
    double share = kFirstShare;
    bool isComplete = true;
    for (int turn = 0; turn < kMostShares && isComplete && !context_.isOver(); ++turn) {
        const double target = std::min(bound + share * std::abs(bound), context_.cutoff());
        const Proof proof = proveByFronts(first, target);
        bound = std::max(bound, proof.bound);
        isComplete = proof.isComplete;
        // Where no label was barred, what is proven holds beyond the cutoff too.
        const double most =
            isWhole_ && allowedCount() == labelCount_ ? context_.upperBound : context_.cutoff();
        if (context_.raiseRootBound(std::min(bound, most)))
            notePrices();
        if (context_.isClosedBy(bound)) {
            context_.closedBy("fronts");
            return End::kClosed;
        }
        share *= kGrowth;
    }
    return End::kOpen;
}

} // namespace alpa
