// Chosen stages on their devices, each sharded under its exact memory limit, and what is learnt
// from those that do not fit.
#pragma once

#include "core/plan/assemble_plan.h"
#include "core/plan/draft.h"

#include <memory>
#include <optional>
#include <vector>

namespace alpa
{

/// What became of chosen stages.
enum class Fit {
    kSharded,
    kTooLarge, ///< Some stage has no sharding that fits.
    kTooSlow,  ///< Computing and synchronising alone take some devices too long.
};
struct FittedStages {
    Fit fit = Fit::kSharded;
    AssemblyRequest assembly; ///< Of kSharded.
};

/// What no schedule undercuts: so long the devices of some stages compute and synchronise under the
/// memory limits that their shardings were asked for.
Seconds leastTime(const AssemblyRequest& assembly);

class StageFitter
{
public:
    /// `model`: of all layers. Keeps the other references.
    StageFitter(const Draft& draft, const PlanRequest& request, const PlanConstraints& constraints,
                PlanContext& context, std::shared_ptr<const PreparedModel> model, int threads,
                const JobControl& control);

    /// From now on so many stages share the memory of a device in equal parts.
    void shareMemory(int sharers) { sharers_ = sharers; }
    /// Every stage sharded, if they may take less than `cutoff`. Where a stage has no sharding that
    /// fits, `problem` learns that what is like it needs more. Fails with kCancelled.
    Result<FittedStages> shard(StageProblem& problem, const StagePlan& chosen, int chunks,
                               Seconds cutoff);
    /// Do all stages of the plan that was made of them fit? Where one does not, because of what
    /// waits in it or what shares its devices, `problem` learns that what is like it needs more.
    bool correctNeeds(StageProblem& problem, const StagePlan& chosen,
                      const ParallelPlan& plan) const;

private:
    Bytes limitOf(const Submesh& submesh) const;
    bool holdsAsMuch(const StageCandidate& other, const StageCandidate& one) const;
    void forbidLike(StageProblem& problem, int candidate, Bytes limit) const;
    void prepareMeshes(const StageProblem& problem, const StagePlan& chosen);
    Result<ChosenStage> placeStage(const StageProblem& problem, const PlannedStage& planned,
                                   const Submesh& place);
    std::shared_ptr<const ForbiddenStrategies>
    forbiddenIn(const StageSharder& sharder, const MeshShape& shape, int first, int end) const;
    Result<AssemblyRequest> place(const StageProblem& problem, const StagePlan& chosen, int chunks);
    void shardFreely(AssemblyRequest& assembly) const;
    std::optional<size_t> shardUnderLimits(AssemblyRequest& assembly) const;

    const Draft& draft_;
    const PlanRequest& request_;
    const PlanConstraints& constraints_;
    PlanContext& context_;
    const int threads_;
    const JobControl& control_;
    const std::shared_ptr<const PreparedModel> model_;
    std::vector<std::vector<SpecMatch>> matchesOfLayer_;
    int sharers_ = 1;
};

} // namespace alpa
