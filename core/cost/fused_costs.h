// What the ops of a training graph cost on devices whose backend fuses as core/fusion describes:
// chains of element-wise and indexing ops inside the kernels that read them, whole attentions as
// one kernel each way. Stands beside computeTime, which prices ops one by one.
#pragma once

#include "core/cost/compute_time.h"

#include <vector>

namespace alpa
{

/// Ops of the forward and backward pass; the update keeps its own price.
struct FusedCosts {
    std::vector<ComputeTime> times; ///< Per op, whole on one device; 0 for what others compute.
    std::vector<ComputeTime> oncePerStep; ///< Per op: is part of the step and not of a microbatch.
    std::vector<uint8_t> isProduct;       ///< Per op: a matrix product of its own.
    std::vector<uint8_t> isInAttention;   ///< Per op: computed by an attention kernel.
    std::vector<uint8_t> isStored;        ///< Per value: has memory of its own.
    std::vector<uint8_t> isReadLate; ///< Per value of the forward pass: read by a backward launch.
    std::vector<uint8_t> isHeldOnce; ///< Per value: stored once for all microbatches of a step.
};

/// Assumes `device.fusesKernels`. A launch takes `kernelLaunch` and what it reads and writes at the
/// device's bandwidth; attentions take their FLOP at the device's rates for them. The time of a
/// launch goes to the ops whose results it stores.
FusedCosts fusedCosts(const Graph& graph, const DeviceKind& device);

/// Per op: does an attention kernel compute it, on devices that have them?
std::vector<uint8_t> attentionOps(const Graph& graph);
/// The same on `device`: all 0 where it has none.
std::vector<uint8_t> attentionOps(const Graph& graph, const DeviceKind& device);
/// The dot as a product that reads its operands once: what else touches them has its own price.
std::optional<ProductWork> fusedProductWork(const Graph& graph, const Op& op,
                                            const DeviceKind& device);

} // namespace alpa
