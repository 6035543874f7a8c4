// What to say of a command line that cannot be parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace alpa::cli
{

/// One line: what is wrong, the command or option with the nearest name where one was not found, and
/// where to read on.
std::string parseFailure(const CLI::App& app, const CLI::Error& error);

} // namespace alpa::cli
