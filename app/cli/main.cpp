// alpa: the command line of Alpa Explorer.
#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/parse_failure.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace
{

using namespace alpa::cli;

/// CLI11 has an exit code for each mistake; scripts get ours.
int exitAfterParsing(CLI::App& app, const CLI::ParseError& error)
{
    const bool isHelp = app.exit(error) == 0;
    return static_cast<int>(isHelp ? ExitCode::kOk : ExitCode::kUserError);
}

/// What was to be printed and could not be, as on a full disk, is not done.
int exitAfterPrinting(ExitCode code)
{
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return static_cast<int>(code);
    std::fprintf(stderr, "alpa: the standard output cannot be written\n");
    return static_cast<int>(code == ExitCode::kOk ? ExitCode::kUserError : code);
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app(
        "Plans how to train a model in parallel on a cluster, shows the plan, and runs it.\n"
        "Exit codes: 0 done, 1 wrong input, 2 no plan under the constraints, "
        "3 a run failed, 130 cancelled.",
        "alpa");
    app.require_subcommand(1);
    app.failure_message(
        [&app](const CLI::App*, const CLI::Error& error) { return parseFailure(app, error); });
    app.set_version_flag("--version", "alpa " ALPA_VERSION);
    bool json = false;
    std::vector<std::pair<CLI::App*, Command>> commands;
    for (const auto add :
         {addImport, addPlan, addShow, addWhy, addDiff, addSweep, addCompare, addExport, addReport,
          addDevices, addRun, addProfile, addGradients, addBench}) {
        const Command run = add(app);
        CLI::App* command = app.get_subcommands({}).back();
        command->add_flag("--json", json, "Machine-readable output");
        commands.emplace_back(command, run);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return exitAfterParsing(app, error);
    }
    const Interrupt interrupt;
    for (const auto& [command, run] : commands) {
        if (command->parsed())
            return exitAfterPrinting(run({.stop = interrupt.token(), .json = json}));
    }
    return static_cast<int>(ExitCode::kUserError);
}
