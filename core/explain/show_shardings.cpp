// The shardings of a plan, layer by layer.
#include "core/base/text.h"
#include "core/explain/show_plan.h"
#include "core/explain/text_table.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// The layer that a decision belongs to: of its op, or where its stored tensor lies.
int layerOf(const ParallelPlan& plan, const PlanStage& stage, const Decision& decision)
{
    if (decision.op.isValid())
        return plan.layerOfOp[decision.op.index()];
    for (const PlannedInput& input : stage.inputs) {
        if (input.value == decision.value && input.source == InputSource::kOwned)
            return input.layer;
    }
    return stage.firstLayer;
}

/// "+12 us": what the best of the other strategies would add to the step.
std::string runnerUp(const Decision& decision)
{
    for (size_t k = 0; k < decision.alternatives.size(); ++k) {
        if (static_cast<int>(k) != decision.chosen)
            return fmt::format("{} +{}", decision.alternatives[k].strategy,
                               formatSeconds(decision.alternatives[k].delta));
    }
    return "";
}

std::string formatStored(const ParallelPlan& plan, const PlanStage& stage, int layer)
{
    TextTable table({"<stored tensor", "<type", "<spec", "per device"});
    bool isEmpty = true;
    for (const PlannedInput& input : stage.inputs) {
        if (input.layer != layer || input.source != InputSource::kOwned)
            continue;
        const TensorType& type = plan.graph->type(input.value);
        const Bytes bytes = type.bytes() / int64_t{stage.mesh.groupSize(input.spec.splitAxes())};
        table.add({plan.graph->value(input.value).name, formatType(type), formatSpec(input.spec),
                   formatMemory(bytes)});
        isEmpty = false;
    }
    return isEmpty ? "" : table.text("  ");
}

std::string formatDecisions(const ParallelPlan& plan, const PlanStage& stage, int layer)
{
    TextTable table({"<decision", "<strategy", "<result", "<next best"});
    bool isEmpty = true;
    for (const Decision& decision : stage.decisions) {
        if (!decision.op.isValid() || layerOf(plan, stage, decision) != layer)
            continue;
        const Alternative& chosen = decision.alternatives[static_cast<size_t>(decision.chosen)];
        table.add({decision.label, chosen.strategy, formatSpec(chosen.result), runnerUp(decision)});
        isEmpty = false;
    }
    return isEmpty ? "" : table.text("  ");
}

} // namespace

std::string formatShardings(const ParallelPlan& plan)
{
    std::string text;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        for (int layer = stage.firstLayer; layer < stage.endLayer; ++layer) {
            text += fmt::format("{}layer {} {}, stage {} {}\n", text.empty() ? "" : "\n", layer,
                                plan.layers[static_cast<size_t>(layer)].name, s,
                                formatMesh(stage.mesh));
            text += formatStored(plan, stage, layer);
            text += formatDecisions(plan, stage, layer);
        }
    }
    return text;
}

} // namespace alpa
