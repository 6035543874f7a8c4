// ParallelPlan: the planner's whole answer as one immutable value, with predictions and proof.
// Everything that shows, compares, exports or runs a plan reads this.
#pragma once

#include "core/plan/plan_request.h"
#include "core/schedule/simulate.h"
#include "core/sharding/strategy.h"
#include "core/training/split_projections.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

/// A run of forward ops (with their backward and update ops) that stage construction never cuts.
struct PlannedLayer {
    std::string name; ///< "GPT/block_3"
    Flops flops;      ///< Forward and backward of one microbatch.
};

/// How a stage gets a value that it does not compute.
enum class InputSource {
    kOwned,      ///< Parameter or state that lives here.
    kBatch,      ///< From the host, every microbatch.
    kReceived,   ///< From another stage, every microbatch.
    kSharedCopy, ///< A parameter or gradient of another stage (tied weights), received once per
                 ///< step.
    kLocal, ///< Computed in an earlier or later layer of this stage, resharded to `spec` for this
            ///< layer.
};
/// A value that ops of `layer` read under `spec` without that layer computing it.
struct PlannedInput {
    ValueId value;
    int layer = 0;
    ShardingSpec spec;
    InputSource source = InputSource::kOwned;
};

/// What one stage costs. Times per microbatch unless said otherwise.
struct StageCost {
    Seconds forwardCompute, backwardCompute;
    Seconds forwardCommunication, backwardCommunication; ///< Collectives inside the stage.
    Seconds gradientSync;                                ///< Once per step.
    Seconds update;  ///< Once per step, with the gather of updated parameters.
    Seconds receive; ///< Activations from the previous stage.
    Seconds
        recomputation; ///< The forward pass again, before the backward; 0 if activations are kept.
    Seconds weightGradient; ///< Part of the backward that zero-bubble schedules run apart.
    /// Parts of gradientSync and update that computing hides, by the device's overlap factors.
    Seconds hiddenReduction, hiddenGather;
    Seconds forward() const { return forwardCompute + forwardCommunication; }
    Seconds backward() const { return recomputation + backwardCompute + backwardCommunication; }
    Seconds perMicrobatch() const { return forward() + backward(); }
    Seconds exposedSync() const { return gradientSync - hiddenReduction; }
    Seconds exposedUpdate() const { return update - hiddenGather; }
    Seconds perStep() const { return exposedSync() + exposedUpdate(); }
};

/// Bytes on each device of a stage.
struct StageMemory {
    Bytes parameters, gradients, optimizerState;
    Bytes activations; ///< Kept from forward to backward, of one microbatch.
    int inFlight = 1;  ///< Microbatches whose activations are kept at once.
    Bytes waiting;     ///< Of all microbatches whose weight gradients wait, under zero-bubble.
    Bytes transient;   ///< Largest extra need while an op runs.
    Bytes total() const
    {
        return parameters + gradients + optimizerState +
               activations * static_cast<int64_t>(inFlight) + waiting + transient;
    }
};

/// The solver's proof for one stage: cost >= optimum >= lowerBound.
struct Certificate {
    double cost = 0; ///< Objective in seconds per microbatch.
    double lowerBound = 0;
    bool isOptimal = false;
    bool memoryBinds = false;
    int decisions = 0;  ///< Nodes of the integer programme.
    int strategies = 0; ///< Over all nodes.
    std::string method; ///< "trws", "bucket elimination", "branch and bound", ...
    double gap() const { return cost > 0 ? (cost - lowerBound) / cost : 0; }
};

/// One sharding that the solver could have given a decision.
struct Alternative {
    std::string
        strategy; ///< "x: b, y: h" (axis: factor dimension), or the spec of a stored tensor.
    ShardingSpec result;
    Seconds delta; ///< Step time added if only this decision changed; 0 for the chosen one.
};
/// One node of the integer programme: an op or a stored tensor that decides, and the ops that
/// follow it.
struct Decision {
    std::string label;                     ///< "GPT/block_0/fc:dot", "block_0.fc.kernel"
    OpId op;                               ///< Invalid for stored tensors.
    ValueId value;                         ///< The op's result or the stored tensor.
    std::vector<Alternative> alternatives; ///< Cheapest first.
    int chosen = 0;
};

