// A small pipeline of two stages, written by hand: y = x w1 on the first, loss = sum(y w2) on the
// second, one step of gradient descent with rate 1. Whatever the shardings of the value that is
// sent, the result is the same.
#pragma once

#include "tests/support/program_builder.h"

namespace alpa
{

struct PipelineShape {
    int microbatches = 2;
    std::vector<int> firstMesh = {1};
    std::vector<int> secondMesh = {1};
    std::string sentSpec = "{-, -}";     ///< Of y (4, 8) in the first stage.
    std::string receivedSpec = "{-, -}"; ///< In the second.
};

namespace pipeline_program
{

/// Between the whole value and the device's part of it: a slice there, an all-gather per split
/// dimension back.
inline BufferId sliced(ProgramBuilder& b, int stage, SegmentKind segment, BufferId whole,
                       const std::string& name, const std::string& spec, BufferKind kind, int slots)
{
    const Buffer source = b.stage(stage).buffers[whole.index()];
    const BufferId part =
        b.buffer(stage, name, {source.type.dtype, source.globalDims}, kind, spec, slots);
    const Buffer& target = b.stage(stage).buffers[part.index()];
    SliceAttributes slice;
    std::vector<DeviceOffset> offsets;
    for (size_t d = 0; d < source.globalDims.size(); ++d) {
        slice.starts.push_back(0);
        slice.limits.push_back(target.type.dims[d]);
        slice.strides.push_back(1);
        if (target.spec.dims[d] != 0)
            offsets.push_back({static_cast<int>(d), target.spec.dims[d], target.type.dims[d]});
    }
    b.compute(stage, segment, OpKind::kSlice, {whole}, {part}, slice, offsets);
    return part;
}

inline BufferId gathered(ProgramBuilder& b, int stage, SegmentKind segment, BufferId part,
                         const std::string& name, BufferKind kind, int slots)
{
    BufferId now = part;
    for (int d = 0; d < 2; ++d) {
        const Buffer source = b.stage(stage).buffers[now.index()];
        const AxisSet axes = source.spec.dims[static_cast<size_t>(d)];
        if (axes == 0)
            continue;
        ShardingSpec spec = source.spec;
        spec.dims[static_cast<size_t>(d)] = 0;
        const BufferId wider =
            b.buffer(stage, name + std::to_string(d), {source.type.dtype, source.globalDims}, kind,
                     formatSpec(spec), slots);
        b.collective(stage, segment, {CollectiveKind::kAllGather, axes, d}, now, wider);
        now = wider;
    }
    return now;
}

} // namespace pipeline_program

/// The queues are 1F1B. Activations have as many slots as microbatches are in flight.
inline Program pipelineProgram(const PipelineShape& shape)
{
    using namespace pipeline_program;
    constexpr auto kForward = SegmentKind::kForward;
    constexpr auto kBackward = SegmentKind::kBackward;
    constexpr auto kUpdate = SegmentKind::kUpdate;
    const auto f32 = [](std::vector<int64_t> dims) {
        return TensorType{DType::kF32, std::move(dims)};
    };
    const DotAttributes product{{}, {}, {1}, {0}};   // a b
    const DotAttributes leftGrad{{}, {}, {1}, {1}};  // dc b^T
    const DotAttributes rightGrad{{}, {}, {0}, {0}}; // a^T dc
    const int inFlight = std::min(2, shape.microbatches);
    ProgramBuilder b(shape.microbatches);
    b.addStage(shape.firstMesh);
    b.addStage(shape.secondMesh);

    const BufferId x = b.buffer(0, "x", f32({4, 8}), BufferKind::kBatch, "", inFlight);
    const BufferId w1 = b.buffer(0, "w1", f32({8, 8}), BufferKind::kParameter);
    const BufferId y = b.buffer(0, "y", f32({4, 8}), BufferKind::kTemporary);
    b.compute(0, kForward, OpKind::kDot, {x, w1}, {y}, product);
    const BufferId ySent =
        sliced(b, 0, kForward, y, "y.sent", shape.sentSpec, BufferKind::kTemporary, 1);
    const BufferId yReceived =
        b.buffer(1, "y.received", f32({4, 8}), BufferKind::kActivation, shape.receivedSpec, 1);
    b.transfer(0, ySent, kForward, 1, yReceived, kForward);

    const BufferId w2 = b.buffer(1, "w2", f32({8, 4}), BufferKind::kParameter);
    const BufferId yWhole =
        gathered(b, 1, kForward, yReceived, "y.whole", BufferKind::kActivation, 1);
    const BufferId z = b.buffer(1, "z", f32({4, 4}), BufferKind::kTemporary);
    const BufferId loss = b.buffer(1, "loss", f32({}), BufferKind::kActivation, "", 1);
    b.compute(1, kForward, OpKind::kDot, {yWhole, w2}, {z}, product);
    b.compute(1, kForward, OpKind::kReduce, {z}, {loss},
              ReduceAttributes{ReduceKind::kAdd, {0, 1}});
    b.stage(1).loss = loss;

    const BufferId one = b.buffer(1, "one", f32({4, 4}), BufferKind::kTemporary);
    const BufferId dw2 = b.buffer(1, "dw2", f32({8, 4}), BufferKind::kTemporary);
    const BufferId dw2Sum = b.buffer(1, "dw2.sum", f32({8, 4}), BufferKind::kGradient);
    const BufferId dy = b.buffer(1, "dy", f32({4, 8}), BufferKind::kTemporary);
    b.compute(1, kBackward, OpKind::kConstant, {}, {one}, ConstantAttributes{{1.0}});
    b.compute(1, kBackward, OpKind::kDot, {yWhole, one}, {dw2}, rightGrad);
    b.compute(1, kBackward, OpKind::kAccumulate, {dw2}, {dw2Sum});
    b.compute(1, kBackward, OpKind::kDot, {one, w2}, {dy}, leftGrad);
    const BufferId dySent =
        sliced(b, 1, kBackward, dy, "dy.sent", shape.receivedSpec, BufferKind::kTemporary, 1);
    const BufferId dyReceived =
        b.buffer(0, "dy.received", f32({4, 8}), BufferKind::kTemporary, shape.sentSpec);
    b.transfer(1, dySent, kBackward, 0, dyReceived, kBackward);
    b.compute(1, kUpdate, OpKind::kSubtract, {w2, dw2Sum}, {w2});

    const BufferId dyWhole =
        gathered(b, 0, kBackward, dyReceived, "dy.whole", BufferKind::kTemporary, 1);
    const BufferId dw1 = b.buffer(0, "dw1", f32({8, 8}), BufferKind::kTemporary);
    const BufferId dw1Sum = b.buffer(0, "dw1.sum", f32({8, 8}), BufferKind::kGradient);
    b.compute(0, kBackward, OpKind::kDot, {x, dyWhole}, {dw1}, rightGrad);
    b.compute(0, kBackward, OpKind::kAccumulate, {dw1}, {dw1Sum});
    b.compute(0, kUpdate, OpKind::kSubtract, {w1, dw1Sum}, {w1});

    std::vector<QueueEntry> first;
    std::vector<QueueEntry> second;
    for (int m = 0; m < shape.microbatches; ++m) {
        first.push_back({kForward, m});
        if (m > 0)
            first.push_back({kBackward, m - 1});
        second.push_back({kForward, m});
        second.push_back({kBackward, m});
    }
    first.push_back({kBackward, shape.microbatches - 1});
    first.push_back({kUpdate, 0});
    second.push_back({kUpdate, 0});
    b.queue(0, std::move(first));
    b.queue(1, std::move(second));
    b.program().name = "two stages";
    return b.program();
}

} // namespace alpa
