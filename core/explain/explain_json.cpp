// The terms of a step for programs.
#include "core/explain/explain_costs.h"
#include "core/plan/plan_json.h"

namespace alpa
{
namespace
{

Json milliseconds(Seconds time) { return jsonNumber(time.count * 1e3); }

Json stageCostJson(const StageCost& cost)
{
    return {{"forward_ms", milliseconds(cost.forwardCompute)},
            {"forward_communication_ms", milliseconds(cost.forwardCommunication)},
            {"recomputation_ms", milliseconds(cost.recomputation)},
            {"backward_ms", milliseconds(cost.backwardCompute)},
            {"backward_communication_ms", milliseconds(cost.backwardCommunication)},
            {"gradient_sync_ms", milliseconds(cost.gradientSync)},
            {"update_ms", milliseconds(cost.update)},
            {"receive_ms", milliseconds(cost.receive)}};
}

Json rooflineJson(const OpRoofline& roofline)
{
    return {{"flop", jsonNumber(roofline.flops.count)},
            {"bytes", jsonNumber(roofline.bytes)},
            {"arithmetic_ms", milliseconds(roofline.arithmetic)},
            {"memory_ms", milliseconds(roofline.traffic)},
            {"launch_ms", milliseconds(roofline.launch)},
            {"bound", boundName(roofline.bound())}};
}

Json termJson(const ParallelPlan& plan, const ExplainedTerm& term)
{
    Json json{{"label", term.label},
              {"group", costGroupName(term.term.group)},
              {"layer", term.term.layer},
              {"value", valueLabel(*plan.graph, term.term.value)},
              {"ms", milliseconds(term.term.time)}};
    if (term.term.op.isValid())
        json["op"] = term.term.op.number;
    if (term.compute) {
        json["compute"] = rooflineJson(*term.compute);
        return json;
    }
    json["from"] = formatSpec(term.term.from);
    json["to"] = formatSpec(term.term.to);
    json["steps"] = Json::array();
    for (const CollectiveTerm& step : term.steps)
        json["steps"].push_back({{"collective", reshardName(step.kind)},
                                 {"axis", step.axis},
                                 {"devices", step.devices},
                                 {"bytes", step.bytes.count},
                                 {"fixed_ms", milliseconds(step.fixed)},
                                 {"transfer_ms", milliseconds(step.transfer)},
                                 {"copies_ms", milliseconds(step.copies)},
                                 {"is_measured", step.isMeasured}});
    return json;
}

Json stageJson(const ParallelPlan& plan, size_t index, const StageCosts& stage)
{
    Json json{{"stage", index},
              {"total", stageCostJson(stage.total)},
              {"busy_ms", milliseconds(stage.busy)},
              {"idle_ms", milliseconds(stage.idle)}};
    json["memory"] = {{"parameter_bytes", stage.memory.parameters.count},
                      {"gradient_bytes", stage.memory.gradients.count},
                      {"optimizer_bytes", stage.memory.optimizerState.count},
                      {"activation_bytes", stage.memory.activations.count},
                      {"in_flight", stage.memory.inFlight},
                      {"waiting_bytes", stage.memory.waiting.count},
                      {"transient_bytes", stage.memory.transient.count},
                      {"total_bytes", stage.memory.total().count},
                      {"margin_bytes", stage.margin.count}};
    json["layers"] = Json::array();
    for (size_t l = 0; l < stage.layers.size(); ++l) {
        const size_t layer = l + static_cast<size_t>(plan.stages[index].firstLayer);
        Json entry = stageCostJson(stage.layers[l]);
        entry["layer"] = layer;
        entry["name"] = plan.layers[layer].name;
        json["layers"].push_back(std::move(entry));
    }
    json["received"] = Json::array();
    for (const TransferTerm& term : stage.received)
        json["received"].push_back({{"value", valueLabel(*plan.graph, term.value)},
                                    {"from_stage", term.fromStage},
                                    {"bytes", term.bytes.count},
                                    {"ms", milliseconds(term.time)}});
    json["terms"] = Json::array();
    for (const ExplainedTerm& term : stage.terms) {
        if (term.term.time.count > 0)
            json["terms"].push_back(termJson(plan, term));
    }
    return json;
}

} // namespace

std::string costsToJson(const ParallelPlan& plan, const PlanCosts& costs)
{
    Json json{{"step_ms", milliseconds(costs.stepTime)}, {"microbatches", plan.microbatches}};
    json["critical_path"] = Json::array();
    for (const CriticalTerm& term : costs.critical)
        json["critical_path"].push_back({{"term", term.name}, {"ms", milliseconds(term.time)}});
    json["stages"] = Json::array();
    for (size_t s = 0; s < costs.stages.size(); ++s)
        json["stages"].push_back(stageJson(plan, s, costs.stages[s]));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace alpa
