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
    switch (kind) {
    case ScheduleKind::kGpipe:
        return microbatches;
    case ScheduleKind::k1f1b:
        return std::min(stages - stage - 1, microbatches);
    }
    return microbatches;
}

} // namespace

std::vector<std::vector<ScheduledTask>> scheduleOrder(ScheduleKind kind, int stages,
                                                      int microbatches)
{
    CHECK(stages >= 1 && microbatches >= 1, "a schedule has stages and microbatches");
    std::vector<std::vector<ScheduledTask>> order(static_cast<size_t>(stages));
    for (int stage = 0; stage < stages; ++stage) {
        std::vector<ScheduledTask>& tasks = order[static_cast<size_t>(stage)];
        tasks.reserve(2 * static_cast<size_t>(microbatches) + 1);
        int forwards = warmup(kind, stages, stage, microbatches);
        for (int microbatch = 0; microbatch < forwards; ++microbatch)
            tasks.push_back({stage, microbatch, Phase::kForward});
        for (int microbatch = 0; microbatch < microbatches; ++microbatch) {
            if (forwards < microbatches)
                tasks.push_back({stage, forwards++, Phase::kForward});
            tasks.push_back({stage, microbatch, Phase::kBackward});
        }
        tasks.push_back({stage, 0, Phase::kUpdate});
    }
    return order;
}

std::string text(const ScheduledTask& task)
{
    switch (task.phase) {
    case Phase::kForward:
        return "F" + std::to_string(task.microbatch);
    case Phase::kBackward:
        return "B" + std::to_string(task.microbatch);
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
    for (size_t stage = 0; stage < order.size(); ++stage) {
        lines += "stage " + std::to_string(stage) + ":";
        for (const ScheduledTask& task : order[stage])
            lines += " " + text(task);
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
    }
    return "?";
}

} // namespace alpa
