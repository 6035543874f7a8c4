// What a person may ask of the planner: batch, optimizer, and constraints. Everything not said is
// searched.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/graph/graph.h"
#include "core/intra_op/spec_constraints.h"
#include "core/mesh/cluster.h"
#include "core/mesh/sharding_spec.h"
#include "core/schedule/schedule.h"
#include "core/training/training_step.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// Named starting points; each one is the planner under fixed constraints.
enum class PlanStrategy { kAuto, kDataParallel, kZero2, kZero3, kMegatron, kPipeline };
/// "auto", "dp", "zero2", "zero3", "megatron", "pipeline".
std::string_view strategyName(PlanStrategy strategy);
std::optional<PlanStrategy> strategyFromName(std::string_view name);

/// The devices and the mesh of the stage that begins at a layer, which is a cut as well.
struct StageMesh {
    int layer = 0;
    int hosts = 1;
    int devicesPerHost = 1;
    /// Sizes, x first; empty: searched. A single axis may split the batch or anything else, as
    /// Alpa's one-dimensional meshes do; of several only x splits the batch.
    std::vector<int> axes;
    friend bool operator==(const StageMesh&, const StageMesh&) = default;
};
/// "1x8", "1x8:2x4".
std::string text(const StageMesh& mesh);
/// Of "HOSTSxDEVICES" or "HOSTSxDEVICES:AXES", as text() gives it, for `layer`. Fails with
/// kInvalidInput saying what was expected.
Result<StageMesh> parseStageMesh(int layer, const std::string& text);

/// What runs forward again before its backward, instead of keeping its activations.
enum class RecomputationKind { kNone, kSelective, kLayers, kFull };
/// "none", "selective" (cheap ops), "layers" (the first ones of a stage), "full".
std::string_view recomputationName(RecomputationKind kind);
std::optional<RecomputationKind> recomputationFromName(std::string_view name);

struct PlanConstraints {
    std::optional<int> maxTp, maxDp,
        maxPp; ///< Degrees: devices along the tensor axis, the data axis, stages.
    std::optional<int> fixedTp, fixedDp, fixedPp;
    std::vector<int>
        meshAxes; ///< Sizes of the axes of every stage's mesh, x first; empty: searched.
    std::optional<int> contextParallel; ///< Devices that split the sequence, the mesh's last axis.
    int mostMeshAxes = 2;               ///< Of a searched mesh: 2 or 3.
    std::optional<Bytes> memoryPerDevice; ///< Unset: the device's own memory.
    std::optional<int> microbatches;      ///< Unset: searched.
    std::optional<ScheduleKind> schedule; ///< Unset: searched.
    std::vector<ScheduleKind> forbiddenSchedules;
    std::optional<int> chunks; ///< Stages on each device group of an interleaved schedule; >= 2.
    std::optional<bool> recomputation;          ///< Always, never; unset: where memory is scarce.
    std::optional<bool> selectiveRecomputation; ///< The same for cheap ops alone.
    std::optional<int> recomputedLayers;        ///< Of every stage, so many first layers run again.
    std::vector<RecomputationKind> forbiddenRecomputations;
    StorageRule parameterStorage = StorageRule::kFree;
    StorageRule stateStorage = StorageRule::kFree;
    std::vector<SpecConstraint> specs;
    bool usesAllDevices = false;    ///< Else devices stay idle where a plan without them is faster.
    std::vector<int> cuts;          ///< A stage must begin at these layers.
    std::vector<int> forbiddenCuts; ///< No stage may begin at these layers.
    std::vector<StageMesh> stageMeshes;
    friend bool operator==(const PlanConstraints&, const PlanConstraints&) = default;
};

struct PlanOptions {
    std::optional<int64_t> globalBatch; ///< Samples of one step; unset: the batch of the file.
    std::optional<int> layers;          ///< Layers to cluster into; unset: chosen from the model.
    OptimizerOptions optimizer;
    PlanStrategy strategy = PlanStrategy::kAuto;
    PlanConstraints constraints;
    int threads = 0; ///< 0: one per core. Never changes the plan.
};

struct PlanRequest {
    std::shared_ptr<const Graph> model; ///< The loss graph, as imported.
    std::string modelPath;              ///< For titles and files only.
    Cluster cluster;
    PlanOptions options;
};

/// The cluster as its devices compute under the constraints: kernels of whole attentions take no
/// part of a sequence (a causal mask would depend on the device's place), so context parallelism
/// does without them.
Cluster pricedCluster(const Cluster& cluster, const PlanConstraints& constraints);

/// May a plan have this schedule? Chunks are of interleaved ones alone.
bool isScheduleAllowed(const PlanConstraints& constraints, ScheduleKind kind);

/// What the constraints leave, the fastest first; empty if they contradict each other.
std::vector<RecomputationKind> allowedRecomputations(const PlanConstraints& constraints);

/// One text per constraint, in a fixed order: "max TP 2", "memory 16 GiB".
std::vector<std::string> listConstraints(const PlanConstraints& constraints);
/// The same in one line; "none" if nothing is asked.
std::string formatConstraints(const PlanConstraints& constraints);

} // namespace alpa
