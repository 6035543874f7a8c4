#include "core/plan/plan_search.h"

#include "core/base/text.h"
#include "core/plan/block_runs.h"
#include "core/plan/plan_json.h"
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

constexpr double kDraftSlack = 1.02; ///< Drafts of other microbatch counts that are finished too.

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
    , limit_(memoryLimit(request.cluster, constraints_))
{
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    threads_ = request.options.threads > 0 ? request.options.threads : cores;
    PlanOptions relaxed;
    relaxed.constraints = constraints_;
    relaxed.constraints.specs.clear();
    relaxed.constraints.parameterStorage = StorageRule::kFree;
    relaxed.constraints.stateStorage = StorageRule::kFree;
    draftConstraints_ = optionsToJson(relaxed).dump();
    // Bounds on data parallelism may keep tensor axes from splitting the batch.
    hasShardingRules_ = !(relaxed.constraints == constraints_) || constraints_.maxDp ||
                        constraints_.fixedDp || constraints_.fixedTp ||
                        constraints_.contextParallel;
}

Result<Attempt> PlanSearch::search(const std::vector<int>& counts, Seconds cutoff)
{
    Attempt best;
    needsReason_ = !(cutoff < kForever);
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, draft(counts, best.none));
    int finished = 0;
    // Drafts are close, but not exact: the second is solved too if it comes near.
    while (!drafts.empty() && finished < 2) {
        const auto next = std::ranges::min_element(drafts, {}, &Draft::stepTime);
        // What came before may be a plan of other constraints, under the schedule that suits it.
        const Seconds promised = finished == 0 ? next->optimisticTime : next->stepTime;
        if (promised > cutoff * kDraftSlack)
            break;
        // Constraints on shardings, left out so far, may move it behind others.
        const Seconds before = next->stepTime;
        ASSIGN_OR_RETURN(const bool isFeasible, refine(*next, best.none));
        if (isFeasible && next->stepTime > before)
            continue;
        const Draft draft = std::move(*next);
        drafts.erase(next);
        if (!isFeasible)
            continue;
        control_.report(fmt::format("sharding the stages for {} microbatches", draft.microbatches),
                        0.8 + 0.1 * finished);
        ASSIGN_OR_RETURN(Attempt attempt, finishDraft(draft, request_, constraints_, context_,
                                                      cutoff, threads_, control_, onBetter_));
        if (!attempt.plan) {
            keepReason(best.none, attempt.none);
            continue;
        }
        ++finished;
        if (attempt.plan->stepTime >= cutoff)
            continue;
        best.plan = std::move(attempt.plan);
        best.assembly = std::move(attempt.assembly);
        cutoff = best.plan->stepTime;
    }
    if (best.none.reason.empty())
        best.none.reason =
            fmt::format("no microbatch count divides the global batch of {}", globalBatch());
    return best;
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
    RETURN_IF_ERROR(checkRequest(samples));
    ASSIGN_OR_RETURN(const auto usual, context_.layering(request_.options.layers, control_));
    layers_ =
        request_.options.layers ? request_.options.layers : layersForStages(usual->layerCount());
    if (layers_ && layers_ != request_.options.layers) {
        // More stages or cuts than the model has contractions: no plan, not a broken request.
        const auto finer = context_.layering(layers_, control_);
        if (!finer && finer.error().code == ErrorCode::kInvalidInput) {
            none.reason = finer.error().message;
            return std::vector<Draft>();
        }
    }
    const bool isFree = counts.empty() && !constraints_.microbatches;
    if (isFree && context_.mixesSamples()) {
        // Batch statistics are those of a microbatch: the whole batch at once where it fits.
        ASSIGN_OR_RETURN(std::vector<Draft> whole,
                         draftCounts(samples, {1}, false, findsAny, none));
        if (whole.empty()) {
            ASSIGN_OR_RETURN(whole, draftCounts(samples, {1}, true, findsAny, none));
        }
        if (!whole.empty())
            return whole;
    }
    const std::vector<int> tried = counts.empty() ? microbatchCounts(samples) : counts;
    ASSIGN_OR_RETURN(std::vector<Draft> drafts, draftCounts(samples, tried, false, findsAny, none));
    if (drafts.empty()) {
        ASSIGN_OR_RETURN(drafts, draftCounts(samples, tried, true, findsAny, none));
    }
    if (!drafts.empty() || findsAny || explains_ || !needsReason_)
        return drafts;
    explains_ = true; // Only who fails needs to know why.
    none = {};
    return draft(counts, none, findsAny);
}

