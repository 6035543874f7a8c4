#include "core/fusion/graph_program.h"

#include "core/program/labels.h"

namespace alpa::fusion
{
namespace
{

BufferKind kindOf(InputRole role)
{
    switch (role) {
    case InputRole::kParameter:
        return BufferKind::kParameter;
    case InputRole::kOptimizerState:
        return BufferKind::kState;
    case InputRole::kBatch:
        break;
    }
    return BufferKind::kBatch;
}

BufferId bufferOf(ValueId value) { return BufferId(value.index()); }

void addBuffers(const Graph& graph, StageProgram& stage)
{
    for (size_t v = 0; v < graph.values.size(); ++v) {
        Buffer& buffer = stage.buffers.emplace_back();
        buffer.type = graph.values[v].type;
        buffer.globalDims = buffer.type.dims;
        buffer.value = ValueId(v);
    }
    for (const GraphInput& input : graph.inputs)
        stage.buffers[input.value.index()].kind = kindOf(input.role);
    for (const Op& op : graph.ops) {
        if (op.kind == OpKind::kAccumulate)
            stage.buffers[op.results[0].index()].kind = BufferKind::kGradient;
    }
}

} // namespace

Program graphProgram(const Graph& graph, int microbatches)
{
    Program program;
    program.name = graph.name;
    program.microbatches = microbatches;
    StageProgram& stage = program.stages.emplace_back();
    stage.mesh.devices = {DeviceId(size_t{0})};
    addBuffers(graph, stage);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        Instruction made;
        made.op = OpId(index);
        made.opKind = op.kind;
        made.attributes = op.attributes;
        for (const ValueId operand : op.operands)
            made.inputs.push_back(bufferOf(operand));
        for (const ValueId result : op.results)
            made.outputs.push_back(bufferOf(result));
        stage.segments[static_cast<int>(segmentOf(op.phase))].instructions.push_back(
            std::move(made));
    }
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kLoss)
            stage.loss = bufferOf(output.value);
        if (!output.alias.isValid() || output.value == output.alias)
            continue;
        Instruction store;
        store.op = graph.value(output.value).producer;
        store.opKind = OpKind::kConvert;
        store.inputs = {bufferOf(output.value)};
        store.outputs = {bufferOf(output.alias)};
        stage.segments[static_cast<int>(SegmentKind::kUpdate)].instructions.push_back(
            std::move(store));
    }
    std::vector<QueueEntry>& queue = program.queues.emplace_back();
    queue.push_back({SegmentKind::kBegin, 0});
    for (int m = 0; m < microbatches; ++m) {
        queue.push_back({SegmentKind::kForward, m});
        queue.push_back({SegmentKind::kBackward, m});
    }
    queue.push_back({SegmentKind::kUpdate, 0});
    return program;
}

} // namespace alpa::fusion
