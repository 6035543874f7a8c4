#include "core/trace/trace.h"

#include "core/program/labels.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

double micros(Seconds seconds) { return seconds.count * 1e6; }

/// Steps get a process of their own, in front of the stages.
constexpr int kStepsProcess = 0;

/// One event a line: the document is never a tree in memory.
class EventLines
{
public:
    void add(const Json& event)
    {
        text_ += text_.empty() ? "" : ",\n";
        text_ += event.dump();
    }
    void addName(const char* kind, int process, int thread, const std::string& name)
    {
        add({{"ph", "M"},
             {"name", kind},
             {"pid", process},
             {"tid", thread},
             {"args", {{"name", name}}}});
    }
    std::string document() const
    {
        return "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n" + text_ + "\n]}\n";
    }

private:
    std::string text_;
};

Json completeEvent(const std::string& name, int process, int thread, Seconds start, Seconds end)
{
    return {{"ph", "X"},     {"name", name},        {"pid", process},
            {"tid", thread}, {"ts", micros(start)}, {"dur", micros(end - start)}};
}

int threadOf(const TraceLaunch& launch)
{
    return launch.device + (launch.isBeside ? kBesideThreads : 0);
}

void addNames(const Trace& trace, EventLines& lines)
{
    std::set<std::pair<int, int>> places;
    for (const TraceEvent& event : trace.events)
        places.emplace(event.stage, event.device);
    for (const TraceLaunch& launch : trace.launches)
        places.emplace(launch.stage, threadOf(launch));
    if (!trace.steps.empty())
        lines.addName("process_name", kStepsProcess, 0, "steps");
    int namedStage = -1;
    for (const auto& [stage, thread] : places) {
        if (stage != std::exchange(namedStage, stage))
            lines.addName("process_name", stage + 1, 0, "stage " + std::to_string(stage));
        lines.addName("thread_name", stage + 1, thread,
                      "device " + std::to_string(thread % kBesideThreads) +
                          (thread < kBesideThreads ? "" : ", beside"));
    }
}

Json launchEvent(const TraceLaunch& launch, const Program& program)
{
    const StageProgram& stage = program.stages[static_cast<size_t>(launch.stage)];
    const Instruction& first =
        program.segment(launch.stage, launch.kind).instructions[launch.instruction];
    Json event = completeEvent(instructionLabel(stage, first), launch.stage + 1, threadOf(launch),
                               launch.start, launch.end);
    event["args"] = {{"step", launch.step},
                     {"segment", queueEntryLabel({launch.kind, launch.microbatch})},
                     {"instruction", launch.instruction}};
    if (!launch.covered.empty())
        event["args"]["covers"] = launch.covered;
    if (const Seconds predicted = predictedTime(program, launch); predicted.count > 0)
        event["args"]["predicted_us"] = micros(predicted);
    return event;
}

} // namespace

bool isOf(const Program& program, const TraceLaunch& launch)
{
    if (launch.stage < 0 || launch.stage >= static_cast<int>(program.stages.size()) ||
        launch.device < 0 || launch.microbatch < 0 || launch.microbatch >= program.microbatches)
        return false;
    const StageProgram& stage = program.stages[static_cast<size_t>(launch.stage)];
    const size_t count = program.segment(launch.stage, launch.kind).instructions.size();
    return static_cast<size_t>(launch.device) < stage.mesh.devices.size() &&
           launch.instruction < count &&
           std::ranges::all_of(launch.covered, [&](size_t index) { return index < count; });
}

Seconds predictedTime(const Program& program, const TraceLaunch& launch)
{
    const std::vector<Instruction>& instructions =
        program.segment(launch.stage, launch.kind).instructions;
    Seconds sum = instructions[launch.instruction].predicted;
    for (const size_t index : launch.covered)
        sum += instructions[index].predicted;
    return sum;
}

std::string traceToChromeJson(const Trace& trace, const Program& program)
{
    EventLines lines;
    addNames(trace, lines);
    for (size_t step = 0; step < trace.steps.size(); ++step) {
        const TraceStep& record = trace.steps[step];
        Json event = completeEvent("step " + std::to_string(step), kStepsProcess, 0, record.start,
                                   record.end);
        event["args"] = {{"loss", record.loss}};
        lines.add(event);
    }
    for (const TraceEvent& record : trace.events) {
        Json event = completeEvent(queueEntryLabel({record.kind, record.microbatch}),
                                   record.stage + 1, record.device, record.start, record.end);
        event["args"] = {{"step", record.step},
                         {"microbatch", record.microbatch},
                         {"communication_us", micros(record.communication)}};
        lines.add(event);
    }
    for (const TraceLaunch& launch : trace.launches)
        lines.add(launchEvent(launch, program));
    return lines.document();
}

} // namespace alpa
