#include "core/plan/plan_search.h"

#include "core/base/text.h"
#include "core/plan/block_runs.h"
#include "core/plan/check_request.h"
#include "core/plan/plan_json.h"
#include "core/plan/team.h"
#include "core/training/rebatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

namespace alpa
{
namespace
{

/// Drafts of a large model that searchAny() finishes in vain before it gives up.
constexpr int kFailuresOfAny = 2;

/// One whose candidates nobody else refines.
Draft ownCopy(Draft draft)
{
    if (draft.set)
        draft.set = std::make_shared<CandidateSet>(*draft.set);
    return draft;
}

/// Leaves out what a demand already says.
void dropImplied(std::optional<int>& most, std::optional<int> demanded)
{
    if (most && demanded && *demanded <= *most)
        most.reset();
}

void keepReason(NoPlan& kept, const NoPlan& none)
{
    if (kept.reason.empty() ||
        (none.smallestMemory &&
         (!kept.smallestMemory || *none.smallestMemory < *kept.smallestMemory)))
        kept = none;
}

} // namespace

PlanSearch::PlanSearch(const PlanRequest& request, PlanConstraints constraints,
                       PlanContext& context, const JobControl& control)
    : request_(request)
    , context_(context)
    , control_(control)
    , constraints_(std::move(constraints))
    , effort_(effortFor(*request.model))
    , limit_(memoryLimit(request.cluster, constraints_))
    , space_(request.cluster, constraints_)
{
    threads_ = threadsFor(request.options.threads);
    PlanOptions relaxed;
    relaxed.constraints = constraints_;
    relaxed.constraints.specs.clear();
    relaxed.constraints.parameterStorage = StorageRule::kFree;
    relaxed.constraints.stateStorage = StorageRule::kFree;
    // Bounds on data parallelism may keep tensor axes from splitting the batch.
    hasShardingRules_ = !(relaxed.constraints == constraints_) || constraints_.maxDp ||
                        constraints_.fixedDp || constraints_.fixedTp ||
                        constraints_.contextParallel;
    dropImplied(relaxed.constraints.maxDp, constraints_.fixedDp);
    dropImplied(relaxed.constraints.maxTp, constraints_.fixedTp);
    dropImplied(relaxed.constraints.maxPp, constraints_.fixedPp);
    draftConstraints_ = optionsToJson(relaxed).dump();
}

Result<Attempt> PlanSearch::search(const std::vector<int>& counts, Seconds cutoff)
{
    Attempt best;
    cutoff_ = cutoff;
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, draft(counts, best.none));
    const bool mayBeLeaner = !(cutoff < kForever) && !drafts.empty() && !drafts.front().isLean;
    RETURN_IF_ERROR(finishNearest(std::move(drafts), cutoff, best));
    if (!best.plan && mayBeLeaner) {
        // Shardings that all but minimise memory may fit where those that were drafted do not.
        isLean_ = true;
        ASSIGN_OR_RETURN(drafts, draft(counts, best.none));
        RETURN_IF_ERROR(finishNearest(std::move(drafts), cutoff, best));
    }
    if (best.none.reason.empty())
        best.none.reason =
            fmt::format("no microbatch count divides the global batch of {}", globalBatch());
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
    int finished = 0, failed = 0;
    std::jthread ahead;
    // Drafts are close, but not exact: others that come near are finished too.
    while (!drafts.empty() && finished < effort_.drafts) {
        const auto next = std::ranges::min_element(drafts, {}, &Draft::stepTime);
        // What came before may be a plan of other constraints, under the schedule that suits it.
        const Seconds promised = finished == 0 ? next->optimisticTime : next->stepTime;
        if (promised > cutoff * effort_.slack)
            break;
        // Constraints on shardings, left out so far, may move it behind others.
        const Seconds before = next->stepTime;
        ASSIGN_OR_RETURN(const bool isFeasible, refine(*next, best.none));
        if (hasShardingRules_)
            space_.add(next->microbatches, next->share,
                       boundStep(candidateRequest(*next), *next->set));
        if (isFeasible && next->stepTime > before)
            continue;
        const Draft draft = std::move(*next);
        drafts.erase(next);
        if (!isFeasible)
            continue;
        control_.report(fmt::format("sharding the stages for {} microbatches", draft.microbatches),
                        0.8 + 0.1 * finished);
        if (finished == 0 && effort_.drafts > 1)
            ahead = prepareNext(draft, drafts, cutoff);
        ASSIGN_OR_RETURN(Attempt attempt, finishDraft(draft, request_, constraints_, context_,
                                                      cutoff, threads_, control_, onBetter_));
        if (!attempt.plan) {
            keepReason(best.none, attempt.none);
            if (++failed == mostFailures_)
                break;
            continue;
        }
        ++finished;
        if (attempt.plan->stepTime >= cutoff)
            continue;
        best.plan = std::move(attempt.plan);
        best.assembly = std::move(attempt.assembly);
        cutoff = best.plan->stepTime;
    }
    return {};
}

