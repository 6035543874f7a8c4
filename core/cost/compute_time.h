// How long an op computes on one device: roofline of the device kind, with element-wise ops taken
// as fused. Stands between the graph and the planners, which add up these times over ops, phases
// and microbatches.
#pragma once

#include "core/cost/product_time.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace alpa
{

/// Time of one op on one device; split over n devices it takes 1/n of `work`, and all of `fixed`
/// (the launch).
struct ComputeTime {
    Seconds work;
    Seconds fixed;
    Seconds on(int devices) const { return work / static_cast<double>(devices) + fixed; }
};

/// What limits an op on one device.
enum class ComputeBound {
    kNothing,    ///< No time: a view, or part of another op's loop.
    kArithmetic, ///< The rate of the matrix units at this shape.
    kMemory,     ///< The bandwidth of the memory.
    kLaunch      ///< Starting the kernel takes longer than its work.
};
/// "nothing", "arithmetic", "memory", "launch".
std::string_view boundName(ComputeBound bound);

/// The terms behind a ComputeTime, of one device's part.
struct OpRoofline {
    Flops flops;        ///< Also where memory is the limit.
    double bytes = 0;   ///< To and from memory.
    Seconds arithmetic; ///< Of the matrix units; 0 for ops that do not use them.
    Seconds traffic;    ///< bytes / bandwidth.
    Seconds launch;
    Seconds time() const { return std::max(arithmetic, traffic) + launch; }
    ComputeBound bound() const;
};

/// Contractions: max(FLOP / rate, bytes / bandwidth). Gather, scatter, sort, windows, opaque ops:
/// bytes / bandwidth. Both have a launch, and so do reductions. Element-wise ops, broadcasts, pads
/// and the like are loops that a compiler fuses: free but for what the fused loop reads from
/// memory, that is
///   - results of contractions, gathers and reductions, and graph inputs;
///   - what forward computed, when read in backward (in the narrowest form it can be had from
///   again);
///   - a row once more, when it meets the row's own reduction (softmax, normalisation: a second
///   pass).
/// A contraction pays for writing the operands that a loop computes for it. Updates are written in
/// place: parameters and state count twice. Reshape, transpose and slice are free: their consumers
/// read through them.
///
/// No factor is fitted for this. On the measured H200 the sum is 180 ms for a training step of
/// GPT 1.3B at batch 8 against 178.6 ms measured (JAX, unfused attention), and 69.7 against 73.1 ms
/// for GPT 350M. Linear in the op's operands.
ComputeTime computeTime(const Graph& graph, const Op& op, const DeviceKind& device);

/// The same, term by term.
OpRoofline rooflineOf(const Graph& graph, const Op& op, const DeviceKind& device);

/// Are all operands f16 or bf16, so that a product runs at matrixFlops16?
bool isProductOf16Bits(const Graph& graph, const Op& op);
/// What the time of a dot depends on beside its operands' sharding; nothing for other ops.
std::optional<ProductWork> productWork(const Graph& graph, const Op& op, const DeviceKind& device);
/// The part of a dot that one device computes when the operands are split so.
OpRoofline rooflineOf(const ProductWork& product, const ProductShape& part,
                      const DeviceKind& device);

} // namespace alpa
