#include "core/plan/fit_stages.h"

#include "core/plan/place_stages.h"
#include "core/plan/shard_within.h"
#include "core/plan/team.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

namespace alpa
{
namespace
{

constexpr int64_t kCorrectionParts = 20; ///< Of the limit: what a failure adds to like stages.

} // namespace

Seconds leastTime(const AssemblyRequest& assembly)
{
    const size_t groups = assembly.stages.size() / static_cast<size_t>(assembly.chunks);
    std::vector<Seconds> busy(groups);
    for (size_t s = 0; s < assembly.stages.size(); ++s) {
        const StageSharding& sharding = assembly.stages[s].sharding;
        busy[s % groups] += (Seconds(sharding.lowerBound) + sharding.scalars) *
                            static_cast<double>(assembly.microbatches);
    }
    return std::ranges::max(busy);
}

StageFitter::StageFitter(const Draft& draft, const PlanRequest& request,
                         const PlanConstraints& constraints, PlanContext& context,
                         std::shared_ptr<const PreparedModel> model, int threads,
                         const JobControl& control)
    : draft_(draft)
    , request_(request)
    , constraints_(constraints)
    , context_(context)
    , threads_(threads)
    , control_(control)
    , model_(std::move(model))
{
    for (int layer = 0; layer < model_->layered->layerCount; ++layer)
        matchesOfLayer_.push_back(matchSpecs(*model_->layered, layer, constraints_.specs));
}

Bytes StageFitter::limitOf(const Submesh& submesh) const
{
    return memoryLimit(request_.cluster, constraints_,
                       request_.cluster.kindOfHost(submesh.firstHost));
}

bool StageFitter::correctNeeds(StageProblem& problem, const StagePlan& chosen,
                               const ParallelPlan& plan) const
{
    bool fits = true;
    std::vector<StageCandidate> drafted; // As the stages were sharded.
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const Bytes missing = plan.deviceMemory(s) - limitOf(plan.stages[s].submesh);
        if (missing <= Bytes(0))
            continue;
        if (std::exchange(fits, false))
            drafted = problem.candidates;
        const auto& used = drafted[static_cast<size_t>(chosen.stages[s].candidate)];
        // Of stages that are alike, the one that lacks most counts.
        for (size_t i = 0; i < drafted.size(); ++i) {
            Bytes& transient = problem.candidates[i].transient;
            if (holdsAsMuch(drafted[i], used))
                transient = std::max(
                    {transient, drafted[i].transient + missing, plan.stages[s].memory.transient});
        }
    }
    return fits;
}

