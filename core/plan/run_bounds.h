// The least that runs of layers take on meshes of one shape, whatever their shardings: what bounds
// on whole steps are made of (step_bound.h).
#pragma once

#include "core/intra_op/stage_sharding.h"

#include <optional>
#include <vector>

namespace alpa
{

struct BlockRuns;
struct DraftModel;

struct RunBounds {
    int layerCount = 0;
    /// Of layers [first, end), at first * layerCount + end - 1: seconds of a microbatch with its
    /// part of what is paid once per step. Infinite: impossible.
    std::vector<double> least;
    /// Seconds of a microbatch's passes per layer, without communication.
    std::vector<double> leastForward, leastBackward;
    bool isChain = true; ///< Every layer waits for what the one before it computes.

    Seconds of(int first, int end) const
    {
        return Seconds(least[static_cast<size_t>(first * layerCount + end - 1)]);
    }
};

/// A stage pays for all that its blocks cost alone, and for what lies between them: the best sum
/// over blocks and pairs that share no block bounds it. `singles` and `pairs` answer the questions
/// of `runs` without a price on memory. O(layers * blocks).
RunBounds boundRuns(const DraftModel& model, const BlockRuns& runs, const StageSharder& sharder,
                    const std::vector<std::optional<StageSharding>>& singles,
                    const std::vector<std::optional<StageSharding>>& pairs);

} // namespace alpa
