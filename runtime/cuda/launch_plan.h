// What a stage's devices launch: kernels, library calls and communication, each at the place of one
// instruction, and what each reads and writes.
#pragma once

#include "runtime/cuda/attention_shape.h"
#include "runtime/cuda/gemm_shape.h"
#include "runtime/cuda/kernels.h"
#include "runtime/cuda/stage_graph.h"

#include <optional>
#include <vector>

namespace alpa::cuda
{

struct PlannedLaunch {
    enum class Kind { kKernels, kGemm, kAttention, kCollective, kSend, kReceive };
    Kind kind = Kind::kKernels;
    int node = 0;           ///< The instruction it runs with.
    std::vector<int> roots; ///< Whose results it computes.
    std::vector<BufferId> reads, writes;

    bool isOncePerStep = false;     ///< Runs in the first microbatch only: what it reads is fixed.
    KernelTexts kernels;            ///< kKernels.
    std::optional<GemmShape> gemm;  ///< kGemm: reads A and B, writes D.
    bool accumulates = false;       ///< kGemm: D is an accumulator.
    /// kAttention: reads q, k, v (and o, grad o, statistics), writes o, statistics (grad q, k, v).
    std::optional<AttentionShape> attention;
    bool isBackward = false;
    /// kCollective of the update that reduces an accumulator: the launch (in planLaunches' order)
    /// after whose last run it may begin, beside what follows. -1: runs in its place.
    int beginsAfter = -1;
};

/// In the order of their nodes.
/// `fusesAttention`: where cuDNN is there.
std::vector<PlannedLaunch> planLaunches(StageGraph& graph, bool fusesAttention = true);

} // namespace alpa::cuda
