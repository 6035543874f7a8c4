// Names and sizes that the program's text, its verifier and error messages share.
#pragma once

#include "core/program/program.h"

#include <string>

namespace alpa
{

/// The segment in which ops of a phase stand, if nothing moves them.
SegmentKind segmentOf(Phase phase);
/// "begin", "forward", "backward", "weight gradient", "update".
std::string_view segmentKindName(SegmentKind kind);
/// "F3", "B0", "W2"; "begin" and "update" have no microbatch.
std::string queueEntryLabel(const QueueEntry& entry);
/// The buffer's name, or "b12" without one (or out of range).
std::string bufferLabel(const StageProgram& stage, BufferId id);
/// "x.y" for a set of mesh axes.
std::string axesText(const DeviceMesh& mesh, AxisSet axes);
/// "all-reduce %12", "dot h", "receive t3": short, for messages and positions.
std::string instructionLabel(const StageProgram& stage, const Instruction& instruction);

/// The full buffer of a collective as cost models count it: the gathered result of an all-gather,
/// the whole input of every other one.
Bytes instructionBytes(const StageProgram& stage, const Instruction& instruction);
/// What `device` sends (kSend) or receives of one run of a transfer.
Bytes transferBytes(const Program& program, TransferId id, InstructionKind kind, int device);

} // namespace alpa
