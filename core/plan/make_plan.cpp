#include "core/plan/make_plan.h"

#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/plan/assemble_plan.h"
#include "core/plan/stage_candidates.h"
#include "core/training/rebatch.h"

namespace alpa
{
namespace
{

/// How often the stage choice is repeated with corrected memory needs before the plan counts as too large.
constexpr int kMemoryRounds = 4;

/// The constraints that a named strategy adds to the person's own. Megatron's grid and pipelines are searched below.
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
        constraints.stateStorage =
            strategy == PlanStrategy::kDataParallel ? StorageRule::kReplicated : StorageRule::kSplit;
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

/// Either the best plan of one microbatch count, or why there is none.
struct Attempt {
    std::shared_ptr<const ParallelPlan> plan;
    NoPlan none;
};

class Planner
{
public:
    Planner(const PlanRequest& request, const JobControl& control)
        : request_(request)
        , control_(control)
        , constraints_(withStrategy(request.options.constraints, request.options.strategy,
                                    request.cluster.deviceCount()))
        , limit_(memoryLimit(request.cluster, constraints_))
    {
        const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
        threads_ = request.options.threads > 0 ? request.options.threads : cores;
    }

    Result<PlanOutcome> run()
    {
        const int64_t fileBatch = batchSize(*request_.model);
        const int64_t globalBatch = request_.options.globalBatch.value_or(fileBatch);
        RETURN_IF_ERROR(checkRequest(globalBatch));
        Attempt best;
        int notBetter = 0;
        const std::vector<int> counts = microbatchCounts(globalBatch);
        for (size_t i = 0; i < counts.size() && notBetter < 2; ++i) {
            control_.report(fmt::format("planning with {} microbatches", counts[i]),
                            static_cast<double>(i) / static_cast<double>(counts.size()));
            ASSIGN_OR_RETURN(Attempt attempt, planFor(globalBatch, counts[i]));
            if (!attempt.plan) {
                keepReason(best.none, attempt.none);
                continue;
            }
            // The curve over microbatch counts has one valley: two steps uphill end the search.
            const bool isBetter = !best.plan || attempt.plan->stepTime < best.plan->stepTime;
            notBetter = isBetter ? 0 : notBetter + 1;
            if (isBetter)
                best = std::move(attempt);
        }
        if (best.plan)
            return PlanOutcome(best.plan);
        return PlanOutcome(explain(std::move(best.none), counts.empty(), globalBatch));
    }

private:
    Status checkRequest(int64_t globalBatch) const
    {
        if (globalBatch < 1)
            return Error(ErrorCode::kInvalidInput, fmt::format("global batch {}: expected at least 1", globalBatch));
        if (limit_.count <= 0)
            return Error(ErrorCode::kInvalidInput, "memory per device is 0 bytes: expected more");
        if (constraints_.microbatches && (*constraints_.microbatches < 1 || globalBatch % *constraints_.microbatches != 0))
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{} microbatches do not divide the global batch of {}", *constraints_.microbatches, globalBatch));
        for (const auto& [name, value] : {std::pair("max TP", constraints_.maxTp), std::pair("max DP", constraints_.maxDp),
                                          std::pair("max PP", constraints_.maxPp), std::pair("TP", constraints_.fixedTp),
                                          std::pair("DP", constraints_.fixedDp), std::pair("PP", constraints_.fixedPp)}) {
            if (value && *value < 1)
                return Error(ErrorCode::kInvalidInput, fmt::format("{} {}: expected at least 1", name, *value));
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

    Result<Attempt> planFor(int64_t globalBatch, int microbatches)
    {
        const std::optional<int> layers =
            request_.options.layers ? request_.options.layers : layersForStages();
        ASSIGN_OR_RETURN(const PreparedModel model,
                         prepareModel(*request_.model, globalBatch / microbatches, request_.options.optimizer, layers,
                                      request_.cluster.device, control_));
        Attempt last;
        for (const bool prune : {true, false}) {
            ASSIGN_OR_RETURN(const CandidateSet set,
                             makeCandidates({.model = &model, .cluster = &request_.cluster, .constraints = &constraints_,
                                             .microbatches = microbatches, .prune = prune, .threads = threads_},
                                            control_));
            ASSIGN_OR_RETURN(last, planStages(model, set, microbatches));
            if (last.plan)
                return last;
        }
        return last;
    }

    /// More layers than blocks if a demanded number of stages needs them.
    std::optional<int> layersForStages() const
    {
        int layers = 0;
        if (constraints_.fixedPp)
            layers = *constraints_.fixedPp;
        for (const int cut : constraints_.cuts)
            layers = std::max(layers, cut + 1);
        return layers > 1 && constraints_.fixedPp && needsMoreLayers(layers) ? std::optional(layers) : std::nullopt;
    }

    bool needsMoreLayers(int layers) const
    {
        const auto prepared = prepareModel(*request_.model, batchSize(*request_.model), request_.options.optimizer, {},
                                           request_.cluster.device, control_);
        return prepared.ok() && static_cast<int>(prepared->layers.size()) < layers;
    }

    Result<Attempt> planStages(const PreparedModel& model, const CandidateSet& set, int microbatches)
    {
        Attempt best;
        if (set.candidates.empty()) {
            best.none.reason = set.problems.empty() ? "no mesh shape obeys the constraints" : set.problems.front();
            return best;
        }
        std::vector<ScheduleKind> schedules{ScheduleKind::k1f1b, ScheduleKind::kGpipe};
        if (constraints_.schedule)
            schedules = {*constraints_.schedule};
        for (const ScheduleKind schedule : schedules) {
            ASSIGN_OR_RETURN(Attempt attempt, planSchedule(model, set, microbatches, schedule));
            if (!attempt.plan)
                keepReason(best.none, attempt.none);
            else if (!best.plan || attempt.plan->stepTime < best.plan->stepTime)
                best = std::move(attempt);
        }
        if (!best.plan)
            best.none.smallestMemory = set.smallestMemory;
        return best;
    }

    StageProblem stageProblem(const PreparedModel& model, const CandidateSet& set, int microbatches, ScheduleKind schedule) const
    {
        StageProblem problem;
        problem.layerCount = static_cast<int>(model.layers.size());
        problem.deviceCount = request_.cluster.deviceCount();
        problem.microbatches = microbatches;
        problem.schedule = schedule;
        problem.submeshes = set.submeshes;
        problem.candidates = set.candidates;
        problem.memoryLimit = limit_;
        problem.constraints.stageCount = constraints_.fixedPp;
        problem.constraints.maxStages = constraints_.maxPp;
        problem.constraints.forcedCuts = constraints_.cuts;
        problem.constraints.forbiddenCuts = constraints_.forbiddenCuts;
        return problem;
    }

    /// Chooses stages, shards them under their exact memory limits, and repeats with corrected memory needs when the
    /// short-lived tensors turn out larger than estimated.
    Result<Attempt> planSchedule(const PreparedModel& model, const CandidateSet& set, int microbatches, ScheduleKind schedule)
    {
        StageProblem problem = stageProblem(model, set, microbatches, schedule);
        Attempt attempt;
        for (int round = 0; round < kMemoryRounds; ++round) {
            ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control_));
            if (const auto* none = std::get_if<NoStagePlan>(&outcome)) {
                attempt.none.reason = none->message;
                if (none->smallestBudget)
                    attempt.none.smallestMemory = none->smallestBudget;
                return attempt;
            }
            const StagePlan& chosen = std::get<StageSolution>(outcome).best;
            ASSIGN_OR_RETURN(const AssemblyRequest assembly, shardStages(model, set, problem, chosen, microbatches, schedule));
            ASSIGN_OR_RETURN(std::shared_ptr<const ParallelPlan> plan, assemblePlan(assembly));
            bool fits = true;
            for (size_t s = 0; s < plan->stages.size(); ++s) {
                const StageMemory& memory = plan->stages[s].memory;
                if (memory.total() <= limit_)
                    continue;
                fits = false;
                // Everything like this stage needs at least what it was found to need.
                const StageCandidate used = problem.candidates[static_cast<size_t>(chosen.stages[s].candidate)];
                for (StageCandidate& candidate : problem.candidates) {
                    if (candidate.submesh == used.submesh && candidate.config == used.config &&
                        candidate.endLayer - candidate.firstLayer >= used.endLayer - used.firstLayer)
                        candidate.transient = std::max(candidate.transient, memory.transient + memory.total() - limit_);
                }
            }
            if (fits) {
                attempt.plan = std::move(plan);
                return attempt;
            }
            attempt.none.reason = fmt::format("the stages need more than {} per device", formatMemory(limit_));
        }
        return attempt;
    }

