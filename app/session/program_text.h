// The program of one device as numbered lines, each with the instruction that it prints, so that
// the window can go from a line to the operation and back.
#pragma once

#include "app/session/text_lines.h"
#include "core/program/program.h"

#include <memory>
#include <vector>

namespace alpa::app
{

struct ProgramText {
    std::shared_ptr<const TextLines> lines;
    /// Per line the training-graph op of its instruction; invalid for headings, buffers and the
    /// queue.
    std::vector<OpId> opOfLine;
    std::vector<bool> isCollective; ///< Per line.
    /// Per line the tensor that its buffer holds; invalid for other lines.
    std::vector<ValueId> valueOfLine;
};

/// What `alpa show PLAN hlo` prints for the device. O(instructions).
ProgramText programText(const Program& program, const Graph& graph, int stage, int device);

} // namespace alpa::app