Status PlanSearch::checkRequest(int64_t globalBatch) const
{
    if (globalBatch < 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("global batch {}: expected at least 1", globalBatch));
    if (limit_.count <= 0)
        return Error(ErrorCode::kInvalidInput, "memory per device is 0 bytes: expected more");
    if (constraints_.microbatches &&
        (*constraints_.microbatches < 1 || globalBatch % *constraints_.microbatches != 0))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} microbatches do not divide the global batch of {}",
                                 *constraints_.microbatches, globalBatch));
    RETURN_IF_ERROR(checkStageMeshes());
    if (constraints_.chunks && *constraints_.chunks < 2)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("chunks {}: expected at least 2", *constraints_.chunks));
    if (std::ranges::none_of(kScheduleKinds, [&](ScheduleKind kind) {
            return isScheduleAllowed(constraints_, kind);
        }))
        return Error(ErrorCode::kInvalidInput,
                     "the constraints allow no schedule: " + formatConstraints(constraints_));
    if (allowedRecomputations(constraints_).empty())
        return Error(ErrorCode::kInvalidInput, "the constraints leave no recomputation, not even "
                                               "none: " +
                                                   formatConstraints(constraints_));
    RETURN_IF_ERROR(checkContext());
    for (const auto& [name, value] :
         {std::pair("max TP", constraints_.maxTp), std::pair("max DP", constraints_.maxDp),
          std::pair("max PP", constraints_.maxPp), std::pair("TP", constraints_.fixedTp),
          std::pair("DP", constraints_.fixedDp), std::pair("PP", constraints_.fixedPp),
          std::pair("CP", constraints_.contextParallel)}) {
        if (value && *value < 1)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{} {}: expected at least 1", name, *value));
    }
    return {};
}

Status PlanSearch::checkStageMeshes() const
{
    const Cluster& cluster = request_.cluster;
    ASSIGN_OR_RETURN(const std::vector<SubmeshChoice> submeshes,
                     submeshesOf(cluster, cluster.devicesPerHost, constraints_));
    const std::vector<StageMesh>& meshes = constraints_.stageMeshes;
    for (size_t i = 0; i < meshes.size(); ++i) {
        const SubmeshChoice wanted{meshes[i].hosts, meshes[i].devicesPerHost};
        std::vector<std::string> known;
        for (const SubmeshChoice& choice : submeshes) {
            if (std::ranges::find(known, text(choice)) == known.end())
                known.push_back(text(choice));
        }
        if (std::ranges::find(known, text(wanted)) == known.end())
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("the stage of layer {}: got devices {}, expected one of {}",
                                     meshes[i].layer, text(wanted), fmt::join(known, ", ")));
        for (size_t other = 0; other < i; ++other) {
            if (meshes[other].layer == meshes[i].layer)
                return Error(ErrorCode::kInvalidInput,
                             fmt::format("the stage of layer {}: got the meshes {} and {}",
                                         meshes[i].layer, text(meshes[other]), text(meshes[i])));
        }
    }
    return {};
}

/// Is there a sequence that the demanded context parallelism can split?
Status PlanSearch::checkContext() const
{
    const int cp = constraints_.contextParallel.value_or(1);
    const bool isSplit = std::ranges::any_of(request_.model->inputs, [&](const GraphInput& input) {
        const TensorType& type = request_.model->type(input.value);
        return cp > 0 && input.role == InputRole::kBatch && type.rank() == 2 &&
               type.dims[1] % cp == 0;
    });
    if (cp <= 1 || isSplit)
        return {};
    return Error(
        ErrorCode::kInvalidInput,
        fmt::format("context parallelism {}: no input of the model is a batch of sequences "
                    "whose length it divides",
                    cp));
}

