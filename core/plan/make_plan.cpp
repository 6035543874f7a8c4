#include "core/plan/make_plan.h"

#include "core/base/text.h"
#include "core/plan/assemble_plan.h"
#include "core/plan/stage_candidates.h"
#include "core/training/rebatch.h"
#include "core/training/sample_mixing.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <thread>

namespace alpa
{
namespace
{

/// How often the stage choice is repeated with corrected memory needs before the plan counts as too
/// large.
constexpr int kMemoryRounds = 4;

constexpr int kAlternatives = 2;           ///< Runners-up of the stage choice that are tried too,
constexpr double kAlternativeSlack = 1.10; ///< if the objective puts them within this factor.
constexpr double kDraftSlack = 1.02;       ///< Drafts of other microbatch counts, likewise.

/// One microbatch count, with its stages chosen from draft costs but not yet sharded.
struct Draft {
    int microbatches = 1;
    Seconds stepTime = kForever; ///< Simulated from the drafts.
    std::shared_ptr<const PreparedModel> model;
    std::shared_ptr<const CandidateSet> set;
};

/// Either a plan, or why there is none.
struct Attempt {
    std::shared_ptr<const ParallelPlan> plan;
    NoPlan none;
};

/// Models by (microbatch size, layers asked), shared by the searches of one request.
using PreparedModels = std::map<std::pair<int64_t, int>, std::shared_ptr<const PreparedModel>>;

/// One search under one set of constraints.
class Planner
{
public:
    Planner(const PlanRequest& request, PlanConstraints constraints, PreparedModels& models,
            const JobControl& control)
        : request_(request)
        , control_(control)
        , constraints_(std::move(constraints))
        , limit_(memoryLimit(request.cluster, constraints_))
        , models_(models)
    {
        const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
        threads_ = request.options.threads > 0 ? request.options.threads : cores;
    }

    /// The best plan over `counts` microbatches, or over all counts if empty. None: `none` says
    /// why.
    Result<std::shared_ptr<const ParallelPlan>> search(const std::vector<int>& counts, NoPlan& none)
    {
        ASSIGN_OR_RETURN(std::vector<Draft> drafts, draft(counts, none));
        std::ranges::stable_sort(drafts, {}, &Draft::stepTime);
        std::shared_ptr<const ParallelPlan> best;
        int finished = 0;
        for (const Draft& draft : drafts) {
            // Drafts are close, but not exact: the second is solved too if it comes near.
            if (finished == 2 ||
                (best && draft.stepTime.count > best->stepTime.count * kDraftSlack))
                break;
            control_.report(
                fmt::format("sharding the stages for {} microbatches", draft.microbatches),
                0.8 + 0.1 * finished);
            ASSIGN_OR_RETURN(Attempt attempt, finish(draft));
            if (!attempt.plan) {
                keepReason(none, attempt.none);
                continue;
            }
            ++finished;
            if (!best || attempt.plan->stepTime < best->stepTime)
                best = std::move(attempt.plan);
        }
        if (none.reason.empty())
            none.reason =
                fmt::format("no microbatch count divides the global batch of {}", globalBatch());
        return best;
    }

    /// Does any plan obey the constraints, as far as drafts tell?
    Result<bool> isFeasible()
    {
        NoPlan none;
        ASSIGN_OR_RETURN(const std::vector<Draft> drafts, draft({}, none));
        return !drafts.empty();
    }

private:
    int64_t globalBatch() const
    {
        return request_.options.globalBatch.value_or(batchSize(*request_.model));
    }

    Result<std::vector<Draft>> draft(const std::vector<int>& counts, NoPlan& none)
    {
        const int64_t samples = globalBatch();
        RETURN_IF_ERROR(checkRequest(samples));
        RETURN_IF_ERROR(measureModel());
        if (layers_ && layers_ != request_.options.layers) {
            // More stages or cuts than the model has contractions: no plan, not a broken request.
            const auto finer = prepared(batchSize(*request_.model), layers_);
            if (!finer && finer.error().code == ErrorCode::kInvalidInput) {
                none.reason = finer.error().message;
                return std::vector<Draft>();
            }
        }
        const bool isFree = counts.empty() && !constraints_.microbatches;
        if (isFree && firstSampleMixing(*request_.model)) {
            // Batch statistics are those of a microbatch: the whole batch at once where it fits.
            ASSIGN_OR_RETURN(std::vector<Draft> whole, draftCounts(samples, {1}, false, none));
            if (whole.empty()) {
                ASSIGN_OR_RETURN(whole, draftCounts(samples, {1}, true, none));
            }
            if (!whole.empty())
                return whole;
        }
        const std::vector<int> tried = counts.empty() ? microbatchCounts(samples) : counts;
        ASSIGN_OR_RETURN(std::vector<Draft> drafts, draftCounts(samples, tried, false, none));
        if (drafts.empty()) {
            ASSIGN_OR_RETURN(drafts, draftCounts(samples, tried, true, none));
        }
        return drafts;
    }

