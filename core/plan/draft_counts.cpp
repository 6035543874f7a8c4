// The part of Drafter that chooses numbers of microbatches.
#include "core/plan/drafter.h"
#include "core/plan/microbatch_counts.h"
#include "core/training/rebatch.h"

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

/// So many steps uphill in a row end a walk over numbers of microbatches.
constexpr int kStepsUphill = 2;

} // namespace

/// Of small models every family of numbers is searched. Of others the powers of two (and the next
/// family, where none has a draft), then what lies near the best: finer steps of the same valley.
Result<std::vector<Draft>> Drafter::draftCounts(int64_t globalBatch, const std::vector<int>& counts,
                                                bool isLean, bool findsAny, NoPlan& none)
{
    CountRound round{.globalBatch = globalBatch, .counts = counts, .isLean = isLean};
    for (const std::vector<int>& family : familiesOfCounts(counts)) {
        if (!effort_.isThorough && !round.drafts.empty())
            break;
        RETURN_IF_ERROR(draftFamily(family, findsAny, round, none));
        if (findsAny && !round.drafts.empty() && round.drafts.back().isExact)
            return std::move(round.drafts);
    }
    if (!effort_.isThorough && !round.drafts.empty())
        RETURN_IF_ERROR(draftNearBest(round, none));
    RETURN_IF_ERROR(noteUntried(round));
    std::ranges::sort(round.drafts, {}, &Draft::microbatches);
    std::ranges::sort(leftOut_);
    RETURN_IF_ERROR(draftRecomputing(globalBatch, round.best, round.drafts));
    RETURN_IF_ERROR(draftFewer(globalBatch, {round.seen.begin(), round.seen.end()}, isLean,
                               round.best, round.drafts));
    if (round.drafts.empty() && !round.refusal.empty() && none.reason.empty())
        return Error(ErrorCode::kUnsupported, round.refusal);
    return std::move(round.drafts);
}

/// The curve over a family has one valley.
Status Drafter::draftFamily(const std::vector<int>& family, bool findsAny, CountRound& round,
                            NoPlan& none)
{
    Seconds best = kForever;
    int uphill = 0;
    for (size_t i = 0; i < family.size() && uphill < kStepsUphill; ++i) {
        ASSIGN_OR_RETURN(const std::optional<Seconds> time, draftNext(family[i], round, none));
        if (!time)
            continue;
        uphill = *time < best ? 0 : uphill + 1;
        best = std::min(best, *time);
        if (findsAny && round.drafts.back().isExact)
            break;
    }
    return {};
}

/// From the best number in both directions through all divisors.
Status Drafter::draftNearBest(CountRound& round, NoPlan& none)
{
    const auto best = std::ranges::min_element(round.drafts, {}, &Draft::stepTime);
    const auto at = std::ranges::find(round.counts, best->microbatches) - round.counts.begin();
    for (const int step : {1, -1}) {
        int uphill = 0;
        for (auto i = at + step; i >= 0 && i < std::ssize(round.counts) && uphill < kStepsUphill;
             i += step) {
            const int count = round.counts[static_cast<size_t>(i)];
            const Seconds before = round.best;
            if (!round.seen.contains(count))
                RETURN_IF_ERROR(draftNext(count, round, none));
            uphill = round.best < before ? 0 : uphill + 1;
        }
    }
    return {};
}

/// Drafts one more number; what it promises, if it can be at all.
Result<std::optional<Seconds>> Drafter::draftNext(int count, CountRound& round, NoPlan& none)
{
    control_.report("comparing " + microbatchesText(count),
                    0.8 * static_cast<double>(round.seen.size()) /
                        static_cast<double>(round.counts.size()));
    round.seen.insert(count);
    Result<std::optional<Draft>> drafted = draftCount(round.globalBatch, count, round.isLean, none);
    // A model whose batch cannot be changed (an operation nobody knows) has one count that does.
    const bool isOtherBatch = round.globalBatch / count != batchSize(*request_.model);
    if (!drafted && isOtherBatch && drafted.error().code == ErrorCode::kUnsupported &&
        round.counts.size() > 1) {
        if (round.refusal.empty())
            round.refusal = drafted.error().message;
        return std::optional<Seconds>();
    }
    ASSIGN_OR_RETURN(std::optional<Draft> draft, std::move(drafted));
    if (!draft) {
        leftOut_.push_back(count);
        return std::optional<Seconds>();
    }
    const Seconds time = draft->stepTime;
    round.best = std::min(round.best, time);
    round.drafts.push_back(std::move(*draft));
    return std::optional(time);
}

/// Lets bounds know of the numbers that were left alone. Multiples of those tried are covered by
/// what these take; a number that is none is looked at for itself.
Status Drafter::noteUntried(const CountRound& round)
{
    std::vector<int> untried;
    for (const int count : round.counts) {
        if (round.seen.contains(count))
            continue;
        if (space_.hasDivisorOf(count)) {
            untried.push_back(count);
            continue;
        }
        NoPlan reason; // Of what promises nothing.
        ASSIGN_OR_RETURN(const auto model, promisingModel(round.globalBatch, count, reason));
        if (!model)
            continue;
        RETURN_IF_ERROR(noteTried(model, count));
        space_.leaveOut(count);
    }
    space_.leaveOutMultiples(std::move(untried));
    return {};
}

} // namespace alpa