/// Powers of two (and the batch itself) from few microbatches to many.
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
    for (size_t i = 0; i < counts.size() && notBetter < 2; ++i) {
        control_.report(fmt::format("comparing {} microbatches", counts[i]),
                        0.8 * static_cast<double>(i) / static_cast<double>(counts.size()));
        Result<std::optional<Draft>> tried = draftCount(globalBatch, counts[i], isLean, none);
        // A model whose batch cannot be changed (an operation nobody knows) has one count that
        // does.
        const bool isOtherBatch = globalBatch / counts[i] != batchSize(*request_.model);
        if (!tried && isOtherBatch && tried.error().code == ErrorCode::kUnsupported &&
            counts.size() > 1) {
            if (refusal.empty())
                refusal = tried.error().message;
            continue;
        }
        ASSIGN_OR_RETURN(std::optional<Draft> draft, std::move(tried));
        if (!draft)
            continue;
        // The curve over microbatch counts has one valley: two steps uphill end the search.
        notBetter = draft->stepTime < best ? 0 : notBetter + 1;
        best = std::min(best, draft->stepTime);
        drafts.push_back(std::move(*draft));
        if (findsAny && drafts.back().isExact)
            return drafts;
    }
    RETURN_IF_ERROR(draftFewer(globalBatch, counts, isLean, best, drafts));
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
            .devicesPerHost = draft.devicesPerHost,
            .isLean = draft.isLean,
            .threads = threads_};
}

Result<std::optional<Draft>> PlanSearch::draftCount(int64_t globalBatch, int microbatches,
                                                    bool isLean, NoPlan& none)
{
    ASSIGN_OR_RETURN(const auto model,
                     context_.draftModel(globalBatch / microbatches, layers_, control_));
    if (isHopeless(*model, microbatches, none))
        return std::optional<Draft>();
    RETURN_IF_ERROR(checkPatterns(*model));
    return draftOn(request_.cluster.devicesPerHost, model, microbatches, isLean, none);
}

/// Adds the drafts that leave devices of every host idle and promise less than `best`.
Status PlanSearch::draftFewer(int64_t globalBatch, const std::vector<int>& counts, bool isLean,
                              Seconds best, std::vector<Draft>& drafts)
{
    if (constraints_.usesAllDevices)
        return {};
    for (int devices = request_.cluster.devicesPerHost - 1; devices > 1; --devices) {
        for (const int count : counts) {
            const auto model = context_.draftModel(globalBatch / count, layers_, control_);
            if (!model) {
                if (model.error().code == ErrorCode::kCancelled)
                    return model.error();
                continue; // A batch that this model cannot have.
            }
            NoPlan none; // What all devices cannot hold, fewer cannot.
            if (isHopeless(**model, count, none) || !maySave(devices, **model, count, best))
                continue;
            ASSIGN_OR_RETURN(std::optional<Draft> draft,
                             draftOn(devices, *model, count, isLean, none));
            if (!draft || draft->stepTime >= best)
                continue;
            best = draft->stepTime;
            drafts.push_back(std::move(*draft));
        }
    }
    return {};
}

/// May a plan that leaves some devices of every host idle take less than `best`? Not if even all
/// compute, perfectly shared by those in use, takes more, nor if they divide no better than what
/// divides a whole host.
bool PlanSearch::maySave(int devicesPerHost, const DraftModel& model, int microbatches,
                         Seconds best) const
{
    const Cluster& cluster = request_.cluster;
    const Seconds compute = model.computePerMicrobatch * microbatches + model.computePerStep;
    // The bound holds for devices of the first kind; those of a second one may be faster.
    if (!cluster.second && compute / (cluster.hosts * devicesPerHost) >= best)
        return false;
    const auto submeshes = submeshesOf(cluster, devicesPerHost, constraints_);
    if (!submeshes.ok())
        return false;
    const std::vector<MeshShape> shapes =
        enumerateShapes(*submeshes, constraints_, model.model->microbatchSize, model.sizes);
    return std::ranges::any_of(shapes, [&](const MeshShape& shape) {
        const SubmeshChoice& submesh = (*submeshes)[static_cast<size_t>(shape.submesh)];
        return cluster.devicesPerHost % submesh.devicesPerHost != 0;
    });
}

