#include "core/plan/finish_plan.h"

#include "core/base/text.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// How often the stage choice is repeated with corrected memory needs before the plan counts as too
/// large.
constexpr int kMemoryRounds = 4;

constexpr int kAlternatives = 2;           ///< Runners-up of the stage choice that are tried too,
constexpr double kAlternativeSlack = 1.10; ///< if the objective puts them within this factor.

class Finisher
{
public:
    Finisher(const Draft& draft, const PlanRequest& request, const PlanConstraints& constraints,
             PlanContext& context, const JobControl& control)
        : draft_(draft)
        , request_(request)
        , constraints_(constraints)
        , context_(context)
        , control_(control)
        , limit_(memoryLimit(request.cluster, constraints))
    {
    }

    Result<Attempt> run()
    {
        ASSIGN_OR_RETURN(model_, context_.fullModel(draft_.model->model->microbatchSize,
                                                    draft_.layersAsked, control_));
        StageProblem problem = stageProblem(draft_, request_.cluster, constraints_);
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
            ASSIGN_OR_RETURN(attempt.plan, shardedPlan(problem, solution.best));
            for (const StagePlan& other : solution.alternatives) {
                if (attempt.plan &&
                    other.stepTime.count > attempt.plan->stepTime.count * kAlternativeSlack)
                    continue;
                ASSIGN_OR_RETURN(auto plan, shardedPlan(problem, other));
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

private:
    /// The plan of `chosen`, every stage sharded under its exact memory limit; null if a stage does
    /// not fit after all. Then `problem` learns what such stages need.
    Result<std::shared_ptr<const ParallelPlan>> shardedPlan(StageProblem& problem,
                                                            const StagePlan& chosen)
    {
        const std::shared_ptr<const ParallelPlan> none;
        ASSIGN_OR_RETURN(const std::optional<AssemblyRequest> assembly,
                         shardStages(problem, chosen));
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

    Result<std::optional<AssemblyRequest>> shardStages(StageProblem& problem,
                                                       const StagePlan& chosen)
    {
        const CandidateSet& set = *draft_.set;
        AssemblyRequest assembly{.plan = &request_,
                                 .model = model_.get(),
                                 .stages = {},
                                 .schedule = problem.schedule,
                                 .microbatches = draft_.microbatches};
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
            stage.mesh = makeDeviceMesh(request_.cluster, stage.submesh, shape.axes);
            ASSIGN_OR_RETURN(stage.sharder, context_.sharder(model_, set.meshKey(candidate.config),
                                                             shardingRules(constraints_, shape)));
            const std::optional<Bytes> recomputed =
                set.recomputed[static_cast<size_t>(candidate.tag)];
            stage.request = {
                .firstLayer = candidate.firstLayer,
                .endLayer = candidate.endLayer,
                .microbatches = draft_.microbatches,
                .inFlight = chosen.stages[s].inFlight,
                .secondsPerByte = 0,
                .memoryLimit = {},
                .recomputes = recomputed.has_value(),
                .isDraft = false,
                .forbidden = forbiddenIn(*stage.sharder, candidate.firstLayer, candidate.endLayer)};
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

    std::shared_ptr<const ForbiddenStrategies> forbiddenIn(const StageSharder& sharder, int first,
                                                           int end) const
    {
        std::vector<SpecMatch> matches;
        for (int layer = first; layer < end && !constraints_.specs.empty(); ++layer) {
            const auto own = matchSpecs(*model_->layered, layer, constraints_.specs);
            matches.insert(matches.end(), own.begin(), own.end());
        }
        return alpa::forbiddenIn(sharder, constraints_, matches);
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

    const Draft& draft_;
    const PlanRequest& request_;
    const PlanConstraints& constraints_;
    PlanContext& context_;
    const JobControl& control_;
    const Bytes limit_;
    std::shared_ptr<const PreparedModel> model_; ///< All layers.
};

} // namespace

StageProblem stageProblem(const Draft& draft, const Cluster& cluster,
                          const PlanConstraints& constraints)
{
    StageProblem problem;
    problem.layerCount = draft.model->layerCount();
    problem.deviceCount = cluster.deviceCount();
    problem.microbatches = draft.microbatches;
    // 1F1B takes GPipe's time with less memory, so GPipe is only ever asked for.
    problem.schedule = constraints.schedule.value_or(ScheduleKind::k1f1b);
    problem.submeshes = draft.set->submeshes;
    problem.candidates = draft.set->candidates;
    problem.memoryLimit = memoryLimit(cluster, constraints);
    problem.constraints.stageCount = constraints.fixedPp;
    problem.constraints.maxStages = constraints.maxPp;
    problem.constraints.forcedCuts = constraints.cuts;
    problem.constraints.forbiddenCuts = constraints.forbiddenCuts;
    return problem;
}

Result<Attempt> finishDraft(const Draft& draft, const PlanRequest& request,
                            const PlanConstraints& constraints, PlanContext& context,
                            const JobControl& control)
{
    return Finisher(draft, request, constraints, context, control).run();
}

} // namespace alpa
