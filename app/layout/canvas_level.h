// One level of the graph canvas as data: boxes with their tensors, and arrows. What the graph view
// makes and the canvas draws.
#pragma once

#include "app/layout/layout_graph.h"
#include "app/session/selection_model.h"
#include "core/mesh/sharding_spec.h"

#include <QSizeF>
#include <QString>

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

/// One tensor in a box: name, type, and its spec when there is a plan.
struct CanvasTensor {
    QString name;
    QString type; ///< "2048×6144 f32"
    std::optional<ShardingSpec> spec;
    bool isChanged = false; ///< Its spec is another than in the plan before.
    QString badge; ///< Collective that the box needs before it can read the tensor: "AG x".
    QString tip;
    Selection selection;
};

struct CanvasNode {
    enum class Style {
        kLayer,
        kOp,
        kStub, ///< Where a value comes from or goes to outside the level.
    };
    QString key; ///< The same for the same thing in every rebuild: "layer 3", "op 120".
    Style style = Style::kOp;
    Selection selection;
    QString title;
    QString subtitle;
    QString corner; ///< At the right of the title: "stage 1".
    std::vector<CanvasTensor> tensors;
    QString tip;
    bool isGroup = false; ///< Unfolds.
    int stage = -1;       ///< Tints the box.
    double heat = -1;     ///< In [0, 1]; negative: no heat bar.
    /// What the colour mode says of the box. Numbers: in [0, 1], or [-1, 1] about zero if
    /// `isDiverging`.
    std::optional<double> shade;
    bool isDiverging = false;
    std::optional<int> shadeAxis; ///< Mesh axis; negative: replicated.
};

struct CanvasEdge {
    int from = 0;
    int to = 0;
    double bytes = 0;
    QString badge; ///< "AR y", "send"; empty when nothing has to move.
    QString tip;
    bool isBackward = false; ///< Drawn with the arrow at `from`.
    bool isBeside = false;   ///< Between boxes side by side: no reason to lay one above the other.
    std::optional<ShardingSpec> spec; ///< Of the largest tensor on it.
    Selection selection;              ///< What a click on the badge selects.
};

/// Of an arrow at 1:1, in pixels, by the logarithm of what flows: one for a byte, 2.5 for a
/// gibibyte.
inline double edgeWidth(double bytes) { return 1 + std::log10(1 + bytes / 1024) / 4; }

struct CanvasLevel {
    std::vector<CanvasNode> nodes;
    std::vector<CanvasEdge> edges;
    /// Of a dense level only: too many boxes for sizes of their own, so all are as large as
    /// `kDenseBox`, with straight arrows, and whoever makes the level beside the GUI thread lays it
    /// out as well.
    std::shared_ptr<const GraphLayout> denseLayout;
    bool isDense() const { return denseLayout != nullptr; }
};
constexpr QSizeF kDenseBox{150, 30};

/// The level inside the group `key`; "" is the outermost.
using CanvasContent = std::function<CanvasLevel(const QString& key)>;

/// An arrow over all levels, between the deepest boxes of two paths that are unfolded.
struct CanvasLink {
    std::vector<QString> from, to; ///< Keys, outermost first.
};

} // namespace alpa::app
