// What a run of layers holds for moments, before it is sharded: tensors that live briefly, and what
// layers that run again fill, one layer at a time.
#pragma once

#include "core/plan/run_cost.h"

#include <vector>

namespace alpa
{

class DraftMemory
{
public:
    /// On `devices` devices. `again`: blocks that run again; null if no layers do.
    DraftMemory(const DraftModel& model, int devices, const BlockRuns& runs,
                const BlockCosts* again);

    /// Most that a device holds for a moment if the first `layersAgain` of layers [first, end) run
    /// again, and the part of it that these fill.
    struct Peak {
        Bytes all, repeated;
    };
    Peak peak(int first, int end, int layersAgain) const;

    /// What layers [first, end) that run again do not keep although their blocks would alone:
    /// results that only other blocks of the same layer read.
    Bytes betweenBlocks(int first, int end) const;
    /// What a layer that runs again keeps for the one after it.
    Bytes checkpoint(int layer) const { return checkpoints_[static_cast<size_t>(layer)]; }

private:
    std::vector<Bytes> passing_;     ///< Per layer: tensors that live briefly.
    std::vector<Bytes> repeated_;    ///< Per layer: what it fills, checkpoints among it.
    std::vector<Bytes> checkpoints_; ///< Per layer.
    std::vector<Bytes> inside_;      ///< Of all layers before: betweenBlocks.
};

} // namespace alpa
