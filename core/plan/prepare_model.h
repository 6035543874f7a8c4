// From a loss graph to a layered training step of one microbatch size: the first half of planning,
// the same for all meshes.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/intra_op/layered_graph.h"
#include "core/plan/model_units.h"
#include "core/plan/parallel_plan.h"

#include <memory>
#include <vector>

namespace alpa
{

struct PreparedModel {
    std::shared_ptr<const LayeredGraph> layered;
    std::vector<PlannedLayer> layers;
    std::vector<ParameterView> views; ///< Parameters of the graph that are parts of the model's.
    int64_t microbatchSize = 1;
    Flops flops;                  ///< Forward and backward contractions of one microbatch.
    bool isLayeredAsAsked = true; ///< False: this batch size has other units than were layered.
};

/// Rebatches a loss graph whose fused projections are separated to `microbatchSize`, differentiates
/// it and adds the optimizer. Fails as these steps fail.
Result<std::shared_ptr<const Graph>> prepareStep(const SplitModel& model, int64_t microbatchSize,
                                                 const OptimizerOptions& optimizer,
                                                 const JobControl& control);

/// Cuts `graph`, which prepareStep made of `model`, into layers.
Result<PreparedModel> prepareModel(const SplitModel& model,
                                   const std::shared_ptr<const Graph>& graph,
                                   int64_t microbatchSize, const Layering& layering,
                                   const DeviceKind& device, const JobControl& control);

} // namespace alpa
