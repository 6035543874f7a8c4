// How many ways a plan splits the batch and the model, as people name plans.
#pragma once

#include "core/plan/parallel_plan.h"

namespace alpa
{

struct ParallelDegrees {
    int data = 1;
    int tensor = 1;
};

/// Of the widest stage. O(size of the graph): whoever needs both should ask once.
ParallelDegrees parallelDegrees(const ParallelPlan& plan);

} // namespace alpa
