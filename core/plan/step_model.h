// What a plan's step becomes when one of its stages takes longer: the schedule simulated again.
#pragma once

#include "core/intra_op/layered_graph.h"
#include "core/plan/parallel_plan.h"

namespace alpa
{

/// The loads and links that a plan's timeline was simulated from.
SimulationProblem simulationOf(const ParallelPlan& plan, const LayeredGraph& layered);

class StepModel
{
public:
    StepModel(const ParallelPlan& plan, const LayeredGraph& layered);

    /// Step time added if `stage` takes `more` longer for every microbatch (shorter if negative),
    /// forward and backward alike; kForever for kForever. Where simulating the plan again does not
    /// give its own step time, as for edited files, every microbatch counts in full.
    Seconds added(size_t stage, Seconds more) const;

private:
    SimulationProblem problem_;
    Seconds base_;
    bool isFaithful_ = false;
};

} // namespace alpa
