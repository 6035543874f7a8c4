// alpa export PLAN --to FORMAT: a plan for other frameworks and programs.
#include "app/cli/commands.h"
#include "core/base/files.h"
#include "core/export/export_plan.h"
#include "core/plan/plan_file.h"

#include <fmt/format.h>

#include <memory>

namespace alpa::cli
{
namespace
{

struct ExportArguments {
    std::string plan;
    std::string format;
    std::string output;
};

ExitCode runExport(const Console& console, const ExportArguments& arguments)
{
    const auto plan = loadPlan(arguments.plan);
    if (!plan.ok())
        return console.fail(plan.error());
    const Result<std::string> text = exportPlan(**plan, arguments.format);
    if (!text.ok())
        return console.fail(text.error());
    if (!arguments.output.empty()) {
        if (const Status written = writeFileAtomically(arguments.output, *text); !written.ok())
            return console.fail(written.error());
    }
    if (console.json)
        printJson({{"format", arguments.format},
                   {"bytes", text->size()},
                   {arguments.output.empty() ? "text" : "file",
                    arguments.output.empty() ? *text : arguments.output}});
    else if (arguments.output.empty())
        print(*text);
    else
        print(fmt::format("written to {}\n", arguments.output));
    return ExitCode::kOk;
}

} // namespace

Command addExport(CLI::App& app)
{
    const auto arguments = std::make_shared<ExportArguments>();
    CLI::App* command =
        app.add_subcommand("export", "Write a plan for other frameworks and programs");
    command->add_option("PLAN", arguments->plan, "Plan file")->required();
    command->add_option("--to", arguments->format, "Format, see below")->required();
    command->add_option("-o,--output", arguments->output,
                        "File to write; otherwise the text is printed");
    std::string footer = "Formats:\n";
    for (const ExportFormat& format : exportFormats())
        footer += fmt::format("  {:<14}{}\n", format.name, format.description);
    command->footer(footer + "What a format cannot express is refused with the reason.\n"
                             "Example: alpa export plan.json --to jax -o train.py");
    return [arguments](const Console& console) { return runExport(console, *arguments); };
}

} // namespace alpa::cli
