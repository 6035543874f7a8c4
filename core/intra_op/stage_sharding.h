// Shards one stage: the integer programme of its layers on one mesh shape, solved and read back.
#pragma once

#include "core/base/job.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/mesh_problem.h"
#include "core/intra_op/spec_constraints.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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

/// All stages of one training graph on one mesh shape. Equal runs of layers are solved once, under
/// whatever name they are asked for. Safe to use from several threads.
class StageSharder
{
public:
    /// Keeps `layered`.
    static Result<std::shared_ptr<StageSharder>> create(std::shared_ptr<const LayeredGraph> layered,
                                                        const Cluster& cluster,
                                                        const DeviceMesh& mesh);

    /// The answer stays valid as long as the sharder, except StageCancelled, which is not kept.
    const StageShardingOutcome& solve(const StageRequest& request, const JobControl& control);

    /// What tells questions apart: equal for those with equal answers.
    std::vector<uint64_t> signature(const StageRequest& request) const;
    /// What tells runs of layers apart, whatever is asked of them: equal for runs whose choices
    /// cost and hold the same.
    std::vector<uint64_t> runSignature(int firstLayer, int endLayer) const;

    /// No sharding of the stage needs less than this, with one microbatch in flight.
    Bytes leastMemory(int firstLayer, int endLayer) const;
    /// No sharding of the stage counts less against a limit.
    Bytes leastUse(const StageRequest& request) const;

    const LayeredGraph& layered() const { return *layered_; }
    /// Where the sequence is; found when first asked for.
    const BatchDims& sequence() const;
    const MeshProblem& problem() const { return *problem_; }
    const SpecTables& tables() const { return *tables_; }
    /// These results of the stage's ops as what its nodes hold at once.
    StageMoment momentOf(int firstLayer, int endLayer, std::span<const ValueId> values) const;
    /// Copies for layers [firstLayer, endLayer).
    std::span<const LayerCopy> copiesIn(int firstLayer, int endLayer) const;
    /// Nodes of the stage in the order of StageSharding::choice.
    std::vector<int> nodesOf(int firstLayer, int endLayer) const;
    /// The stage as the solver sees it. Bytes that one device keeps for copies of values of other
    /// stages count at the copies' nodes.
    IlpProblem ilp(const StageRequest& request) const;
    /// Roughly, of tables and problem.
    Bytes size() const { return size_; }

private:
    StageSharder() = default;
    std::vector<std::vector<int64_t>> usesOf(const StageRequest& request,
                                             const std::vector<int>& nodes) const;
    void hashLayers();
    void hashEdges();
    void measure();
    StageSharding readBack(const StageRequest& request, const IlpProblem& problem,
                           const IlpSolution& solution) const;
    void raiseBound(const StageRequest& request, IlpSolution& solution, const JobControl& control);
    StageShardingOutcome solveAnew(const StageRequest& request, const JobControl& control);
    bool obeys(const StageRequest& request, const std::vector<int>& choice) const;
    /// Of one of the problem's copies: per strategy, on one device.
    const std::vector<int64_t>& bytesOf(const LayerCopy& copy) const
    {
        return bytesOfCopy_[static_cast<size_t>(&copy - problem_->copies.data())];
    }
    bool isOutside(const LayerCopy& copy, int firstLayer, int endLayer) const;
    bool isHeld(const LayerCopy& copy, int firstLayer, int endLayer) const;
    int layerOf(const MeshEdge& edge) const
    {
        return problem_->nodes[static_cast<size_t>(edge.to)].layer;
    }
    /// Of a resharding paid once per step, what computing does not hide.
    double exposedShare(const MeshEdge& edge) const
    {
        const DeviceKind& device = layered_->device;
        return 1 - (edge.isGather ? device.gatherOverlap : device.reductionOverlap);
    }

    std::shared_ptr<const LayeredGraph> layered_;
    std::unique_ptr<SpecTables> tables_;
    std::unique_ptr<const MeshProblem> problem_;
    std::vector<int> positionInLayer_; ///< Per node.
    std::vector<uint64_t> layerHash_;
    std::vector<Bytes> leastOfLayer_;
    std::vector<std::vector<int64_t>> bytesOfCopy_; ///< Per copy and strategy, on one device.
    std::map<std::pair<int, int>, std::vector<int>> edgesBetween_; ///< (layer, layer) -> edges.
    std::map<std::pair<int, int>, uint64_t> edgeHash_;
    Bytes size_;
    mutable std::once_flag sequenceIsFound_;
    mutable BatchDims sequence_;
    /// Whoever asks while it is being found waits.
    struct Answer {
        std::mutex mutex; ///< Guards outcome.
        std::optional<StageShardingOutcome> outcome;
    };
    std::mutex mutex_; ///< Guards known_.
    std::map<std::vector<uint64_t>, Answer> known_;
};

} // namespace alpa
