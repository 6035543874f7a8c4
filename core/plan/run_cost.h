// What a run of layers costs, made of the solutions of its blocks and pairs of blocks.
#pragma once

#include "core/intra_op/stage_sharding.h"
#include "core/plan/block_runs.h"
#include "core/plan/draft_model.h"

#include <functional>
#include <optional>
#include <vector>

namespace alpa
{

/// Solutions of the blocks and of the pairs of a model's BlockRuns; unset: there is none.
struct BlockCosts {
    std::vector<std::optional<StageSharding>> singles, pairs;
};

/// In seconds and bytes of one device.
struct RunCost {
    double perMicrobatch = 0, perStep = 0, fixed = 0, activations = 0;
    void add(const StageSharding& stage, double times);
    void add(const RunCost& other, double times);
};

/// Calls visit(end, cost) for the runs from layer `first`, the shortest first: cost(i..j) = sum of
/// cost(k, k+1) - sum of cost(k) over inner k. No cost: a part has no solution.
void forEachRunFrom(const DraftModel& model, const BlockRuns& runs, int first,
                    const BlockCosts& costs,
                    const std::function<void(int end, const std::optional<RunCost>& cost)>& visit);

} // namespace alpa
