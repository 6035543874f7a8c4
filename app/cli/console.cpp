#include "app/cli/console.h"

#include "core/import/import_model.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace alpa::cli
{
namespace
{

bool hasTerminal() { return isatty(STDERR_FILENO) != 0; }

ExitCode exitCodeOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::kInvalidInput:
    case ErrorCode::kUnsupported:
    case ErrorCode::kNotFound:
    case ErrorCode::kIo:
        return ExitCode::kUserError;
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kDevice:
    case ErrorCode::kAborted:
        return ExitCode::kRunFailed;
    case ErrorCode::kCancelled:
        return ExitCode::kCancelled;
    }
    return ExitCode::kUserError;
}

std::string_view codeName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::kInvalidInput:
        return "invalid_input";
    case ErrorCode::kUnsupported:
        return "unsupported";
    case ErrorCode::kNotFound:
        return "not_found";
    case ErrorCode::kIo:
        return "io";
    case ErrorCode::kOutOfMemory:
        return "out_of_memory";
    case ErrorCode::kDevice:
        return "device";
    case ErrorCode::kAborted:
        return "aborted";
    case ErrorCode::kCancelled:
        return "cancelled";
    }
    return "invalid_input";
}

} // namespace

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void printJson(const Json& json)
{
    // Names are any text; invalid UTF-8 is replaced rather than thrown.
    print(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void printMessage(std::string_view text)
{
    const std::string line = fmt::format("alpa: {}\n", text);
    std::fwrite(line.data(), 1, line.size(), stderr);
}

JobControl Console::job() const
{
    JobControl control;
    control.stop = stop;
    if (!hasTerminal())
        return control;
    using Clock = std::chrono::steady_clock;
    const auto last = std::make_shared<Clock::time_point>();
    control.progress = [last](std::string_view phase, double fraction) {
        // More than twenty lines a second only flicker.
        if (Clock::now() - *last < std::chrono::milliseconds(50))
            return;
        *last = Clock::now();
        const std::string share = fraction < 0 ? "" : fmt::format(" {:3.0f} %", fraction * 100);
        const std::string line = fmt::format("\r\033[K{}{}", phase.substr(0, 70), share);
        std::fwrite(line.data(), 1, line.size(), stderr);
    };
    return control;
}

void Console::clearProgress() const
{
    if (hasTerminal())
        std::fputs("\r\033[K", stderr);
}

ExitCode Console::fail(const Error& error) const
{
    clearProgress();
    if (error.code == ErrorCode::kCancelled) {
        printMessage("cancelled");
        return ExitCode::kCancelled;
    }
    if (json)
        printJson({{"error", {{"code", codeName(error.code)}, {"message", error.message}}}});
    printMessage(error.message);
    return exitCodeOf(error.code);
}

Result<Graph> loadModel(const Console& console, const std::string& path, ImportOptions options)
{
    options.control = console.job();
    ASSIGN_OR_RETURN(ImportResult imported, importModel(path, options));
    console.clearProgress();
    std::string text = formatDiagnostics(path, imported.sourceText, imported.diagnostics);
    while (text.ends_with('\n'))
        text.pop_back();
    if (!imported.ok())
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("{}\n{}: {}", text, path, summarizeDiagnostics(imported.diagnostics)));
    if (!text.empty())
        printMessage(text);
    return std::move(*imported.graph);
}

} // namespace alpa::cli