    Result<std::shared_ptr<const PreparedModel>> prepared(int64_t samples,
                                                          std::optional<int> layers)
    {
        std::shared_ptr<const PreparedModel>& model = models_[{samples, layers.value_or(0)}];
        if (!model) {
            ASSIGN_OR_RETURN(PreparedModel made,
                             prepareModel(*request_.model, samples, request_.options.optimizer,
                                          layers, request_.cluster.device, control_));
            model = std::make_shared<const PreparedModel>(std::move(made));
        }
        return model;
    }

    Status checkRequest(int64_t globalBatch) const
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
        for (const auto& [name, value] :
             {std::pair("max TP", constraints_.maxTp), std::pair("max DP", constraints_.maxDp),
              std::pair("max PP", constraints_.maxPp), std::pair("TP", constraints_.fixedTp),
              std::pair("DP", constraints_.fixedDp), std::pair("PP", constraints_.fixedPp)}) {
            if (value && *value < 1)
                return Error(ErrorCode::kInvalidInput,
                             fmt::format("{} {}: expected at least 1", name, *value));
        }
        return {};
    }

    /// Powers of two (and the batch itself) from few microbatches to many.
    std::vector<int> microbatchCounts(int64_t globalBatch) const
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

    Result<std::vector<Draft>> draftCounts(int64_t globalBatch, const std::vector<int>& counts,
                                           bool isLean, NoPlan& none)
    {
        std::vector<Draft> drafts;
        Seconds best = kForever;
        int notBetter = 0;
        for (size_t i = 0; i < counts.size() && notBetter < 2; ++i) {
            if (isHopeless(globalBatch, counts[i], none))
                continue;
            control_.report(fmt::format("comparing {} microbatches", counts[i]),
                            0.8 * static_cast<double>(i) / static_cast<double>(counts.size()));
            ASSIGN_OR_RETURN(std::optional<Draft> draft,
                             draftCount(globalBatch, counts[i], isLean, none));
            if (!draft)
                continue;
            // The curve over microbatch counts has one valley: two steps uphill end the search.
            notBetter = draft->stepTime < best ? 0 : notBetter + 1;
            best = std::min(best, draft->stepTime);
            drafts.push_back(std::move(*draft));
        }
        return drafts;
    }

