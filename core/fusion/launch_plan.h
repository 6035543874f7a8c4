// What a stage's devices launch: kernels, library calls and communication, each at the place of one
// instruction, and what each reads and writes.
#pragma once

#include "core/fusion/attention_shape.h"
#include "core/fusion/gemm_shape.h"
#include "core/fusion/stage_graph.h"

#include <optional>
#include <vector>

namespace alpa::fusion
{

struct PlannedLaunch {
    enum class Kind { kKernels, kGemm, kAttention, kCollective, kSend, kReceive };
    Kind kind = Kind::kKernels;
    int node = 0;           ///< The instruction it runs with.
    std::vector<int> roots; ///< Whose results it computes.
    std::vector<BufferId> reads, writes;

    bool isOncePerStep = false;    ///< Runs in the first microbatch only: what it reads is fixed.
    std::optional<GemmShape> gemm; ///< kGemm: reads A and B, writes D.
    bool accumulates = false;      ///< kGemm: D is an accumulator.
    /// kAttention: reads q, k, v (and o, grad o, statistics), writes o, statistics (grad q, k, v).
    std::optional<AttentionShape> attention;
    bool isBackward = false;
    std::vector<int> replaced; ///< kAttention: nodes of both passes that need no kernel for it.
    /// kCollective of the update that reduces an accumulator: the launch (in planLaunches' order)
    /// after whose last run it may begin, beside what follows. -1: runs in its place.
    int beginsAfter = -1;
    /// Runs on the second stream, begun before launch `issueBefore` of the same segment (not after
    /// its own place) and waited for before `joinBefore`: a later launch of the segment, or the one
    /// behind its end (the segment does not end before it). See side_launches.h.
    bool isOnSide = false;
    int issueBefore = -1, joinBefore = -1;
};

/// In the order of their nodes.
/// `fusesAttention`: where cuDNN is there.
std::vector<PlannedLaunch> planLaunches(StageGraph& graph, bool fusesAttention = true);

} // namespace alpa::fusion
