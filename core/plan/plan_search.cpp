#include "core/plan/plan_search.h"

#include "core/plan/microbatch_counts.h"
#include "core/plan/team.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace alpa
{
namespace
{

/// Drafts of a large model that searchAny() finishes in vain before it gives up.
constexpr int kFailuresOfAny = 2;

bool isPowerOfTwo(int count) { return std::has_single_bit(static_cast<unsigned>(count)); }

/// One whose candidates nobody else refines.
Draft ownCopy(Draft draft)
{
    if (draft.set)
        draft.set = std::make_shared<CandidateSet>(*draft.set);
    return draft;
}

} // namespace

PlanSearch::PlanSearch(const PlanRequest& request, PlanConstraints constraints,
                       PlanContext& context, const JobControl& control)
    : request_(request)
    , context_(context)
    , control_(control)
    , constraints_(std::move(constraints))
    , effort_(effortFor(*request.model))
    , threads_(threadsFor(request.options.threads))
    , drafter_(request, constraints_, context, control_, threads_)
{
}

Result<Attempt> PlanSearch::search(const std::vector<int>& counts, Seconds cutoff)
{
    Attempt best;
    drafter_.setCutoff(cutoff);
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, drafter_.draft(counts, best.none));
    const bool mayBeLeaner = !(cutoff < kForever) && !drafts.empty() && !drafts.front().isLean;
    RETURN_IF_ERROR(finishNearest(std::move(drafts), cutoff, best));
    if (!best.plan && mayBeLeaner) {
        // Shardings that all but minimise memory may fit where those that were drafted do not.
        drafter_.draftLeanest();
        ASSIGN_OR_RETURN(drafts, drafter_.draft(counts, best.none));
        RETURN_IF_ERROR(finishNearest(std::move(drafts), cutoff, best));
    }
    if (best.none.reason.empty())
        best.none.reason = fmt::format("no microbatch count divides the global batch of {}",
                                       drafter_.globalBatch());
    return best;
}

Result<Attempt> PlanSearch::searchAny()
{
    effort_.drafts = 1;
    if (!effort_.isThorough)
        mostFailures_ = kFailuresOfAny;
    return search({});
}

/// Finishes what promises to be the best, and what comes near.
Status PlanSearch::finishNearest(std::vector<Draft> drafts, Seconds cutoff, Attempt& best)
{
    int finished = 0, counted = 0, failed = 0;
    double gained = 1; // The best plan's time, of its draft's.
    // Drafts are close, but not exact: others that come near are finished too.
    while (!drafts.empty() && counted < effort_.drafts) {
        const auto next = std::ranges::min_element(drafts, {}, &Draft::stepTime);
        // What came before may be under a schedule that suits it better than its draft knows; of
        // large models that is taken to gain as much with others.
        const Seconds promised =
            finished == 0 || effort_.isThorough ? next->optimisticTime : next->stepTime * gained;
        if (promised > cutoff * effort_.slack)
            break;
        // Constraints on shardings, left out so far, may move it behind others.
        const Seconds before = next->stepTime;
        ASSIGN_OR_RETURN(const bool isFeasible, drafter_.refine(*next, best.none));
        if (isFeasible && next->stepTime > before)
            continue;
        Draft draft = std::move(*next);
        draft.gain = gained;
        drafts.erase(next);
        if (!isFeasible)
            continue;
        control_.report("sharding the stages for " + microbatchesText(draft.microbatches),
                        0.8 + 0.1 * finished);
        if (finished == 0 && effort_.drafts > 1 && threads_ > 1)
            lookAhead(draft, drafts, cutoff);
        ASSIGN_OR_RETURN(Attempt attempt, finishDraft(draft, request_, constraints_, context_,
                                                      cutoff, threads_, control_, onBetter_));
        if (!attempt.plan && !attempt.isBeaten) {
            keepReason(best.none, attempt.none);
            if (++failed == mostFailures_)
                break;
            continue;
        }
        ++finished;
        // Large models lose nothing to numbers of microbatches that are searched beside these.
        counted += effort_.isThorough || isPowerOfTwo(draft.microbatches) ? 1 : 0;
        if (!attempt.plan || attempt.plan->stepTime >= cutoff)
            continue;
        best.plan = std::move(attempt.plan);
        best.assembly = std::move(attempt.assembly);
        gained = std::min(1.0, best.plan->stepTime / draft.stepTime);
        cutoff = best.plan->stepTime;
    }
    return {};
}

/// While `draft` is finished, lets it be known what is asked for next.
void PlanSearch::lookAhead(const Draft& draft, const std::vector<Draft>& others, Seconds cutoff)
{
    // The stages of others keep all threads busy, and what they take is not known before.
    const bool leavesThreadsIdle =
        draft.chosen.front().stages.stages.size() == 1 ||
        !context_.knowsFullModel(draft.model->model->microbatchSize, draft.layersAsked);
    const AfterwardsCallback afterwards = leavesThreadsIdle ? afterwards_ : AfterwardsCallback();
    Ahead::Job next = jobOfNext(draft, others, cutoff);
    if (!next && !afterwards)
        return; // A thread that finds nothing to do is waited for all the same.
    ahead_.run([next = std::move(next), afterwards,
                promised = std::min(draft.optimisticTime, cutoff)](const JobControl& control) {
        if (next)
            next(control);
        if (afterwards && !control.isCancelled())
            afterwards(promised, control);
    });
}

/// What finishing the draft after `draft` asks for, if it promises as much: all of it where that
/// takes one thread, else the model. Null: nothing that is not known.
Ahead::Job PlanSearch::jobOfNext(const Draft& draft, const std::vector<Draft>& others,
                                 Seconds cutoff) const
{
    const auto next = std::ranges::min_element(others, {}, &Draft::stepTime);
    if (next == others.end() || next->stepTime > draft.stepTime * effort_.slack)
        return {};
    if (draft.chosen.front().stages.stages.size() == 1)
        return [this, cutoff, own = ownCopy(*next)](const JobControl& control) {
            Draft refined = ownCopy(own);
            const DraftChooser chooser(request_, constraints_, context_, control, threads_);
            NoPlan none;
            const Result<bool> isFeasible = chooser.refine(refined, none);
            if (isFeasible.ok() && *isFeasible)
                (void)finishDraft(refined, request_, constraints_, context_, cutoff, 1, control);
        };
    const int64_t size = next->model->model->microbatchSize;
    if (size == draft.model->model->microbatchSize ||
        context_.knowsFullModel(size, next->layersAsked))
        return {};
    return [&context = context_, asked = next->layersAsked, size](const JobControl& control) {
        // If it fails, so will who asks for it.
        (void)context.fullModel(size, asked, control);
    };
}

Result<bool> PlanSearch::isFeasible()
{
    NoPlan none;
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, drafter_.draft({}, none, true));
    for (Draft& draft : drafts) {
        ASSIGN_OR_RETURN(const bool isFeasible, drafter_.refine(draft, none));
        if (isFeasible)
            return true;
    }
    return false;
}

} // namespace alpa