    Result<std::optional<Draft>> draftCount(int64_t globalBatch, int microbatches, bool isLean,
                                            NoPlan& none)
    {
        ASSIGN_OR_RETURN(const auto model, prepared(globalBatch / microbatches, layers_));
        Draft draft{
            .microbatches = microbatches, .stepTime = kForever, .model = model, .set = nullptr};
        ASSIGN_OR_RETURN(CandidateSet set, makeCandidates({.model = draft.model.get(),
                                                           .cluster = &request_.cluster,
                                                           .constraints = &constraints_,
                                                           .microbatches = microbatches,
                                                           .isLean = isLean,
                                                           .threads = threads_},
                                                          control_));
        if (!set.unmatchedPatterns.empty())
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("'{}' matches no parameter and no forward op (scope:kind)",
                                     set.unmatchedPatterns.front()));
        draft.set = std::make_shared<const CandidateSet>(std::move(set));
        if (draft.set->candidates.empty()) {
            keepReason(none, {.reason = draft.set->problems.empty()
                                            ? "no mesh shape obeys the constraints"
                                            : draft.set->problems.front(),
                              .clashing = {},
                              .smallestMemory = {}});
            return std::optional<Draft>();
        }
        ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(stageProblem(draft), control_));
        if (const auto* solution = std::get_if<StageSolution>(&outcome)) {
            draft.stepTime = solution->best.stepTime;
            return std::optional(std::move(draft));
        }
        const NoStagePlan& nothing = std::get<NoStagePlan>(outcome);
        keepReason(none, {.reason = nothing.message,
                          .clashing = {},
                          .smallestMemory = nothing.smallestBudget ? nothing.smallestBudget
                                                                   : draft.set->smallestMemory});
        return std::optional<Draft>();
    }

    /// Even perfectly split over all devices, parameters, one gradient each, states, and one
    /// microbatch's activations need more than there is.
    bool isHopeless(int64_t globalBatch, int microbatches, NoPlan& none) const
    {
        const double samples = static_cast<double>(globalBatch / microbatches);
        const Bytes least(static_cast<int64_t>((storedBytes_ + samples * savedBytesPerSample_) /
                                               request_.cluster.deviceCount()));
        if (least <= limit_)
            return false;
        keepReason(none,
                   {.reason = fmt::format("with {} microbatches the model needs at least {} on "
                                          "each of {} devices, more than {}",
                                          microbatches, formatMemory(least),
                                          request_.cluster.deviceCount(), formatMemory(limit_)),
                    .clashing = {},
                    .smallestMemory = least});
        return true;
    }

    Status measureModel()
    {
        const int64_t batch = batchSize(*request_.model);
        ASSIGN_OR_RETURN(const auto measured, prepared(batch, request_.options.layers));
        const PreparedModel& model = *measured;
        layers_ = request_.options.layers ? request_.options.layers
                                          : layersForStages(static_cast<int>(model.layers.size()));
        const LayeredGraph& layered = *model.layered;
        for (const GraphInput& input : layered.graph->inputs) {
            const auto bytes = static_cast<double>(layered.graph->type(input.value).bytes().count);
            if (input.role != InputRole::kBatch)
                storedBytes_ += input.role == InputRole::kParameter ? 2 * bytes : bytes;
        }
        for (size_t value = 0; value < layered.isSaved.size(); ++value) {
            if (layered.isSaved[value] != 0 && layered.rules.batch.ofValue[value] >= 0)
                savedBytesPerSample_ +=
                    static_cast<double>(layered.graph->values[value].type.bytes().count) /
                    static_cast<double>(std::max<int64_t>(batch, 1));
        }
        return {};
    }

    /// More layers than usual if a demanded number of stages or a cut needs them.
    std::optional<int> layersForStages(int usual) const
    {
        int layers = constraints_.fixedPp.value_or(1);
        for (const int cut : constraints_.cuts)
            layers = std::max(layers, cut + 1);
        return layers > usual ? std::optional(layers) : std::nullopt;
    }

    StageProblem stageProblem(const Draft& draft) const
    {
        StageProblem problem;
        problem.layerCount = static_cast<int>(draft.model->layers.size());
        problem.deviceCount = request_.cluster.deviceCount();
        problem.microbatches = draft.microbatches;
        // 1F1B takes GPipe's time with less memory, so GPipe is only ever asked for.
        problem.schedule = constraints_.schedule.value_or(ScheduleKind::k1f1b);
        problem.submeshes = draft.set->submeshes;
        problem.candidates = draft.set->candidates;
        problem.memoryLimit = limit_;
        problem.constraints.stageCount = constraints_.fixedPp;
        problem.constraints.maxStages = constraints_.maxPp;
        problem.constraints.forcedCuts = constraints_.cuts;
        problem.constraints.forbiddenCuts = constraints_.forbiddenCuts;
        return problem;
    }

    /// Chooses stages, shards them under their exact memory limits, and repeats with corrected
    /// memory needs when they turn out larger than drafted.
    Result<Attempt> finish(const Draft& draft)
    {
        StageProblem problem = stageProblem(draft);
        problem.alternatives = kAlternatives;
        Attempt attempt;
        for (int round = 0; round < kMemoryRounds; ++round) {
            ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control_));
            if (const auto* none = std::get_if<NoStagePlan>(&outcome)) {
                if (attempt.none.reason.empty())
                    attempt.none.reason = none->message;
                if (none->smallestBudget)
                    attempt.none.smallestMemory = none->smallestBudget;
                return attempt;
            }
            // The objective only estimates the simulated step: the runners-up are simulated too.
            const StageSolution& solution = std::get<StageSolution>(outcome);
            ASSIGN_OR_RETURN(attempt.plan, shardedPlan(draft, problem, solution.best));
            for (const StagePlan& other : solution.alternatives) {
                if (attempt.plan &&
                    other.stepTime.count > attempt.plan->stepTime.count * kAlternativeSlack)
                    continue;
                ASSIGN_OR_RETURN(auto plan, shardedPlan(draft, problem, other));
                if (plan && (!attempt.plan || plan->stepTime < attempt.plan->stepTime))
                    attempt.plan = std::move(plan);
            }
            if (attempt.plan)
                return attempt;
            attempt.none.reason =
                fmt::format("the stages need more than {} per device", formatMemory(limit_));
        }
        return attempt;
    }

    /// The plan of `chosen`, every stage sharded under its exact memory limit; null if a stage does
    /// not fit after all. Then `problem` learns what such stages need.
    Result<std::shared_ptr<const ParallelPlan>>
    shardedPlan(const Draft& draft, StageProblem& problem, const StagePlan& chosen)
    {
        const std::shared_ptr<const ParallelPlan> none;
        ASSIGN_OR_RETURN(const std::optional<AssemblyRequest> assembly,
                         shardStages(draft, problem, chosen));
        if (!assembly)
            return none;
        ASSIGN_OR_RETURN(std::shared_ptr<const ParallelPlan> plan, assemblePlan(*assembly));
        bool fits = true;
        for (size_t s = 0; s < plan->stages.size(); ++s) {
            const StageMemory& memory = plan->stages[s].memory;
            if (memory.total() <= limit_)
                continue;
            fits = false;
            // The short-lived tensors were underestimated, for everything like this stage.
            const StageCandidate used =
                problem.candidates[static_cast<size_t>(chosen.stages[s].candidate)];
            for (StageCandidate& candidate : problem.candidates) {
                if (candidate.submesh == used.submesh && candidate.config == used.config &&
                    candidate.endLayer - candidate.firstLayer >= used.endLayer - used.firstLayer)
                    candidate.transient =
                        std::max(candidate.transient, memory.transient + memory.total() - limit_);
            }
        }
        return fits ? plan : none;
    }

    Result<std::optional<AssemblyRequest>> shardStages(const Draft& draft, StageProblem& problem,
                                                       const StagePlan& chosen)
    {
        const CandidateSet& set = *draft.set;
        AssemblyRequest assembly{.plan = &request_,
                                 .model = draft.model.get(),
                                 .stages = {},
                                 .schedule = problem.schedule,
                                 .microbatches = draft.microbatches};
        std::vector<SubmeshChoice> wanted;
        for (const auto& stage : chosen.stages)
            wanted.push_back(set.submeshes[static_cast<size_t>(
                problem.candidates[static_cast<size_t>(stage.candidate)].submesh)]);
        ASSIGN_OR_RETURN(
            const std::vector<PlacedSubmesh> places,
            placeSubmeshes(wanted, request_.cluster.hosts, request_.cluster.devicesPerHost));
        for (size_t s = 0; s < chosen.stages.size(); ++s) {
            const auto index = static_cast<size_t>(chosen.stages[s].candidate);
            const StageCandidate candidate = problem.candidates[index];
            const MeshShape& shape = set.shapes[static_cast<size_t>(candidate.config)];
            ChosenStage stage;
            stage.submesh = {.firstHost = places[s].first / request_.cluster.devicesPerHost,
                             .hosts = places[s].submesh.hosts,
                             .firstDevice = places[s].first % request_.cluster.devicesPerHost,
                             .devicesPerHost = places[s].submesh.devicesPerHost};
            stage.mesh = makeDeviceMesh(request_.cluster, stage.submesh, {shape.dp, shape.tp});
            stage.sharder = set.sharders[static_cast<size_t>(candidate.config)].get();
            const std::optional<Bytes> recomputed =
                set.recomputed[static_cast<size_t>(candidate.tag)];
            stage.request = {.firstLayer = candidate.firstLayer,
                             .endLayer = candidate.endLayer,
                             .inFlight = chosen.stages[s].inFlight,
                             .secondsPerByte = 0,
                             .memoryLimit = {},
                             .recomputes = recomputed.has_value(),
                             .isDraft = false};
            std::optional<StageSharding> sharding = shardStage(
                *stage.sharder, stage.request, candidate.transient - recomputed.value_or(Bytes(0)));
            if (control_.isCancelled())
                return Error(ErrorCode::kCancelled, "cancelled");
            if (!sharding) {
                problem.candidates[index].fixedMemory = limit_ + limit_; // Never again.
                return std::optional<AssemblyRequest>();
            }
            stage.sharding = std::move(*sharding);
            assembly.stages.push_back(std::move(stage));
        }
        return std::optional(std::move(assembly));
    }

    /// The unconstrained optimum if it fits; else the fastest that does, under the exact limit.
    std::optional<StageSharding> shardStage(StageSharder& sharder, StageRequest& request,
                                            Bytes transient)
    {
        const StageShardingOutcome& fastest = sharder.solve(request, control_);
        if (const auto* stage = std::get_if<StageSharding>(&fastest)) {
            if (stage->fixedMemory + stage->activations * static_cast<int64_t>(request.inFlight) +
                    stage->recomputed + transient <=
                limit_)
                return *stage;
        }
        request.memoryLimit = limit_ - transient;
        const StageShardingOutcome& fitting = sharder.solve(request, control_);
        const auto* stage = std::get_if<StageSharding>(&fitting);
        return stage != nullptr ? std::optional(*stage) : std::nullopt;
    }

    static void keepReason(NoPlan& kept, const NoPlan& none)
    {
        if (kept.reason.empty() ||
            (none.smallestMemory &&
             (!kept.smallestMemory || *none.smallestMemory < *kept.smallestMemory)))
            kept = none;
    }

    const PlanRequest& request_;
    JobControl control_;
    PlanConstraints constraints_;
    Bytes limit_;
    PreparedModels& models_;
    int threads_ = 1;
    std::optional<int> layers_;
    double storedBytes_ = 0; ///< Parameters, gradients and states of the whole model.
    double savedBytesPerSample_ = 0;
};

