#include "core/plan/drafter.h"

#include "core/base/text.h"
#include "core/plan/block_runs.h"
#include "core/plan/check_request.h"
#include "core/plan/microbatch_counts.h"
#include "core/plan/plan_json.h"
#include "core/training/rebatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

/// Where memory is short it has small hills, which promise no more than this times the best.
constexpr double kHillSlack = 1.2;

/// Leaves out what a demand already says.
void dropImplied(std::optional<int>& most, std::optional<int> demanded)
{
    if (most && demanded && *demanded <= *most)
        most.reset();
}

} // namespace

Drafter::Drafter(const PlanRequest& request, const PlanConstraints& constraints,
                 PlanContext& context, const JobControl& control, int threads)
    : request_(request)
    , constraints_(constraints)
    , context_(context)
    , control_(control)
    , chooser_(request, constraints, context, control, threads)
    , effort_(effortFor(*request.model))
    , limit_(memoryLimit(request.cluster, constraints))
    , space_(request.cluster, constraints)
{
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

int64_t Drafter::globalBatch() const
{
    return request_.options.globalBatch.value_or(batchSize(*request_.model));
}

Result<std::vector<Draft>> Drafter::draft(const std::vector<int>& counts, NoPlan& none,
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
    std::vector<int> tried = counts;
    if (tried.empty())
        tried = constraints_.microbatches ? std::vector{*constraints_.microbatches}
                                          : microbatchCounts(samples);
    ASSIGN_OR_RETURN(std::vector<Draft> drafts,
                     draftCounts(samples, tried, isLean_, findsAny, none));
    if (drafts.empty()) {
        ASSIGN_OR_RETURN(drafts, draftCounts(samples, tried, true, findsAny, none));
    }
    const bool needsReason = !(cutoff_ < kForever);
    if (!drafts.empty() || findsAny || chooser_.explains() || !needsReason)
        return drafts;
    chooser_.explain(); // Only who fails needs to know why.
    none = {};
    return draft(counts, none, findsAny);
}

Result<bool> Drafter::refine(Draft& draft, NoPlan& none)
{
    ASSIGN_OR_RETURN(const bool isFeasible, chooser_.refine(draft, none));
    if (hasShardingRules_)
        space_.add(draft.microbatches, draft.share, boundStep(chooser_.request(draft), *draft.set));
    return isFeasible;
}

Result<std::optional<Draft>> Drafter::draftCount(int64_t globalBatch, int microbatches, bool isLean,
                                                 NoPlan& none)
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
/// fit by the leanest shardings, from the largest down, until one promises far more than the best:
/// the curve has small hills, since fewer microbatches reduce gradients less often, but what
/// recomputes more than that saves only gets worse.
Status Drafter::draftRecomputing(int64_t globalBatch, Seconds best, std::vector<Draft>& drafts)
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
        if (!draft || draft->stepTime > best * kHillSlack)
            break;
        best = std::min(best, draft->stepTime);
        drafts.push_back(std::move(*draft));
    }
    return {};
}

/// Lets bounds know of a number of microbatches.
Status Drafter::noteTried(const std::shared_ptr<const DraftModel>& model, int microbatches)
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
Result<std::optional<Draft>> Drafter::draftOn(const DeviceShare& share,
                                              const std::shared_ptr<const DraftModel>& model,
                                              int microbatches, bool isLean, NoPlan& none)
{
    Draft draft{.microbatches = microbatches,
                .share = share,
                .stepTime = kForever,
                .optimisticTime = kForever,
                .chosen = {},
                .gain = 1,
                .isLean = isLean,
                .isExact = !hasShardingRules_,
                .layersAsked = layers_,
                .model = model,
                .set = nullptr};
    // Only who fails needs the reason, and only who is refined the candidates.
    if (!chooser_.explains()) {
        const DraftKey key(model->model, microbatches, isLean,
                           fmt::format("{} {}", text(share), draftConstraints_));
        ASSIGN_OR_RETURN(const auto outcome,
                         context_.draftOutcome(key, [&] { return chooser_.outcomeOf(draft); }));
        space_.add(microbatches, share, outcome->bound);
        draft.stepTime = outcome->stepTime;
        draft.optimisticTime = outcome->optimisticTime;
        if (draft.stepTime < kForever)
            return std::optional(std::move(draft));
        if (draft.isExact)
            return std::optional<Draft>();
    }
    NoPlan relaxed;
    ASSIGN_OR_RETURN(bool isFeasible, chooser_.makeSet(draft, relaxed));
    if (chooser_.explains())
        space_.add(microbatches, share, boundStep(chooser_.request(draft), *draft.set));
    if (!isFeasible && !draft.set->isExact()) {
        // Constraints on shardings may save memory.
        ASSIGN_OR_RETURN(isFeasible, chooser_.refine(draft, relaxed));
    }
    if (isFeasible)
        return std::optional(std::move(draft));
    keepReason(none, relaxed);
    return std::optional<Draft>();
}

/// Fails with kInvalidInput if a constraint on shardings names nothing.
Status Drafter::checkPatterns(const DraftModel& model)
{
    if (std::exchange(knowsPatterns_, true) || constraints_.specs.empty())
        return {};
    const auto runs = context_.blockRuns(model, constraints_.specs);
    if (runs->unmatchedPatterns.empty())
        return {};
    return Error(ErrorCode::kInvalidInput, runs->unmatchedPatterns.front());
}

/// The model of a draft with so many microbatches; null: none can fit or take less than the cutoff.
Result<std::shared_ptr<const DraftModel>> Drafter::promisingModel(int64_t globalBatch,
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
bool Drafter::isTooSlow(const DraftModel& model, int microbatches) const
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
bool Drafter::isHopeless(const DraftModel& model, int microbatches,
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
    const std::string where = cluster.deviceCount() == 1
                                  ? "the device"
                                  : fmt::format("each of {} devices", cluster.deviceCount());
    keepReason(none, {.reason = fmt::format("with {} the model needs at least {} on {}, more than "
                                            "{}",
                                            microbatchesText(microbatches), formatMemory(least),
                                            where, formatMemory(limit_)),
                      .clashing = {},
                      .smallestMemory = least});
    return true;
}

/// More layers than usual if a demanded number of stages or a cut needs them.
std::optional<int> Drafter::layersForStages(int usual) const
{
    int layers = constraints_.fixedPp.value_or(1);
    if (constraints_.schedule == ScheduleKind::kInterleaved1f1b)
        layers = constraints_.fixedPp.value_or(2) * constraints_.chunks.value_or(2);
    for (const int cut : forcedCuts(constraints_))
        layers = std::max(layers, cut + 1);
    return layers > usual ? std::optional(layers) : std::nullopt;
}

} // namespace alpa
