// The parts of verifyProgram, and what they share. Each part assumes that those before it found
// nothing.
#pragma once

#include "core/program/labels.h"
#include "core/program/verify_program.h"

#include <string>
#include <utility>
#include <vector>

namespace alpa
{

/// Collects messages; after kMost of them only counts, since one mistake can repeat in every
/// instruction.
class Findings
{
public:
    static constexpr size_t kMost = 50;

    void add(std::string message);
    bool empty() const { return diagnostics_.empty(); }
    /// The messages, with a note about those left out.
    std::vector<Diagnostic> take();

private:
    std::vector<Diagnostic> diagnostics_;
    size_t leftOut_ = 0;
};

/// "stage 1, forward instruction 12 (dot %5)".
std::string placeOf(const Program& program, size_t stage, size_t segment, size_t instruction);
/// "stage 1, buffer %5".
std::string bufferPlace(const Program& program, size_t stage, size_t buffer);

/// Ids in range, meshes consistent, operand counts: what every later check indexes by.
void checkStructure(const Program& program, Findings& findings);
/// Local types follow from specs; slots lie in the arena.
void checkBuffers(const Program& program, Findings& findings);
/// Shapes, dtypes and specs of every instruction.
void checkInstructions(const Program& program, Findings& findings);
/// Tiles lie inside both buffers, agree on the place in the whole tensor, and cover the receiver's
/// part once.
void checkTransfers(const Program& program, Findings& findings);
/// Each microbatch once per segment in a sensible order; simulating all queues ends.
void checkQueues(const Program& program, Findings& findings);
/// Reads after writes, and no overlap of buffers that live at the same time.
void checkLifetimes(const Program& program, Findings& findings);

/// May the output of this instruction lie exactly on input `input`? Kernels of these kinds read
/// each element before they write it, or take the operand as the start of the result.
bool mayShareMemory(const Instruction& instruction, size_t input);

} // namespace alpa
