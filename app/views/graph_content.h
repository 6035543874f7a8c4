// Turns a graph (with its plan, if any) into the levels that the canvas draws: layers, and inside
// them operations of one phase. Weights and constants become rows of their reader, shape operations
// fold into the arrows, and what comes from other layers becomes a stub, so that each level stays
// small enough for Graphviz.
#pragma once

#include "app/layout/canvas_level.h"
#include "app/session/graph_facts.h"
#include "app/views/graph_colors.h"

#include <memory>
#include <set>

namespace alpa::app
{

/// What the levels show. In kTraining the backward pass of each layer stands beside its forward
/// pass; kAll is every operation of every phase on one level, laid out by ourselves.
enum class GraphScope { kPhase, kTraining, kAll };

struct GraphViewOptions {
    Phase phase = Phase::kForward; ///< Of unfolded layers; kForward in the other scopes.
    GraphScope scope = GraphScope::kPhase;
    bool showsShapeOps = false;
    bool groupsTwins = true; ///< Runs of identical layers are one box with their count.
    friend bool operator==(const GraphViewOptions&, const GraphViewOptions&) = default;
};

/// Keys: "" the outermost level, "layers 2 10" a run of identical layers, "layer 3" and "op 120";
/// "ops 3 100 180 0" a run of a large layer in phase 0. In kTraining also "backs 2 10", "back 3"
/// and "phase 3 1", the ops of layer 3 in phase 1. `colors` may be null. `before`: another plan of
/// the same model, or null; tensors whose spec differs are marked.
CanvasContent graphContent(std::shared_ptr<const GraphFacts> facts, const GraphViewOptions& options,
                           std::shared_ptr<const GraphColors> colors = nullptr,
                           std::shared_ptr<const GraphFacts> before = nullptr);
/// Every operation as one dense level, laid out for a view of that width over height. O(ops +
/// operands): 65,000 ops take some 0.3 s, so not for the GUI thread.
CanvasLevel allOpsLevel(const GraphFacts& facts, const GraphColors* colors, double aspect);
/// `content` with only what is within `steps` arrows of the box `key` on the level of `parent`, as
/// the outermost level.
CanvasContent neighbourhood(CanvasContent content, const QString& parent, const QString& key,
                            int steps);

/// `content` without the boxes `hidden`, by key, and their arrows.
CanvasContent without(CanvasContent content, std::set<QString> hidden);

/// Do the two plans' graphs number the same values? Then their specs can be compared by id.
bool areComparable(const GraphFacts& facts, const GraphFacts& before);
/// How many values of each layer have another spec.
std::vector<int> changedPerLayer(const GraphFacts& facts, const GraphFacts& before);

/// Keys of the groups that must be unfolded to see `layer`, outermost first; the last is the
/// layer's own box.
std::vector<QString> pathToLayer(const GraphFacts& facts, const GraphViewOptions& options,
                                 int layer);
/// The same for `op`; the last is the op's own box, which for a folded op is that of its layer.
std::vector<QString> pathToOp(const GraphFacts& facts, const GraphViewOptions& options, OpId op);

} // namespace alpa::app
