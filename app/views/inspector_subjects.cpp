// What the inspector says of each kind of thing.
#include "app/session/link_traffic.h"
#include "app/session/selection_place.h"
#include "app/session/selection_sums.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/views/inspector.h"
#include "app/widgets/cards.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/sharding_strip.h"
#include "app/widgets/timeline_chart.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void Inspector::showDevice(int device)
{
    const ParallelPlan& plan = *facts_->plan;
    setTitle(tr("Device"), tr("Device %1").arg(device));
    addRow(tr("Kind"), toQt(plan.cluster.device.name));
    addRow(tr("Host"), QString::number(device / plan.cluster.devicesPerHost));
    const std::vector<int> stages = stagesOfDevice(*facts_, device);
    if (stages.empty())
        addNote(tr("This plan leaves the device idle."));
    const LinkTraffic traffic = linkTraffic(*facts_);
    for (const int number : stages) {
        const PlanStage& stage = plan.stages[static_cast<size_t>(number)];
        addHeading(tr("Stage %1").arg(number));
        addRow(tr("Mesh"), meshAxesText(stage.mesh));
        addRow(tr("Layers"), tr("%1 to %2").arg(stage.firstLayer).arg(stage.endLayer - 1));
        addRow(tr("Memory"),
               tr("%1 of %2").arg(memoryText(stage.memory.total()), memoryText(memoryLimit(plan))));
        for (const AxisTraffic& axis : traffic.axes) {
            if (axis.stage == number)
                addRow(tr("Sends along %1").arg(QString(QLatin1Char(axisLetter(axis.axis)))),
                       tr("%1 a step, %2").arg(bytesText(axis.sent), timeText(axis.time)));
        }
    }
}

void Inspector::showCollective(int number)
{
    const Communication& communication = facts_->communications[static_cast<size_t>(number)];
    const DeviceMesh& mesh = facts_->plan->stages[static_cast<size_t>(communication.stage)].mesh;
    setTitle(tr("Collective"), toQt(reshardBadge(communication.steps)));
    addRow(tr("Stage"), QString::number(communication.stage));
    addRow(tr("Time"), timeText(communication.time));
    const int64_t times = timesPerStep(*facts_, communication);
    addRow(tr("In a step"), tr("%1, %2").arg(counted(times, tr("time"), tr("times")),
                                             timeText(communication.time * double(times))));
    addRow(tr("Before"), toQt(facts_->opLabel(communication.consumer)));
    addHeading(tr("Steps"));
    for (const ReshardStep& step : communication.steps)
        addNote(toQt(formatStep(step, mesh)));
    addHeading(tr("Tensor, before it"));
    addTensor(toQt(valueLabel(*facts_->graph, communication.value)), communication.value,
              communication.steps.front().before);
    addHeading(tr("Tensor, after it"));
    addTensor(toQt(valueLabel(*facts_->graph, communication.value)), communication.value,
              communication.steps.back().after);
    addNote(tr("Select the operation to see what else could have been chosen."));
}

void Inspector::showModel()
{
    const auto& model = session_->model();
    setTitle(tr("Model"), model->name);
    addRow(tr("Parameters"), countText(model->parameters));
    addRow(tr("Operations"), countText(int64_t(model->graph->ops.size())));
    addRow(tr("Batch in the file"), countText(model->batch));
    if (facts_->plan != nullptr) {
        addHeading(tr("Cluster"));
        const Cluster& cluster = facts_->plan->cluster;
        addRow(tr("Name"), toQt(cluster.name));
        addRow(tr("Devices"), tr("%1 × %2 %3")
                                  .arg(cluster.hosts)
                                  .arg(cluster.devicesPerHost)
                                  .arg(toQt(cluster.device.name)));
        addRow(tr("Memory each"), memoryText(cluster.device.memory));
        addRow(tr("Link within host"),
               tr("%1/s").arg(bytesText(Bytes(int64_t(cluster.withinHost.bandwidth)))));
        if (cluster.hosts > 1)
            addRow(tr("Link between hosts"),
                   tr("%1/s").arg(bytesText(Bytes(int64_t(cluster.betweenHosts.bandwidth)))));
    }
    addNote(tr("Select a layer, operation, tensor or stage for its shardings and alternatives."));
}

void Inspector::showMany(const std::vector<Selection>& selections)
{
    const SelectionSums sums = sumOf(selections, *facts_, session_->model()->scopes);
    setTitle(tr("Several"),
             tr("%1 selected").arg(counted(int64_t(selections.size()), tr("thing"), tr("things"))));
    addRow(tr("Operations"), countText(sums.ops));
    addRow(tr("Compute, one microbatch"), flopsText(sums.flops));
    addRow(tr("Results, one microbatch"), bytesText(sums.results));
    addRow(tr("Parameters"), countText(sums.parameters));
    if (facts_->plan == nullptr)
        return;
    addHeading(tr("Of one device"));
    addRow(tr("Time of computing"), timeText(sums.compute));
    addRow(tr("Memory of results"), memoryText(sums.resultsPerDevice));
    addRow(tr("Memory of parameters"), memoryText(sums.parametersPerDevice));
    addRow(tr("Collectives"), tr("%1, %2").arg(sums.collectives).arg(timeText(sums.communication)));
    addNote(tr("Ctrl+click in the graph adds and takes away, Shift+drag takes what is in the "
               "frame."));
}

