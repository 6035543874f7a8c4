#include "core/schedule/schedule.h"

#include "core/base/check.h"

#include <algorithm>

namespace alpa
{

namespace
{

using Phase = ScheduledTask::Phase;

/// How many forwards a stage runs before its first backward.
int warmup(ScheduleKind kind, int stages, int stage, int microbatches)
{
    return kind == ScheduleKind::kGpipe ? microbatches : std::min(stages - stage - 1, microbatches);
}

std::vector<ScheduledTask> orderOfStage(ScheduleKind kind, int stages, int stage, int microbatches)
{
    std::vector<ScheduledTask> tasks;
    tasks.reserve(3 * static_cast<size_t>(microbatches) + 1);
    int forwards = warmup(kind, stages, stage, microbatches);
    // Later stages wait for fewer backwards at the end of the step, but for more forwards at its
    // start; as many weight gradients as a stage has before it fill that gap at its end.
    const bool splitsBackward = kind == ScheduleKind::kZeroBubble;
    int weights = 0;
    for (int microbatch = 0; microbatch < forwards; ++microbatch)
        tasks.push_back({stage, microbatch, Phase::kForward});
    for (int microbatch = 0; microbatch < microbatches; ++microbatch) {
        if (forwards < microbatches)
            tasks.push_back({stage, forwards++, Phase::kForward});
        tasks.push_back({stage, microbatch, Phase::kBackward});
        if (splitsBackward && microbatch >= stage)
            tasks.push_back({stage, weights++, Phase::kWeightGradient});
    }
    while (splitsBackward && weights < microbatches)
        tasks.push_back({stage, weights++, Phase::kWeightGradient});
    tasks.push_back({stage, 0, Phase::kUpdate});
    return tasks;
}

/// The `index`-th virtual microbatch of a group in one direction.
ScheduledTask virtualTask(int index, int groups, int group, int chunks, Phase phase)
{
    const int round = groups * chunks;
    const int place = index % round / groups;
    const int chunk = phase == Phase::kForward ? place : chunks - 1 - place;
    return {chunk * groups + group, index / round * groups + index % groups, phase};
}

std::vector<ScheduledTask> interleavedOrder(int groups, int group, int microbatches, int chunks)
{
    std::vector<ScheduledTask> tasks;
    const int total = microbatches * chunks;
    tasks.reserve(2 * static_cast<size_t>(total) + static_cast<size_t>(chunks));
    int forwards = 0;
    const auto forward = [&] {
        tasks.push_back(virtualTask(forwards++, groups, group, chunks, Phase::kForward));
    };
    while (forwards < interleavedWarmup(groups, group, microbatches, chunks))
        forward();
    for (int backwards = 0; backwards < total; ++backwards) {
        if (forwards < total)
            forward();
        tasks.push_back(virtualTask(backwards, groups, group, chunks, Phase::kBackward));
    }
    for (int chunk = chunks - 1; chunk >= 0; --chunk)
        tasks.push_back({chunk * groups + group, 0, Phase::kUpdate});
    return tasks;
}

} // namespace

Status isSchedulable(ScheduleKind kind, int stages, int microbatches, int chunks)
{
    if (stages < 1 || microbatches < 1 || chunks < 1)
        return Error{ErrorCode::kInvalidInput,
                     "a schedule has at least one stage, one microbatch and one chunk"};
    if (chunks > 1 && kind != ScheduleKind::kInterleaved1f1b)
        return Error{ErrorCode::kInvalidInput,
                     text(kind) + " has one chunk per device group, not " + std::to_string(chunks)};
    if (stages % chunks != 0)
        return Error{ErrorCode::kInvalidInput, std::to_string(stages) +
                                                   " stages are not a multiple of " +
                                                   std::to_string(chunks) + " chunks"};
    const int groups = stages / chunks;
    if (kind == ScheduleKind::kInterleaved1f1b && microbatches % groups != 0)
        return Error{ErrorCode::kInvalidInput,
                     std::to_string(microbatches) + " microbatches are not a multiple of the " +
                         std::to_string(groups) + " device groups, as interleaving needs"};
    return {};
}

std::vector<std::vector<ScheduledTask>> scheduleOrder(ScheduleKind kind, int stages,
                                                      int microbatches, int chunks)
{
    CHECK(isSchedulable(kind, stages, microbatches, chunks).ok(),
          "a schedule fits its stages and microbatches");
    const int groups = stages / chunks;
    std::vector<std::vector<ScheduledTask>> order;
    for (int group = 0; group < groups; ++group)
        order.push_back(kind == ScheduleKind::kInterleaved1f1b
                            ? interleavedOrder(groups, group, microbatches, chunks)
                            : orderOfStage(kind, stages, group, microbatches));
    return order;
}

std::string text(const ScheduledTask& task)
{
    switch (task.phase) {
    case Phase::kForward:
        return "F" + std::to_string(task.microbatch);
    case Phase::kBackward:
        return "B" + std::to_string(task.microbatch);
    case Phase::kWeightGradient:
        return "W" + std::to_string(task.microbatch);
    case Phase::kGradientSync:
        return "S";
    case Phase::kUpdate:
        return "U";
    }
    return "?";
}

std::string text(const std::vector<std::vector<ScheduledTask>>& order)
{
    std::string lines;
    for (size_t group = 0; group < order.size(); ++group) {
        const bool isShared = std::ranges::any_of(order[group], [&](const ScheduledTask& task) {
            return task.stage != order[group].front().stage;
        });
        lines += (isShared ? "group " : "stage ") + std::to_string(group) + ":";
        for (const ScheduledTask& task : order[group])
            lines += " " + text(task) + (isShared ? "." + std::to_string(task.stage) : "");
        lines += "\n";
    }
    return lines;
}

std::string text(ScheduleKind kind)
{
    switch (kind) {
    case ScheduleKind::kGpipe:
        return "gpipe";
    case ScheduleKind::k1f1b:
        return "1f1b";
    case ScheduleKind::kInterleaved1f1b:
        return "interleaved";
    case ScheduleKind::kZeroBubble:
        return "zero-bubble";
    }
    return "?";
}

std::optional<ScheduleKind> scheduleFromName(std::string_view name)
{
    for (const ScheduleKind kind : kScheduleKinds) {
        if (text(kind) == name)
            return kind;
    }
    return std::nullopt;
}

} // namespace alpa
