#include "core/plan/draft_memory.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Tensors as large as the largest that are alive at once: an op's operands and its result.
constexpr int64_t kAlive = 3;

/// What the block keeps for the next one: with it, it keeps more than alone.
Bytes checkpointOf(const BlockRuns& runs, const BlockCosts& costs, int block)
{
    if (static_cast<size_t>(block) >= runs.pairOf.size())
        return {};
    const auto at = static_cast<size_t>(block);
    const auto& alone = costs.singles[static_cast<size_t>(runs.singleOf[at])];
    const auto& both = costs.pairs[static_cast<size_t>(runs.pairOf[at])];
    return alone && both ? std::max(Bytes(0), both->activations - alone->activations) : Bytes(0);
}

} // namespace

DraftMemory::DraftMemory(const DraftModel& model, int devices, const BlockRuns& runs,
                         const BlockCosts* again)
    : inside_(1)
{
    const std::vector<Bytes>& largest = model.model->layered->largestResult;
    for (int layer = 0; layer < model.layerCount(); ++layer) {
        const int end = model.begins[static_cast<size_t>(layer) + 1];
        Bytes passing, repeated, checkpoint, inside;
        for (int block = model.begins[static_cast<size_t>(layer)]; block < end; ++block) {
            const auto at = static_cast<size_t>(block);
            passing = std::max(passing, largest[static_cast<size_t>(model.layerOfBlock[at])]);
            if (again == nullptr)
                continue;
            if (const auto& single = again->singles[static_cast<size_t>(runs.singleOf[at])])
                repeated += single->recomputed;
            inside += checkpoint;
            checkpoint = checkpointOf(runs, *again, block);
        }
        // Taking every tensor as split over all devices.
        passing_.push_back(passing * kAlive / int64_t{devices});
        repeated_.push_back(repeated);
        checkpoints_.push_back(checkpoint);
        inside_.push_back(inside_.back() + inside);
    }
}

DraftMemory::Peak DraftMemory::peak(int first, int end, int layersAgain) const
{
    Peak peak;
    for (int layer = first; layer < end; ++layer) {
        const auto at = static_cast<size_t>(layer);
        Bytes repeated;
        if (layer < first + layersAgain)
            repeated = layer + 1 < end ? std::max(Bytes(0), repeated_[at] - checkpoints_[at])
                                       : repeated_[at];
        peak.repeated = std::max(peak.repeated, repeated);
        peak.all = std::max(peak.all, passing_[at] + repeated);
    }
    return peak;
}

Bytes DraftMemory::betweenBlocks(int first, int end) const
{
    return inside_[static_cast<size_t>(end)] - inside_[static_cast<size_t>(first)];
}

} // namespace alpa
