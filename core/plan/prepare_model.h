// From a loss graph to a layered training step of one microbatch size: the first half of planning,
// the same for all meshes.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/intra_op/layered_graph.h"
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
    Flops flops; ///< Forward and backward contractions of one microbatch.
};

/// Separates fused projections of `loss`, rebatches it to `microbatchSize`, differentiates it, adds
/// the optimizer and cuts it into layers. `layerCount` unset: one layer for every block of the
/// model, at most 16. Fails as these steps fail.
Result<PreparedModel> prepareModel(const Graph& loss, int64_t microbatchSize,
                                   const OptimizerOptions& optimizer, std::optional<int> layerCount,
                                   const DeviceKind& device, const JobControl& control);

} // namespace alpa
