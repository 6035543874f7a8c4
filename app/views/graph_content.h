// Turns a graph (with its plan, if any) into the levels that the canvas draws: layers, and inside them operations of one
// phase. Weights and constants become rows of their reader, shape operations fold into the arrows, and what comes from
// other layers becomes a stub, so that each level stays small enough for Graphviz.
#pragma once

#include <memory>

#include "app/layout/canvas_level.h"
#include "app/session/graph_facts.h"

namespace alpa::app
{

/// What the heat bar under each layer shows.
enum class HeatKind { kNone, kCompute, kCommunication, kParameters };

struct GraphViewOptions {
    Phase phase = Phase::kForward;
    bool showsShapeOps = false;
    HeatKind heat = HeatKind::kNone;
    friend bool operator==(const GraphViewOptions&, const GraphViewOptions&) = default;
};

/// Keys: "" the layers, "layer 3", "op 120", and "ops 3 100 180" for a run of a large layer.
/// `before`: another plan of the same model, or null; tensors whose spec differs from it are marked.
CanvasContent graphContent(std::shared_ptr<const GraphFacts> facts, const GraphViewOptions& options,
                           std::shared_ptr<const GraphFacts> before = nullptr);

/// Do the two plans' graphs number the same values? Then their specs can be compared by id.
bool areComparable(const GraphFacts& facts, const GraphFacts& before);
/// How many values of each layer have another spec.
std::vector<int> changedPerLayer(const GraphFacts& facts, const GraphFacts& before);

/// Keys of the groups that must be unfolded to see `op`, outermost first; the last is the op's own box, which for a
/// folded op is that of its layer.
std::vector<QString> pathToOp(const GraphFacts& facts, const GraphViewOptions& options, OpId op);

} // namespace alpa::app