void Inspector::showOp(OpId id)
{
    const Op& op = facts_->graph->op(id);
    setTitle(tr("Operation, %1").arg(toQt(phaseName(op.phase))), toQt(facts_->opLabel(id)));
    if (facts_->layerOfOp[id.index()] >= 0)
        addRow(tr("Layer"), shortLayerName(*facts_, facts_->layerOfOp[id.index()]));
    if (facts_->stageOfOp[id.index()] >= 0)
        addRow(tr("Stage"), QString::number(facts_->stageOfOp[id.index()]));
    if (op.sourceLine > 0)
        addRow(tr("Line of the file"), countText(op.sourceLine));
    const OpSharding* sharding = facts_->shardingOfOp[id.index()];
    addHeading(tr("Operands"));
    for (size_t i = 0; i < op.operands.size(); ++i) {
        const bool has = sharding != nullptr && i < sharding->operands.size();
        addTensor(toQt(valueLabel(*facts_->graph, op.operands[i])), op.operands[i],
                  has ? std::optional(sharding->operands[i]) : std::nullopt);
    }
    if (op.operands.empty())
        addNote(tr("none"));
    addHeading(tr("Result"));
    for (const ValueId result : op.results)
        addTensor(toQt(valueLabel(*facts_->graph, result)), result,
                  facts_->specOfValue[result.index()], true);
    const auto& communications = facts_->communicationsOfOp[id.index()];
    if (!communications.empty()) {
        addHeading(tr("Data moved before it"));
        for (const int number : communications) {
            const Communication& communication =
                facts_->communications[static_cast<size_t>(number)];
            const DeviceMesh& mesh =
                facts_->plan->stages[static_cast<size_t>(communication.stage)].mesh;
            for (const ReshardStep& step : communication.steps)
                addRow(toQt(valueLabel(*facts_->graph, communication.value)),
                       toQt(formatStep(step, mesh)));
        }
    }
    showDecision(facts_->decisionOfOp[id.index()]);
}

void Inspector::showValue(ValueId id)
{
    const Value& value = facts_->graph->value(id);
    const std::optional<InputRole> role = facts_->graph->inputRole(id);
    const QString kind = !role                            ? tr("Tensor")
                         : *role == InputRole::kParameter ? tr("Parameter")
                         : *role == InputRole::kBatch     ? tr("Batch input")
                                                          : tr("Optimizer state");
    setTitle(kind, value.name.empty() && value.producer.isValid()
                       ? tr("result of %1").arg(toQt(facts_->opLabel(value.producer)))
                       : toQt(valueLabel(*facts_->graph, id)));
    addRow(tr("Elements"), countText(value.type.elementCount()));
    if (facts_->stageOfValue[id.index()] >= 0)
        addRow(tr("Stage"), QString::number(facts_->stageOfValue[id.index()]));
    addHeading(role ? tr("Stored as") : tr("Produced as"));
    addTensor(typeText(value.type), id, facts_->specOfValue[id.index()], true);
    if (const auto& spec = facts_->specOfValue[id.index()];
        spec && facts_->stageOfValue[id.index()] >= 0) {
        const DeviceMesh& mesh =
            facts_->plan->stages[static_cast<size_t>(facts_->stageOfValue[id.index()])].mesh;
        addNote(describeSharding(*spec, value.type, &mesh));
    }
    const auto& users = facts_->users[id.index()];
    addHeading(
        tr("Read by %1").arg(counted(int64_t(users.size()), tr("operation"), tr("operations"))));
    for (size_t i = 0; i < users.size() && i < 8; ++i) {
        const Op& op = facts_->graph->op(users[i]);
        QString how;
        if (const OpSharding* sharding = facts_->shardingOfOp[users[i].index()];
            sharding != nullptr) {
            const auto place = std::ranges::find(op.operands, id) - op.operands.begin();
            if (place < std::ptrdiff_t(sharding->operands.size()))
                how = toQt(formatSpec(sharding->operands[static_cast<size_t>(place)]));
        }
        addRow(toQt(facts_->opLabel(users[i])), how);
    }
    showDecision(facts_->decisionBehind(id));
}

