// What devices compute and launch at least in a step, wherever stages are cut and whatever is sent.
#pragma once

#include "core/base/units.h"
#include "core/mesh/cluster.h"

#include <memory>
#include <vector>

namespace alpa
{

struct DraftModel;
struct LayeredGraph;

/// Devices of one kind, one at least.
struct KindShare {
    std::shared_ptr<const LayeredGraph> layered; ///< As they cost it.
    int devices = 1;
};

/// A step without communication, all of it shared by these devices in the best way, if stages may
/// have these meshes: every product as fast as the fastest, everything else at the devices' rates,
/// every kernel launched by one device. Nor do plans with more microbatches take less.
Seconds leastCompute(const DraftModel& model, const std::vector<KindShare>& kinds, int microbatches,
                     const std::vector<std::vector<int>>& meshes);

/// Of leastCompute on one device of the first kind: a microbatch's launches.
Seconds leastLaunches(const DraftModel& model);

/// Do a multiple of as many microbatches, each as much smaller, never save time on a device or a
/// link? True of what is priced by rates and latencies, not of any measured numbers.
bool smallerSavesNothing(const Cluster& cluster);

} // namespace alpa
