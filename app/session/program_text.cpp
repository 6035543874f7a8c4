#include "app/session/program_text.h"

namespace alpa::app
{

ProgramText programText(const Program& program, const Graph& graph, int stage, int device)
{
    ProgramText text;
    text.lines =
        std::make_shared<const TextLines>(formatStageProgram(program, graph, stage, device));
    const auto count = static_cast<size_t>(text.lines->count());
    text.opOfLine.resize(count);
    text.isCollective.resize(count);
    text.valueOfLine.resize(count);
    const StageProgram& code = program.stages[static_cast<size_t>(stage)];
    // The title, "buffers" and the buffers; then every segment with instructions: its name and a
    // line each.
    size_t line = 2;
    for (const Buffer& buffer : code.buffers)
        text.valueOfLine[line++] = buffer.value;
    for (const Segment& segment : code.segments) {
        line += segment.instructions.empty() ? size_t{0} : size_t{1};
        for (const Instruction& instruction : segment.instructions) {
            if (line < count) {
                text.opOfLine[line] = instruction.op;
                text.isCollective[line] = instruction.kind != InstructionKind::kCompute;
            }
            ++line;
        }
    }
    return text;
}

} // namespace alpa::app
