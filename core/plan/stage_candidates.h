// The costed ways to run every run of layers on every submesh and mesh shape: the input of stage
// construction.
#pragma once

#include "core/base/job.h"
#include "core/inter_op/choose_stages.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_request.h"

#include <memory>
#include <vector>

namespace alpa
{

struct CandidateSet {
    std::vector<SubmeshChoice> submeshes;
    std::vector<MeshShape> shapes; ///< StageCandidate::config.
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>>
        recomputed; ///< Per candidate: part of transient that recomputation fills; unset: none.
    std::vector<bool> repeatsCheapOps; ///< Per candidate: recomputes selectively.
    std::vector<std::string> problems; ///< Why shapes or stages are impossible, each once.
    std::vector<std::string> unmatchedPatterns;
    std::optional<Bytes> smallestMemory; ///< Of the whole model in one stage, at least.

    MeshKey meshKey(int config) const;
};

struct CandidateRequest {
    PlanContext* context = nullptr;
    const DraftModel* model = nullptr;
    const PlanConstraints* constraints = nullptr;
    int microbatches = 1;
    bool isLean =
        false; ///< Add shardings that all but minimise memory: for when nothing else fits.
    int threads = 1;
};

/// The memory that a device may use.
Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints);

/// Single blocks and pairs are solved; runs of layers are estimated from these, cost(i..j) = sum of
/// cost(k, k+1) - sum of cost(k) over inner k, which is exact for repeated blocks. What is chosen
/// is solved as a whole later. So the number of integer programmes grows with the different blocks,
/// not with the layers. Fails with kCancelled only.
Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control);

} // namespace alpa