/// Lets it be known what finishing the draft after `draft` asks for, if it promises as much, while
/// that one is finished: all of it where that takes one thread, else the model.
std::jthread PlanSearch::prepareNext(const Draft& draft, const std::vector<Draft>& others,
                                     Seconds cutoff) const
{
    const auto next = std::ranges::min_element(others, {}, &Draft::stepTime);
    if (threads_ < 2 || next == others.end() || next->stepTime > draft.stepTime * effort_.slack)
        return {};
    if (draft.chosen.front().stages.stages.size() == 1)
        return std::jthread([this, cutoff, own = ownCopy(*next)](std::stop_token stop) mutable {
            const JobControl control{.stop = std::move(stop), .progress = {}};
            const PlanSearch search(request_, constraints_, context_, control);
            NoPlan none;
            const Result<bool> isFeasible = search.refine(own, none);
            if (isFeasible.ok() && *isFeasible)
                (void)finishDraft(own, request_, constraints_, context_, cutoff, 1, control);
        });
    // A thread that finds nothing to do is waited for all the same.
    const int64_t size = next->model->model->microbatchSize;
    if (size == draft.model->model->microbatchSize ||
        context_.knowsFullModel(size, next->layersAsked))
        return {};
    return std::jthread(
        [&context = context_, asked = next->layersAsked, size](std::stop_token stop) {
            // If it fails, so will who asks for it.
            (void)context.fullModel(size, asked, {.stop = std::move(stop), .progress = {}});
        });
}

Result<bool> PlanSearch::isFeasible()
{
    NoPlan none;
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, draft({}, none, true));
    for (Draft& draft : drafts) {
        ASSIGN_OR_RETURN(const bool isFeasible, refine(draft, none));
        if (isFeasible)
            return true;
    }
    return false;
}

int64_t PlanSearch::globalBatch() const
{
    return request_.options.globalBatch.value_or(batchSize(*request_.model));
}

Result<std::vector<Draft>> PlanSearch::draft(const std::vector<int>& counts, NoPlan& none,
                                             bool findsAny)
{
    const int64_t samples = globalBatch();
    RETURN_IF_ERROR(checkRequest(request_, constraints_, samples));
    ASSIGN_OR_RETURN(const auto usual, context_.layering(request_.options.layers, control_));
    layers_ =
        request_.options.layers ? request_.options.layers : layersForStages(usual->layerCount());
    if (layers_ && layers_ != request_.options.layers) {
        // More stages or cuts than the model has contractions: no plan, not a broken request.
        const auto finer = context_.layering(layers_, control_);
        if (!finer && finer.error().code == ErrorCode::kInvalidInput) {
            none.reason = fmt::format("{}; by default it has layers 0 to {}", finer.error().message,
                                      usual->layerCount() - 1);
            return std::vector<Draft>();
        }
    }
    const std::vector<int> cuts = forcedCuts(constraints_);
    if (request_.options.layers && !cuts.empty() && cuts.back() >= usual->layerCount()) {
        none.reason = fmt::format("a stage is to begin at layer {}, and there are layers 0 to {}",
                                  cuts.back(), usual->layerCount() - 1);
        return std::vector<Draft>();
    }
    const bool isFree = counts.empty() && !constraints_.microbatches;
    if (isFree && context_.mixesSamples()) {
        // Batch statistics are those of a microbatch: the whole batch at once where it fits.
        ASSIGN_OR_RETURN(std::vector<Draft> whole,
                         draftCounts(samples, {1}, isLean_, findsAny, none));
        if (whole.empty()) {
            ASSIGN_OR_RETURN(whole, draftCounts(samples, {1}, true, findsAny, none));
        }
        if (!whole.empty())
            return whole;
    }
    const std::vector<int> tried = counts.empty() ? microbatchCounts(samples) : counts;
    ASSIGN_OR_RETURN(std::vector<Draft> drafts,
                     draftCounts(samples, tried, isLean_, findsAny, none));
    if (drafts.empty()) {
        ASSIGN_OR_RETURN(drafts, draftCounts(samples, tried, true, findsAny, none));
    }
    const bool needsReason = !(cutoff_ < kForever);
    if (!drafts.empty() || findsAny || explains_ || !needsReason)
        return drafts;
    explains_ = true; // Only who fails needs to know why.
    none = {};
    return draft(counts, none, findsAny);
}