struct PlanStage {
    int firstLayer = 0;
    int endLayer = 0; ///< Exclusive.
    Submesh submesh;
    DeviceMesh mesh; ///< Axis x is the data axis, y the tensor axis.
    std::vector<PlannedInput> inputs;
    std::vector<OpId> ops; ///< Forward, backward and update ops of the stage, in graph order.
    std::vector<OpSharding> shardings; ///< One per entry of ops.
    StageCost cost;
    StageMemory memory;
    bool recomputes = false; ///< Every layer runs again before its backward pass, and keeps only
                             ///< what other layers read.
    bool repeatsCheapOps =
        false;                ///< Selective recomputation, see core/intra_op; not with recomputes.
    int recomputedLayers = 0; ///< Else its first so many layers alone run again.
    Certificate certificate;
    std::vector<Decision> decisions;

    /// Does the forward pass of `layer` run again before its backward?
    bool runsAgain(int layer) const { return recomputes || layer < firstLayer + recomputedLayers; }
};

struct ParallelPlan {
    std::string modelName;
    std::string modelPath;
    Cluster cluster;
    PlanOptions options; ///< As asked, so that the same request can be made again.
    std::shared_ptr<const Graph>
        graph; ///< The training step at microbatch size; OpIds and ValueIds refer to it.
    std::vector<ParameterView>
        views; ///< Parameters of the graph that are parts of the model's own.
    std::vector<PlannedLayer> layers;
    std::vector<int> layerOfOp; ///< Per op of the graph.
    std::vector<PlanStage> stages;
    ScheduleKind schedule = ScheduleKind::k1f1b;
    int chunks = 1; ///< Stages on the same devices: stage s shares those of s mod deviceGroups().
    int microbatches = 1;
    int64_t microbatchSize = 1;
    Timeline timeline;
    Seconds stepTime;     ///< Of the simulated timeline.
    Seconds stepBound;    ///< Proven: no plan as asked takes less. 0: nothing is proven.
    Flops modelFlops;     ///< Of one step, without recomputation.
    Seconds planningTime; ///< Wall clock; not part of the plan's text.

    int64_t globalBatch() const { return microbatchSize * microbatches; }
    double samplesPerSecond() const { return static_cast<double>(globalBatch()) / stepTime.count; }
    /// At most this part of the step could be saved by any plan; nothing if nothing is proven.
    std::optional<double> stepGap() const;
    /// modelFlops per second and device.
    double flopsPerDevice() const;
    /// Degrees as people name them; of the widest stage.
    int dataParallel() const;
    int tensorParallel() const;
    /// As asked: what splits the sequence without being asked for counts as tensor parallel.
    int contextParallel() const { return options.constraints.contextParallel.value_or(1); }
    int pipelineParallel() const { return deviceGroups(); }
    /// What all stages on the devices of `stage` need of each of them.
    Bytes deviceMemory(size_t stage) const;
    /// Of the hosts that the stage lies on.
    int kindOf(const PlanStage& stage) const { return cluster.kindOfHost(stage.submesh.firstHost); }
    /// Devices of the cluster that no stage uses, ascending.
    std::vector<DeviceId> idleDevices() const;
    int deviceGroups() const { return static_cast<int>(stages.size()) / chunks; }
};

/// No plan is an answer: which constraints clash, and what would do.
struct NoPlan {
    std::string
        reason; ///< "memory 16 GiB and max TP 1: stage of layers 0-3 needs 23.1 GiB at least"
    std::vector<std::string> clashing; ///< The constraints, as formatted.
    std::optional<Bytes>
        smallestMemory; ///< Per device: there is a plan with it, everything else as asked.
};

} // namespace alpa
