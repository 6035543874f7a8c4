// The costed ways to run every run of layers on every submesh and mesh shape: the input of stage
// construction.
#pragma once

#include "core/base/job.h"
#include "core/inter_op/choose_stages.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_request.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alpa
{

/// What one mesh shape has to offer.
struct ShapeCandidates {
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>>
        recomputed; ///< Per candidate: part of transient that recomputation fills; unset: none.
    std::vector<bool> repeatsCheapOps;  ///< Per candidate: recomputes selectively.
    std::set<std::string> problems;     ///< Why the shape or stages on it are impossible.
    std::optional<Bytes> smallestWhole; ///< Of the whole model in one stage, at least.
    bool isExact = true;                ///< False: costed without the constraints on shardings.
};

struct CandidateSet {
    std::vector<SubmeshChoice> submeshes;
    std::vector<MeshShape> shapes;        ///< StageCandidate::config.
    std::vector<ShapeCandidates> ofShape; ///< Per shape.
    std::vector<std::string> unmatchedPatterns;
    // Of all shapes, in their order; StageCandidate::tag is the index.
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>> recomputed;
    std::vector<bool> repeatsCheapOps;
    std::vector<std::string> problems;   ///< Each once.
    std::optional<Bytes> smallestMemory; ///< The least smallestWhole.

    MeshKey meshKey(int config) const;
    bool isExact() const;
};

struct CandidateRequest {
    PlanContext* context = nullptr;
    const DraftModel* model = nullptr;
    const PlanConstraints* constraints = nullptr;
    int microbatches = 1;
    bool isLean =
        false; ///< Add shardings that all but minimise memory: for when nothing else fits.
    int threads = 1;
    bool isExact = false; ///< Cost every shape under all constraints at once.
};

/// The memory that a device may use.
Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints);

/// Single blocks and pairs are solved; runs of layers are estimated from these, cost(i..j) = sum of
/// cost(k, k+1) - sum of cost(k) over inner k, which is exact for repeated blocks. What is chosen
/// is solved as a whole later. So the number of integer programmes grows with the different blocks,
/// not with the layers.
///
/// Constraints on shardings are left out at first: what they cost is what a new one changes, and
/// only shapes that come into question need to know. Fails with kCancelled only.
Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control);
/// Costs the shapes `configs` again under all constraints.
Status refineCandidates(const CandidateRequest& request, const std::vector<int>& configs,
                        CandidateSet& set, const JobControl& control);

} // namespace alpa
