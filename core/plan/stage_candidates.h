// The costed ways to run every run of layers on every submesh and mesh shape: the input of stage
// construction.
#pragma once

#include "core/base/job.h"
#include "core/inter_op/choose_stages.h"
#include "core/intra_op/stage_sharding.h"
#include "core/plan/plan_request.h"
#include "core/plan/prepare_model.h"

#include <memory>
#include <vector>

namespace alpa
{

/// A mesh shape: `dp` devices along the data axis, `tp` along the tensor axis, over one kind of
/// submesh.
struct MeshShape {
    int submesh = 0; ///< Index into CandidateSet::submeshes.
    int dp = 1;
    int tp = 1;
};

struct CandidateSet {
    std::vector<SubmeshChoice> submeshes;
    std::vector<MeshShape> shapes; ///< StageCandidate::config.
    std::vector<std::shared_ptr<StageSharder>>
        sharders; ///< Per shape; null where the shape is impossible.
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>>
        recomputed; ///< Per candidate: part of transient that recomputation fills; unset: none.
    std::vector<std::string> problems; ///< Why shapes or stages are impossible, each once.
    std::vector<std::string> unmatchedPatterns;
    std::optional<Bytes> smallestMemory; ///< Of the whole model in one stage, at least.
};

struct CandidateRequest {
    const PreparedModel* model = nullptr;
    const Cluster* cluster = nullptr;
    const PlanConstraints* constraints = nullptr;
    int microbatches = 1;
    bool isLean =
        false; ///< Add shardings that all but minimise memory: for when nothing else fits.
    int threads = 1;
};

/// What the constraints say about shardings on a mesh of this shape.
ShardingRules shardingRules(const PlanConstraints& constraints, const MeshShape& shape);

/// The memory that a device may use.
Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints);

/// Runs of one and two layers are solved; longer ones are estimated from these, cost(i..j) = sum of
/// cost(k, k+1) - sum of cost(k) over inner k, which is exact for repeated layers. What is chosen
/// is solved as a whole later. So the number of integer programmes grows with the layers, not with
/// their square. Fails with kCancelled only.
Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control);

} // namespace alpa