/// Every constraint of `constraints` alone, as a way to take it away.
std::vector<std::function<void(PlanConstraints&)>> removals(const PlanConstraints& constraints)
{
    std::vector<std::function<void(PlanConstraints&)>> steps;
    const auto add = [&steps](bool isSet, std::function<void(PlanConstraints&)> remove) {
        if (isSet)
            steps.push_back(std::move(remove));
    };
    // What people give up last is asked last: memory is hardware.
    add(constraints.recomputation.has_value(), [](PlanConstraints& c) { c.recomputation.reset(); });
    for (const SpecConstraint& spec : constraints.specs)
        add(true, [spec](PlanConstraints& c) { std::erase(c.specs, spec); });
    for (const int cut : constraints.cuts)
        add(true, [cut](PlanConstraints& c) { std::erase(c.cuts, cut); });
    for (const int cut : constraints.forbiddenCuts)
        add(true, [cut](PlanConstraints& c) { std::erase(c.forbiddenCuts, cut); });
    add(constraints.stateStorage != StorageRule::kFree,
        [](PlanConstraints& c) { c.stateStorage = StorageRule::kFree; });
    add(constraints.parameterStorage != StorageRule::kFree,
        [](PlanConstraints& c) { c.parameterStorage = StorageRule::kFree; });
    add(constraints.microbatches.has_value(), [](PlanConstraints& c) { c.microbatches.reset(); });
    add(constraints.schedule.has_value(), [](PlanConstraints& c) { c.schedule.reset(); });
    add(constraints.maxTp.has_value(), [](PlanConstraints& c) { c.maxTp.reset(); });
    add(constraints.maxDp.has_value(), [](PlanConstraints& c) { c.maxDp.reset(); });
    add(constraints.maxPp.has_value(), [](PlanConstraints& c) { c.maxPp.reset(); });
    add(constraints.fixedTp.has_value(), [](PlanConstraints& c) { c.fixedTp.reset(); });
    add(constraints.fixedDp.has_value(), [](PlanConstraints& c) { c.fixedDp.reset(); });
    add(constraints.fixedPp.has_value(), [](PlanConstraints& c) { c.fixedPp.reset(); });
    add(constraints.memoryPerDevice.has_value(),
        [](PlanConstraints& c) { c.memoryPerDevice.reset(); });
    return steps;
}

