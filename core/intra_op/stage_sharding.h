// Shards one stage: the integer programme of its layers on one mesh shape, solved and read back.
#pragma once

#include "core/base/job.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/stage_request.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace alpa
{

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
    std::vector<int> edgesIn(int firstLayer, int endLayer) const;
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