    Result<AssemblyRequest> shardStages(const PreparedModel& model, const CandidateSet& set, const StageProblem& problem,
                                        const StagePlan& chosen, int microbatches, ScheduleKind schedule)
    {
        AssemblyRequest assembly{.plan = &request_, .model = &model, .stages = {}, .schedule = schedule, .microbatches = microbatches};
        std::vector<SubmeshChoice> wanted;
        for (const auto& stage : chosen.stages)
            wanted.push_back(set.submeshes[static_cast<size_t>(problem.candidates[static_cast<size_t>(stage.candidate)].submesh)]);
        ASSIGN_OR_RETURN(const std::vector<PlacedSubmesh> places,
                         placeSubmeshes(wanted, request_.cluster.hosts, request_.cluster.devicesPerHost));
        for (size_t s = 0; s < chosen.stages.size(); ++s) {
            const StageCandidate& candidate = problem.candidates[static_cast<size_t>(chosen.stages[s].candidate)];
            const MeshShape& shape = set.shapes[static_cast<size_t>(candidate.config)];
            ChosenStage stage;
            stage.submesh = {.firstHost = places[s].first / request_.cluster.devicesPerHost, .hosts = places[s].submesh.hosts,
                             .firstDevice = places[s].first % request_.cluster.devicesPerHost,
                             .devicesPerHost = places[s].submesh.devicesPerHost};
            stage.mesh = makeDeviceMesh(request_.cluster, stage.submesh, {shape.dp, shape.tp});
            stage.sharder = set.sharders[static_cast<size_t>(candidate.config)].get();
            stage.request = set.requests[static_cast<size_t>(candidate.tag)];
            ASSIGN_OR_RETURN(stage.sharding, shardStage(*stage.sharder, stage.request, candidate, chosen.stages[s].inFlight));
            assembly.stages.push_back(std::move(stage));
        }
        return assembly;
    }

