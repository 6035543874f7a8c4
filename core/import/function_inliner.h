// From the syntax of a StableHLO module to a graph: values are bound to names, calls inlined,
// operations converted.
#pragma once

#include "core/base/job.h"
#include "core/graph/graph.h"
#include "core/import/file_shardings.h"
#include "core/import/mlir_syntax.h"
#include "core/import/source_text.h"

#include <optional>
#include <string_view>

namespace alpa
{

struct InlinedModule {
    Graph graph;
    int opaqueCount = 0;
    std::vector<ShardingText> shardings; ///< Not yet in the graph.
};

/// The main function of the module as a graph. Problems go to `sink`; the graph is meaningful only
/// if there are none. Fails (nothing) if there is no main function.
std::optional<InlinedModule> inlineModule(const MlirModule& module, const SourceText& source,
                                          DiagnosticSink& sink, const JobControl& control);

} // namespace alpa
