// Plans that others published or wrote down, opened as constraints: the planner then makes the best
// plan that looks so, and it can be costed, compared and run. One JSON form for all of them:
//
//   {"format": "published plan", "name": "Alpa, GPT 39B on 64 V100", "source": "suite_auto_gpt.py",
//    "globalBatch": 1024, "microbatches": 1024, "recomputation": true, "layers": 16,
//    "stages": [{"layers": [0, 1], "dp": 1, "tp": 4}, ...]}
//
// A stage may also say {"layers": [8, 16], "hosts": 1, "devices": 8, "mesh": [2, 4]}, or "mesh":
// [8] for a mesh of one axis that splits whatever is best; then stages may differ.
//
// and what Megatron-LM, Galvatron and AutoParallel (placements.h) write themselves.
#pragma once

#include "core/explain/placements.h"
#include "core/plan/plan_request.h"

#include <string>
#include <vector>

namespace alpa
{

struct PublishedPlan {
    std::string name;
    std::string source;
    std::optional<int64_t> globalBatch;
    std::optional<int> layers; ///< That its stages count in.
    PlanConstraints constraints;
    /// Over the tensor axis weights of blocks are split by columns, then rows (columns_and_rows.h).
    bool splitsColumnsAndRows = false;
    std::optional<PlacementPlan> placements; ///< What can only be said of a model at hand.
};

/// Fails with kInvalidInput naming the field.
Result<PublishedPlan> parsePublishedPlan(const std::string& json);
/// Of a file. Fails as reading it does.
Result<PublishedPlan> loadPublishedPlan(const std::string& path);

/// Adds what the plan says to a request for `model`; what the request says already stays. Fails as
/// applyPlacements does.
Status applyPublishedPlan(const PublishedPlan& plan, const Graph& model, PlanOptions& options);

} // namespace alpa
