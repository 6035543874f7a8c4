// alpa compare MODEL --cluster C: the planner's plan beside the manual baselines, predicted and, if
// asked for, measured.
#include "app/cli/cluster_run.h"
#include "app/cli/commands.h"
#include "app/cli/plan_arguments.h"
#include "core/base/text.h"
#include "core/plan/plan_cache.h"
#include "core/explain/show_plan.h"

#include <fmt/format.h>

#include <memory>

namespace alpa::cli
{
namespace
{

struct CompareArguments {
    PlanArguments plan;
    std::string strategies = "auto,dp,zero2,zero3,megatron,pipeline";
    bool likeAnnotations = false;
    std::string devices;
    std::string inputs;
    int steps = 5;
};

Result<ComparedPlan> planStrategy(const Console& console, PlanRequest request,
                                  const std::string& name, PlanCache& cache)
{
    ASSIGN_OR_RETURN(request.options.strategy, parseStrategy(name));
    JobControl control = console.job();
    const ProgressCallback inner = control.progress;
    if (inner)
        control.progress = [&](std::string_view phase, double fraction) {
            inner(fmt::format("{}: {}", name, phase), fraction);
        };
    ComparedPlan row{.name = name, .plan = nullptr, .problem = "", .measuredStep = {}};
    const Result<PlanOutcome> outcome = makePlan(request, control, &cache);
    console.clearProgress();
    if (!outcome.ok() && outcome.error().code == ErrorCode::kCancelled)
        return outcome.error();
    if (!outcome.ok())
        row.problem = outcome.error().message;
    else if (const auto* none = std::get_if<NoPlan>(&*outcome))
        row.problem = none->reason;
    else
        row.plan = std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    return row;
}

Status measure(const Console& console, const CompareArguments& arguments, ComparedPlan& row)
{
    RunRequest request{.devices = arguments.devices,
                       .steps = arguments.steps,
                       .inputs = {},
                       .learningRate = {},
                       .traceFile = {},
                       .onStart = {},
                       .onStep = {}};
    if (!arguments.inputs.empty())
        request.inputs = arguments.inputs;
    const JobControl control = console.job();
    control.report(row.name + ": running", -1);
    ASSIGN_OR_RETURN(const RunResult result, runPlanOn(*row.plan, request, control));
    console.clearProgress();
    row.measuredStep = medianStep(result.steps);
    return {};
}

ExitCode runCompare(const Console& console, const CompareArguments& arguments)
{
    const Result<PlanRequest> request = makeRequest(console, arguments.plan);
    if (!request.ok())
        return console.fail(request.error());
    const std::vector<std::string> names = splitText(arguments.strategies, ',');
    for (const std::string& name : names) {
        if (const auto strategy = parseStrategy(name); !strategy.ok())
            return console.fail(strategy.error());
    }
    std::vector<ComparedPlan> rows;
    bool hasPlan = false;
    PlanCache cache; // The strategies plan the same model.
    for (const std::string& name : names) {
        Result<ComparedPlan> row = planStrategy(console, *request, name, cache);
        if (!row.ok())
            return console.fail(row.error());
        hasPlan = hasPlan || row->plan;
        if (row->plan && !arguments.devices.empty()) {
            if (const Status status = measure(console, arguments, *row); !status.ok())
                return console.fail(status.error().in(name));
        }
        rows.push_back(std::move(row).value());
    }
    if (arguments.likeAnnotations) {
        PlanRequest annotated = *request;
        if (const Status followed = followAnnotations(annotated); !followed.ok())
            return console.fail(followed.error());
        Result<ComparedPlan> row = planStrategy(console, std::move(annotated), "auto", cache);
        if (!row.ok())
            return console.fail(row.error());
        row->name = "annotated";
        rows.push_back(std::move(row).value());
    }
    if (console.json)
        printJson(Json::parse(comparisonToJson(rows)));
    else
        print(formatComparison(rows));
    return hasPlan ? ExitCode::kOk : ExitCode::kNoPlan;
}

} // namespace

Command addCompare(CLI::App& app)
{
    const auto arguments = std::make_shared<CompareArguments>();
    CLI::App* command = app.add_subcommand("compare", "Compare the plan with manual strategies");
    addPlanOptions(*command, arguments->plan);
    command->add_option("--strategies", arguments->strategies,
                        "Some of auto,dp,zero2,zero3,megatron,pipeline; ratios are to the first");
    command->add_flag("--like-annotations", arguments->likeAnnotations,
                      "Also the plan that the shardings in the model file describe");
    command->add_option("--run", arguments->devices, "Also measure each plan on cpu:N");
    command->add_option("--steps", arguments->steps, "Steps of each run")
        ->check(CLI::Range(1, 1000000));
    command->add_option("--inputs", arguments->inputs, "Inputs of the runs; else random values");
    command->footer("Example: alpa compare sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz "
                    "--cluster cpu-x4 --run cpu:4 --steps 5");
    return [arguments](const Console& console) { return runCompare(console, *arguments); };
}

} // namespace alpa::cli
