// The model in which stages are costed before they are chosen: each of its blocks stands for all
// that are alike.
#pragma once

#include "core/base/units.h"
#include "core/plan/least_memory.h"
#include "core/plan/prepare_model.h"
#include "core/plan/shorten_model.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace alpa
{

/// The model in which drafts are costed: one layer a kept block, or the model's own layers where
/// there is nothing to cut.
struct DraftModel {
    std::shared_ptr<const PreparedModel> model;
    std::shared_ptr<const ShortModel> shortened; ///< Null: layers stand for themselves.
    std::vector<int> layerOfBlock;               ///< Of `model`, per block.
    std::vector<int> begins; ///< First block of every layer of the whole model, then their number.
    LeastMemory least;
    /// Compute time of a microbatch, and of an update, on one device: no plan on n devices takes
    /// less than an n-th.
    Seconds computePerMicrobatch, computePerStep;
    /// Of computePerMicrobatch: the contraction that takes longest, with those that differentiate
    /// it. No cut between stages divides it.
    Seconds longestContraction;
    double weightGradientShare = 0; ///< Of computePerMicrobatch.
    std::vector<int64_t> sizes;     ///< Of the dimensions of its tensors, ascending, each once.

    int blockCount() const { return static_cast<int>(layerOfBlock.size()); }
    int layerCount() const { return static_cast<int>(begins.size()) - 1; }
    /// Blocks i and i + 1 stand side by side as layers n and n + 1 of `model`.
    int pairOf(int block) const
    {
        return shortened ? shortened->keptPair(block) : layerOfBlock[static_cast<size_t>(block)];
    }
};

} // namespace alpa