/// The powers of two that divide the batch, from few microbatches to many: what bounds of free
/// numbers of microbatches know of (see searchesEveryCount).
std::vector<int> PlanSearch::microbatchCounts(int64_t globalBatch) const
{
    if (constraints_.microbatches)
        return {*constraints_.microbatches};
    std::vector<int> counts;
    for (int64_t count = 1; count <= globalBatch; count *= 2) {
        if (globalBatch % count == 0)
            counts.push_back(static_cast<int>(count));
    }
    return counts;
}

Result<std::vector<Draft>> PlanSearch::draftCounts(int64_t globalBatch,
                                                   const std::vector<int>& counts, bool isLean,
                                                   bool findsAny, NoPlan& none)
{
    std::vector<Draft> drafts;
    Seconds best = kForever;
    int notBetter = 0;
    std::string refusal; // Of the first count that needs another batch.
    size_t i = 0;
    for (; i < counts.size() && notBetter < 2; ++i) {
        control_.report(fmt::format("comparing {} microbatches", counts[i]),
                        0.8 * static_cast<double>(i) / static_cast<double>(counts.size()));
        Result<std::optional<Draft>> drafted = draftCount(globalBatch, counts[i], isLean, none);
        // A model whose batch cannot be changed (an operation nobody knows) has one count that
        // does.
        const bool isOtherBatch = globalBatch / counts[i] != batchSize(*request_.model);
        if (!drafted && isOtherBatch && drafted.error().code == ErrorCode::kUnsupported &&
            counts.size() > 1) {
            if (refusal.empty())
                refusal = drafted.error().message;
            continue;
        }
        ASSIGN_OR_RETURN(std::optional<Draft> draft, std::move(drafted));
        if (!draft) {
            leftOut_.push_back(counts[i]);
            continue;
        }
        // The curve over microbatch counts has one valley: two steps uphill end the search.
        notBetter = draft->stepTime < best ? 0 : notBetter + 1;
        best = std::min(best, draft->stepTime);
        drafts.push_back(std::move(*draft));
        if (findsAny && drafts.back().isExact)
            return drafts;
    }
    space_.leaveOutMore(i < counts.size());
    RETURN_IF_ERROR(draftRecomputing(globalBatch, best, drafts));
    const auto tried = counts.begin() + static_cast<std::ptrdiff_t>(i);
    RETURN_IF_ERROR(draftFewer(globalBatch, {counts.begin(), tried}, isLean, best, drafts));
    if (drafts.empty() && !refusal.empty() && none.reason.empty())
        return Error(ErrorCode::kUnsupported, refusal);
    return drafts;
}

CandidateRequest PlanSearch::candidateRequest(const Draft& draft) const
{
    return {.context = &context_,
            .model = draft.model.get(),
            .constraints = &constraints_,
            .microbatches = draft.microbatches,
            .share = draft.share,
            .isLean = draft.isLean,
            .threads = threads_};
}

