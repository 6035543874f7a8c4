// What all devices together hold at least, whatever the stages, shardings and schedule.
#pragma once

#include "core/base/units.h"
#include "core/plan/plan_request.h"

#include <vector>

namespace alpa
{

struct DraftModel;

struct LeastMemory {
    /// Of a layer and a microbatch.
    struct Layer {
        Bytes saved; ///< From forward to backward, or while the layer runs again.
        Bytes kept;  ///< The part of it that stays if cheap ops run again.
        Bytes read;  ///< Results of other layers that it needs before all others.
    };
    Bytes states; ///< Parameters, one gradient each, optimizer states.
    std::vector<Layer> layers;

    /// If stages may recompute in any of these ways.
    Bytes total(const std::vector<RecomputationKind>& allowed) const;
};

LeastMemory leastMemory(const DraftModel& draft);

} // namespace alpa