Result<FittedStages> StageFitter::shard(StageProblem& problem, const StagePlan& chosen, int chunks,
                                        Seconds cutoff)
{
    FittedStages fitted;
    ASSIGN_OR_RETURN(fitted.assembly, place(problem, chosen, chunks));
    // First as if there were no limit: where that is too slow already, limits need not be asked.
    shardFreely(fitted.assembly);
    if (control_.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    if (leastTime(fitted.assembly) >= cutoff) {
        fitted.fit = Fit::kTooSlow;
        return fitted;
    }
    const std::optional<size_t> failed = shardUnderLimits(fitted.assembly);
    if (control_.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    if (failed) {
        forbidLike(problem, chosen.stages[*failed].candidate,
                   limitOf(fitted.assembly.stages[*failed].submesh));
        fitted.fit = Fit::kTooLarge;
    } else if (leastTime(fitted.assembly) >= cutoff) {
        fitted.fit = Fit::kTooSlow;
    }
    return fitted;
}

/// The stages on their devices, not yet sharded.
Result<AssemblyRequest> StageFitter::place(const StageProblem& problem, const StagePlan& chosen,
                                           int chunks)
{
    const CandidateSet& set = *draft_.set;
    AssemblyRequest assembly{.plan = &request_,
                             .model = model_,
                             .stages = {},
                             .schedule =
                                 chunks > 1 ? ScheduleKind::kInterleaved1f1b : problem.schedule,
                             .chunks = chunks,
                             .microbatches = draft_.microbatches};
    const auto groups = chosen.stages.size() / static_cast<size_t>(chunks);
    const auto stages = static_cast<int>(chosen.stages.size());
    std::vector<SubmeshChoice> wanted; // Of the first chunk; the others lie on the same devices.
    for (size_t s = 0; s < groups; ++s)
        wanted.push_back(set.submeshes[static_cast<size_t>(
            problem.candidates[static_cast<size_t>(chosen.stages[s].candidate)].submesh)]);
    ASSIGN_OR_RETURN(const std::vector<Submesh> places,
                     placeStages(request_.cluster, wanted, draft_.share.devicesPerHost));
    prepareMeshes(problem, chosen);
    for (size_t s = 0; s < chosen.stages.size(); ++s) {
        ASSIGN_OR_RETURN(ChosenStage stage,
                         placeStage(problem, chosen.stages[s], places[s % groups]));
        stage.request.inFlight = inFlightLimit(assembly.schedule, stages, static_cast<int>(s),
                                               draft_.microbatches, chunks);
        assembly.stages.push_back(std::move(stage));
    }
    return assembly;
}

/// Each stage's optimum without a limit, where there is one.
void StageFitter::shardFreely(AssemblyRequest& assembly) const
{
    context_.team().run(assembly.stages.size(), threads_, [&](size_t s) {
        ChosenStage& stage = assembly.stages[s];
        const StageShardingOutcome& fastest = stage.sharder->solve(stage.request, control_);
        if (const auto* found = std::get_if<StageSharding>(&fastest))
            stage.sharding = *found;
    });
}

/// Shards what does not fit again. The first stage for which there is no sharding that does: what
/// comes after it is not asked for.
std::optional<size_t> StageFitter::shardUnderLimits(AssemblyRequest& assembly) const
{
    const size_t stages = assembly.stages.size();
    std::atomic<size_t> firstFailed{stages};
    const auto figures = [this](const ChosenStage& stage) { return figuresOf(stage, context_); };
    context_.team().run(stages, threads_, [&](size_t s) {
        ChosenStage& stage = assembly.stages[s];
        if (s > firstFailed ||
            shardWithin(stage, limitOf(stage.submesh) / int64_t{sharers_},
                        keptBy(assembly, static_cast<int>(s)), figures, control_))
            return;
        size_t first = firstFailed;
        while (s < first && !firstFailed.compare_exchange_weak(first, s)) {
        }
    });
    return firstFailed < stages ? std::optional<size_t>(firstFailed) : std::nullopt;
}

/// Needs `other` what `one` does at least? On the same mesh, as many layers, no more of which
/// run again.
bool StageFitter::holdsAsMuch(const StageCandidate& other, const StageCandidate& one) const
{
    const CandidateSet& set = *draft_.set;
    const auto otherTag = static_cast<size_t>(other.tag);
    const auto tag = static_cast<size_t>(one.tag);
    return other.submesh == one.submesh && other.config == one.config &&
           other.endLayer - other.firstLayer >= one.endLayer - one.firstLayer &&
           set.repeatsCheapOps[otherTag] == set.repeatsCheapOps[tag] &&
           set.recomputed[otherTag].has_value() == set.recomputed[tag].has_value() &&
           set.recomputedLayers[otherTag] <= set.recomputedLayers[tag];
}

/// No sharding of the candidate fits: never again, and what is like it needs more than drafted.
void StageFitter::forbidLike(StageProblem& problem, int candidate, Bytes limit) const
{
    const StageCandidate failed = problem.candidates[static_cast<size_t>(candidate)];
    for (StageCandidate& other : problem.candidates) {
        if (holdsAsMuch(other, failed))
            other.transient += limit / kCorrectionParts;
    }
    problem.candidates[static_cast<size_t>(candidate)].fixedMemory = limit + limit;
}

/// Finds the strategies on all meshes of the stages side by side.
void StageFitter::prepareMeshes(const StageProblem& problem, const StagePlan& chosen)
{
    std::set<int> configs;
    for (const PlannedStage& stage : chosen.stages)
        configs.insert(problem.candidates[static_cast<size_t>(stage.candidate)].config);
    std::set<MeshKey> meshes;
    for (const int config : configs)
        meshes.insert(draft_.set->meshKey(config));
    const std::vector<MeshKey> keys(meshes.begin(), meshes.end());
    // If it fails, so will who asks for it.
    context_.team().run(keys.size(), threads_,
                        [&](size_t i) { (void)context_.sharder(model_, keys[i]); });
}

/// The stage on its devices, not yet sharded.
Result<ChosenStage> StageFitter::placeStage(const StageProblem& problem,
                                            const PlannedStage& planned, const Submesh& place)
{
    const CandidateSet& set = *draft_.set;
    const StageCandidate& candidate = problem.candidates[static_cast<size_t>(planned.candidate)];
    const MeshShape& shape = set.shapes[static_cast<size_t>(candidate.config)];
    ChosenStage stage;
    stage.submesh = place;
    stage.mesh = makeDeviceMesh(request_.cluster, stage.submesh, shape.axes);
    ASSIGN_OR_RETURN(stage.sharder, context_.sharder(model_, set.meshKey(candidate.config)));
    const auto tag = static_cast<size_t>(candidate.tag);
    const int layersAgain = set.recomputedLayers[tag];
    const bool isPartly =
        layersAgain > 0 && layersAgain < candidate.endLayer - candidate.firstLayer;
    stage.request = {
        .firstLayer = candidate.firstLayer,
        .endLayer = candidate.endLayer,
        .microbatches = draft_.microbatches,
        .inFlight = planned.inFlight,
        .secondsPerByte = 0,
        .memoryLimit = {},
        .moments = {},
        .repeatsCheapOps = set.repeatsCheapOps[tag],
        .recomputes = set.recomputed[tag].has_value() && !isPartly,
        .recomputedLayers = layersAgain,
        .turns = 0,
        .effort = StageEffort::kQuick,
        .forbidden = forbiddenIn(*stage.sharder, shape, candidate.firstLayer, candidate.endLayer)};
    return stage;
}

std::shared_ptr<const ForbiddenStrategies> StageFitter::forbiddenIn(const StageSharder& sharder,
                                                                    const MeshShape& shape,
                                                                    int first, int end) const
{
    std::vector<SpecMatch> matches;
    for (int layer = first; layer < end && !constraints_.specs.empty(); ++layer) {
        const auto& own = matchesOfLayer_[static_cast<size_t>(layer)];
        matches.insert(matches.end(), own.begin(), own.end());
    }
    return alpa::forbiddenIn(sharder, constraints_, shape, first, end, matches);
}

} // namespace alpa