Result<std::optional<Draft>> PlanSearch::draftCount(int64_t globalBatch, int microbatches,
                                                    bool isLean, NoPlan& none)
{
    ASSIGN_OR_RETURN(const auto model, promisingModel(globalBatch, microbatches, none));
    if (!model)
        return std::optional<Draft>();
    RETURN_IF_ERROR(checkPatterns(*model));
    RETURN_IF_ERROR(noteTried(model, microbatches));
    // Where kept activations cannot fit, large models mostly do better with more microbatches.
    const std::vector<RecomputationKind> allowed = allowedRecomputations(constraints_);
    if (!effort_.isThorough && !isLean &&
        isHopeless(*model, microbatches, {allowed.front()}, none)) {
        space_.leaveOut(microbatches);
        return std::optional<Draft>();
    }
    return draftOn(allDevices(request_.cluster), model, microbatches, isLean, none);
}

/// Adds drafts of numbers of microbatches that were left out because they must recompute, or only
/// fit by the leanest shardings, from the largest down, as long as each promises less than `best`.
Status PlanSearch::draftRecomputing(int64_t globalBatch, Seconds best, std::vector<Draft>& drafts)
{
    for (std::vector<int> counts = std::exchange(leftOut_, {}); !counts.empty() && !drafts.empty();
         counts.pop_back()) {
        NoPlan reason; // Others fit.
        ASSIGN_OR_RETURN(const auto model, promisingModel(globalBatch, counts.back(), reason));
        if (!model || computeTime(*model, counts.back()) / request_.cluster.deviceCount() >= best)
            continue;
        const DeviceShare all = allDevices(request_.cluster);
        ASSIGN_OR_RETURN(std::optional<Draft> draft,
                         draftOn(all, model, counts.back(), false, reason));
        if (!draft) {
            ASSIGN_OR_RETURN(draft, draftOn(all, model, counts.back(), true, reason));
        }
        if (!draft || draft->stepTime >= best)
            break;
        best = draft->stepTime;
        drafts.push_back(std::move(*draft));
    }
    return {};
}

/// Lets bounds know of a number of microbatches.
Status PlanSearch::noteTried(const std::shared_ptr<const DraftModel>& model, int microbatches)
{
    std::vector<std::shared_ptr<const LayeredGraph>> layered;
    for (int kind = 0; kind < request_.cluster.kindCount(); ++kind) {
        ASSIGN_OR_RETURN(auto onKind, context_.layeredOn(model->model, kind));
        layered.push_back(std::move(onKind));
    }
    space_.add(microbatches, model, std::move(layered));
    return {};
}

/// The draft of stages that use these devices.
Result<std::optional<Draft>> PlanSearch::draftOn(const DeviceShare& share,
                                                 const std::shared_ptr<const DraftModel>& model,
                                                 int microbatches, bool isLean, NoPlan& none)
{
    Draft draft{.microbatches = microbatches,
                .share = share,
                .stepTime = kForever,
                .optimisticTime = kForever,
                .chosen = {},
                .isLean = isLean,
                .isExact = !hasShardingRules_,
                .layersAsked = layers_,
                .model = model,
                .set = nullptr};
    // Only who fails needs the reason, and only who is refined the candidates.
    if (!explains_) {
        const DraftKey key(model->model, microbatches, isLean,
                           fmt::format("{} {}", text(share), draftConstraints_));
        ASSIGN_OR_RETURN(const auto outcome,
                         context_.draftOutcome(key, [&] { return outcomeOf(draft); }));
        space_.add(microbatches, share, outcome->bound);
        draft.stepTime = outcome->stepTime;
        draft.optimisticTime = outcome->optimisticTime;
        if (draft.stepTime < kForever)
            return std::optional(std::move(draft));
        if (draft.isExact)
            return std::optional<Draft>();
    }
    NoPlan relaxed;
    ASSIGN_OR_RETURN(bool isFeasible, makeSet(draft, relaxed));
    if (explains_)
        space_.add(microbatches, share, boundStep(candidateRequest(draft), *draft.set));
    if (!isFeasible && !draft.set->isExact()) {
        // Constraints on shardings may save memory.
        ASSIGN_OR_RETURN(isFeasible, refine(draft, relaxed));
    }
    if (isFeasible)
        return std::optional(std::move(draft));
    keepReason(none, relaxed);
    return std::optional<Draft>();
}

