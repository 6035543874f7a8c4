// Choosing stages for the planner: cuts of the layers, a submesh and a configuration per stage,
// under memory limits and a person's constraints, out of candidates that others have costed. Exact:
// the optimum of the objective below.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/inter_op/schedule_kind.h"
#include "core/inter_op/submesh.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace alpa
{

/// One way to run layers [firstLayer, endLayer) on one submesh. Several candidates may share range,
/// submesh and config: the points of a time-memory trade-off. Times are of the whole submesh, bytes
/// per device.
struct StageCandidate {
    int firstLayer = 0;
    int endLayer = 0;
    int submesh = 0;               ///< Index into StageProblem::submeshes.
    int config = 0;                ///< For the caller: the logical mesh shape.
    Seconds perMicrobatch{};       ///< Forward and backward of one microbatch.
    Seconds perStep{};             ///< Gradient sync and update, once per step.
    Bytes fixedMemory{};           ///< Parameters, gradients, optimizer state.
    Bytes perInFlightMicrobatch{}; ///< Saved activations of one microbatch.
    Bytes transient{};             ///< Peak of what one task allocates and frees.
    Seconds inputTransfer{}; ///< Per microbatch, activations in and their gradients back; not paid
                             ///< by the first stage.
    int tag = 0;             ///< For the caller.
    friend bool operator==(const StageCandidate&, const StageCandidate&) = default;
};

/// What a person may demand. A cut before layer k is named k, 0 < k < layerCount.
struct StageConstraints {
    std::optional<int> stageCount;
    std::optional<int> maxStages;
    std::vector<int> forcedCuts;    ///< A stage begins here.
    std::vector<int> forbiddenCuts; ///< No stage begins here.
    bool allowIdleDevices = false;
    friend bool operator==(const StageConstraints&, const StageConstraints&) = default;
};

struct StageProblem {
    int layerCount = 0;
    int deviceCount = 0;
    int secondDeviceCount = 0; ///< Of the second kind, which submeshes of kind 1 take.
    int microbatches = 1;      ///< B
    ScheduleKind schedule = ScheduleKind::k1f1b;
    double weightGradientShare = 0; ///< Of a stage's time, that zero-bubble schedules run apart.
    std::vector<SubmeshChoice> submeshes;
    std::vector<StageCandidate> candidates;
    std::optional<Bytes> memoryLimit;       ///< Per device; unset means unlimited.
    std::optional<Bytes> secondMemoryLimit; ///< Of the second kind; unset: the same.
    StageConstraints constraints;
    int alternatives = 0; ///< How many runners-up to return.
    bool explains = true; ///< If not, NoStagePlan says nothing: for who tries many problems.
};

/// One stage of a plan, with what it was judged by.
struct PlannedStage {
    int candidate = 0; ///< Index into StageProblem::candidates.
    int inFlight = 0;  ///< Most microbatches alive on it.
    Bytes memory{};    ///< Per device: fixed + inFlight * perInFlight + transient.
    Seconds time{};    ///< t_i: perMicrobatch + inputTransfer.
    friend bool operator==(const PlannedStage&, const PlannedStage&) = default;
};

/// Stages in pipeline order.
struct StagePlan {
    std::vector<PlannedStage> stages;
    Seconds latency{};         ///< sum t_i: one microbatch through the pipeline and back.
    Seconds bottleneck{};      ///< max t_j.
    Seconds perStep{};         ///< max over stages of gradient sync and update.
    Seconds stepTime{};        ///< The objective.
    int devicesUsed = 0;       ///< Of the first kind,
    int secondDevicesUsed = 0; ///< and of the second.
    friend bool operator==(const StagePlan&, const StagePlan&) = default;
};

struct StageSolution {
    StagePlan best;
    /// The next best plans, best first, each with other cuts or submeshes than those before it (and
    /// for those its best configurations). Fewer than asked for when there are no more.
    std::vector<StagePlan> alternatives;
    int programmesSolved = 0;
};

/// Why there is no plan, and what would help.
struct NoStagePlan {
    enum class Reason {
        kMemory,      ///< Plans exist, but none within the limit: see smallestBudget.
        kDevices,     ///< Plans exist, but none that uses every device.
        kStageCount,  ///< Plans exist, but none with the demanded number of stages.
        kCuts,        ///< Plans exist, but none with the demanded cuts.
        kCandidates,  ///< The candidates cover the layers in no way at all.
        kCombination, ///< No single constraint is to blame; together they exclude every plan.
    };
    Reason reason = Reason::kCandidates;
    std::optional<Bytes>
        smallestBudget;  ///< kMemory: the smallest limit per device under which a plan exists.
    std::string message; ///< One sentence for people.
};

using StageOutcome = std::variant<StageSolution, NoStagePlan>;

/// The objective: latency + (B-1) bottleneck + perStep. Under zero-bubble, weight gradients, a
/// share w of a stage's work, stay off a microbatch's way through the pipeline; only those of the
/// slowest stage are waited for: (1-w) latency + w bottleneck + (B-1) bottleneck + perStep.
Seconds stepTimeOf(const StagePlan& plan, ScheduleKind schedule, int microbatches,
                   double weightGradientShare);

/// Minimises stepTime over all stage lists that cover the layers in order, use every device (or,
/// with allowIdleDevices, at most every device), fit in memory and obey the constraints. The
/// objective bounds from above what core/schedule's simulation gives for GPipe and 1F1B: a transfer
/// counts as work of the receiving stage, and the slowest stage's once-per-step work is not hidden
/// behind other stages' last backwards. Ties go to fewer stages, then to the longer first stage,
/// then to the earlier submesh, then to the earlier candidate. Fails with kInvalidInput when a
/// candidate or constraint is out of range; with kCancelled when asked to stop.
Result<StageOutcome> chooseStages(const StageProblem& problem, const JobControl& job = {});

/// Per device that the candidate runs on; nothing: unlimited.
std::optional<Bytes> limitOf(const StageProblem& problem, const StageCandidate& candidate);

/// What the plan made of `candidates` (indices, in pipeline order) costs, computed without the
/// search. Fails with kInvalidInput, saying what is violated, when it is not a plan for the
/// problem.
Result<StagePlan> evaluateStages(const StageProblem& problem, const std::vector<int>& candidates);

/// One line a stage, then the objective as a sum:
///   stage 0: layers 0..3 on 1x4, config 2, 12.5 ms, 2 in flight, 10.5 GiB
///   step 118.5 ms = latency 25 ms + 7 x 12.5 ms + once 6 ms
/// Assumes that the plan is one for the problem.
std::string text(const StageProblem& problem, const StagePlan& plan);

} // namespace alpa
