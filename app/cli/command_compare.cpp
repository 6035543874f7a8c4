// alpa compare MODEL --cluster C: the planner's plan beside the manual baselines, predicted and, if
// asked for, measured.
#include "app/cli/cluster_run.h"
#include "app/cli/commands.h"
#include "app/cli/plan_arguments.h"
#include "core/base/text.h"
#include "core/explain/published_plan.h"
#include "core/explain/show_plan.h"
#include "core/plan/plan_cache.h"

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
    std::vector<std::string> like; ///< Files of published plans.
    int steps = 5;
};

/// What is compared: a row's name, and what is asked for it.
struct Candidate {
    std::string name;
    PlanOptions options;
};

/// The strategies, then the plans of others on the same batch.
Result<std::vector<Candidate>> listCandidates(const PlanRequest& request,
                                              const CompareArguments& arguments)
{
    std::vector<Candidate> candidates;
    for (const std::string& name : splitText(arguments.strategies, ',')) {
        candidates.push_back({.name = name, .options = request.options});
        ASSIGN_OR_RETURN(candidates.back().options.strategy, parseStrategy(name));
    }
    for (const std::string& path : arguments.like) {
        ASSIGN_OR_RETURN(PublishedPlan plan, loadPublishedPlan(path));
        plan.globalBatch.reset();
        candidates.push_back({.name = plan.name, .options = request.options});
        if (const Status applied =
                applyPublishedPlan(plan, *request.model, candidates.back().options);
            !applied.ok())
            return applied.error().in(path);
    }
    if (arguments.likeAnnotations) {
        PlanRequest annotated = request;
        RETURN_IF_ERROR(followAnnotations(annotated));
        candidates.push_back({.name = "annotated", .options = annotated.options});
    }
    return candidates;
}

Result<ComparedPlan> planCandidate(const Console& console, PlanRequest request,
                                   const Candidate& candidate, PlanCache& cache)
{
    const std::string& name = candidate.name;
    request.options = candidate.options;
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
    const auto candidates = listCandidates(*request, arguments);
    if (!candidates.ok())
        return console.fail(candidates.error());
    std::vector<ComparedPlan> rows;
    bool hasPlan = false;
    PlanCache cache; // The strategies plan the same model.
    for (const Candidate& candidate : *candidates) {
        Result<ComparedPlan> row = planCandidate(console, *request, candidate, cache);
        if (!row.ok())
            return console.fail(row.error());
        hasPlan = hasPlan || row->plan;
        if (row->plan && !arguments.devices.empty()) {
            if (const Status status = measure(console, arguments, *row); !status.ok())
                return console.fail(status.error().in(candidate.name));
        }
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
    command
        ->add_option("--like", arguments->like,
                     "Also a plan like this one, as in alpa plan --like, on the same batch; "
                     "repeatable")
        ->allow_extra_args(false);
    command->add_option("--run", arguments->devices, "Also measure each plan on cpu:N");
    command->add_option("--steps", arguments->steps, "Steps of each run")
        ->check(CLI::Range(1, 1000000));
    command->add_option("--inputs", arguments->inputs, "Inputs of the runs; else random values");
    command->footer("Example: alpa compare sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz "
                    "--cluster cpu-x4 --run cpu:4 --steps 5");
    return [arguments](const Console& console) { return runCompare(console, *arguments); };
}

} // namespace alpa::cli
