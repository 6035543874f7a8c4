#include "core/graph/verify.h"
#include "core/import/function_inliner.h"
#include "core/import/hlo_module.h"
#include "core/import/import_model.h"
#include "core/import/mlir_parser.h"
#include "core/import/own_rows.h"
#include "core/import/source_text.h"
#include "core/import/whole_program.h"

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
    const UnreadShardings unread =
        applyShardings(inlined->graph, inlined->shardings, module.meshes);
    if (unread.count > 0)
        result.diagnostics.push_back(
            {Severity::kWarning,
             fmt::format("{} shardings in the file are not kept: they are no tiling over one mesh",
                         unread.count),
             unread.firstLine, 1});
    options.control.report("verifying", 0.9);
    // What the importer lets through must be sound; a problem here is placed by the line of its op.
    std::vector<Diagnostic> problems = verifyGraph(inlined->graph);
    if (problems.empty() && batchOwnRows(inlined->graph))
        problems = verifyGraph(inlined->graph);
    const bool isVerified = problems.empty();
    result.diagnostics.insert(result.diagnostics.end(), problems.begin(), problems.end());
    if (isVerified) {
        result.opaqueCount = inlined->opaqueCount;
        result.graph = std::move(inlined->graph);
    }
    return result;
}

/// The program of one of several devices becomes the whole one, if it can be followed.
void openPartitioned(ImportResult& result, int64_t devices)
{
    if (!result.graph || devices < 2)
        return;
    Result<WholeProgram> whole = recoverWholeProgram(*result.graph);
    if (whole.ok() && !verifyGraph(whole->graph).empty())
        whole = Error(ErrorCode::kUnsupported, "the whole program is not sound");
    if (!whole.ok()) {
        result.diagnostics.push_back(
            {Severity::kWarning,
             fmt::format(
                 "the program is one of {} partitions and is opened as it stands; its plan is not "
                 "recovered: {}",
                 devices, whole.error().message),
             0, 0});
        return;
    }
    std::erase_if(result.diagnostics, [&](const Diagnostic& diagnostic) {
        return std::ranges::find(whole->collectiveLines, diagnostic.line) !=
               whole->collectiveLines.end();
    });
    result.diagnostics.push_back(
        {Severity::kNote,
         fmt::format(
             "one of {} partitions: opened as the whole program with its shardings, {} collectives "
             "and "
             "places of devices followed; stages, schedules and overlap are not in the file",
             devices, whole->collectiveLines.size()),
         0, 0});
    result.graph = std::move(whole->graph);
    result.opaqueCount =
        static_cast<int>(std::ranges::count(result.graph->ops, OpKind::kOpaque, &Op::kind));
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
    HloModule module = hloModule(computations, sink);
    for (MlirFunction& function : module.module.functions) {
        if (function.name == "main")
            markAliasedArguments(function, text);
    }
    ImportResult result = importModule(module.module, source, sink, name, options);
    openPartitioned(result, partitionCount(text));
    return result;
}

} // namespace alpa
