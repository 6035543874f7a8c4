// What is asked of one stage on one mesh shape, and what comes of it.
#pragma once

#include "core/base/units.h"
#include "core/intra_op/mesh_problem.h"
#include "core/intra_op/spec_constraints.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace alpa
{

/// How far a stage is solved.
enum class StageEffort {
    kDraft, ///< Candidates are compared by the thousand: a part in a thousand and little work.
    kQuick, ///< Under a memory limit within 0.05 % and 20 ms, for choosing between plans; else as
            ///< kFull.
    kFull,  ///< To the end, within a fifth of a second.
};

/// What nodes of a stage hold at one moment of a pass beside what they keep: bytes per strategy, by
/// position in StageSharding::choice.
using StageMoment = std::map<int, std::vector<int64_t>>;
using StageMoments = std::vector<std::shared_ptr<const StageMoment>>;

/// Layers [firstLayer, endLayer) as one stage.
struct StageRequest {
    int firstLayer = 0;
    int endLayer = 0;
    int microbatches = 1; ///< Once-per-step costs are divided by it.
    int inFlight = 1;     ///< Microbatches whose activations are kept at once.
    double secondsPerByte =
        0; ///< A price on memory, to trace the trade-off between time and memory.
    std::optional<Bytes>
        memoryLimit; ///< For parameters, gradients, states and activations in flight,
    /// and at each of these moments for what is short-lived too. None: what runs again counts by
    /// the mean of its layers.
    StageMoments moments;
    bool repeatsCheapOps =
        false;                ///< Keeps what LayeredGraph::selective keeps. Not with recomputes.
    bool recomputes = false;  ///< Every layer runs again before its backward pass, and keeps only
                              ///< what other layers read.
    int recomputedLayers = 0; ///< Else the stage's first so many layers alone do.
    int turns = 0; ///< Layers that run again one at a time, of the stage of which these layers are
                   ///< a part; 0: these are all of it.
    StageEffort effort = StageEffort::kFull;
    /// What constraints take from the decisions of these layers; null: nothing.
    std::shared_ptr<const ForbiddenStrategies> forbidden;
};

/// Does the forward pass of `layer` run again before its backward?
inline bool runsAgain(const StageRequest& request, int layer)
{
    return request.recomputes || layer < request.firstLayer + request.recomputedLayers;
}

/// What a microbatch keeps of a node's results, under strategy `k`, from forward to backward.
int64_t keptBytes(const StageRequest& request, const MeshNode& node, size_t k);
/// What is held of them while their layer runs again for its backward pass.
int64_t repeatedBytes(const StageRequest& request, const MeshNode& node, size_t k);

/// How often a microbatch pays an edge that is paid by microbatch and leads to a node of `layer`:
/// twice with what runs again.
inline double timesPaid(const MeshEdge& edge, int layer, const StageRequest& request)
{
    const bool isAgain = (edge.isForward && runsAgain(request, layer)) ||
                         (edge.isRepeated && request.repeatsCheapOps);
    return isAgain ? 2.0 : 1.0;
}

/// The chosen strategies and what they cost.
struct StageSharding {
    std::vector<int>
        choice; ///< Per node of the stage: layer by layer, in the order of nodesOfLayer.
    Seconds perMicrobatch;
    Seconds perStep;
    Bytes fixedMemory;
    Bytes activations; ///< Of one microbatch.
    Bytes recomputed;  ///< Held once, while a backward pass runs; 0 without recomputation.
    /// perMicrobatch + perStep / microbatches + price of memory - scalars, in seconds.
    double objective = 0;
    double lowerBound = 0; ///< Of the objective.
    Seconds scalars;       ///< What no choice changes, of a microbatch.
    bool isOptimal = false;
    int decisions = 0;
    int strategies = 0;
    std::string method;
    friend bool operator==(const StageSharding&, const StageSharding&) = default;
};
/// No strategies obey the constraints; `smallestMemory` would do if memory is what is missing.
struct StageInfeasible {
    std::optional<Bytes> smallestMemory;
    std::string reason;
};
struct StageCancelled {
};
using StageShardingOutcome = std::variant<StageSharding, StageInfeasible, StageCancelled>;

} // namespace alpa
