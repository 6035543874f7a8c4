#include "core/graph/verify.h"
#include "core/import/function_inliner.h"
#include "core/import/hlo_module.h"
#include "core/import/import_model.h"
#include "core/import/mlir_parser.h"
#include "core/import/source_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// From syntax to a verified graph.
ImportResult importModule(const MlirModule& module, const SourceText& source, DiagnosticSink& sink,
                          std::string_view name, const ImportOptions& options)
{
    ImportResult result;
    options.control.report("expanding calls", 0.5);
    std::optional<InlinedModule> inlined = inlineModule(module, source, sink, options.control);
    const bool isSound = inlined && sink.errorCount() == 0 && !options.control.isCancelled();
    result.diagnostics = sink.take();
    if (!isSound)
        return result;
    inlined->graph.name = std::string(name);
    const UnreadShardings unread = applyShardings(inlined->graph, inlined->shardings, module.meshes);
    if (unread.count > 0)
        result.diagnostics.push_back(
            {Severity::kWarning,
             fmt::format("{} shardings in the file are not kept: they are no tiling over one mesh",
                         unread.count),
             unread.firstLine, 1});
    options.control.report("verifying", 0.9);
    // What the importer lets through must be sound; a problem here is placed by the line of its op.
    std::vector<Diagnostic> problems = verifyGraph(inlined->graph);
    const bool isVerified = problems.empty();
    result.diagnostics.insert(result.diagnostics.end(), problems.begin(), problems.end());
    if (isVerified) {
        result.opaqueCount = inlined->opaqueCount;
        result.graph = std::move(inlined->graph);
    }
    return result;
}

} // namespace

ImportResult importStablehlo(std::string_view text, std::string_view name,
                             const ImportOptions& options)
{
    const SourceText source(text);
    DiagnosticSink sink(source);
    options.control.report("reading", 0.0);
    const MlirModule module = parseMlir(source, sink, options.control);
    return importModule(module, source, sink, name, options);
}

ImportResult importHlo(std::string_view text, std::string_view name, const ImportOptions& options)
{
    const SourceText source(text);
    DiagnosticSink sink(source);
    options.control.report("reading", 0.0);
    const std::vector<HloComputation> computations = parseHlo(source, sink, options.control);
    const HloModule module = hloModule(computations, sink);
    return importModule(module.module, source, sink, name, options);
}

} // namespace alpa
