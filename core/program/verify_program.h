// Static checks of a Program, before anything runs: every backend relies on them.
#pragma once

#include "core/base/diagnostic.h"
#include "core/program/program.h"

#include <vector>

namespace alpa
{

/// Empty when the program is sound:
/// - simulating all queues with blocking collectives and buffered sends ends (no deadlock for any
/// timing);
/// - members of each collective issue it at the same place with the same kind, shape, dtype and
/// reduction;
/// - every send has its receive on the same (transfer, microbatch), tiles lie inside both buffers
/// and cover the
///   receiver's part;
/// - no buffer is read before it is written in its lifetime; buffers that live at the same time do
/// not overlap in
///   the arena; a slot is not reused while its microbatch is in flight;
/// - local shapes of each compute instruction agree with its op.
/// Instruction and stage are named in each message.
std::vector<Diagnostic> verifyProgram(const Program& program);

} // namespace alpa
