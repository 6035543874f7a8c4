#include "core/explain/show_plan.h"

#include "core/base/text.h"
#include "core/explain/text_table.h"
#include "core/plan/microbatch_counts.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Columns of a timeline or of a full memory bar.
constexpr size_t kTimelineWidth = 100;
constexpr size_t kBarWidth = 24;

std::string layerRange(const PlanStage& stage)
{
    return stage.endLayer - stage.firstLayer == 1
               ? fmt::format("{}", stage.firstLayer)
               : fmt::format("{}-{}", stage.firstLayer, stage.endLayer - 1);
}

std::string counted(int count, const char* noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string optimizerName(OptimizerOptions::Kind kind)
{
    switch (kind) {
    case OptimizerOptions::Kind::kSgd:
        return "SGD";
    case OptimizerOptions::Kind::kAdam:
        return "Adam";
    case OptimizerOptions::Kind::kAdamW:
        return "AdamW";
    }
    return "Adam";
}

std::string proofLine(const PlanFigures& figures)
{
    const std::string decisions = counted(figures.decisions, "decision");
    if (figures.isOptimal)
        return fmt::format("the shardings of every stage are optimal ({})", decisions);
    return fmt::format("the shardings of every stage are within {} of the optimum ({})",
                       formatShare(figures.gap), decisions);
}

const StageTimeline* timelineOf(const ParallelPlan& plan, size_t stage)
{
    return stage < plan.timeline.stages.size() ? &plan.timeline.stages[stage] : nullptr;
}

} // namespace

std::string formatPlanSummary(const ParallelPlan& plan)
{
    const PlanFigures figures = measurePlan(plan);
    const Cluster& cluster = plan.cluster;
    const StageMemory& memory = plan.stages[static_cast<size_t>(figures.fullestStage)].memory;
    std::string text = fmt::format("{} on {}\n", plan.modelName, cluster.name);
    const auto line = [&text](const char* title, const std::string& content) {
        text += fmt::format("  {:<12}{}\n", title, content);
    };
    line("step", fmt::format("{} predicted, {} samples/s, {}/s per device",
                             formatSeconds(plan.stepTime), formatNumber(plan.samplesPerSecond()),
                             formatFlops(Flops(plan.flopsPerDevice()))));
    const auto idle = static_cast<int>(plan.idleDevices().size());
    line("degrees",
         fmt::format("DP {}, TP {}, {}PP {} on {}", figures.dp, figures.tp,
                     plan.contextParallel() > 1 ? fmt::format("CP {}, ", plan.contextParallel())
                                                : std::string(),
                     figures.pp,
                     idle == 0 ? counted(cluster.deviceCount(), "device")
                               : fmt::format("{} of {}, {} idle", cluster.deviceCount() - idle,
                                             counted(cluster.deviceCount(), "device"), idle)));
    line("batch", fmt::format("{} in {} of {}, schedule {}", plan.globalBatch(),
                              microbatchesText(plan.microbatches), plan.microbatchSize,
                              alpa::text(plan.schedule)));
    line("bubble", fmt::format("{} of the device time idle", formatShare(figures.bubble)));
    line("memory",
         fmt::format("{} of {} on stage {}: parameters {}, gradients {}, optimizer {}, activations "
                     "{}{}, transient {}",
                     formatMemory(figures.peakMemory), formatMemory(figures.memoryLimit),
                     figures.fullestStage, formatMemory(memory.parameters),
                     formatMemory(memory.gradients), formatMemory(memory.optimizerState),
                     formatMemory(memory.activations * static_cast<int64_t>(memory.inFlight)),
                     memory.waiting > Bytes(0)
                         ? fmt::format(", waiting {}", formatMemory(memory.waiting))
                         : "",
                     formatMemory(memory.transient)));
    for (int kind = 0; kind < cluster.kindCount(); ++kind)
        line("device", fmt::format("{}, {} x {}", cluster.deviceOf(kind).name,
                                   counted(cluster.hostsOf(kind), "host"),
                                   counted(cluster.devicesPerHost, "device")));
    line("optimizer", optimizerName(plan.options.optimizer.kind));
    line("strategy", std::string(strategyName(plan.options.strategy)));
    line("constraints", formatConstraints(plan.options.constraints));
    line("proof", proofLine(figures));
    if (const std::optional<double> gap = plan.stepGap())
        line("bound", fmt::format("no plan as asked takes less than {} (gap {})",
                                  formatSeconds(plan.stepBound), formatShare(*gap)));
    return text;
}

namespace
{

std::string keptText(const PlanStage& stage)
{
    if (stage.recomputes)
        return "recomputed";
    if (stage.recomputedLayers > 0)
        return fmt::format("first {} recomputed", counted(stage.recomputedLayers, "layer"));
    return stage.repeatsCheapOps ? "selective" : "kept";
}

/// With the kind of device where there are two.
std::string placeText(const ParallelPlan& plan, const PlanStage& stage)
{
    const std::string mesh = formatMesh(stage.mesh);
    return plan.cluster.second
               ? fmt::format("{} ({})", mesh, plan.cluster.deviceOf(plan.kindOf(stage)).name)
               : mesh;
}

} // namespace

