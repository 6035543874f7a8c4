// The commands: each adds its own options to the program and returns what runs it.
#pragma once

#include "app/cli/console.h"

#include <CLI/CLI.hpp>

#include <functional>

namespace alpa::cli
{

using Command = std::function<ExitCode(const Console&)>;

Command addBench(CLI::App& app);
Command addImport(CLI::App& app);
Command addPlan(CLI::App& app);
Command addShow(CLI::App& app);
Command addCompare(CLI::App& app);
Command addWhy(CLI::App& app);
Command addDiff(CLI::App& app);
Command addSweep(CLI::App& app);
Command addProfile(CLI::App& app);
Command addDevices(CLI::App& app);
Command addReport(CLI::App& app);
Command addRun(CLI::App& app);
Command addGradients(CLI::App& app);
Command addExport(CLI::App& app);

} // namespace alpa::cli
