// The level of layers: one box a layer, or one for a run of identical ones; with the backward pass
// beside it on demand.
#pragma once

#include "app/views/graph_content.h"

namespace alpa::app
{

/// Layers [first, end) in one box.
struct LayerRun {
    int first = 0;
    int end = 0;
    bool isGroup() const { return end - first > 1; }
};

/// [first, end) cut into single layers and, if the options group twins, runs of three or more
/// identical ones.
std::vector<LayerRun> layerRuns(const GraphFacts& facts, const GraphViewOptions& options, int first,
                                int end);
/// "layer 3" or "layers 2 10"; "back 3" or "backs 2 10".
QString keyOf(const LayerRun& run, bool isBackward);

/// The level with one box a run. In kTraining `showsForward` and `showsBackward` say which column
/// is drawn.
CanvasLevel layersLevel(const GraphFacts& facts, const GraphViewOptions& options,
                        const GraphColors* colors, const std::vector<LayerRun>& runs,
                        bool showsForward, bool showsBackward);
/// Backward and update ops of a layer as two groups.
CanvasLevel backwardLevel(const GraphFacts& facts, int layer);

} // namespace alpa::app
