// Lower bounds of step times: what no plan undercuts, whatever its stages, meshes, shardings,
// schedule and recomputation, under the costs that plans are judged by.
#pragma once

#include "core/base/units.h"
#include "core/mesh/cluster.h"

#include <vector>

namespace alpa
{

struct CandidateRequest;
struct CandidateSet;
struct DraftModel;
struct LayeredGraph;

struct StepBound {
    Seconds step;     ///< No plan with this number of microbatches takes less,
    Seconds withMore; ///< nor, where halvingSavesNothing, one with 2, 4, 8, ... times as many this.
};

/// Of plans on the request's devices. Every stage is busy with its microbatches for at least what
/// `set` knows of its layers (run_bounds.h), and starts when the stages before it have passed on
/// the first one; devices are shared out in the best way. Infinite: no plan.
StepBound boundStep(const CandidateRequest& request, const CandidateSet& set);

/// A step without communication, on one device times their number, if stages may have these meshes:
/// every product as fast as the fastest, everything else at the rates of the devices that `layered`
/// is of. Nor do plans with more microbatches take less.
Seconds leastCompute(const DraftModel& model, const LayeredGraph& layered, int microbatches,
                     const std::vector<std::vector<int>>& meshes);

/// Do twice as many microbatches, each half as large, never save time on a device or a link? True
/// of what is priced by rates and latencies, not of any measured numbers.
bool halvingSavesNothing(const Cluster& cluster);

} // namespace alpa
