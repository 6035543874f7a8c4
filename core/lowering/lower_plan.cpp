#include "core/lowering/lower_plan.h"

#include "core/lowering/assign_buffers.h"
#include "core/lowering/lower_stage.h"
#include "core/lowering/transfer_tiles.h"
#include "core/program/verify_program.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// Begin, the schedule's forwards and backwards, update.
std::vector<QueueEntry> stageQueue(const std::vector<ScheduledTask>& order)
{
    std::vector<QueueEntry> queue{{SegmentKind::kBegin, 0}};
    for (const ScheduledTask& task : order) {
        switch (task.phase) {
        case ScheduledTask::Phase::kForward:
            queue.push_back({SegmentKind::kForward, task.microbatch});
            break;
        case ScheduledTask::Phase::kBackward:
            queue.push_back({SegmentKind::kBackward, task.microbatch});
            break;
        case ScheduledTask::Phase::kUpdate:
            queue.push_back({SegmentKind::kUpdate, 0});
            break;
        case ScheduledTask::Phase::kGradientSync:
            break; // Part of the update segment.
        }
    }
    return queue;
}

} // namespace

Result<Program> lowerPlan(const ParallelPlan& plan)
{
    Program program;
    program.name = plan.modelName;
    program.microbatches = plan.microbatches;
    const GraphRules rules = collectRules(*plan.graph);
    const std::vector<Crossing> crossings = findCrossings(plan);
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
        Result<StageCode> code = lowerStage(plan, static_cast<int>(s), crossings, rules);
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
    const auto orders =
        scheduleOrder(plan.schedule, static_cast<int>(plan.stages.size()), plan.microbatches);
    for (size_t s = 0; s < codes.size(); ++s) {
        program.stages.push_back(std::move(codes[s].program));
        program.queues.push_back(stageQueue(orders[s]));
    }
    const std::vector<Diagnostic> problems = verifyProgram(program);
    // A plan of ours lowers to a sound program; one that a file has spoilt may not.
    if (!problems.empty())
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the plan does not lower to a sound program: {}",
                                 problems.front().message));
    return program;
}

} // namespace alpa
