// Clusters with hosts of two kinds for tests.
#pragma once

#include "core/mesh/cluster.h"

namespace alpa
{

/// Makes half of the devices of a cluster of one host a host of a second kind, so far the same.
inline DeviceKind& addSecondKind(Cluster& cluster)
{
    cluster.hosts = 2;
    cluster.devicesPerHost /= 2;
    cluster.second = HostKind{.hosts = 1,
                              .device = cluster.device,
                              .withinHost = cluster.withinHost,
                              .betweenHosts = cluster.betweenHosts,
                              .measured = {}};
    return cluster.second->device;
}

} // namespace alpa
