// How long collectives take: ring alpha-beta per axis, or interpolated from what was measured.
// Every time includes one kernel launch, since a collective is a kernel on the device.
#pragma once

#include "core/mesh/device_mesh.h"

namespace alpa
{

/// Time of one collective along `axis`, all groups at once; zero when the axis has one device.
/// `bytes`: the full buffer, that is the gathered result of an all-gather, the whole input of a
/// reduce-scatter or all-reduce, one device's whole buffer in an all-to-all, the message of a send
/// or broadcast.
///
/// Ring among n devices: all-reduce 2(n-1)(latency + bytes/n/bandwidth); all-gather and
/// reduce-scatter half of it; all-to-all the same as all-gather within a host; send and broadcast
/// latency + bytes/bandwidth. Where the axis crosses hosts an all-to-all pays for all k(n-k)/n
/// bytes that k members on one host send to others through the card. Within one host, when the
/// cluster has a measured curve for the kind, it is interpolated in bytes (from the ring's latency
/// at zero bytes) and scaled from the nearest measured group size by the ring's traffic.
Seconds collectiveTime(const Cluster& cluster, const DeviceMesh& mesh, CollectiveKind kind,
                       int axis, Bytes bytes);

/// Time to move a tensor of `bytes`, each byte once, from the devices of one stage to those of the
/// next: every device sends or receives its share at once over its own link, or the hosts' network
/// cards where the stages lie on different hosts. A later gather among the receivers is not
/// included. Zero between equal device lists.
Seconds transferTime(const Cluster& cluster, const DeviceMesh& from, const DeviceMesh& to,
                     Bytes bytes);

} // namespace alpa
