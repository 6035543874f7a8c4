#include "core/trace/trace.h"

#include "core/program/labels.h"

#include <nlohmann/json.hpp>

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

Json nameEvent(const char* kind, int process, int thread, const std::string& name)
{
    return {
        {"ph", "M"}, {"name", kind}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
}

Json completeEvent(const std::string& name, int process, int thread, Seconds start, Seconds end)
{
    return {{"ph", "X"},     {"name", name},        {"pid", process},
            {"tid", thread}, {"ts", micros(start)}, {"dur", micros(end - start)}};
}

} // namespace

std::string traceToChromeJson(const Trace& trace)
{
    Json events = Json::array();
    std::set<std::pair<int, int>> places;
    for (const TraceEvent& event : trace.events)
        places.emplace(event.stage, event.device);
    if (!trace.steps.empty())
        events.push_back(nameEvent("process_name", kStepsProcess, 0, "steps"));
    int namedStage = -1;
    for (const auto& [stage, device] : places) {
        if (stage != std::exchange(namedStage, stage))
            events.push_back(
                nameEvent("process_name", stage + 1, 0, "stage " + std::to_string(stage)));
        events.push_back(
            nameEvent("thread_name", stage + 1, device, "device " + std::to_string(device)));
    }
    for (size_t step = 0; step < trace.steps.size(); ++step) {
        const TraceStep& record = trace.steps[step];
        Json event = completeEvent("step " + std::to_string(step), kStepsProcess, 0, record.start,
                                   record.end);
        event["args"] = {{"loss", record.loss}};
        events.push_back(std::move(event));
    }
    for (const TraceEvent& record : trace.events) {
        Json event = completeEvent(queueEntryLabel({record.kind, record.microbatch}),
                                   record.stage + 1, record.device, record.start, record.end);
        event["args"] = {{"step", record.step},
                         {"microbatch", record.microbatch},
                         {"communication_us", micros(record.communication)}};
        events.push_back(std::move(event));
    }
    const Json document = {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
    return document.dump(1);
}

} // namespace alpa
