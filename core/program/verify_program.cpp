#include "core/program/verify_program.h"

#include "core/program/verify_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

size_t asIndex(int number) { return static_cast<size_t>(number); }

void checkMesh(const Program& program, size_t stage, Findings& findings)
{
    const DeviceMesh& mesh = program.stages[stage].mesh;
    int64_t product = 1;
    for (const MeshAxis& axis : mesh.axes)
        product *= std::max(axis.size, 0);
    if (mesh.axes.size() > kMaxMeshAxes || mesh.devices.empty() ||
        product != static_cast<int64_t>(mesh.devices.size()))
        findings.add(fmt::format("stage {}: mesh axes multiply to {}, but there are {} devices",
                                 stage, product, mesh.devices.size()));
}

bool areInRange(const StageProgram& stage, const std::vector<BufferId>& ids)
{
    for (const BufferId id : ids) {
        if (id.index() >= stage.buffers.size())
            return false;
    }
    return true;
}

/// The stage that must own an instruction of a transfer, and the buffer it must touch.
std::pair<int, BufferId> endOfTransfer(const Transfer& transfer, InstructionKind kind)
{
    if (kind == InstructionKind::kSend)
        return {transfer.fromStage, transfer.fromBuffer};
    return {transfer.toStage, transfer.toBuffer};
}

void checkInstructionIds(const Program& program, size_t stage, size_t segment, size_t index,
                         Findings& findings)
{
    const StageProgram& code = program.stages[stage];
    const Instruction& instruction = code.segments[segment].instructions[index];
    const auto add = [&](const std::string& message) {
        findings.add(fmt::format("stage {}, {} instruction {}: {}", stage,
                                 segmentKindName(static_cast<SegmentKind>(segment)), index,
                                 message));
    };
    if (!areInRange(code, instruction.inputs) || !areInRange(code, instruction.outputs))
        return add("a buffer id is out of range");
    for (const DeviceOffset& offset : instruction.offsets) {
        if (offset.axes >> code.mesh.axes.size() != 0)
            return add("a device offset uses an axis that the mesh lacks");
    }
    switch (instruction.kind) {
    case InstructionKind::kCompute:
        if (instruction.outputs.empty())
            add("a computation without a result");
        return;
    case InstructionKind::kCollective:
        if (instruction.inputs.size() != 1 || instruction.outputs.size() != 1)
            add("a collective has one input and one output");
        else if (instruction.axes == 0 || instruction.axes >> code.mesh.axes.size() != 0)
            add("a collective over no axis, or over an axis that the mesh lacks");
        return;
    case InstructionKind::kSend:
    case InstructionKind::kReceive:
        if (instruction.transfer.index() >= program.transfers.size())
            return add("a transfer id is out of range");
        break;
    }
    const Transfer& transfer = program.transfers[instruction.transfer.index()];
    const auto [owner, buffer] = endOfTransfer(transfer, instruction.kind);
    const std::vector<BufferId>& touched =
        instruction.kind == InstructionKind::kSend ? instruction.inputs : instruction.outputs;
    if (asIndex(owner) != stage)
        add(fmt::format("transfer t{} belongs to stage {}", instruction.transfer.number, owner));
    else if (touched != std::vector<BufferId>{buffer})
        add(fmt::format("transfer t{} names another buffer", instruction.transfer.number));
}

void checkTransferIds(const Program& program, Findings& findings)
{
    const auto isStage = [&](int stage) {
        return stage >= 0 && asIndex(stage) < program.stages.size();
    };
    for (size_t index = 0; index < program.transfers.size(); ++index) {
        const Transfer& transfer = program.transfers[index];
        if (!isStage(transfer.fromStage) || !isStage(transfer.toStage) ||
            transfer.fromStage == transfer.toStage) {
            findings.add(
                fmt::format("transfer t{}: from stage {} to stage {}, expected two stages of {}",
                            index, transfer.fromStage, transfer.toStage, program.stages.size()));
            continue;
        }
        const StageProgram& from = program.stages[asIndex(transfer.fromStage)];
        const StageProgram& to = program.stages[asIndex(transfer.toStage)];
        if (!areInRange(from, {transfer.fromBuffer}) || !areInRange(to, {transfer.toBuffer}))
            findings.add(fmt::format("transfer t{}: a buffer id is out of range", index));
        for (const TransferTile& tile : transfer.tiles) {
            if (tile.from < 0 || tile.from >= from.mesh.deviceCount() || tile.to < 0 ||
                tile.to >= to.mesh.deviceCount())
                findings.add(
                    fmt::format("transfer t{}: a tile from device {} to device {}, which do "
                                "not both exist",
                                index, tile.from, tile.to));
        }
    }
}

} // namespace

void Findings::add(std::string message)
{
    if (diagnostics_.size() < kMost)
        diagnostics_.push_back({Severity::kError, std::move(message)});
    else
        ++leftOut_;
}

std::vector<Diagnostic> Findings::take()
{
    if (leftOut_ > 0)
        diagnostics_.push_back({Severity::kNote, fmt::format("and {} more", leftOut_)});
    leftOut_ = 0;
    return std::exchange(diagnostics_, {});
}

std::string placeOf(const Program& program, size_t stage, size_t segment, size_t instruction)
{
    const StageProgram& code = program.stages[stage];
    return fmt::format("stage {}, {} instruction {} ({})", stage,
                       segmentKindName(static_cast<SegmentKind>(segment)), instruction,
                       instructionLabel(code, code.segments[segment].instructions[instruction]));
}

std::string bufferPlace(const Program& program, size_t stage, size_t buffer)
{
    return fmt::format("stage {}, buffer {}", stage,
                       bufferLabel(program.stages[stage], BufferId(buffer)));
}

void checkStructure(const Program& program, Findings& findings)
{
    if (program.stages.empty() || program.queues.size() != program.stages.size())
        return findings.add(
            fmt::format("program: {} stages with {} queues, expected one queue a stage",
                        program.stages.size(), program.queues.size()));
    if (program.microbatches < 1)
        findings.add(
            fmt::format("program: {} microbatches, expected at least 1", program.microbatches));
    for (size_t stage = 0; stage < program.stages.size(); ++stage)
        checkMesh(program, stage, findings);
    checkTransferIds(program, findings);
    if (!findings.empty())
        return;
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        for (size_t segment = 0; segment < kSegmentKinds; ++segment) {
            const size_t count = program.stages[stage].segments[segment].instructions.size();
            for (size_t index = 0; index < count; ++index)
                checkInstructionIds(program, stage, segment, index, findings);
        }
        const BufferId loss = program.stages[stage].loss;
        if (loss.isValid() && loss.index() >= program.stages[stage].buffers.size())
            findings.add(fmt::format("stage {}: the loss buffer's id is out of range", stage));
    }
}

std::vector<Diagnostic> verifyProgram(const Program& program)
{
    Findings findings;
    checkStructure(program, findings);
    if (!findings.empty())
        return findings.take(); // Nothing can be subscripted yet.
    checkBuffers(program, findings);
    checkInstructions(program, findings);
    // Each further check relies on those before it.
    for (const auto check : {checkTransfers, checkQueues, checkLifetimes}) {
        if (findings.empty())
            check(program, findings);
    }
    return findings.take();
}

} // namespace alpa
