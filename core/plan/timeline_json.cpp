// Predicted timelines in plan files: one list per column, since there are tasks by the ten
// thousand.
#include "core/plan/plan_json.h"

namespace alpa
{
namespace
{

/// The times of `items` as one list.
template <typename Item>
Json secondsColumn(const std::vector<Item>& items, Seconds Item::*time)
{
    Json column = Json::array();
    for (const Item& item : items)
        column.push_back(jsonNumber((item.*time).count));
    return column;
}

char letterOf(ScheduledTask::Phase phase) { return nameIn(kTaskLetters, phase); }

ScheduledTask::Phase phaseOf(const JsonPlace& place, char letter)
{
    for (const auto& [phase, known] : kTaskLetters) {
        if (known == letter)
            return phase;
    }
    place.fail("expected the letters F, B, W, S and U only");
    return ScheduledTask::Phase::kForward;
}

Json stageToJson(const StageTimeline& stage)
{
    std::string phases;
    Json microbatches = Json::array();
    for (const TimelineTask& task : stage.tasks) {
        phases += letterOf(task.task.phase);
        microbatches.push_back(task.task.microbatch);
    }
    Json inFlight = Json::array();
    Json deferred = Json::array();
    Json memory = Json::array();
    for (const MemoryPoint& point : stage.memory) {
        inFlight.push_back(point.inFlight);
        deferred.push_back(point.deferred);
        memory.push_back(point.memory.count);
    }
    return {{"tasks", phases},
            {"microbatches", std::move(microbatches)},
            {"startSeconds", secondsColumn(stage.tasks, &TimelineTask::start)},
            {"endSeconds", secondsColumn(stage.tasks, &TimelineTask::end)},
            {"memorySeconds", secondsColumn(stage.memory, &MemoryPoint::time)},
            {"memoryInFlight", std::move(inFlight)},
            {"memoryDeferred", std::move(deferred)},
            {"memoryBytes", std::move(memory)},
            {"peakInFlight", stage.peakInFlight},
            {"peakMemoryBytes", stage.peakMemory.count},
            {"busySeconds", jsonNumber(stage.busy.count)},
            {"bubbleFraction", jsonNumber(stage.bubbleFraction)}};
}

/// Columns of one table must be equally long.
bool haveSize(const JsonPlace& place, size_t size, std::initializer_list<size_t> columns)
{
    for (const size_t column : columns) {
        if (column != size)
            place.fail("the lists differ in length");
    }
    return !place.failed();
}

StageTimeline stageFromJson(const JsonPlace& place, int stage, int microbatches)
{
    StageTimeline timeline;
    const JsonPlace tasks = place.member("tasks");
    const std::string letters = tasks.text();
    const std::vector<int> numbers = place.member("microbatches").counts(0, microbatches - 1);
    const std::vector<double> starts = place.member("startSeconds").numbers();
    const std::vector<double> ends = place.member("endSeconds").numbers();
    if (!haveSize(place, letters.size(), {numbers.size(), starts.size(), ends.size()}))
        return timeline;
    for (size_t i = 0; i < letters.size(); ++i)
        timeline.tasks.push_back({.task = {.stage = stage,
                                           .microbatch = numbers[i],
                                           .phase = phaseOf(tasks, letters[i])},
                                  .start = Seconds(starts[i]),
                                  .end = Seconds(ends[i])});
    const std::vector<double> times = place.member("memorySeconds").numbers();
    const std::vector<int> inFlight = place.member("memoryInFlight").counts(0, microbatches);
    const std::vector<int> deferred = place.has("memoryDeferred")
                                          ? place.member("memoryDeferred").counts(0, microbatches)
                                          : std::vector<int>(inFlight.size(), 0);
    const std::vector<int64_t> bytes = place.member("memoryBytes").counts64(0, int64_t{1} << 60);
    if (!haveSize(place, times.size(), {inFlight.size(), deferred.size(), bytes.size()}))
        return timeline;
    for (size_t i = 0; i < times.size(); ++i)
        timeline.memory.push_back({.time = Seconds(times[i]),
                                   .inFlight = inFlight[i],
                                   .deferred = deferred[i],
                                   .memory = Bytes(bytes[i])});
    timeline.peakInFlight = place.member("peakInFlight").countInt(0, microbatches);
    timeline.peakMemory = place.member("peakMemoryBytes").bytes();
    timeline.busy = place.member("busySeconds").seconds();
    timeline.bubbleFraction = place.member("bubbleFraction").number();
    return timeline;
}

Json transfersToJson(const std::vector<TimelineTransfer>& transfers)
{
    std::string phases;
    Json links = Json::array();
    Json microbatches = Json::array();
    for (const TimelineTransfer& transfer : transfers) {
        phases += letterOf(transfer.phase);
        links.push_back(transfer.link);
        microbatches.push_back(transfer.microbatch);
    }
    return {{"phases", phases},
            {"links", std::move(links)},
            {"microbatches", std::move(microbatches)},
            {"startSeconds", secondsColumn(transfers, &TimelineTransfer::start)},
            {"endSeconds", secondsColumn(transfers, &TimelineTransfer::end)}};
}

std::vector<TimelineTransfer> transfersFromJson(const JsonPlace& place, int microbatches)
{
    std::vector<TimelineTransfer> transfers;
    const JsonPlace phases = place.member("phases");
    const std::string letters = phases.text();
    const std::vector<int> links = place.member("links").counts(0, kMostInPlan);
    const std::vector<int> numbers = place.member("microbatches").counts(0, microbatches - 1);
    const std::vector<double> starts = place.member("startSeconds").numbers();
    const std::vector<double> ends = place.member("endSeconds").numbers();
    if (!haveSize(place, letters.size(),
                  {links.size(), numbers.size(), starts.size(), ends.size()}))
        return transfers;
    for (size_t i = 0; i < letters.size(); ++i)
        transfers.push_back({.link = links[i],
                             .microbatch = numbers[i],
                             .phase = phaseOf(phases, letters[i]),
                             .start = Seconds(starts[i]),
                             .end = Seconds(ends[i])});
    return transfers;
}

} // namespace

Json timelineToJson(const Timeline& timeline)
{
    Json stages = Json::array();
    for (const StageTimeline& stage : timeline.stages)
        stages.push_back(stageToJson(stage));
    return {{"stepSeconds", jsonNumber(timeline.stepTime.count)},
            {"stages", std::move(stages)},
            {"transfers", transfersToJson(timeline.transfers)}};
}

Timeline timelineFromJson(const JsonPlace& place, size_t stages, int microbatches)
{
    Timeline timeline;
    timeline.stepTime = place.member("stepSeconds").seconds();
    const std::vector<JsonPlace> list = place.member("stages").elements();
    if (list.size() != stages)
        place.member("stages").fail("not one timeline per stage");
    for (size_t s = 0; s < list.size() && !place.failed(); ++s)
        timeline.stages.push_back(stageFromJson(list[s], static_cast<int>(s), microbatches));
    timeline.transfers = transfersFromJson(place.member("transfers"), microbatches);
    return timeline;
}

} // namespace alpa
