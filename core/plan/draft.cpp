#include "core/plan/draft.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Ops of models small enough that a plan more is finished in milliseconds,
constexpr int kQuickOps = 1000;
/// and of those whose plans may be chosen under every schedule within half a second (12 layers).
constexpr int kThoroughOps = 3000;

} // namespace

SearchEffort effortFor(const Graph& model)
{
    const int ops = static_cast<int>(std::max<size_t>(1, model.ops.size()));
    if (ops > kThoroughOps)
        return {.drafts = 2, .slack = 1.02, .alternatives = 2, .isThorough = false};
    const int more = 1 + kQuickOps / ops;
    return {.drafts = 2 + more, .slack = 1.15, .alternatives = 2 + more, .isThorough = true};
}

std::vector<ScheduleKind> draftSchedules(const PlanConstraints& constraints)
{
    const bool hasPlain = isScheduleAllowed(constraints, ScheduleKind::k1f1b);
    const bool hasZeroBubble = isScheduleAllowed(constraints, ScheduleKind::kZeroBubble);
    std::vector<ScheduleKind> kinds;
    if (hasPlain || hasZeroBubble)
        kinds.push_back(ScheduleKind::k1f1b);
    if (!hasPlain && isScheduleAllowed(constraints, ScheduleKind::kGpipe))
        kinds.push_back(ScheduleKind::kGpipe);
    if (hasZeroBubble)
        kinds.push_back(ScheduleKind::kZeroBubble);
    return kinds.empty() ? std::vector{ScheduleKind::k1f1b} : kinds;
}

Seconds optimisticTime(const Draft& draft, const PlanConstraints& constraints)
{
    const StagePlan& plan = draft.chosen.front().stages;
    Seconds time = draft.stepTime;
    if (plan.stages.size() == 1)
        return time;
    for (const ScheduleKind schedule : draftSchedules(constraints))
        time = std::min(
            time, stepTimeOf(plan, schedule, draft.microbatches, draft.model->weightGradientShare));
    // Two chunks on a device hide half of a microbatch's way through the pipeline, and share out what
    // demanded cuts leave unequal.
    const Seconds equal = plan.latency * (1.0 / static_cast<double>(plan.stages.size()));
    if (isScheduleAllowed(constraints, ScheduleKind::kInterleaved1f1b))
        time = std::min(time, plan.latency * 0.5 + equal * (draft.microbatches - 1) + plan.perStep);
    return time;
}

int chunksForCuts(const Draft& draft, const Cluster& cluster, const PlanConstraints& constraints)
{
    const auto demanded = static_cast<int>(forcedCuts(constraints).size()) + 1;
    const int devices = draft.share.devices(cluster);
    const int groups = std::min(
        {devices, constraints.fixedPp.value_or(devices), constraints.maxPp.value_or(devices)});
    if (demanded <= groups || !isScheduleAllowed(constraints, ScheduleKind::kInterleaved1f1b))
        return 1;
    return constraints.chunks.value_or((demanded + groups - 1) / groups);
}

StageProblem stageProblem(const Draft& draft, const Cluster& cluster,
                          const PlanConstraints& constraints)
{
    StageProblem problem;
    problem.layerCount = draft.model->layerCount();
    problem.deviceCount = draft.share.devices(cluster, 0);
    problem.secondDeviceCount = draft.share.devices(cluster, 1);
    problem.microbatches = draft.microbatches;
    problem.schedule = draftSchedules(constraints).front();
    problem.weightGradientShare = draft.model->weightGradientShare;
    problem.submeshes = draft.set->submeshes;
    problem.candidates = draft.set->candidates;
    problem.memoryLimit = memoryLimit(cluster, constraints);
    if (cluster.second)
        problem.secondMemoryLimit = memoryLimit(cluster, constraints, 1);
    problem.constraints.allowIdleDevices = !constraints.usesAllDevices;
    problem.constraints.stageCount = constraints.fixedPp;
    problem.constraints.maxStages = constraints.maxPp;
    const int chunks = chunksForCuts(draft, cluster, constraints);
    for (int* count : {&problem.deviceCount, &problem.secondDeviceCount})
        *count *= chunks;
    for (std::optional<int>* count :
         {&problem.constraints.stageCount, &problem.constraints.maxStages}) {
        if (*count)
            **count *= chunks;
    }
    problem.constraints.forcedCuts = forcedCuts(constraints);
    problem.constraints.forbiddenCuts = constraints.forbiddenCuts;
    return problem;
}

} // namespace alpa
