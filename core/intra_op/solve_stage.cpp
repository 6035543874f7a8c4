// How StageSharder answers: from what it knows, from a freer question's answer, or by the solver.
#include "core/base/check.h"
#include "core/intra_op/stage_sharding.h"

#include <algorithm>

namespace alpa
{
namespace
{

constexpr double kDraftGap = 1e-3;
constexpr int64_t kDraftWork = 20'000'000;  // About 20 ms.
constexpr int64_t kFinalWork = 200'000'000; // A fifth of a second, for every stage of a plan.
/// Where memory binds, proofs are long and what they gain is little.
constexpr double kLimitedGap = 5e-4;
constexpr int64_t kLimitedWork = 12'000'000;
constexpr int64_t kLimitedPasses = 200; ///< Over all edges; what small stages may take.
/// For a proof, at least; more of large stages, up to kFinalWork: a pass over one on a mesh of
/// three axes takes twenty times as much as on one of two.
constexpr int64_t kLimitedFinalWork = 40'000'000;
constexpr int64_t kLimitedFinalPasses = 150;
constexpr int64_t kTableWork = 100'000'000; ///< Besides, for the whole model in one stage.
constexpr int64_t kSecondWork = 60'000'000;

int64_t passWork(const IlpProblem& problem)
{
    int64_t work = 0;
    for (const IlpEdge& edge : problem.edges)
        work +=
            static_cast<int64_t>(problem.matrices[static_cast<size_t>(edge.matrix)].entries.size());
    return work;
}

} // namespace

const StageShardingOutcome& StageSharder::solve(const StageRequest& request,
                                                const JobControl& control)
{
    CHECK(request.firstLayer < request.endLayer && request.endLayer <= layered_->layerCount,
          "layers in range");
    if (request.effort == StageEffort::kQuick && !request.memoryLimit) {
        StageRequest full = request; // The same question.
        full.effort = StageEffort::kFull;
        return solve(full, control);
    }
    Answer* answer = nullptr;
    {
        std::vector<uint64_t> words = signature(request);
        const std::lock_guard lock(mutex_);
        answer = &known_[std::move(words)];
    }
    // Questions lead to freer and quicker ones only, so nobody waits in a circle.
    const std::lock_guard lock(answer->mutex);
    if (!answer->outcome) {
        StageShardingOutcome found = solveAnew(request, control);
        if (std::holds_alternative<StageCancelled>(found)) {
            static const StageShardingOutcome kCancelledOutcome = StageCancelled{};
            return kCancelledOutcome; // Not remembered: the next call may finish.
        }
        answer->outcome = std::move(found);
    }
    return *answer->outcome;
}

/// Nothing chosen is forbidden.
bool StageSharder::obeys(const StageRequest& request, const std::vector<int>& choice) const
{
    const std::vector<int> nodes = nodesOf(request.firstLayer, request.endLayer);
    for (size_t n = 0; n < nodes.size(); ++n) {
        const auto flags = request.forbidden->find(nodes[n]);
        if (flags != request.forbidden->end() && flags->second[static_cast<size_t>(choice[n])] != 0)
            return false;
    }
    return true;
}

/// What holds where fewer moments are limited holds here; and where only one is, proofs are short.
void StageSharder::raiseBound(const StageRequest& request, IlpSolution& solution,
                              const JobControl& control)
{
    if (request.effort != StageEffort::kFull || request.moments.size() < 2 ||
        solution.lowerBound >= solution.cost)
        return;
    StageRequest freer = request;
    freer.moments.pop_back();
    const StageShardingOutcome& known = solve(freer, control);
    if (const auto* sharding = std::get_if<StageSharding>(&known))
        solution.lowerBound =
            std::min(solution.cost, std::max(solution.lowerBound, sharding->lowerBound));
}

StageShardingOutcome StageSharder::solveAnew(const StageRequest& request, const JobControl& control)
{
    IlpOptions options;
    options.control = control;
    options.findsSmallestLimit = false;
    options.workLimit = kFinalWork;
    if (request.effort == StageEffort::kDraft) {
        options.workLimit = kDraftWork;
        options.gapTolerance = kDraftGap;
    } else if (request.effort == StageEffort::kQuick) {
        options.workLimit = kLimitedWork;
        options.gapTolerance = kLimitedGap;
    }
    if (request.forbidden && !request.memoryLimit) {
        // The optimum of fewer constraints is that of all if it obeys them: most edits leave most
        // stages as they were.
        StageRequest freer = request;
        freer.forbidden = nullptr;
        const StageShardingOutcome& known = solve(freer, control);
        const auto* sharding = std::get_if<StageSharding>(&known);
        if (sharding != nullptr && obeys(request, sharding->choice))
            return *sharding;
    }
    if (request.memoryLimit && request.effort == StageEffort::kFull) {
        StageRequest quick = request;
        quick.effort = StageEffort::kQuick;
        const StageShardingOutcome& known = solve(quick, control);
        if (const auto* sharding = std::get_if<StageSharding>(&known)) {
            if (sharding->isOptimal)
                return *sharding;
            options.warmStart.choice = sharding->choice;
        }
        // A plan's only stage has larger tables than one of many, and there is time for them.
        options.tableWork =
            kTableWork * (request.endLayer - request.firstLayer) / layered_->layerCount;
    }
    const IlpProblem problem = ilp(request);
    if (request.effort == StageEffort::kQuick)
        options.workLimit = std::min(options.workLimit, kLimitedPasses * passWork(problem));
    else if (request.effort == StageEffort::kFull && request.memoryLimit)
        options.workLimit =
            std::clamp(kLimitedFinalPasses * passWork(problem), kLimitedFinalWork, kFinalWork);
    IlpOutcome outcome = solveIlp(problem, options);
    const auto* failed = std::get_if<IlpInfeasible>(&outcome);
    if (failed != nullptr && request.effort == StageEffort::kQuick && failed->smallestUsageLimit &&
        *failed->smallestUsageLimit <= *problem.usageLimit) {
        options.workLimit = kSecondWork; // Nothing found, but nothing proven either.
        outcome = solveIlp(problem, options);
    }
    if (auto* solution = std::get_if<IlpSolution>(&outcome)) {
        raiseBound(request, *solution, control);
        return readBack(request, problem, *solution);
    }
    if (const auto* infeasible = std::get_if<IlpInfeasible>(&outcome)) {
        StageInfeasible none{.smallestMemory = {}, .reason = infeasible->reason};
        if (infeasible->smallestUsageLimit)
            none.smallestMemory = Bytes(*infeasible->smallestUsageLimit);
        return none;
    }
    return StageCancelled{};
}

} // namespace alpa