/// The draft of stages that use so many devices of every host.
Result<std::optional<Draft>> PlanSearch::draftOn(int devicesPerHost,
                                                 const std::shared_ptr<const DraftModel>& model,
                                                 int microbatches, bool isLean, NoPlan& none)
{
    Draft draft{.microbatches = microbatches,
                .devicesPerHost = devicesPerHost,
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
                           fmt::format("{} {}", devicesPerHost, draftConstraints_));
        ASSIGN_OR_RETURN(const auto outcome,
                         context_.draftOutcome(key, [&] { return outcomeOf(draft); }));
        draft.stepTime = outcome->stepTime;
        draft.optimisticTime = outcome->optimisticTime;
        if (draft.stepTime < kForever)
            return std::optional(std::move(draft));
        if (draft.isExact)
            return std::optional<Draft>();
    }
    NoPlan relaxed;
    ASSIGN_OR_RETURN(bool isFeasible, makeSet(draft, relaxed));
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
    return std::make_shared<const DraftOutcome>(
        isFeasible ? DraftOutcome{draft.stepTime, draft.optimisticTime} : DraftOutcome{});
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
    const BlockRuns runs = findBlockRuns(model, constraints_.specs);
    if (runs.unmatchedPatterns.empty())
        return {};
    return Error(ErrorCode::kInvalidInput, runs.unmatchedPatterns.front());
}

/// Chooses stages among the draft's candidates. False: `none` says why there are none.
Result<bool> PlanSearch::chooseDraft(Draft& draft, NoPlan& none) const
{
    StageProblem problem = stageProblem(draft, request_.cluster, constraints_);
    problem.explains = explains_;
    ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control_));
    if (const auto* solution = std::get_if<StageSolution>(&outcome)) {
        draft.stepTime = solution->best.stepTime;
        draft.optimisticTime = optimisticTime(solution->best, draft.microbatches, constraints_);
        draft.chosen = solution->best;
        return true;
    }
    draft.chosen = {};
    if (!explains_)
        return false;
    const NoStagePlan& nothing = std::get<NoStagePlan>(outcome);
    keepReason(none, {.reason = nothing.message,
                      .clashing = {},
                      .smallestMemory = nothing.smallestBudget ? nothing.smallestBudget
                                                               : draft.set->smallestMemory});
    return false;
}

/// Costs what the choice rests on under all constraints, and chooses again, until it rests on
/// nothing else.
Result<bool> PlanSearch::refine(Draft& draft, NoPlan& none) const
{
    if (!draft.set)
        RETURN_IF_ERROR(makeSet(draft, none));
    bool isFeasible = !draft.chosen.stages.empty();
    while (true) {
        std::set<int> families;
        for (const PlannedStage& stage : draft.chosen.stages)
            families.insert(draft.set->familyOf[static_cast<size_t>(stage.candidate)]);
        if (!isFeasible) {
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

/// Even perfectly split over all devices, parameters, one gradient each, states, and one
/// microbatch's activations need more than there is.
bool PlanSearch::isHopeless(const DraftModel& model, int microbatches, NoPlan& none) const
{
    const Cluster& cluster = request_.cluster;
    Bytes all;
    for (int kind = 0; kind < cluster.kindCount(); ++kind)
        all += memoryLimit(cluster, constraints_, kind) *
               int64_t{cluster.hostsOf(kind) * cluster.devicesPerHost};
    if (model.leastTotal <= all)
        return false;
    const Bytes least = model.leastTotal / int64_t{cluster.deviceCount()};
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
