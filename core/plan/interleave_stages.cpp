#include "core/plan/interleave_stages.h"

#include "core/plan/drafted_step.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Chunks on a group of devices. Each halves what is left of the bubble and doubles the transfers;
/// Megatron-LM's runs gain little beyond four (Narayanan et al. 2021, section 5.3.2).
constexpr int kChunkCounts[] = {2, 3, 4};

std::vector<int> chunkCounts(const PlanConstraints& constraints)
{
    if (constraints.chunks)
        return {*constraints.chunks};
    return {std::begin(kChunkCounts), std::end(kChunkCounts)};
}

/// The most groups of the size of `submesh`; 0 if there are none of that size.
int groupCount(const Draft& draft, const SubmeshChoice& submesh, const Cluster& cluster,
               const PlanConstraints& constraints)
{
    const int devices = draft.share.devices(cluster, submesh.kind);
    if (cluster.second && constraints.usesAllDevices)
        return 0; // All groups are of one kind.
    for (int groups = devices / submesh.devices(); groups >= 2; --groups) {
        if (groups * submesh.devices() != devices && constraints.usesAllDevices)
            break;
        const bool isAllowed = groups == constraints.fixedPp.value_or(groups) &&
                               groups <= constraints.maxPp.value_or(groups) &&
                               draft.microbatches % groups == 0;
        if (isAllowed)
            return groups;
    }
    return 0;
}

/// What the devices work on all microbatches together, at least.
Seconds leastTime(const StageProblem& problem)
{
    std::vector<Seconds> upTo(static_cast<size_t>(problem.layerCount) + 1, kForever);
    upTo[0] = Seconds(0);
    std::vector<std::vector<const StageCandidate*>> endingAt(upTo.size());
    for (const StageCandidate& candidate : problem.candidates)
        endingAt[static_cast<size_t>(candidate.endLayer)].push_back(&candidate);
    for (size_t layer = 1; layer < upTo.size(); ++layer) {
        for (const StageCandidate* candidate : endingAt[layer])
            upTo[layer] = std::min(upTo[layer], upTo[static_cast<size_t>(candidate->firstLayer)] +
                                                    candidate->perMicrobatch);
    }
    return upTo.back() * static_cast<double>(problem.microbatches);
}

} // namespace

Result<std::vector<InterleavedStages>> interleaveStages(const Draft& draft, const Cluster& cluster,
                                                        const PlanConstraints& constraints,
                                                        int sharers, Seconds cutoff,
                                                        const JobControl& control)
{
    std::vector<InterleavedStages> all;
    const StageProblem everything = stageProblem(draft, cluster, constraints);
    for (size_t submesh = 0; submesh < everything.submeshes.size(); ++submesh) {
        const int groups = groupCount(draft, everything.submeshes[submesh], cluster, constraints);
        if (groups == 0)
            continue;
        StageProblem whole = everything;
        std::erase_if(whole.candidates, [&](const StageCandidate& candidate) {
            return candidate.submesh != static_cast<int>(submesh);
        });
        if (leastTime(whole) * (1.0 / groups) > cutoff)
            continue;
        for (const int chunks : chunkCounts(constraints)) {
            const int stages = groups * chunks;
            if (stages > whole.layerCount)
                continue;
            InterleavedStages found{
                .chunks = chunks, .problem = whole, .chosen = {}, .stepTime = {}};
            StageProblem& problem = found.problem;
            // A chain of as many stages keeps at least as many microbatches alive.
            problem.schedule = ScheduleKind::k1f1b;
            const int devices = whole.submeshes[submesh].devices() * stages;
            const bool isSecond = whole.submeshes[submesh].kind == 1;
            problem.deviceCount = isSecond ? 0 : devices;
            problem.secondDeviceCount = isSecond ? devices : 0;
            problem.constraints.allowIdleDevices = false;
            for (std::optional<Bytes>* limit : {&problem.memoryLimit, &problem.secondMemoryLimit}) {
                if (*limit)
                    *limit = **limit / int64_t{sharers};
            }
            problem.constraints.stageCount = stages;
            problem.constraints.maxStages = std::nullopt;
            ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control));
            const auto* solution = std::get_if<StageSolution>(&outcome);
            if (solution == nullptr)
                continue;
            found.chosen = solution->best;
            found.stepTime =
                draftedStep(problem, found.chosen, ScheduleKind::kInterleaved1f1b, chunks);
            all.push_back(std::move(found));
        }
    }
    std::ranges::stable_sort(all, {}, &InterleavedStages::stepTime);
    return all;
}

std::string whyNotInterleaved(const Draft& draft, const Cluster& cluster,
                              const PlanConstraints& constraints)
{
    const int least = 2 * std::ranges::min(chunkCounts(constraints));
    if (draft.model->layerCount() < least)
        return fmt::format("interleaving needs at least {} layers, the model has {}", least,
                           draft.model->layerCount());
    const bool hasGroups = std::ranges::any_of(draft.set->submeshes, [&](const auto& submesh) {
        return groupCount(draft, submesh, cluster, constraints) > 0;
    });
    return hasGroups ? "no interleaved stages fit in memory and the constraints"
                     : fmt::format("interleaving needs at least 2 groups of devices whose number "
                                   "divides that of microbatches, {}",
                                   draft.microbatches);
}

} // namespace alpa
