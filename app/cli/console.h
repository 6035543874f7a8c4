// How the program speaks: results on standard output, messages and progress on standard error, and
// what its exit codes mean.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/import/import_model.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace alpa::cli
{

using Json = nlohmann::ordered_json;

/// What scripts may rely on.
enum class ExitCode {
    kOk = 0,
    kUserError = 1,  ///< The command line or a file is wrong.
    kNoPlan = 2,     ///< The constraints allow no plan.
    kRunFailed = 3,  ///< A device failed, or memory ran out.
    kCancelled = 130 ///< As shells say for Ctrl+C.
};

/// What every command is given.
struct Console {
    std::stop_token stop;
    bool json = false; ///< Machine-readable output.

    /// Work that stops with Ctrl+C and shows its progress if standard error is a terminal.
    JobControl job() const;
    /// Ends the progress line.
    void clearProgress() const;

    /// Prints "alpa: message" (and {"error": ...} with --json) and says how to exit. Nothing is
    /// printed for a cancelled job.
    ExitCode fail(const Error& error) const;
};

void print(std::string_view text);
/// One JSON value on a line of its own, flushed: whoever reads the pipe sees it at once.
void printJson(const Json& json);
void printMessage(std::string_view text); ///< "alpa: text" on standard error.

/// The loss graph of the model file. Prints warnings; errors with line and caret are part of the
/// returned error's message, as "MODEL:12:5: error: ...".
Result<Graph> loadModel(const Console& console, const std::string& path,
                        ImportOptions options = {});

} // namespace alpa::cli
