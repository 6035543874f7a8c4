// Programs of one stage on two devices: products, sums and collectives over random earlier values,
// with gradients reduced and accumulated in the backward pass.
#pragma once

#include "core/base/rng.h"
#include "tests/support/program_builder.h"

namespace alpa
{

inline Program randomTwoDeviceProgram(Rng& rng, int size)
{
    constexpr int64_t kSide = 2048;
    ProgramBuilder builder(2);
    builder.addStage({2});
    const TensorType type{DType::kF32, {kSide, kSide}};
    DotAttributes dot;
    dot.lhsContracting = {1};
    dot.rhsContracting = {0};
    std::vector<BufferId> values{builder.buffer(0, "p", type, BufferKind::kParameter)};
    int made = 0;
    for (const SegmentKind segment : {SegmentKind::kForward, SegmentKind::kBackward}) {
        for (int i = 0; i < 2 + size; ++i) {
            const auto any = [&] {
                return values[static_cast<size_t>(rng.below(static_cast<int>(values.size())))];
            };
            const BufferId out =
                builder.buffer(0, "v" + std::to_string(made++), type, BufferKind::kTemporary);
            const int kind = rng.below(4);
            if (kind == 0)
                builder.collective(0, segment, {}, any(), out);
            else if (kind == 1)
                builder.compute(0, segment, OpKind::kAdd, {any(), any()}, {out});
            else
                builder.compute(0, segment, OpKind::kDot, {any(), any()}, {out}, dot);
            values.push_back(out);
            if (segment == SegmentKind::kBackward && rng.below(2) == 0) {
                const BufferId sum =
                    builder.buffer(0, "g" + std::to_string(made), type, BufferKind::kGradient);
                builder.compute(0, segment, OpKind::kAccumulate, {out}, {sum});
                const BufferId total =
                    builder.buffer(0, "t" + std::to_string(made), type, BufferKind::kTemporary);
                if (rng.below(2) == 0)
                    builder.collective(0, SegmentKind::kUpdate, {}, sum, total);
                builder.compute(0, SegmentKind::kUpdate, OpKind::kAdd,
                                {values[0], rng.below(2) == 0 ? sum : values[0]}, {values[0]});
            }
        }
    }
    builder.queue(0, {{SegmentKind::kForward, 0},
                      {SegmentKind::kBackward, 0},
                      {SegmentKind::kForward, 1},
                      {SegmentKind::kBackward, 1},
                      {SegmentKind::kUpdate, 0}});
    return builder.program();
}

} // namespace alpa
