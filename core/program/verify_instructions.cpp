#include "core/base/text.h"
#include "core/graph/infer_types.h"
#include "core/program/verify_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace alpa
{
namespace
{

/// What is wrong with one instruction, in words; nothing when it is sound.
using Problem = std::optional<std::string>;

/// The offset of a slice must keep it inside the operand on the last device too.
Problem sliceOffsetProblem(const StageProgram& stage, const Instruction& instruction,
                           const SliceAttributes& slice)
{
    const std::vector<int64_t>& dims = stage.buffers[instruction.inputs[0].index()].type.dims;
    for (const DeviceOffset& offset : instruction.offsets) {
        const auto dim = static_cast<size_t>(offset.dim);
        if (offset.dim < 0 || dim >= dims.size())
            return fmt::format("device offset of dimension {}, but the rank is {}", offset.dim,
                               dims.size());
        const int64_t last = offset.stride * (stage.mesh.groupSize(offset.axes) - 1);
        if (slice.starts[dim] + std::min<int64_t>(last, 0) < 0 ||
            slice.limits[dim] + std::max<int64_t>(last, 0) > dims[dim])
            return fmt::format(
                "the last device's slice of dimension {} ends at {}, but the size is {}", dim,
                slice.limits[dim] + last, dims[dim]);
    }
    return {};
}

Problem offsetProblem(const StageProgram& stage, const Instruction& instruction)
{
    if (instruction.offsets.empty())
        return {};
    if (const auto* slice = std::get_if<SliceAttributes>(&instruction.attributes))
        return sliceOffsetProblem(stage, instruction, *slice);
    const bool isIota = instruction.opKind == OpKind::kIota;
    if (!isIota && instruction.opKind != OpKind::kGather && instruction.opKind != OpKind::kScatter)
        return std::string("only iota, slice, gather and scatter take device offsets");
    const BufferId subject = isIota ? instruction.outputs[0] : instruction.inputs[0];
    const std::vector<int64_t>& dims = stage.buffers[subject.index()].type.dims;
    for (const DeviceOffset& offset : instruction.offsets) {
        if (offset.dim < 0 || static_cast<size_t>(offset.dim) >= dims.size())
            return fmt::format("device offset of dimension {}, but the rank is {}", offset.dim,
                               dims.size());
        if (!isIota && offset.stride != dims[static_cast<size_t>(offset.dim)])
            return fmt::format("device offset of {} along a local dimension of {}", offset.stride,
                               dims[static_cast<size_t>(offset.dim)]);
    }
    return {};
}

Problem computeProblem(const StageProgram& stage, const Instruction& instruction)
{
    if (instruction.opKind == OpKind::kOpaque)
        return std::string("opaque ops cannot be executed");
    std::vector<TensorType> operands;
    for (const BufferId input : instruction.inputs)
        operands.push_back(stage.buffers[input.index()].type);
    const TensorType& declared = stage.buffers[instruction.outputs[0].index()].type;
    if (instruction.opKind == OpKind::kAccumulate) {
        // The accumulator may be wider than what is added to it.
        if (operands.size() != 1 || operands[0].dims != declared.dims ||
            !isFloating(declared.dtype))
            return "accumulates into " + formatType(declared) + " something of another shape";
        return {};
    }
    const Result<std::vector<TensorType>> types =
        inferTypes(instruction.opKind, instruction.attributes, operands, declared);
    if (!types.ok())
        return types.error().message;
    if (types->size() != instruction.outputs.size())
        return fmt::format("{} results, expected {}", instruction.outputs.size(), types->size());
    for (size_t i = 0; i < types->size(); ++i) {
        const TensorType& actual = stage.buffers[instruction.outputs[i].index()].type;
        if (actual != (*types)[i])
            return fmt::format("the result is {}, but its buffer {}", formatType((*types)[i]),
                               formatType(actual));
    }
    return offsetProblem(stage, instruction);
}

/// The local type that the collective makes of `input`; nothing when the dimensions do not allow
/// it.
std::optional<TensorType> collectiveResult(const Instruction& instruction, const TensorType& input,
                                           int groupSize)
{
    TensorType result = input;
    const auto grow = [&](int dim) {
        if (dim < 0 || dim >= input.rank())
            return false;
        result.dims[static_cast<size_t>(dim)] *= groupSize;
        return true;
    };
    const auto shrink = [&](int dim) {
        if (dim < 0 || dim >= input.rank() || input.dims[static_cast<size_t>(dim)] % groupSize != 0)
            return false;
        result.dims[static_cast<size_t>(dim)] /= groupSize;
        return true;
    };
    switch (instruction.collective) {
    case CollectiveKind::kAllReduce:
        return result;
    case CollectiveKind::kAllGather:
        return grow(instruction.dim) ? std::optional(result) : std::nullopt;
    case CollectiveKind::kReduceScatter:
        return shrink(instruction.dim) ? std::optional(result) : std::nullopt;
    case CollectiveKind::kAllToAll:
        return instruction.dim != instruction.fromDim && shrink(instruction.dim) &&
                       grow(instruction.fromDim)
                   ? std::optional(result)
                   : std::nullopt;
    case CollectiveKind::kSendReceive:
    case CollectiveKind::kBroadcast:
        break;
    }
    return std::nullopt;
}

/// The spec after the collective; nothing when it would not yield the tensor that a spec describes.
/// Parts are joined in group order, so the axes must be the innermost of their dimension.
std::optional<ShardingSpec> collectiveSpec(const Instruction& instruction,
                                           const ShardingSpec& before)
{
    ShardingSpec after = before;
    const AxisSet axes = instruction.axes;
    const auto removeFrom = [&](int dim) {
        AxisSet& set = after.dims[static_cast<size_t>(dim)];
        const auto outer = static_cast<AxisSet>(set & ~axes);
        const bool areInnermost = (set & axes) == axes && outer < (axes & -axes);
        set = outer;
        return areInnermost;
    };
    const auto addTo = [&](int dim) {
        AxisSet& set = after.dims[static_cast<size_t>(dim)];
        const bool areInnermost = set < (axes & -axes);
        set = static_cast<AxisSet>(set | axes);
        return areInnermost;
    };
    const auto reduce = [&] {
        const bool isPartial =
            (after.partial & axes) == axes && after.partialKind == instruction.reduction;
        after.partial = static_cast<AxisSet>(after.partial & ~axes);
        if (after.partial == 0)
            after.partialKind = ReduceKind::kAdd;
        return isPartial;
    };
    bool fits = false;
    if (instruction.collective == CollectiveKind::kAllReduce)
        fits = reduce();
    else if (instruction.collective == CollectiveKind::kAllGather)
        fits = removeFrom(instruction.dim);
    else if (instruction.collective == CollectiveKind::kReduceScatter)
        fits = reduce() && addTo(instruction.dim);
    else if (instruction.collective == CollectiveKind::kAllToAll)
        fits = removeFrom(instruction.fromDim) && addTo(instruction.dim);
    return fits ? std::optional(after) : std::nullopt;
}

Problem collectiveProblem(const StageProgram& stage, const Instruction& instruction)
{
    const Buffer& input = stage.buffers[instruction.inputs[0].index()];
    const Buffer& output = stage.buffers[instruction.outputs[0].index()];
    if (instruction.collective == CollectiveKind::kSendReceive ||
        instruction.collective == CollectiveKind::kBroadcast)
        return std::string("not a collective within a stage");
    const std::optional<TensorType> type =
        collectiveResult(instruction, input.type, stage.mesh.groupSize(instruction.axes));
    if (!type)
        return fmt::format("dimensions {} and {} of {} do not fit a group of {}", instruction.dim,
                           instruction.fromDim, formatType(input.type),
                           stage.mesh.groupSize(instruction.axes));
    if (*type != output.type)
        return fmt::format("the result is {}, but its buffer {}", formatType(*type),
                           formatType(output.type));
    // In place, one buffer has to carry the spec of either side.
    if (instruction.inputs == instruction.outputs)
        return {};
    const std::optional<ShardingSpec> spec = collectiveSpec(instruction, input.spec);
    if (!spec || *spec != output.spec)
        return fmt::format("over {}, {} does not become {}", axesText(stage.mesh, instruction.axes),
                           formatSpec(input.spec), formatSpec(output.spec));
    return {};
}

Problem problemOf(const StageProgram& stage, const Instruction& instruction)
{
    switch (instruction.kind) {
    case InstructionKind::kCompute:
        return computeProblem(stage, instruction);
    case InstructionKind::kCollective:
        return collectiveProblem(stage, instruction);
    case InstructionKind::kSend:
    case InstructionKind::kReceive:
        break;
    }
    return {};
}

} // namespace

void checkInstructions(const Program& program, Findings& findings)
{
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        const StageProgram& code = program.stages[stage];
        for (size_t segment = 0; segment < kSegmentKinds; ++segment) {
            const std::vector<Instruction>& instructions = code.segments[segment].instructions;
            for (size_t index = 0; index < instructions.size(); ++index) {
                if (const Problem problem = problemOf(code, instructions[index]))
                    findings.add(placeOf(program, stage, segment, index) + ": " + *problem);
            }
        }
    }
}

} // namespace alpa
