// The plan that the shardings in a model file describe, as constraints: one program over the file's
// mesh, without stages and microbatches, with every annotated parameter and intermediate value
// sharded as it says. The planner then makes the best plan that looks so and costs it, beside its
// own.
#pragma once

#include "core/explain/published_plan.h"

namespace alpa
{

struct AnnotatedPlan {
    PublishedPlan plan; ///< With constraints.meshAxes and constraints.specs.
    /// "data is x, model is y": the file's axes by the names of meshes here.
    std::string axes;
    int parameters = 0, ops = 0; ///< Pinned.
    std::vector<std::string>
        notRecovered; ///< What the file says and constraints cannot, for people.
};

/// Of a graph as imported. Fails with kInvalidInput if the file has no shardings, with kUnsupported
/// if they are over more axes than meshes here have.
Result<AnnotatedPlan> planFromAnnotations(const Graph& graph);

} // namespace alpa
