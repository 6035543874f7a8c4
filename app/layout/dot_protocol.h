// What the window and the layout helper say to each other: a length and a dot text one way, a
// length and numbers the other. Host byte order: both ends are this machine.
#pragma once

#include "app/layout/layout_graph.h"

#include <optional>
#include <string>
#include <string_view>

namespace alpa::app
{

/// The dot text of `graph`; nodes are n0, n1, ..., edges carry id="0", "1", ... Boxes have fixed
/// sizes and no labels, so that the helper needs no fonts. `isLimited` caps dot's iterations: much
/// faster, a little less tidy.
std::string writeDot(const LayoutGraph& graph, bool isLimited);

/// Request: u32 length of the text, the text. Answer: u32 length of what follows; f32 width, f32
/// height; u32 nodes, f32 x, y each; u32 edges, u32 points, f32 x, y each. An answer of length 0:
/// the text could not be laid out.
std::string encodeLayout(const GraphLayout& layout);
/// Nothing if `bytes` is cut off or does not hold `nodes` nodes and `edges` edges.
std::optional<GraphLayout> decodeLayout(std::string_view bytes, size_t nodes, size_t edges);

} // namespace alpa::app
