// An imported model as the window holds it: immutable, shared between views.
#pragma once

#include "app/session/scope_tree.h"
#include "app/session/text_lines.h"
#include "core/base/diagnostic.h"
#include "core/graph/graph.h"
#include "core/import/add_loss.h"

#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa::app
{

/// What a person said about a file that leaves something open.
struct ImportChoices {
    std::map<std::string, int64_t> dims; ///< Sizes of open dimensions by name.
    std::optional<LossKind> loss;        ///< Added to a model that has none.
    QString rules; ///< File of rules for operations that nobody knows; empty: none.
    friend bool operator==(const ImportChoices&, const ImportChoices&) = default;
};

struct Model {
    QString path;
    ImportChoices choices;         ///< That it was imported with.
    std::vector<QString> openDims; ///< Dimensions that still need a size: then there is no graph.
    bool needsLoss = false;        ///< It cannot be trained as it is, for want of a loss.
    QString name;                  ///< "gpt-1.3b"
    QString sha256;                ///< Of the file's bytes, in hex; empty if unknown.
    std::shared_ptr<const Graph>
        graph; ///< Never null; empty when the file could not be read at all.
    std::vector<Diagnostic> diagnostics;
    std::vector<QString> excerpts; ///< Per diagnostic: its line of the file.
    std::shared_ptr<const TextLines>
        source; ///< The file's text, an ONNX file's nodes one a line; null if unknown.
    ScopeTree scopes;
    LayerGroups layers;
    int64_t parameters = 0; ///< Elements of all parameters.
    int64_t batch = 1;      ///< Dimension 0 of the batch inputs.
    bool hasErrors() const;
};

/// Looks up what views need; O(ops). `source` is the text that the diagnostics' lines count in.
std::shared_ptr<Model> makeModel(const QString& path, Graph graph,
                                 std::vector<Diagnostic> diagnostics, std::string_view source,
                                 const QString& sha256 = {});

/// "gpt-1.3b" of ".../gpt-1.3b.loss.stablehlo.mlir.gz".
QString modelNameOf(const QString& path);

} // namespace alpa::app