std::string formatStages(const ParallelPlan& plan)
{
    TextTable table({"stage", "<layers", "<mesh", "forward", "backward", "sync", "update", "bubble",
                     "memory", "in flight", "<activations", "<proof"});
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        const StageTimeline* timeline = timelineOf(plan, s);
        table.add({fmt::format("{}", s), layerRange(stage), placeText(plan, stage),
                   formatSeconds(stage.cost.forward()), formatSeconds(stage.cost.backward()),
                   formatSeconds(stage.cost.gradientSync), formatSeconds(stage.cost.update),
                   timeline != nullptr ? formatShare(timeline->bubbleFraction) : "",
                   formatMemory(stage.memory.total()), fmt::format("{}", stage.memory.inFlight),
                   keptText(stage),
                   formatProof(stage.certificate.isOptimal, stage.certificate.gap())});
    }
    return table.text();
}

std::string formatMemory(const ParallelPlan& plan)
{
    const PlanFigures figures = measurePlan(plan);
    // Only zero-bubble schedules let weight gradients wait.
    const bool hasWaiting = std::ranges::any_of(
        plan.stages, [](const PlanStage& stage) { return stage.memory.waiting > Bytes(0); });
    std::vector<std::string> header{"stage",     "parameters",  "gradients",
                                    "optimizer", "activations", "x"};
    if (hasWaiting)
        header.push_back("waiting");
    for (const std::string& last : {std::string("transient"), std::string("total"),
                                    "<of " + formatMemory(figures.memoryLimit)})
        header.push_back(last);
    TextTable table(header);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const StageMemory& memory = plan.stages[s].memory;
        const double share = memory.total() / figures.memoryLimit;
        const auto filled = static_cast<size_t>(
            std::clamp(share * static_cast<double>(kBarWidth) + 0.5, 0.0, double{kBarWidth}));
        std::vector<std::string> row{fmt::format("{}", s),
                                     formatMemory(memory.parameters),
                                     formatMemory(memory.gradients),
                                     formatMemory(memory.optimizerState),
                                     formatMemory(memory.activations),
                                     fmt::format("{}", memory.inFlight)};
        if (hasWaiting)
            row.push_back(formatMemory(memory.waiting));
        row.push_back(formatMemory(memory.transient));
        row.push_back(formatMemory(memory.total()));
        row.push_back(std::string(filled, '#') + std::string(kBarWidth - filled, '.') + " " +
                      formatShare(share));
        table.add(row);
    }
    return table.text() +
           "Bytes on each device of the stage; activations of one microbatch, "
           "x microbatches in flight.\n" +
           (hasWaiting ? "Waiting: what weight gradients that the schedule puts off still need.\n"
                       : "");
}

namespace
{

/// Forward tasks are digits, backward tasks small letters, weight gradients large ones, of the
/// microbatch's last digit.
char taskLetter(const ScheduledTask& task)
{
    switch (task.phase) {
    case ScheduledTask::Phase::kForward:
        return static_cast<char>('0' + task.microbatch % 10);
    case ScheduledTask::Phase::kBackward:
        return static_cast<char>('a' + task.microbatch % 10);
    case ScheduledTask::Phase::kWeightGradient:
        return static_cast<char>('A' + task.microbatch % 10);
    case ScheduledTask::Phase::kGradientSync:
        return 'S';
    case ScheduledTask::Phase::kUpdate:
        return 'U';
    }
    return '?';
}

/// One letter per column: of the task that fills most of it.
std::string timelineRow(const StageTimeline& stage, Seconds step)
{
    std::string row(kTimelineWidth, '.');
    std::vector<double> most(kTimelineWidth, 0);
    const double column = step.count / static_cast<double>(kTimelineWidth);
    std::vector<double> busy(kTimelineWidth, 0);
    for (const TimelineTask& task : stage.tasks) {
        const auto first = static_cast<size_t>(std::clamp(task.start.count / column, 0.0, 1e6));
        for (size_t c = first; c < kTimelineWidth; ++c) {
            const double begin = std::max(task.start.count, static_cast<double>(c) * column);
            const double end = std::min(task.end.count, static_cast<double>(c + 1) * column);
            if (end <= begin)
                break;
            busy[c] += end - begin;
            if (end - begin > most[c]) {
                most[c] = end - begin;
                row[c] = taskLetter(task.task);
            }
        }
    }
    for (size_t c = 0; c < kTimelineWidth; ++c) {
        if (busy[c] < 0.5 * column)
            row[c] = '.';
    }
    return row;
}

} // namespace

std::string formatTimeline(const ParallelPlan& plan)
{
    std::string text = fmt::format("one step, {}; a column is {}\n", formatSeconds(plan.stepTime),
                                   formatSeconds(plan.stepTime / double{kTimelineWidth}));
    for (size_t s = 0; s < plan.timeline.stages.size(); ++s) {
        const StageTimeline& stage = plan.timeline.stages[s];
        text += fmt::format("stage {:<3}|{}| bubble {}\n", s, timelineRow(stage, plan.stepTime),
                            formatShare(stage.bubbleFraction));
    }
    return text + "0-9 forward, a-j backward, A-J weight gradient of a microbatch (last digit), S "
                  "gradient sync, U "
                  "update, . idle\n";
}

} // namespace alpa