Result<std::shared_ptr<const DraftOutcome>> PlanSearch::outcomeOf(Draft draft) const
{
    NoPlan none;
    ASSIGN_OR_RETURN(const bool isFeasible, makeSet(draft, none));
    const StepBound bound = boundStep(candidateRequest(draft), *draft.set);
    return std::make_shared<const DraftOutcome>(
        isFeasible ? DraftOutcome{draft.stepTime, draft.optimisticTime, bound}
                   : DraftOutcome{.bound = bound});
}

/// Finds the draft's candidates without constraints on shardings, and chooses among them. False:
/// `none` says why there is no choice.
Result<bool> PlanSearch::makeSet(Draft& draft, NoPlan& none) const
{
    ASSIGN_OR_RETURN(CandidateSet set, makeCandidates(candidateRequest(draft), control_));
    draft.set = std::make_shared<CandidateSet>(std::move(set));
    if (!draft.set->candidates.empty())
        return chooseDraft(draft, none);
    keepReason(none, {.reason = draft.set->problems.empty() ? "no mesh shape obeys the constraints"
                                                            : draft.set->problems.front(),
                      .clashing = {},
                      .smallestMemory = {}});
    return false;
}

/// Fails with kInvalidInput if a constraint on shardings names nothing.
Status PlanSearch::checkPatterns(const DraftModel& model)
{
    if (std::exchange(knowsPatterns_, true) || constraints_.specs.empty())
        return {};
    const auto runs = context_.blockRuns(model, constraints_.specs);
    if (runs->unmatchedPatterns.empty())
        return {};
    return Error(ErrorCode::kInvalidInput, runs->unmatchedPatterns.front());
}

/// Chooses stages among the draft's candidates. False: `none` says why there are none.
Result<bool> PlanSearch::chooseDraft(Draft& draft, NoPlan& none) const
{
    StageProblem problem = stageProblem(draft, request_.cluster, constraints_);
    problem.explains = explains_;
    draft.chosen.clear();
    std::vector<ScheduleKind> schedules = draftSchedules(constraints_);
    const bool isShared = chunksForCuts(draft, request_.cluster, constraints_) > 1;
    if (isShared)
        schedules.resize(1); // Others reschedule its stages.
    for (const ScheduleKind schedule : schedules) {
        problem.schedule = schedule;
        ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control_));
        if (const auto* solution = std::get_if<StageSolution>(&outcome)) {
            // One stage has no bubble to fill.
            if (draft.chosen.empty() || solution->best.stages.size() > 1)
                draft.chosen.push_back(
                    {isShared ? ScheduleKind::kInterleaved1f1b : schedule, solution->best});
            continue;
        }
        // What memory and devices allow is the same under all of them.
        const NoStagePlan& nothing = std::get<NoStagePlan>(outcome);
        if (explains_)
            keepReason(none,
                       {.reason = nothing.message,
                        .clashing = {},
                        .smallestMemory = nothing.smallestBudget ? nothing.smallestBudget
                                                                 : draft.set->smallestMemory});
        return false;
    }
    std::ranges::stable_sort(draft.chosen, {},
                             [](const DraftChoice& choice) { return choice.stages.stepTime; });
    draft.stepTime = draft.chosen.front().stages.stepTime;
    draft.optimisticTime = optimisticTime(draft, constraints_);
    return true;
}

