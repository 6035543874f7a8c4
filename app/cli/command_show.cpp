// alpa show PLAN [part]: a plan file as text.
#include "app/cli/commands.h"
#include "core/base/text.h"
#include "core/explain/explain_costs.h"
#include "core/explain/show_plan.h"
#include "core/fusion/composites.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/plan_file.h"

#include <fmt/format.h>

#include <memory>

namespace alpa::cli
{
namespace
{

struct ShowArguments {
    std::string plan;
    std::string part = "summary";
    int stage = -1;
    int device = 0;
    int layer = -1;
    int top = 12;
};

/// The annotated program of one device of one stage, or of each stage.
Result<std::string> formatPrograms(const ParallelPlan& plan, const ShowArguments& arguments)
{
    const int stages = static_cast<int>(plan.stages.size());
    ASSIGN_OR_RETURN(const Program program, lowerPlan(plan));
    std::string text;
    for (int stage = 0; stage < stages; ++stage) {
        if (arguments.stage >= 0 && stage != arguments.stage)
            continue;
        const int devices = plan.stages[static_cast<size_t>(stage)].mesh.deviceCount();
        if (arguments.device >= devices)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("--device {}: stage {} has devices 0 to {}", arguments.device,
                                     stage, devices - 1));
        text += formatStageProgram(program, *plan.graph, stage, arguments.device);
    }
    return text + "collectives of one step: " + formatCollectiveCounts(program);
}

CostSelection costSelection(const ShowArguments& arguments)
{
    CostSelection selection;
    if (arguments.stage >= 0)
        selection.stage = arguments.stage;
    if (arguments.layer >= 0)
        selection.layer = arguments.layer;
    selection.top = arguments.top;
    return selection;
}

/// The part itself; summary and stages are in the figures of every answer.
Result<Json> partJson(const ParallelPlan& plan, const ShowArguments& arguments)
{
    if (arguments.part == "shardings")
        return Json::parse(shardingsToJson(plan));
    if (arguments.part == "costs")
        return Json::parse(costsToJson(plan, explainCosts(plan)));
    if (arguments.part == "timeline")
        return Json::parse(planTimelineToJson(plan));
    if (arguments.part == "memory")
        return Json::parse(memoryToJson(plan));
    if (arguments.part == "hlo") {
        ASSIGN_OR_RETURN(const std::string text, formatPrograms(plan, arguments));
        return Json{{"lines", splitText(text, '\n')}};
    }
    return Json();
}

Status checkSelection(const ParallelPlan& plan, const ShowArguments& arguments)
{
    const auto stages = static_cast<int>(plan.stages.size());
    if (arguments.stage >= stages)
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("--stage {}: the plan has stages 0 to {}", arguments.stage, stages - 1));
    const auto layers = static_cast<int>(plan.layers.size());
    if (arguments.layer >= layers)
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("--layer {}: the plan has layers 0 to {}", arguments.layer, layers - 1));
    return {};
}

Result<std::string> formatPart(const ParallelPlan& plan, const ShowArguments& arguments)
{
    if (arguments.part == "stages")
        return formatStages(plan);
    if (arguments.part == "shardings")
        return formatShardings(plan);
    if (arguments.part == "costs")
        return formatCosts(plan, explainCosts(plan), costSelection(arguments));
    if (arguments.part == "timeline")
        return formatTimeline(plan);
    if (arguments.part == "memory")
        return formatMemory(plan);
    if (arguments.part == "hlo")
        return formatPrograms(plan, arguments);
    if (arguments.part == "composites")
        return fusion::formatComposites(*plan.graph);
    return formatPlanSummary(plan) + "\n" + formatStages(plan);
}

ExitCode runShow(const Console& console, const ShowArguments& arguments)
{
    const auto plan = loadPlan(arguments.plan);
    if (!plan.ok())
        return console.fail(plan.error());
    if (const Status status = checkSelection(**plan, arguments); !status.ok())
        return console.fail(status.error());
    if (!console.json) {
        const Result<std::string> text = formatPart(**plan, arguments);
        if (!text.ok())
            return console.fail(text.error());
        print(*text);
        return ExitCode::kOk;
    }
    Json json = Json::parse(planSummaryToJson(**plan));
    Result<Json> part = partJson(**plan, arguments);
    if (!part.ok())
        return console.fail(part.error());
    if (!part->is_null())
        json[arguments.part] = std::move(*part);
    printJson(json);
    return ExitCode::kOk;
}

} // namespace

Command addShow(CLI::App& app)
{
    const auto arguments = std::make_shared<ShowArguments>();
    CLI::App* command = app.add_subcommand("show", "Show a plan");
    command->add_option("PLAN", arguments->plan, "Plan file")->required();
    command
        ->add_option("PART", arguments->part,
                     "summary, stages, shardings, costs, timeline, memory, composites (what was "
                     "recognised in the graph), or hlo: the program of one device of each stage")
        ->check(CLI::IsMember({"summary", "stages", "shardings", "costs", "timeline", "memory",
                               "composites", "hlo"}));
    command->add_option("--stage", arguments->stage, "hlo, costs: of this stage only")
        ->check(CLI::Range(0, 1 << 20));
    command->add_option("--device", arguments->device, "hlo: of this device of the stage's mesh")
        ->check(CLI::Range(0, 1 << 20));
    command->add_option("--layer", arguments->layer, "costs: every term of this layer")
        ->check(CLI::Range(0, 1 << 20));
    command->add_option("--top", arguments->top, "costs: so many of the largest terms of a stage")
        ->check(CLI::Range(0, 1 << 20));
    command->footer("Example: alpa show plan.json shardings");
    return [arguments](const Console& console) { return runShow(console, *arguments); };
}

} // namespace alpa::cli