/// The first of ever larger limits from `bound` on, at most a quarter apart, under which there is a
/// plan; nothing if even the device's own memory is too little.
Result<std::optional<Bytes>> sufficientMemory(const PlanRequest& request,
                                              PlanConstraints constraints, Bytes bound,
                                              PreparedModels& models, const JobControl& control)
{
    for (const double factor : {1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2.0, 2.5, 3.0, 3.75, 4.5}) {
        const Bytes limit(static_cast<int64_t>(static_cast<double>(bound.count) * factor));
        if (limit > request.cluster.device.memory)
            break;
        constraints.memoryPerDevice = limit;
        ASSIGN_OR_RETURN(const bool isFeasible,
                         Planner(request, constraints, models, control).isFeasible());
        if (isFeasible)
            return std::optional(limit);
    }
    return std::optional<Bytes>();
}

/// A minimal clashing set, by deletion: a constraint whose removal still leaves no plan is not
/// needed for the clash.
Result<NoPlan> explain(const PlanRequest& request, const PlanConstraints& constraints, NoPlan none,
                       PreparedModels& models, const JobControl& control)
{
    PlanConstraints clash = constraints;
    for (const auto& remove : removals(constraints)) {
        control.report("finding the constraints that clash", -1);
        PlanConstraints fewer = clash;
        remove(fewer);
        ASSIGN_OR_RETURN(const bool isFeasible,
                         Planner(request, fewer, models, control).isFeasible());
        if (!isFeasible)
            clash = std::move(fewer);
    }
    const bool isShortOfMemory = none.smallestMemory.has_value();
    if (isShortOfMemory) {
        ASSIGN_OR_RETURN(
            none.smallestMemory,
            sufficientMemory(request, constraints, *none.smallestMemory, models, control));
    }
    none.clashing = listConstraints(clash);
    if (!clash.memoryPerDevice && (isShortOfMemory || none.clashing.empty()))
        none.clashing.push_back(fmt::format("memory {} of {}",
                                            formatMemory(request.cluster.device.memory),
                                            request.cluster.device.name));
    return none;
}