/// Costs what the choice rests on under all constraints, and chooses again, until it rests on
/// nothing else.
Result<bool> PlanSearch::refine(Draft& draft, NoPlan& none) const
{
    if (!draft.set)
        RETURN_IF_ERROR(makeSet(draft, none));
    bool isFeasible = !draft.chosen.empty();
    while (true) {
        std::set<int> families;
        for (const DraftChoice& choice : draft.chosen) {
            for (const PlannedStage& stage : choice.stages.stages)
                families.insert(draft.set->familyOf[static_cast<size_t>(stage.candidate)]);
        }
        // Constraints on shardings may save memory, but not beyond what all but minimises it.
        if (!isFeasible && (!draft.isLean || explains_)) {
            for (size_t family = 0; family < draft.set->families.size(); ++family)
                families.insert(static_cast<int>(family));
        }
        std::erase_if(families, [&](int family) {
            return draft.set->families[static_cast<size_t>(family)].isExact;
        });
        draft.isExact = families.empty();
        if (draft.isExact)
            return isFeasible;
        RETURN_IF_ERROR(refineCandidates(candidateRequest(draft),
                                         {families.begin(), families.end()}, *draft.set, control_));
        ASSIGN_OR_RETURN(isFeasible, chooseDraft(draft, none));
    }
}

/// The model of a draft with so many microbatches; null: none can fit or take less than the cutoff.
Result<std::shared_ptr<const DraftModel>> PlanSearch::promisingModel(int64_t globalBatch,
                                                                     int microbatches, NoPlan& none)
{
    const std::shared_ptr<const DraftModel> nothing;
    const int64_t size = globalBatch / microbatches;
    if (cutoff_ < kForever && layers_ != request_.options.layers) {
        // Another plan was found by the usual layers, and their time does not depend on cuts.
        ASSIGN_OR_RETURN(const auto usual,
                         context_.draftModel(size, request_.options.layers, control_));
        if (isTooSlow(*usual, microbatches))
            return nothing;
    }
    ASSIGN_OR_RETURN(auto model, context_.draftModel(size, layers_, control_));
    const bool isPromising =
        !isHopeless(*model, microbatches, allowedRecomputations(constraints_), none) &&
        !isTooSlow(*model, microbatches);
    return isPromising ? model : nothing;
}

/// Even perfectly shared by all devices, or where one contraction runs on all devices that a stage
/// may have, compute takes longer than what is of use.
bool PlanSearch::isTooSlow(const DraftModel& model, int microbatches) const
{
    const Cluster& cluster = request_.cluster;
    if (!(cutoff_ < kForever) || cluster.second) // The second kind may be faster.
        return false;
    const int devices = cluster.deviceCount();
    int ofStage = devices - constraints_.fixedPp.value_or(1) + 1;
    if (constraints_.fixedTp && constraints_.fixedDp)
        ofStage = std::min(ofStage, *constraints_.fixedTp * *constraints_.fixedDp *
                                        constraints_.contextParallel.value_or(1));
    const Seconds useful = cutoff_ * effort_.slack;
    return computeTime(model, microbatches) / devices > useful ||
           model.longestContraction * microbatches / std::max(ofStage, 1) > useful;
}

/// Even perfectly split over all devices, states and what a microbatch keeps need more than there
/// is.
bool PlanSearch::isHopeless(const DraftModel& model, int microbatches,
                            const std::vector<RecomputationKind>& kinds, NoPlan& none) const
{
    const Cluster& cluster = request_.cluster;
    Bytes all;
    for (int kind = 0; kind < cluster.kindCount(); ++kind)
        all += memoryLimit(cluster, constraints_, kind) *
               int64_t{cluster.hostsOf(kind) * cluster.devicesPerHost};
    const Bytes total = model.least.total(kinds);
    if (total <= all)
        return false;
    const Bytes least = total / int64_t{cluster.deviceCount()};
    keepReason(none, {.reason = fmt::format("with {} microbatches the model needs at least {} on "
                                            "each of {} devices, more than {}",
                                            microbatches, formatMemory(least),
                                            cluster.deviceCount(), formatMemory(limit_)),
                      .clashing = {},
                      .smallestMemory = least});
    return true;
}

/// More layers than usual if a demanded number of stages or a cut needs them.
std::optional<int> PlanSearch::layersForStages(int usual) const
{
    int layers = constraints_.fixedPp.value_or(1);
    if (constraints_.schedule == ScheduleKind::kInterleaved1f1b)
        layers = constraints_.fixedPp.value_or(2) * constraints_.chunks.value_or(2);
    for (const int cut : forcedCuts(constraints_))
        layers = std::max(layers, cut + 1);
    return layers > usual ? std::optional(layers) : std::nullopt;
}

} // namespace alpa
