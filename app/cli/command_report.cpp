// alpa report PLAN...: plans as one HTML page that needs nothing else.
#include "app/cli/commands.h"
#include "core/base/files.h"
#include "core/export/html_report.h"
#include "core/plan/plan_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace alpa::cli
{
namespace
{

struct ReportArguments {
    std::vector<std::string> plans;
    std::string output;
};

ExitCode runReport(const Console& console, const ReportArguments& arguments)
{
    ReportContent content;
    for (const std::string& path : arguments.plans) {
        auto plan = loadPlan(path);
        if (!plan.ok())
            return console.fail(plan.error());
        std::string name = std::filesystem::path(path).filename().string();
        for (const std::string_view ending : {".json", ".plan"}) {
            if (name.ends_with(ending))
                name.resize(name.size() - ending.size());
        }
        content.plans.push_back(
            {.compared = {.name = name, .plan = *plan, .problem = {}, .measuredStep = {}},
             .measured = {}});
    }
    const ParallelPlan& first = *content.plans.front().compared.plan;
    content.title = first.modelName + " on " + first.cluster.name;
    content.note = fmt::format("{} plan{}, the first in full.", content.plans.size(),
                               content.plans.size() == 1 ? "" : "s");
    const std::string page = htmlReport(content);
    if (const Status written = writeFileAtomically(arguments.output, page); !written.ok())
        return console.fail(written.error());
    if (console.json)
        printJson(
            {{"file", arguments.output}, {"plans", content.plans.size()}, {"bytes", page.size()}});
    else
        print(fmt::format("written to {}\n", arguments.output));
    return ExitCode::kOk;
}

} // namespace

Command addReport(CLI::App& app)
{
    const auto arguments = std::make_shared<ReportArguments>();
    CLI::App* command = app.add_subcommand("report", "Write plans as one self-contained HTML page");
    command->add_option("PLAN", arguments->plans, "Plan files; the first is shown in full")
        ->required();
    command->add_option("-o,--output", arguments->output, "File to write")->required();
    command->footer("Example: alpa report gpt.plan.json dp.plan.json -o report.html");
    return [arguments](const Console& console) { return runReport(console, *arguments); };
}

} // namespace alpa::cli
