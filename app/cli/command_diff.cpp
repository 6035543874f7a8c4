// alpa diff A B: what differs between two plans, and which constraint or term did it.
#include "app/cli/commands.h"
#include "app/cli/plan_request_of.h"
#include "core/explain/diff_plans.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_file.h"

#include <memory>

namespace alpa::cli
{
namespace
{

struct DiffArguments {
    std::string before, after;
    std::string model;
    bool isQuick = false;
};

ExitCode runDiff(const Console& console, const DiffArguments& arguments)
{
    const auto before = loadPlan(arguments.before);
    if (!before.ok())
        return console.fail(before.error());
    const auto after = loadPlan(arguments.after);
    if (!after.ok())
        return console.fail(after.error());
    PlanDiff diff = diffPlans(**before, **after);
    if (!arguments.isQuick && !diff.request.empty()) {
        const Result<PlanRequest> request = requestOf(console, **before, arguments.model);
        if (request.ok()) {
            PlanRequest other = *request;
            other.cluster = (*after)->cluster;
            other.options = (*after)->options;
            PlanCache cache;
            const Status status = attributeDiff(diff, *request, other, cache, console.job());
            console.clearProgress();
            if (!status.ok())
                return console.fail(status.error());
        } else {
            printMessage("no causes: " + request.error().message);
        }
    }
    if (console.json)
        printJson(Json::parse(diffToJson(diff)));
    else
        print(formatDiff(diff, arguments.before, arguments.after));
    return ExitCode::kOk;
}

} // namespace

Command addDiff(CLI::App& app)
{
    const auto arguments = std::make_shared<DiffArguments>();
    CLI::App* command = app.add_subcommand("diff", "What differs between two plans, and why");
    command->add_option("A", arguments->before, "Plan file")->required();
    command->add_option("B", arguments->after, "Plan file")->required();
    command->add_option("--model", arguments->model,
                        "The model's file; else where A was made from");
    command->add_flag("--quick", arguments->isQuick,
                      "Do not plan again with each changed constraint alone");
    command->footer("Example: alpa diff free.json max-tp-1.json");
    return [arguments](const Console& console) { return runDiff(console, *arguments); };
}

} // namespace alpa::cli
