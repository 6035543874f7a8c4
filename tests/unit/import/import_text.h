// Small modules for the importer's tests: a body in a function, and what came out as text.
#pragma once

#include "core/graph/graph_text.h"
#include "core/import/import_model.h"

#include <string>
#include <string_view>

namespace alpa
{

/// The statements of the graph's ops and outputs, one a line, without its name and scope tables; or
/// its diagnostics.
inline std::string importedText(std::string_view module)
{
    const ImportResult result = importStablehlo(module, "test");
    if (!result.ok())
        return formatDiagnostics("t", module, result.diagnostics);
    std::string text = formatGraph(*result.graph);
    return text.substr(text.find("\n") + 1);
}

/// The ops only, each without scope and line: "%2:f32[4] = add %0 %1".
inline std::string importedOps(std::string_view module)
{
    const ImportResult result = importStablehlo(module, "test");
    if (!result.ok())
        return formatDiagnostics("t", module, result.diagnostics);
    std::string text;
    for (Op op : result.graph->ops) {
        const std::string line = formatOp(*result.graph, op);
        text += line.substr(0, line.find(" @")) + "\n";
    }
    return text;
}

/// "severity line:column message" of every diagnostic, one a line.
inline std::string importedProblems(std::string_view module)
{
    std::string text;
    for (const Diagnostic& diagnostic : importStablehlo(module, "test").diagnostics) {
        text += diagnostic.severity == Severity::kError ? "error " : "warning ";
        text += std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column) + " " +
                diagnostic.message + "\n";
    }
    return text;
}

} // namespace alpa
