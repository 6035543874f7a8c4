// What an entry of the graph's legend stands for, as a question to boxes and arrows: everything
// else is dimmed.
#pragma once

#include "app/layout/canvas_level.h"

namespace alpa::app
{

struct CanvasFilter {
    enum class Kind {
        kAll,        ///< No filter.
        kAxis,       ///< Tensors that the mesh axis `number` splits.
        kReplicated, ///< Tensors that no axis splits.
        kPartial,    ///< Tensors that are still to be summed.
        kMoves,      ///< Collectives, and what is sent between stages.
        kChanged,    ///< Tensors with another sharding than before.
        kStage,      ///< Boxes of stage `number`.
    };
    Kind kind = Kind::kAll;
    int number = 0;

    bool isSet() const { return kind != Kind::kAll; }
    friend bool operator==(const CanvasFilter&, const CanvasFilter&) = default;
};

/// Which boxes and arrows of a level a filter leaves bright. A box does with one of its tensors, or
/// with what one of its arrows carries; O(boxes + arrows).
struct BrightParts {
    std::vector<bool> nodes, edges;
};
BrightParts brightParts(const CanvasLevel& level, const CanvasFilter& filter);

} // namespace alpa::app
