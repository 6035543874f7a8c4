// "What if the cluster were another one?": more memory, faster links, more devices. What comes of
// it is a cluster that nobody has, so its name says so.
#pragma once

#include "core/mesh/cluster.h"

namespace alpa
{

/// Factors of what the cluster file says, and another number of devices.
struct WhatIf {
    double memory = 1;
    double bandwidth = 1; ///< Of the links within and between hosts.
    int devices = 0;      ///< In all; 0: as many as there are.

    bool isNone() const { return *this == WhatIf(); }
    friend bool operator==(const WhatIf&, const WhatIf&) = default;
};

/// "memory x2, bandwidth x0.5, 8 devices"; empty if nothing is changed.
std::string formatWhatIf(const WhatIf& change);
/// "memory=2,bandwidth=0.5,devices=8", any of them. Fails with kInvalidInput naming the part.
Result<WhatIf> parseWhatIf(std::string_view text);

/// The cluster changed so; its name gets " (what if: memory x2)". Other device counts keep hosts as
/// they are as long as they divide into them; else one host has them all. Measured collectives are
/// sped up beyond their latency. Fails with kInvalidInput if a factor or count is out of bounds.
Result<Cluster> applyWhatIf(Cluster cluster, const WhatIf& change);

} // namespace alpa
