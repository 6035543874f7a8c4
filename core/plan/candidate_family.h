// The candidates of one mesh shape that run the same ops again and pay the same for memory, and all
// that they depend on.
#pragma once

#include "core/base/job.h"
#include "core/inter_op/choose_stages.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/prepare_model.h"
#include "core/plan/run_bounds.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alpa
{

class PlanContext;
struct BlockRuns;
struct DraftModel;

/// A rectangle of devices and the axes of its mesh. All rectangles of one size and kind are alike.
struct MeshKey {
    int hosts = 1;
    int devicesPerHost = 1;
    std::vector<int> axes;
    int kind = 0; ///< Of the hosts.
    friend auto operator<=>(const MeshKey&, const MeshKey&) = default;
};

/// What a backward pass runs again.
using Recomputation = RecomputationKind;

struct CandidateFamily {
    std::vector<StageCandidate>
        candidates;                ///< Submesh, config and tag are set by who collects them.
    std::vector<Bytes> recomputed; ///< Per candidate: part of transient that recomputation fills.
    std::vector<int> recomputedLayers;  ///< Per candidate: its first so many layers run again.
    std::set<std::string> problems;     ///< Why stages are impossible.
    std::optional<Bytes> smallestWhole; ///< Of the whole model in one stage, at least.
    std::optional<RunBounds> bounds;    ///< Without a price of memory only.
};

/// How many layers of a stage may run again.
struct PartialRecomputation {
    std::optional<int>
        layers; ///< Unset: as few as fit in `limit` with up to `inFlight` microbatches.
    Bytes limit;
    int inFlight = 1;
    friend auto operator<=>(const PartialRecomputation&, const PartialRecomputation&) = default;
};

/// Of one model on one cluster.
struct FamilyKey {
    std::shared_ptr<const PreparedModel> model; ///< In which drafts are costed.
    MeshKey mesh;
    int microbatches = 1;
    Recomputation recomputation = Recomputation::kNone;
    double secondsPerByte = 0;   ///< Price of memory.
    bool allowsAnyRun = false;   ///< Also of many more layers than the devices' share.
    std::vector<int> cuts;       ///< Where stages must begin.
    std::string stageMeshes;     ///< Asked of stages, with what the shape is of them; empty: none.
    int deviceCount = 1;         ///< That stages may use,
    bool usesAllDevices = false; ///< and must.
    PartialRecomputation partly; ///< Of kLayers; else as it is made.
    std::string shardings;       ///< Constraints on shardings; empty: none.
    friend auto operator<=>(const FamilyKey&, const FamilyKey&) = default;
};

/// One family to find.
struct FamilyRequest {
    PlanContext* context = nullptr;
    const DraftModel* model = nullptr;
    const PlanConstraints* constraints = nullptr;
    const BlockRuns* runs = nullptr; ///< Under the constraints on specs if `isExact`.
    SubmeshChoice submesh;
    MeshShape shape;
    int microbatches = 1;
    Recomputation recomputation = Recomputation::kNone;
    double secondsPerByte = 0;
    int deviceCount = 1; ///< That stages may use.
    PartialRecomputation partly;
    bool isExact = false; ///< Under all constraints; else without those on shardings.
    int threads = 1;
};

/// Single blocks and pairs are solved; runs of layers are estimated from these, cost(i..j) = sum of
/// cost(k, k+1) - sum of cost(k) over inner k, which is exact for repeated blocks. So the number of
/// integer programmes grows with the different blocks, not with the layers. Remembered by the
/// context. Fails with kCancelled only.
Result<std::shared_ptr<const CandidateFamily>> findFamily(const FamilyRequest& request,
                                                          const JobControl& control);

/// One line a constraint.
std::string specsText(const std::vector<SpecConstraint>& specs);
/// Constraints that forbid strategies on meshes of this shape, as text; empty: none.
std::string shardingsText(const PlanConstraints& constraints, const MeshShape& shape);

} // namespace alpa
