#include "core/import/import_model.h"

#include "core/base/files.h"
#include "core/import/onnx_model.h"
#include "core/import/source_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

constexpr std::string_view kSupported = "supported are StableHLO text (module @name { ... }), HLO "
                                        "text (HloModule) and ONNX, plain or gzip";

/// "gpt-tiny" for "models/gpt-tiny.loss.stablehlo.mlir.gz".
std::string modelName(const std::string& path)
{
    std::string name = path.substr(path.find_last_of('/') + 1);
    constexpr std::array<std::string_view, 8> kEndings = {".gz",  ".txt",  ".mlir", ".stablehlo",
                                                          ".hlo", ".loss", ".step", ".onnx"};
    for (bool isShorter = true; isShorter;) {
        isShorter = false;
        for (const std::string_view ending : kEndings) {
            const bool ends = name.size() > ending.size() &&
                              std::string_view(name).substr(name.size() - ending.size()) == ending;
            if (ends)
                name.resize(name.size() - ending.size());
            isShorter = isShorter || ends;
        }
    }
    return name;
}

/// Text has no control characters but tabs and line ends.
bool isText(std::string_view content)
{
    return std::none_of(content.begin(), content.end(), [](char c) {
        return (c >= '\0' && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f';
    });
}

/// Skips spaces and // comments.
std::string_view withoutLeadingSpace(std::string_view content)
{
    for (;;) {
        const size_t begin = content.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos)
            return {};
        content.remove_prefix(begin);
        if (content.substr(0, 2) != "//")
            return content;
        const size_t end = content.find('\n');
        if (end == std::string_view::npos)
            return {};
        content.remove_prefix(end);
    }
}

bool isHlo(std::string_view content)
{
    return withoutLeadingSpace(content).substr(0, 9) == "HloModule";
}

/// Why the content cannot be imported; empty if it is StableHLO text.
std::string whyUnsupported(std::string_view content)
{
    if (content.substr(0, 4) == "ML\xEFR")
        return fmt::format("is MLIR bytecode, which is not supported; {}", kSupported);
    if (!isText(content))
        return fmt::format("is a binary file of a format that is not supported; {}", kSupported);
    const std::string_view text = withoutLeadingSpace(content);
    if (text.empty())
        return fmt::format("holds nothing but spaces; {}", kSupported);
    if (isHlo(content))
        return {};
    constexpr std::array<std::string_view, 7> kBeginnings = {
        "module", "#", "func", "builtin.module", "\"builtin.module\"", "!", "sdy."};
    for (const std::string_view beginning : kBeginnings) {
        if (text.substr(0, beginning.size()) == beginning)
            return {};
    }
    return fmt::format("is not a model file of a supported format: it begins with '{}'; {}",
                       text.substr(0, std::min<size_t>(text.find_first_of("\r\n"), 24)),
                       kSupported);
}

std::string_view severityName(Severity severity)
{
    switch (severity) {
    case Severity::kNote:
        return "note";
    case Severity::kWarning:
        return "warning";
    case Severity::kError:
        return "error";
    }
    return "error";
}

/// A rule that does not fit its operation is an error of the import.
void giveRules(ImportResult& result, const std::vector<UserRule>& rules)
{
    std::vector<Diagnostic> problems = applyUserRules(*result.graph, rules);
    const bool isSound = std::ranges::none_of(
        problems, [](const Diagnostic& problem) { return problem.severity == Severity::kError; });
    result.diagnostics.insert(result.diagnostics.end(), problems.begin(), problems.end());
    if (!isSound)
        result.graph.reset();
}

} // namespace

Result<ImportResult> importModel(const std::string& path, const ImportOptions& options)
{
    const Result<std::string> file = readFile(path, options.sizeLimit);
    if (!file)
        return file.error();
    const std::string& content = *file;
    const bool isOnnx = looksLikeOnnx(content);
    if (const std::string why = isOnnx ? "" : whyUnsupported(content); !why.empty())
        return Error(ErrorCode::kUnsupported, fmt::format("{}: {}", path, why));
    ImportResult result = isOnnx           ? importOnnx(content, modelName(path), options)
                          : isHlo(content) ? importHlo(content, modelName(path), options)
                                           : importStablehlo(content, modelName(path), options);
    if (options.control.isCancelled())
        return Error(ErrorCode::kCancelled, fmt::format("{}: the import was cancelled", path));
    if (!isOnnx)
        result.sourceText = content;
    if (result.graph)
        giveRules(result, options.rules);
    if (options.loss && result.graph) {
        Result<Graph> trainable = addLoss(std::move(*result.graph), *options.loss);
        if (!trainable.ok())
            return trainable.error().in(path);
        result.graph = std::move(*trainable);
    }
    return result;
}

std::string formatDiagnostics(std::string_view path, std::string_view text,
                              const std::vector<Diagnostic>& diagnostics)
{
    const SourceText source(text);
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics) {
        out += path;
        if (diagnostic.line > 0)
            out += fmt::format(":{}", diagnostic.line);
        if (diagnostic.line > 0 && diagnostic.column > 0)
            out += fmt::format(":{}", diagnostic.column);
        out += fmt::format(": {}: {}\n", severityName(diagnostic.severity), diagnostic.message);
        const std::string_view line = source.line(diagnostic.line);
        if (line.empty() || diagnostic.column < 1)
            continue;
        // Main functions have lines of many thousand characters: show what surrounds the place.
        constexpr size_t kBefore = 60;
        constexpr size_t kShown = 120;
        const size_t column = std::min(static_cast<size_t>(diagnostic.column) - 1, line.size());
        const size_t begin = column > kBefore && line.size() > kShown ? column - kBefore : 0;
        const std::string_view before = begin > 0 ? "... " : "";
        const std::string_view after = line.size() > begin + kShown ? " ..." : "";
        out += fmt::format("    {}{}{}\n", before, line.substr(begin, kShown), after);
        std::string indent(before.size(), ' ');
        for (const char c : line.substr(begin, column - begin))
            indent += c == '\t' ? '\t' : ' ';
        out += fmt::format("    {}^\n", indent);
    }
    return out;
}

std::string summarizeDiagnostics(const std::vector<Diagnostic>& diagnostics)
{
    const auto count = [&](Severity severity) {
        return std::count_if(
            diagnostics.begin(), diagnostics.end(),
            [&](const Diagnostic& diagnostic) { return diagnostic.severity == severity; });
    };
    const auto phrase = [](std::ptrdiff_t number, std::string_view word) {
        return number == 0 ? std::string()
                           : fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
    };
    const std::string errors = phrase(count(Severity::kError), "error");
    const std::string warnings = phrase(count(Severity::kWarning), "warning");
    return errors + (errors.empty() || warnings.empty() ? "" : ", ") + warnings;
}

} // namespace alpa
