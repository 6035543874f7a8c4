#include "core/inter_op/check_stages.h"

#include "core/inter_op/stage_search.h"

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

Status checkCandidate(const StageProblem& problem, const StageCandidate& candidate)
{
    if (candidate.firstLayer < 0 || candidate.endLayer <= candidate.firstLayer ||
        candidate.endLayer > problem.layerCount)
        return Error{ErrorCode::kInvalidInput, "layers " + std::to_string(candidate.firstLayer) +
                                                   " to " + std::to_string(candidate.endLayer) +
                                                   " are not a range of " +
                                                   std::to_string(problem.layerCount) + " layers"};
    if (candidate.submesh < 0 || candidate.submesh >= static_cast<int>(problem.submeshes.size()))
        return Error{ErrorCode::kInvalidInput, "submesh " + std::to_string(candidate.submesh) +
                                                   " of " +
                                                   std::to_string(problem.submeshes.size())};
    for (const Seconds time :
         {candidate.perMicrobatch, candidate.perStep, candidate.inputTransfer}) {
        if (!(time.count >= 0.0) || !std::isfinite(time.count))
            return Error{ErrorCode::kInvalidInput, "times must be finite and not negative"};
    }
    // A quarter of the range, so that sums of three stay inside it.
    const int64_t most = std::numeric_limits<int64_t>::max() / 4;
    for (const Bytes bytes : {candidate.fixedMemory, candidate.transient}) {
        if (bytes.count < 0 || bytes.count > most)
            return Error{ErrorCode::kInvalidInput, "memory must be between 0 and 2^61 bytes"};
    }
    if (candidate.perInFlightMicrobatch.count < 0 ||
        candidate.perInFlightMicrobatch.count > most / problem.microbatches)
        return Error{ErrorCode::kInvalidInput,
                     "memory of all microbatches must be between 0 and 2^61 bytes"};
    return {};
}

} // namespace

Status checkStageProblem(const StageProblem& problem)
{
    const bool hasDevices = problem.deviceCount >= 0 && problem.secondDeviceCount >= 0 &&
                            problem.deviceCount + problem.secondDeviceCount > 0;
    if (problem.layerCount < 1 || !hasDevices || problem.microbatches < 1 ||
        problem.alternatives < 0)
        return Error{ErrorCode::kInvalidInput,
                     "stages need at least one layer, device and microbatch"};
    if (!(problem.weightGradientShare >= 0 && problem.weightGradientShare < 1))
        return Error{ErrorCode::kInvalidInput, "weight gradients are a part of a stage's work"};
    for (const SubmeshChoice& submesh : problem.submeshes) {
        if (submesh.hosts < 1 || submesh.devicesPerHost < 1)
            return Error{ErrorCode::kInvalidInput, "submesh " + text(submesh) + " has no devices"};
        if (submesh.kind < 0 || submesh.kind > 1)
            return Error{ErrorCode::kInvalidInput, "submesh " + text(submesh) + " is of kind " +
                                                       std::to_string(submesh.kind) +
                                                       ", expected 0 or 1"};
        if (int64_t{submesh.hosts} * submesh.devicesPerHost > kMostDevices)
            return Error{ErrorCode::kUnsupported, "submesh " + text(submesh) + " is too large"};
    }
    if (!fitsTable(problem.layerCount, {problem.deviceCount, problem.secondDeviceCount}))
        return Error{ErrorCode::kUnsupported,
                     "choosing stages for " + std::to_string(problem.layerCount) + " layers on " +
                         std::to_string(problem.deviceCount + problem.secondDeviceCount) +
                         " devices needs too large a table; use fewer layers"};
    for (size_t index = 0; index < problem.candidates.size(); ++index) {
        const Status status = checkCandidate(problem, problem.candidates[index]);
        if (!status.ok())
            return status.error().in("stage candidate " + std::to_string(index));
    }
    const StageConstraints& constraints = problem.constraints;
    if (constraints.stageCount.value_or(1) < 1 || constraints.maxStages.value_or(1) < 1)
        return Error{ErrorCode::kInvalidInput, "a plan has at least one stage"};
    for (const std::vector<int>& cuts : {constraints.forcedCuts, constraints.forbiddenCuts}) {
        for (const int cut : cuts) {
            if (cut <= 0 || cut >= problem.layerCount)
                return Error{ErrorCode::kInvalidInput,
                             "cut before layer " + std::to_string(cut) + " is not inside the " +
                                 std::to_string(problem.layerCount) + " layers"};
        }
    }
    return {};
}

} // namespace alpa