/// A named strategy that happens to be predicted faster is what auto should have found: costs of
/// drafts are estimates.
Result<std::shared_ptr<const ParallelPlan>> bestOfNamed(const PlanRequest& request,
                                                        std::shared_ptr<const ParallelPlan> best,
                                                        PreparedModels& models,
                                                        const JobControl& control)
{
    const PlanConstraints& asked = request.options.constraints;
    for (const PlanStrategy strategy :
         {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
          PlanStrategy::kPipeline, PlanStrategy::kMegatron}) {
        const PlanConstraints constraints =
            withStrategy(asked, strategy, request.cluster.deviceCount());
        const bool contradicts = (asked.fixedTp && constraints.fixedTp != asked.fixedTp) ||
                                 (asked.fixedDp && constraints.fixedDp != asked.fixedDp) ||
                                 (asked.fixedPp && constraints.fixedPp != asked.fixedPp) ||
                                 (asked.parameterStorage != StorageRule::kFree &&
                                  asked.parameterStorage != constraints.parameterStorage) ||
                                 (asked.stateStorage != StorageRule::kFree &&
                                  asked.stateStorage != constraints.stateStorage);
        if (contradicts)
            continue;
        control.report(fmt::format("comparing with {}", strategyName(strategy)), -1);
        NoPlan none;
        const auto named =
            Planner(request, constraints, models, control).search({best->microbatches}, none);
        // A baseline that the model is too small for (a stage for every device) is no reason
        // against the plan at hand.
        if (!named.ok() && named.error().code == ErrorCode::kCancelled)
            return named.error();
        if (named.ok() && *named && (*named)->stepTime < best->stepTime)
            best = *named;
    }
    return best;
}

} // namespace

PlanConstraints withStrategy(PlanConstraints constraints, PlanStrategy strategy, int devices)
{
    switch (strategy) {
    case PlanStrategy::kAuto:
        break;
    case PlanStrategy::kDataParallel:
    case PlanStrategy::kZero2:
    case PlanStrategy::kZero3:
        constraints.fixedTp = 1;
        constraints.fixedDp = devices;
        constraints.fixedPp = 1;
        constraints.parameterStorage =
            strategy == PlanStrategy::kZero3 ? StorageRule::kSplit : StorageRule::kReplicated;
        constraints.stateStorage = strategy == PlanStrategy::kDataParallel
                                       ? StorageRule::kReplicated
                                       : StorageRule::kSplit;
        break;
    case PlanStrategy::kMegatron:
        constraints.parameterStorage = StorageRule::kReplicated;
        constraints.stateStorage = StorageRule::kReplicated;
        break;
    case PlanStrategy::kPipeline:
        constraints.fixedTp = 1;
        constraints.fixedDp = 1;
        constraints.fixedPp = devices;
        break;
    }
    return constraints;
}

Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control)
{
    PreparedModels models;
    const PlanConstraints constraints = withStrategy(
        request.options.constraints, request.options.strategy, request.cluster.deviceCount());
    NoPlan none;
    ASSIGN_OR_RETURN(auto plan, Planner(request, constraints, models, control).search({}, none));
    if (!plan) {
        ASSIGN_OR_RETURN(none, explain(request, constraints, std::move(none), models, control));
        return PlanOutcome(std::move(none));
    }
    if (request.options.strategy == PlanStrategy::kAuto) {
        ASSIGN_OR_RETURN(plan, bestOfNamed(request, std::move(plan), models, control));
    }
    return PlanOutcome(std::move(plan));
}

} // namespace alpa
