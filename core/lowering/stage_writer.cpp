#include "core/lowering/stage_writer.h"

#include "core/lowering/local_op.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alpa
{

StageWriter::StageWriter(const Cluster& cluster, const DeviceMesh& mesh)
    : resharder_(cluster, mesh)
{
    code_.program.mesh = mesh;
    constexpr const char* kNames[] = {"begin", "forward", "backward", "weight gradient", "update"};
    static_assert(std::size(kNames) == kSegmentKinds);
    for (size_t kind = 0; kind < kSegmentKinds; ++kind)
        code_.program.segments[kind].name = kNames[kind];
}

BufferId StageWriter::addBuffer(const std::string& name, ValueId value, const TensorType& type,
                                const ShardingSpec& spec, BufferKind kind)
{
    Buffer buffer;
    buffer.name = name;
    buffer.type = localType(type, spec, mesh());
    buffer.globalDims = type.dims;
    buffer.spec = spec;
    buffer.kind = kind;
    buffer.value = value;
    code_.program.buffers.push_back(std::move(buffer));
    return BufferId(code_.program.buffers.size() - 1);
}

void StageWriter::receive(size_t transfer, BufferId into, SegmentKind kind)
{
    Instruction instruction;
    instruction.kind = InstructionKind::kReceive;
    instruction.outputs = {into};
    instruction.transfer = TransferId(transfer);
    segment(kind).push_back(std::move(instruction));
    code_.receivedInto[static_cast<uint32_t>(transfer)] = into;
}

void StageWriter::send(size_t transfer, BufferId from, const ShardingSpec& spec, SegmentKind kind)
{
    Instruction instruction;
    instruction.kind = InstructionKind::kSend;
    instruction.inputs = {from};
    instruction.transfer = TransferId(transfer);
    segment(kind).push_back(std::move(instruction));
    code_.sentFrom[static_cast<uint32_t>(transfer)] = from;
    code_.sentSpec[static_cast<uint32_t>(transfer)] = spec;
}

Result<BufferId> StageWriter::reshard(BufferId from, const ShardingSpec& to, SegmentKind kind,
                                      OpId reader)
{
    const ShardingSpec spec = buffer(from).spec;
    if (spec == to)
        return from;
    const auto key = std::tuple(from.number, ShardingSpecHash{}(to), static_cast<int>(kind));
    if (const auto known = resharded_.find(key); known != resharded_.end())
        return known->second;
    TensorType type = buffer(from).type;
    type.dims = buffer(from).globalDims;
    const ReshardPath* path = resharder_.path(type, spec, to);
    if (path == nullptr)
        return Error(ErrorCode::kUnsupported,
                     fmt::format("{}: no resharding from {} to {}", buffer(from).name,
                                 formatSpec(spec), formatSpec(to)));
    BufferId current = from;
    for (const ReshardStep& step : path->steps)
        current = addStep(current, step, type, kind, reader);
    resharded_[key] = current;
    return current;
}

BufferId StageWriter::addStep(BufferId from, const ReshardStep& step, const TensorType& type,
                              SegmentKind kind, OpId reader)
{
    const std::string name = buffer(from).name;
    const BufferId to = addBuffer(name, ValueId(), type, step.after, BufferKind::kTemporary);
    Instruction instruction;
    instruction.inputs = {from};
    instruction.outputs = {to};
    instruction.op = reader;
    instruction.predicted = step.time;
    instruction.axes = axisBit(step.axis);
    instruction.dim = step.dim;
    instruction.fromDim = step.fromDim;
    instruction.reduction = step.before.partialKind;
    instruction.kind = InstructionKind::kCollective;
    switch (step.kind) {
    case ReshardKind::kSlice:
        makeSlice(instruction, step);
        break;
    case ReshardKind::kAllGather:
        instruction.collective = CollectiveKind::kAllGather;
        break;
    case ReshardKind::kAllReduce:
        instruction.collective = CollectiveKind::kAllReduce;
        break;
    case ReshardKind::kReduceScatter:
        instruction.collective = CollectiveKind::kReduceScatter;
        break;
    case ReshardKind::kAllToAll:
        instruction.collective = CollectiveKind::kAllToAll;
        break;
    }
    segment(kind).push_back(std::move(instruction));
    return to;
}

void StageWriter::makeSlice(Instruction& instruction, const ReshardStep& step)
{
    const std::vector<int64_t> sizes = buffer(instruction.outputs[0]).type.dims;
    SliceAttributes slice;
    slice.starts.assign(sizes.size(), 0);
    slice.limits = sizes;
    slice.strides.assign(sizes.size(), 1);
    instruction.kind = InstructionKind::kCompute;
    instruction.opKind = OpKind::kSlice;
    instruction.attributes = std::move(slice);
    instruction.axes = 0;
    instruction.offsets = {{.dim = step.dim,
                            .axes = axisBit(step.axis),
                            .stride = sizes[static_cast<size_t>(step.dim)]}};
}

StageCode StageWriter::take(const SlotCounts& slots)
{
    StageProgram& program = code_.program;
    struct Span {
        int first = kSegmentKinds;
        int last = -1;
    };
    std::vector<Span> spans(program.buffers.size());
    const auto touch = [&](BufferId id, int kind) {
        Span& span = spans[id.index()];
        span = {std::min(span.first, kind), std::max(span.last, kind)};
    };
    for (int kind = 0; kind < kSegmentKinds; ++kind) {
        for (const Instruction& instruction : program.segments[kind].instructions) {
            for (const auto* side : {&instruction.inputs, &instruction.outputs}) {
                for (const BufferId id : *side)
                    touch(id, kind);
            }
        }
    }
    constexpr int kForward = static_cast<int>(SegmentKind::kForward);
    constexpr int kBackward = static_cast<int>(SegmentKind::kBackward);
    constexpr int kWeight = static_cast<int>(SegmentKind::kWeightGradient);
    if (program.loss.isValid())
        touch(program.loss, kBackward);
    for (size_t index = 0; index < program.buffers.size(); ++index) {
        Buffer& buffer = program.buffers[index];
        Span span = spans[index];
        if (buffer.kind == BufferKind::kBatch)
            span.first = kForward; // Where the host fills it.
        else if (buffer.kind != BufferKind::kTemporary || span.first >= span.last)
            continue;
        else
            buffer.kind = BufferKind::kActivation;
        if (span.first == kForward && span.last == kBackward)
            buffer.slots = slots.inFlight;
        else if (span.first == kForward && span.last == kWeight)
            buffer.slots = slots.held;
        else if (span.first == kBackward && span.last == kWeight)
            buffer.slots = slots.deferred;
    }
    return std::move(code_);
}

} // namespace alpa
