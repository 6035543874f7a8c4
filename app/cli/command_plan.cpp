// alpa plan MODEL --cluster C: makes a plan, shows it, and writes it to a file.
#include "app/cli/commands.h"
#include "app/cli/plan_arguments.h"
#include "core/base/text.h"
#include "core/explain/published_plan.h"
#include "core/explain/show_plan.h"
#include "core/plan/plan_figures.h"
#include "core/plan/plan_file.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace alpa::cli
{
namespace
{

struct PlanCommandArguments {
    PlanArguments plan;
    std::string strategy = "auto";
    std::string output;
    std::string like;
    bool likeAnnotations = false;
};

ExitCode reportNoPlan(const Console& console, const NoPlan& none)
{
    if (console.json) {
        Json json{{"status", "no_plan"}, {"reason", none.reason}, {"clashing", none.clashing}};
        if (none.smallestMemory)
            json["smallest_memory_bytes"] = none.smallestMemory->count;
        printJson(json);
    }
    std::string message = "no plan: " + none.reason;
    if (!none.clashing.empty())
        message += fmt::format("\n  these constraints clash: {}", fmt::join(none.clashing, ", "));
    if (none.smallestMemory)
        message += fmt::format("\n  with everything else as asked, {} on each device would do",
                               formatMemory(*none.smallestMemory));
    printMessage(message);
    return ExitCode::kNoPlan;
}

ExitCode runPlan(const Console& console, const PlanCommandArguments& arguments)
{
    const Result<PlanStrategy> strategy = parseStrategy(arguments.strategy);
    if (!strategy.ok())
        return console.fail(strategy.error());
    Result<PlanRequest> request = makeRequest(console, arguments.plan);
    if (!request.ok())
        return console.fail(request.error());
    request->options.strategy = *strategy;
    if (!arguments.like.empty()) {
        const Result<PublishedPlan> like = loadPublishedPlan(arguments.like);
        if (!like.ok())
            return console.fail(like.error());
        if (const Status applied = applyPublishedPlan(*like, *request->model, request->options);
            !applied.ok())
            return console.fail(applied.error().in(arguments.like));
    }
    if (arguments.likeAnnotations) {
        if (const Status followed = followAnnotations(*request); !followed.ok())
            return console.fail(followed.error());
    }
    const auto start = std::chrono::steady_clock::now();
    const JobControl job = console.job();
    const Result<PlanOutcome> outcome =
        makePlan(*request, job, nullptr, [&job](const std::shared_ptr<const ParallelPlan>& plan) {
            const std::optional<double> gap = plan->stepGap();
            job.report(
                fmt::format("best so far: a step of {}{}", formatSeconds(plan->stepTime),
                            gap ? fmt::format(", proven within {} of the best", formatShare(*gap))
                                : std::string()),
                -1);
        });
    console.clearProgress();
    if (!outcome.ok())
        return console.fail(outcome.error());
    if (const auto* none = std::get_if<NoPlan>(&*outcome))
        return reportNoPlan(console, *none);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const auto& plan = std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    if (!arguments.output.empty()) {
        if (const Status saved = savePlan(*plan, arguments.output); !saved.ok())
            return console.fail(saved.error());
    }
    if (console.json) {
        Json json = Json::parse(planSummaryToJson(*plan));
        json["planning_s"] = elapsed.count();
        if (!arguments.output.empty())
            json["file"] = arguments.output;
        printJson(json);
        return ExitCode::kOk;
    }
    print(formatPlanSummary(*plan) + "\n" + formatStages(*plan));
    print(fmt::format("\nplanned in {}{}\n", formatSeconds(Seconds(elapsed.count())),
                      arguments.output.empty() ? "" : ", written to " + arguments.output));
    return ExitCode::kOk;
}

} // namespace

Command addPlan(CLI::App& app)
{
    const auto arguments = std::make_shared<PlanCommandArguments>();
    CLI::App* command = app.add_subcommand("plan", "Plan how to train a model on a cluster");
    addPlanOptions(*command, arguments->plan);
    command->add_option("-s,--strategy", arguments->strategy,
                        "auto, or a baseline: dp, zero2, zero3, megatron, pipeline");
    command->add_option("--like", arguments->like,
                        "Only plans like this one: a published plan (JSON, as in "
                        "resources/published_plans), Galvatron's JSON, AutoParallel's placements "
                        "or Megatron-LM's arguments");
    command->add_flag("--like-annotations", arguments->likeAnnotations,
                      "Shard as the model file says at its values (mhlo.sharding, sdy.sharding, "
                      "sharding= of HLO), over its mesh, in one stage");
    command->add_option("-o,--output", arguments->output, "Write the plan to this file");
    command->footer("Example: alpa plan sample_models/gpt-1.3b/gpt-1.3b.loss.stablehlo.mlir.gz "
                    "--cluster h200-x4 --global-batch 32 --max-tp 2 -o plan.json");
    return [arguments](const Console& console) { return runPlan(console, *arguments); };
}

} // namespace alpa::cli
