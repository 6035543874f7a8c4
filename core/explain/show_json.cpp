// The parts of a plan for programs: the same figures as the texts of show_plan.h.
#include "core/explain/explain_costs.h"
#include "core/explain/show_plan.h"
#include "core/plan/plan_figures.h"
#include "core/plan/plan_json.h"

namespace alpa
{
namespace
{

Json milliseconds(Seconds time) { return jsonNumber(time.count * 1e3); }

std::string dump(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json decisionJson(const Decision& decision)
{
    Json json{{"label", decision.label}, {"chosen", decision.chosen}};
    json["alternatives"] = Json::array();
    for (const Alternative& alternative : decision.alternatives)
        json["alternatives"].push_back({{"strategy", alternative.strategy},
                                        {"result", formatSpec(alternative.result)},
                                        {"added_ms", milliseconds(alternative.delta)}});
    return json;
}

} // namespace

std::string shardingsToJson(const ParallelPlan& plan)
{
    Json json{{"stages", Json::array()}};
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        Json entry{{"stage", s}, {"mesh", formatMesh(stage.mesh)}};
        entry["stored"] = Json::array();
        for (const PlannedInput& input : stage.inputs) {
            if (input.source != InputSource::kOwned)
                continue;
            const TensorType& type = plan.graph->type(input.value);
            const Bytes local =
                type.bytes() / int64_t{stage.mesh.groupSize(input.spec.splitAxes())};
            entry["stored"].push_back({{"name", valueLabel(*plan.graph, input.value)},
                                       {"layer", input.layer},
                                       {"type", formatType(type)},
                                       {"spec", formatSpec(input.spec)},
                                       {"device_bytes", local.count}});
        }
        entry["decisions"] = Json::array();
        for (const Decision& decision : stage.decisions)
            entry["decisions"].push_back(decisionJson(decision));
        json["stages"].push_back(std::move(entry));
    }
    return dump(json);
}

std::string planTimelineToJson(const ParallelPlan& plan)
{
    Json json{{"step_ms", milliseconds(plan.stepTime)}, {"stages", Json::array()}};
    for (size_t s = 0; s < plan.timeline.stages.size(); ++s) {
        const StageTimeline& stage = plan.timeline.stages[s];
        Json entry{{"stage", s}, {"bubble", jsonNumber(stage.bubbleFraction)}};
        entry["tasks"] = Json::array();
        for (const TimelineTask& task : stage.tasks)
            entry["tasks"].push_back({{"task", text(task.task)},
                                      {"start_ms", milliseconds(task.start)},
                                      {"end_ms", milliseconds(task.end)}});
        json["stages"].push_back(std::move(entry));
    }
    json["transfers"] = Json::array();
    for (const TimelineTransfer& transfer : plan.timeline.transfers)
        json["transfers"].push_back(
            {{"link", transfer.link},
             {"microbatch", transfer.microbatch},
             {"is_gradient", transfer.phase != ScheduledTask::Phase::kForward},
             {"start_ms", milliseconds(transfer.start)},
             {"end_ms", milliseconds(transfer.end)}});
    return dump(json);
}

std::string memoryToJson(const ParallelPlan& plan)
{
    const PlanFigures figures = measurePlan(plan);
    Json json{{"limit_bytes", figures.memoryLimit.count}, {"stages", Json::array()}};
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const StageMemory& memory = plan.stages[s].memory;
        Json entry{{"stage", s},
                   {"parameter_bytes", memory.parameters.count},
                   {"gradient_bytes", memory.gradients.count},
                   {"optimizer_bytes", memory.optimizerState.count},
                   {"activation_bytes", memory.activations.count},
                   {"in_flight", memory.inFlight},
                   {"waiting_bytes", memory.waiting.count},
                   {"transient_bytes", memory.transient.count},
                   {"total_bytes", memory.total().count}};
        entry["curve"] = Json::array();
        if (s < plan.timeline.stages.size()) {
            for (const MemoryPoint& point : plan.timeline.stages[s].memory)
                entry["curve"].push_back({milliseconds(point.time), point.memory.count});
        }
        json["stages"].push_back(std::move(entry));
    }
    return dump(json);
}

} // namespace alpa