void Inspector::showLayer(int number)
{
    const LayerFacts& layer = facts_->layers[static_cast<size_t>(number)];
    setTitle(tr("Layer %1").arg(number), toQt(layer.name));
    if (layer.stage >= 0)
        addRow(tr("Stage"), QString::number(layer.stage));
    addRow(tr("Parameters"), countText(layer.parameters));
    if (layer.flops.count > 0)
        addRow(tr("Compute, one microbatch"), flopsText(layer.flops));
    addRow(tr("Operations"), tr("%1 forward, %2 backward, %3 update")
                                 .arg(layer.forwardOps)
                                 .arg(layer.backwardOps)
                                 .arg(layer.updateOps));
    if (facts_->plan != nullptr)
        addRow(tr("Collectives"),
               tr("%1, %2 a microbatch").arg(layer.collectives).arg(timeText(layer.communication)));
    if (!layer.weights.empty())
        addHeading(tr("Weights, as stored"));
    for (size_t i = 0; i < layer.weights.size() && i < 16; ++i)
        addTensor(toQt(facts_->graph->value(layer.weights[i]).name), layer.weights[i],
                  facts_->specOfValue[layer.weights[i].index()]);
    if (layer.output.isValid()) {
        addHeading(tr("Output"));
        addTensor(toQt(valueLabel(*facts_->graph, layer.output)), layer.output,
                  facts_->specOfValue[layer.output.index()]);
    }
}

void Inspector::showStage(int number)
{
    const ParallelPlan& plan = *facts_->plan;
    const PlanStage& stage = plan.stages[static_cast<size_t>(number)];
    setTitle(tr("Stage"), tr("Stage %1").arg(number));
    addRow(tr("Devices"), submeshText(stage));
    addRow(tr("Mesh"), meshAxesText(stage.mesh));
    addRow(tr("Layers"), tr("%1 to %2").arg(stage.firstLayer).arg(stage.endLayer - 1));
    addHeading(tr("Time of one microbatch"));
    addRow(tr("Forward compute"), timeText(stage.cost.forwardCompute));
    addRow(tr("Forward collectives"), timeText(stage.cost.forwardCommunication));
    addRow(tr("Backward compute"), timeText(stage.cost.backwardCompute));
    addRow(tr("Backward collectives"), timeText(stage.cost.backwardCommunication));
    if (number > 0)
        addRow(tr("Receive"), timeText(stage.cost.receive));
    addHeading(tr("Once a step"));
    addRow(tr("Gradient synchronisation"), timeText(stage.cost.gradientSync));
    addRow(tr("Update"), timeText(stage.cost.update));
    addHeading(tr("Memory per device"));
    addRow(tr("Total"),
           tr("%1 of %2").arg(memoryText(stage.memory.total()), memoryText(memoryLimit(plan))));
    addRow(tr("Microbatches in flight"), QString::number(stage.memory.inFlight));
    addHeading(tr("Proof"));
    addRow(tr("Decisions"), tr("%1, with %2 strategies")
                                .arg(stage.certificate.decisions)
                                .arg(stage.certificate.strategies));
    addRow(tr("Objective"), timeText(Seconds(stage.certificate.cost)));
    addRow(tr("Lower bound"), timeText(Seconds(stage.certificate.lowerBound)));
    addRow(tr("Result"), stage.certificate.isOptimal
                             ? tr("proven optimal")
                             : tr("gap %1").arg(percentText(stage.certificate.gap())));
    if (!stage.certificate.method.empty())
        addRow(tr("Method"), toQt(stage.certificate.method));
    if (stage.certificate.memoryBinds)
        addNote(tr("Memory binds here: with more of it the stage would be faster."));
}

void Inspector::showScope(int number)
{
    const ScopeNode& node = session_->model()->scopes.nodes[static_cast<size_t>(number)];
    if (node.parameter.isValid()) {
        // Parameters keep their names from the model to the plan's graph.
        for (const GraphInput& input : facts_->graph->inputs) {
            if (facts_->graph->value(input.value).name == node.name) {
                showValue(input.value);
                return;
            }
        }
    }
    setTitle(tr("Scope"), number == 0 ? session_->model()->name : toQt(node.path));
    addRow(tr("Operations"), countText(node.ops));
    addRow(tr("Parameters"), countText(node.parameters));
    addHeading(tr("Weights, as stored"));
    int shown = 0;
    for (const GraphInput& input : facts_->graph->inputs) {
        const auto& users = facts_->users[input.value.index()];
        if (input.role != InputRole::kParameter || users.empty() || shown == 12)
            continue;
        const std::string& path = facts_->graph->scopePath(facts_->graph->op(users.front()).scope);
        if (!path.starts_with(node.path))
            continue;
        addTensor(toQt(facts_->graph->value(input.value).name), input.value,
                  facts_->specOfValue[input.value.index()]);
        ++shown;
    }
    if (shown == 0)
        addNote(tr("none"));
}

} // namespace alpa::app
