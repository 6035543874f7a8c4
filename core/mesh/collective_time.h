// How long collectives take: ring alpha-beta per axis, or interpolated from what was measured.
#pragma once

#include "core/mesh/device_mesh.h"

namespace alpa
{

/// Time of one collective along `axis`, all groups at once. `bytes`: the full buffer, that is the gathered result
/// of an all-gather, the whole input of a reduce-scatter or all-reduce, one device's whole buffer in an all-to-all.
/// Ring: all-reduce 2(n-1)(latency + bytes/n/bandwidth), all-gather and reduce-scatter half of it, all-to-all
/// (n-1)(latency + bytes/n/bandwidth/... ) per device. Zero when the axis has one device.
Seconds collectiveTime(const Cluster& cluster, const DeviceMesh& mesh, CollectiveKind kind, int axis,
                       Bytes bytes);

/// Time to move a tensor of `bytes` from the devices of one stage to those of the next: every sender sends its share
/// at once, at the slower of the two stages' links (the network card where they lie on different hosts).
Seconds transferTime(const Cluster& cluster, const DeviceMesh& from, const DeviceMesh& to, Bytes bytes);

} // namespace alpa
