// Programs written by hand: buffers one after another in the arena, instructions as they are added.
#pragma once

#include "core/base/check.h"
#include "core/graph/graph.h"
#include "core/program/program.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace alpa
{

/// Mesh of the given axis sizes over devices first, first + 1, ... of one host.
inline DeviceMesh testMesh(const std::vector<int>& axisSizes, int first = 0)
{
    DeviceMesh mesh;
    int count = 1;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
        MeshAxis added;
        added.name = std::string(1, "xyzw"[axis]);
        added.size = axisSizes[axis];
        mesh.axes.push_back(added);
        count *= axisSizes[axis];
    }
    mesh.devicesPerHost = 64;
    for (int device = 0; device < count; ++device)
        mesh.devices.emplace_back(first + device);
    return mesh;
}

class ProgramBuilder
{
public:
    explicit ProgramBuilder(int microbatches = 1) { program_.microbatches = microbatches; }

    int addStage(const std::vector<int>& axisSizes)
    {
        program_.stages.push_back({});
        program_.stages.back().mesh =
            testMesh(axisSizes, 8 * static_cast<int>(program_.stages.size()) - 8);
        program_.queues.push_back({});
        return static_cast<int>(program_.stages.size()) - 1;
    }

    /// `spec` in its text form, "{x, -}"; empty: replicated.
    BufferId buffer(int stage, std::string name, TensorType whole, BufferKind kind,
                    std::string_view spec = "", int slots = 1)
    {
        StageProgram& code = program_.stages[static_cast<size_t>(stage)];
        Buffer added;
        added.name = std::move(name);
        added.globalDims = whole.dims;
        added.spec =
            spec.empty() ? ShardingSpec::replicated(whole.rank()) : parseSpec(spec).value();
        std::vector<int> sizes;
        for (const MeshAxis& axis : code.mesh.axes)
            sizes.push_back(axis.size);
        added.type = {whole.dtype, localDims(added.spec, whole.dims, sizes)};
        added.kind = kind;
        added.offset = code.arenaBytes;
        added.slotBytes = (added.type.bytes().count + 63) / 64 * 64;
        added.slots = slots;
        code.arenaBytes += added.slotBytes * slots;
        code.buffers.push_back(std::move(added));
        return BufferId(code.buffers.size() - 1);
    }

    Instruction& compute(int stage, SegmentKind segment, OpKind kind, std::vector<BufferId> inputs,
                         std::vector<BufferId> outputs, Attributes attributes = {},
                         std::vector<DeviceOffset> offsets = {})
    {
        Instruction added;
        added.opKind = kind;
        added.inputs = std::move(inputs);
        added.outputs = std::move(outputs);
        added.attributes = std::move(attributes);
        added.offsets = std::move(offsets);
        return append(stage, segment, std::move(added));
    }

    struct Collective {
        CollectiveKind kind = CollectiveKind::kAllReduce;
        AxisSet axes = 1;
        int dim = 0;
        int fromDim = 0;
        ReduceKind reduction = ReduceKind::kAdd;
    };
    Instruction& collective(int stage, SegmentKind segment, const Collective& what, BufferId input,
                            BufferId output)
    {
        Instruction added;
        added.kind = InstructionKind::kCollective;
        added.inputs = {input};
        added.outputs = {output};
        added.collective = what.kind;
        added.axes = what.axes;
        added.dim = what.dim;
        added.fromDim = what.fromDim;
        added.reduction = what.reduction;
        return append(stage, segment, std::move(added));
    }

    /// A transfer with its send at the end of one segment and its receive at the (current) end of
    /// the other. Every receiver gets each part it needs from the first sender that holds it.
    TransferId transfer(int fromStage, BufferId from, SegmentKind sendIn, int toStage, BufferId to,
                        SegmentKind receiveIn, bool oncePerStep = false)
    {
        Transfer added;
        added.fromStage = fromStage;
        added.toStage = toStage;
        added.fromBuffer = from;
        added.toBuffer = to;
        added.oncePerStep = oncePerStep;
        added.tiles = tilesOf(fromStage, from, toStage, to);
        const TransferId id(program_.transfers.size());
        program_.transfers.push_back(std::move(added));
        Instruction send;
        send.kind = InstructionKind::kSend;
        send.inputs = {from};
        send.transfer = id;
        append(fromStage, sendIn, std::move(send));
        Instruction receive;
        receive.kind = InstructionKind::kReceive;
        receive.outputs = {to};
        receive.transfer = id;
        append(toStage, receiveIn, std::move(receive));
        return id;
    }

