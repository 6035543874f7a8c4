// alpa why PLAN PATTERN: why these strategies and no others; alpa why PLAN --constraints: what each
// constraint costs.
#include "app/cli/commands.h"
#include "app/cli/plan_request_of.h"
#include "core/explain/explain_constraints.h"
#include "core/explain/explain_decision.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_file.h"

#include <memory>

namespace alpa::cli
{
namespace
{

struct WhyArguments {
    std::string plan;
    WhyRequest why;
    bool constraints = false;
    std::string model;
};

ExitCode runConstraints(const Console& console, const WhyArguments& arguments,
                        const ParallelPlan& plan)
{
    const Result<PlanRequest> request = requestOf(console, plan, arguments.model);
    if (!request.ok())
        return console.fail(request.error());
    PlanCache cache;
    const Result<ConstraintPrices> prices = priceConstraints(*request, plan, cache, console.job());
    console.clearProgress();
    if (!prices.ok())
        return console.fail(prices.error());
    if (console.json)
        printJson(Json::parse(pricesToJson(*prices)));
    else
        print(formatPrices(*prices));
    return ExitCode::kOk;
}

ExitCode runWhy(const Console& console, const WhyArguments& arguments)
{
    const auto plan = loadPlan(arguments.plan);
    if (!plan.ok())
        return console.fail(plan.error());
    if (arguments.constraints)
        return runConstraints(console, arguments, **plan);
    if (arguments.why.pattern.empty())
        return console.fail(Error(ErrorCode::kInvalidInput,
                                  "expected OP, for example '*/fc:dot', or --constraints"));
    const auto explanations = explainDecisions(**plan, arguments.why, console.job());
    console.clearProgress();
    if (!explanations.ok())
        return console.fail(explanations.error());
    if (console.json)
        printJson(Json::parse(explanationsToJson(*explanations)));
    else
        print(formatExplanations(*explanations));
    return ExitCode::kOk;
}

} // namespace

Command addWhy(CLI::App& app)
{
    const auto arguments = std::make_shared<WhyArguments>();
    CLI::App* command =
        app.add_subcommand("why", "Explain a plan's shardings, or what its constraints cost");
    command->add_option("PLAN", arguments->plan, "Plan file")->required();
    command->add_option("OP", arguments->why.pattern,
                        "Decisions to explain: scope:kind of an op or the name of a stored tensor; "
                        "* and ? stand for anything");
    command->add_option("--not", arguments->why.strategy,
                        "Only against strategies that match, by text ('y: sum*') or result "
                        "('{x, -}')");
    command->add_option("--limit", arguments->why.limit, "At most so many decisions")
        ->check(CLI::Range(1, 100000));
    command->add_flag("--constraints", arguments->constraints,
                      "Plan again without each constraint, and with 1 GiB more memory");
    command->add_option("--model", arguments->model,
                        "--constraints: the model's file; else where the plan was made from");
    command->footer("Example: alpa why plan.json '*block_0/fc:dot'");
    return [arguments](const Console& console) { return runWhy(console, *arguments); };
}

} // namespace alpa::cli
