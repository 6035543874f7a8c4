#include "core/lowering/lower_plan.h"

#include "core/lowering/assign_buffers.h"
#include "core/lowering/crossings.h"
#include "core/lowering/lower_stage.h"
#include "core/lowering/op_segments.h"
#include "core/lowering/transfer_tiles.h"
#include "core/program/verify_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace alpa
{
namespace
{

std::optional<SegmentKind> segmentOf(ScheduledTask::Phase phase)
{
    switch (phase) {
    case ScheduledTask::Phase::kForward:
        return SegmentKind::kForward;
    case ScheduledTask::Phase::kBackward:
        return SegmentKind::kBackward;
    case ScheduledTask::Phase::kWeightGradient:
        return SegmentKind::kWeightGradient;
    case ScheduledTask::Phase::kUpdate:
        return SegmentKind::kUpdate;
    case ScheduledTask::Phase::kGradientSync:
        break; // Part of the update segment.
    }
    return std::nullopt;
}

/// Begin, what the schedule says, update: per stage, and for stages on the same devices in turn.
void addQueues(const ParallelPlan& plan, Program& program)
{
    program.queues.resize(plan.stages.size());
    for (const auto& order : scheduleOrder(plan.schedule, static_cast<int>(plan.stages.size()),
                                           plan.microbatches, plan.chunks)) {
        SharedDevices devices;
        const auto run = [&](int stage, QueueEntry entry) {
            program.queues[static_cast<size_t>(stage)].push_back(entry);
            devices.turns.push_back(stage);
        };
        for (const ScheduledTask& task : order) {
            if (task.phase == ScheduledTask::Phase::kUpdate)
                devices.stages.push_back(task.stage);
        }
        std::ranges::sort(devices.stages);
        for (const int stage : devices.stages)
            run(stage, {SegmentKind::kBegin, 0});
        for (const ScheduledTask& task : order) {
            if (const auto kind = segmentOf(task.phase))
                run(task.stage, {*kind, task.microbatch});
        }
        if (devices.stages.size() > 1)
            program.shared.push_back(std::move(devices));
    }
}

} // namespace

Result<Program> lowerPlan(const ParallelPlan& plan)
{
    RETURN_IF_ERROR(isSchedulable(plan.schedule, static_cast<int>(plan.stages.size()),
                                  plan.microbatches, plan.chunks));
    Program program;
    program.name = plan.modelName;
    program.microbatches = plan.microbatches;
    const GraphRules rules = collectRules(*plan.graph);
    const std::vector<SegmentKind> segments = opSegments(plan, rules);
    const std::vector<Crossing> crossings = findCrossings(plan, segments);
    for (const Crossing& crossing : crossings) {
        Transfer transfer;
        transfer.value = crossing.value;
        transfer.fromStage = crossing.fromStage;
        transfer.toStage = crossing.toStage;
        transfer.oncePerStep = crossing.oncePerStep;
        program.transfers.push_back(std::move(transfer));
    }
    std::vector<StageCode> codes;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        Result<StageCode> code =
            lowerStage({plan, crossings, rules, segments}, static_cast<int>(s));
        if (!code)
            return code.error().in(fmt::format("stage {}", s));
        assignBuffers(code->program);
        codes.push_back(std::move(code).value());
    }
    for (size_t t = 0; t < crossings.size(); ++t) {
        const Crossing& crossing = crossings[t];
        Transfer& transfer = program.transfers[t];
        const StageCode& from = codes[static_cast<size_t>(crossing.fromStage)];
        const StageCode& to = codes[static_cast<size_t>(crossing.toStage)];
        const auto number = static_cast<uint32_t>(t);
        if (!from.sentFrom.contains(number) || !to.receivedInto.contains(number))
            return Error(ErrorCode::kUnsupported,
                         fmt::format("{} cannot be sent from stage {} to stage {}",
                                     valueLabel(*plan.graph, crossing.value), crossing.fromStage,
                                     crossing.toStage));
        transfer.fromBuffer = from.sentFrom.at(number);
        transfer.toBuffer = to.receivedInto.at(number);
        transfer.tiles = transferTiles(from.program.mesh, from.sentSpec.at(number), to.program.mesh,
                                       crossing.toSpec, plan.graph->type(crossing.value).dims);
    }
    for (StageCode& code : codes)
        program.stages.push_back(std::move(code.program));
    addQueues(plan, program);
    const std::vector<Diagnostic> problems = verifyProgram(program);
    // A plan of ours lowers to a sound program; one that a file has spoilt may not.
    if (!problems.empty())
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the plan does not lower to a sound program: {}",
                                 problems.front().message));
    return program;
}

} // namespace alpa