    void queue(int stage, std::vector<QueueEntry> entries)
    {
        program_.queues[static_cast<size_t>(stage)] = std::move(entries);
    }
    StageProgram& stage(int index) { return program_.stages[static_cast<size_t>(index)]; }
    Program& program() { return program_; }

private:
    Instruction& append(int stage, SegmentKind segment, Instruction instruction)
    {
        std::vector<Instruction>& code = program_.stages[static_cast<size_t>(stage)]
                                             .segments[static_cast<size_t>(segment)]
                                             .instructions;
        code.push_back(std::move(instruction));
        return code.back();
    }

    std::vector<TransferTile> tilesOf(int fromStage, BufferId from, int toStage, BufferId to)
    {
        const DeviceMesh& senders = stage(fromStage).mesh;
        const DeviceMesh& receivers = stage(toStage).mesh;
        const Buffer& source = stage(fromStage).buffers[from.index()];
        const Buffer& target = stage(toStage).buffers[to.index()];
        std::vector<TransferTile> tiles;
        for (int receiver = 0; receiver < receivers.deviceCount(); ++receiver) {
            const Tile wanted = deviceTile(receivers, target.spec, target.globalDims, receiver);
            std::vector<std::vector<int64_t>> held; // Offsets of parts that a sender was found for.
            for (int sender = 0; sender < senders.deviceCount(); ++sender) {
                const Tile part = deviceTile(senders, source.spec, source.globalDims, sender);
                if (std::ranges::find(held, part.offsets) != held.end())
                    continue;
                held.push_back(part.offsets);
                TransferTile tile{sender, receiver, {}, {}, {}};
                bool isEmpty = false;
                for (size_t d = 0; d < wanted.sizes.size(); ++d) {
                    const int64_t begin = std::max(part.offsets[d], wanted.offsets[d]);
                    const int64_t end = std::min(part.offsets[d] + part.sizes[d],
                                                 wanted.offsets[d] + wanted.sizes[d]);
                    isEmpty = isEmpty || end <= begin;
                    tile.fromOffsets.push_back(begin - part.offsets[d]);
                    tile.toOffsets.push_back(begin - wanted.offsets[d]);
                    tile.sizes.push_back(end - begin);
                }
                if (!isEmpty)
                    tiles.push_back(std::move(tile));
            }
        }
        return tiles;
    }

    Program program_;
};

/// The whole graph as the forward segment of one device: inputs are parameters, outputs are states
/// "out0", "out1", ...
inline Program programOfGraph(const Graph& graph)
{
    ProgramBuilder builder;
    builder.addStage({1});
    std::vector<BufferId> buffers(graph.values.size());
    for (size_t value = 0; value < graph.values.size(); ++value) {
        const bool isInput = graph.inputRole(ValueId(value)).has_value();
        buffers[value] = builder.buffer(
            0, isInput ? graph.values[value].name : "%" + std::to_string(value),
            graph.values[value].type, isInput ? BufferKind::kParameter : BufferKind::kTemporary);
    }
    const auto at = [&](const std::vector<ValueId>& values) {
        std::vector<BufferId> ids;
        for (const ValueId value : values)
            ids.push_back(buffers[value.index()]);
        return ids;
    };
    for (const Op& op : graph.ops)
        builder.compute(0, SegmentKind::kForward, op.kind, at(op.operands), at(op.results),
                        op.attributes);
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
        const ValueId value = graph.outputs[i].value;
        const BufferId out =
            builder.buffer(0, "out" + std::to_string(i), graph.type(value), BufferKind::kState);
        builder.compute(0, SegmentKind::kForward, OpKind::kReshape, {buffers[value.index()]},
                        {out});
    }
    builder.queue(0, {{SegmentKind::kForward, 0}});
    return builder.program();
}

} // namespace alpa
