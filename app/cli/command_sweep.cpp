// alpa sweep MODEL --cluster C: the grid that people search by hand, estimated point by point.
#include "app/cli/commands.h"
#include "app/cli/plan_arguments.h"
#include "core/explain/sweep_plans.h"
#include "core/plan/plan_cache.h"

#include <memory>

namespace alpa::cli
{
namespace
{

struct SweepArguments {
    PlanArguments plan;
    int top = 10;
};

ExitCode runSweep(const Console& console, const SweepArguments& arguments)
{
    const Result<PlanRequest> request = makeRequest(console, arguments.plan);
    if (!request.ok())
        return console.fail(request.error());
    PlanCache cache;
    const auto context = cache.context(*request);
    const Result<Sweep> sweep = sweepPlans(*request, *context, console.job());
    console.clearProgress();
    if (!sweep.ok())
        return console.fail(sweep.error());
    if (console.json)
        printJson(Json::parse(sweepToJson(*sweep, arguments.top)));
    else
        print(formatSweep(*sweep, arguments.top,
                          memoryLimit(request->cluster, request->options.constraints)));
    const bool anyFits = !sweep->points.empty() && sweep->points.front().fits;
    return anyFits ? ExitCode::kOk : ExitCode::kNoPlan;
}

} // namespace

Command addSweep(CLI::App& app)
{
    const auto arguments = std::make_shared<SweepArguments>();
    CLI::App* command = app.add_subcommand(
        "sweep", "Estimate every DP x TP x PP x microbatches x recomputation x ZeRO plan");
    addPlanOptions(*command, arguments->plan);
    command->add_option("--top", arguments->top, "Print so many of the best")
        ->check(CLI::Range(1, 1000000));
    command->footer("Example: alpa sweep sample_models/gpt-1.3b/gpt-1.3b.loss.stablehlo.mlir.gz "
                    "--cluster h200-x4 --global-batch 32");
    return [arguments](const Console& console) { return runSweep(console, *arguments); };
}

} // namespace alpa::cli
