// Lower bounds of step times: what no plan undercuts, whatever its stages, meshes, shardings,
// schedule and recomputation, under the costs that plans are judged by.
#pragma once

#include "core/base/units.h"

namespace alpa
{

struct CandidateRequest;
struct CandidateSet;

struct StepBound {
    Seconds step;     ///< No plan with this number of microbatches takes less,
    Seconds withMore; ///< nor, where smallerSavesNothing, one with a multiple of it this.
};

/// Of plans on the request's devices. Every stage is busy with its microbatches for at least what
/// `set` knows of its layers (run_bounds.h), and starts when the stages before it have passed on
/// the first one; devices are shared out in the best way. Infinite: no plan.
StepBound boundStep(const CandidateRequest& request, const CandidateSet& set);

} // namespace alpa
