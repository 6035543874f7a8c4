// The costed ways to run every run of layers on every submesh and mesh shape: the input of stage
// construction.
#pragma once

#include "core/base/job.h"
#include "core/inter_op/choose_stages.h"
#include "core/plan/candidate_family.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_request.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// The candidates of a shape that were found together.
struct FamilyOfShape {
    int config = 0;
    Recomputation recomputation = Recomputation::kNone;
    double secondsPerByte = 0;
    bool isExact = true; ///< False: costed without the constraints on shardings.
    std::shared_ptr<const CandidateFamily> found;
};

struct CandidateSet {
    std::vector<SubmeshChoice> submeshes;
    std::vector<MeshShape> shapes;       ///< StageCandidate::config.
    std::vector<FamilyOfShape> families; ///< By shape.
    // Of all families, in their order; StageCandidate::tag is the index.
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>>
        recomputed; ///< Per candidate: part of transient that recomputation fills; unset: none.
    std::vector<bool> repeatsCheapOps;   ///< Per candidate: recomputes selectively.
    std::vector<int> recomputedLayers;   ///< Per candidate: its first so many layers run again.
    std::vector<int> familyOf;           ///< Per candidate.
    std::vector<std::string> problems;   ///< Why shapes or stages are impossible, each once.
    std::optional<Bytes> smallestMemory; ///< Of the whole model in one stage, at least.

    MeshKey meshKey(int config) const;
    bool isExact() const;
};

struct CandidateRequest {
    PlanContext* context = nullptr;
    const DraftModel* model = nullptr;
    const PlanConstraints* constraints = nullptr;
    int microbatches = 1;
    DeviceShare share;
    /// For when nothing else fits: add shardings that all but minimise memory, and count no more
    /// than must be held.
    bool isLean = false;
    int threads = 1;
    bool isExact = false; ///< Cost every shape under all constraints at once.
};

/// The memory that a device of `kind` may use.
Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints, int kind = 0);

/// Constraints on shardings are left out at first: what they cost is what a new one changes, and
/// only what comes into question needs to know. Fails with kCancelled only.
Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control);
/// Costs these families again under all constraints.
Status refineCandidates(const CandidateRequest& request, const std::vector<int>& families,
                        CandidateSet& set, const JobControl& control);

} // namespace alpa