    /// The fastest sharding of the stage that fits; the unconstrained optimum if that fits already.
    Result<StageSharding> shardStage(StageSharder& sharder, StageRequest& request, const StageCandidate& candidate, int inFlight)
    {
        StageRequest free = request;
        free.secondsPerByte = 0;
        const StageShardingOutcome fastest = sharder.solve(free, control_);
        if (const auto* stage = std::get_if<StageSharding>(&fastest)) {
            const Bytes need = stage->fixedMemory + stage->activations * static_cast<int64_t>(inFlight) + candidate.transient;
            if (need <= limit_) {
                request = free;
                return *stage;
            }
        }
        StageRequest limited = free;
        limited.inFlight = inFlight;
        limited.memoryLimit = limit_ - candidate.transient;
        const StageShardingOutcome fitting = sharder.solve(limited, control_);
        if (const auto* stage = std::get_if<StageSharding>(&fitting)) {
            request = limited;
            return *stage;
        }
        const StageShardingOutcome known = sharder.solve(request, control_);
        if (const auto* stage = std::get_if<StageSharding>(&known))
            return *stage;
        return Error(ErrorCode::kCancelled, "cancelled");
    }

    static void keepReason(NoPlan& kept, const NoPlan& none)
    {
        if (kept.reason.empty() || (none.smallestMemory && (!kept.smallestMemory || *none.smallestMemory < *kept.smallestMemory)))
            kept = none;
    }

    NoPlan explain(NoPlan none, bool hasNoCounts, int64_t globalBatch) const
    {
        if (hasNoCounts)
            none.reason = fmt::format("no microbatch count divides the global batch of {}", globalBatch);
        none.clashing = listConstraints(constraints_);
        if (!constraints_.memoryPerDevice)
            none.clashing.push_back("memory " + formatMemory(limit_) + " of " + request_.cluster.device.name);
        return none;
    }

    const PlanRequest& request_;
    JobControl control_;
    PlanConstraints constraints_;
    Bytes limit_;
    int threads_ = 1;
};

} // namespace

Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control)
{
    return Planner(request, control).run();
}

} // namespace alpa
