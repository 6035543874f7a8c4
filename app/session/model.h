// An imported model as the window holds it: immutable, shared between views.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "app/session/scope_tree.h"
#include "app/session/text_lines.h"
#include "core/base/diagnostic.h"
#include "core/graph/graph.h"

#include <QString>

namespace alpa::app
{

struct Model {
    QString path;
    QString name; ///< "gpt-1.3b"
    QString sha256; ///< Of the file's bytes, in hex; empty if unknown.
    std::shared_ptr<const Graph> graph; ///< Never null; empty when the file could not be read at all.
    std::vector<Diagnostic> diagnostics;
    std::vector<QString> excerpts; ///< Per diagnostic: its line of the file.
    std::shared_ptr<const TextLines> source; ///< The file's text, an ONNX file's nodes one a line; null if unknown.
    ScopeTree scopes;
    LayerGroups layers;
    int64_t parameters = 0; ///< Elements of all parameters.
    int64_t batch = 1;      ///< Dimension 0 of the batch inputs.
    bool hasErrors() const;
};

/// Looks up what views need; O(ops). `source` is the text that the diagnostics' lines count in.
std::shared_ptr<const Model> makeModel(const QString& path, Graph graph, std::vector<Diagnostic> diagnostics,
                                       std::string_view source, const QString& sha256 = {});

/// "gpt-1.3b" of ".../gpt-1.3b.loss.stablehlo.mlir.gz".
QString modelNameOf(const QString& path);

} // namespace alpa::app
