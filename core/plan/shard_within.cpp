#include "core/plan/shard_within.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// At how many moments a stage's memory is limited; two do nearly always.
constexpr int kMoments = 4;

} // namespace

bool shardWithin(ChosenStage& stage, Bytes limit, const KeptMicrobatches& kept,
                 const CountFigures& figuresOf, const JobControl& control)
{
    StageRequest& request = stage.request;
    for (int round = 0; round <= kMoments; ++round) {
        const StageShardingOutcome& outcome = stage.sharder->solve(request, control);
        const auto* found = std::get_if<StageSharding>(&outcome);
        if (found == nullptr)
            return false;
        stage.sharding = *found;
        const auto figures = figuresOf(stage);
        StageMemory memory = figures->memory;
        keepMicrobatches(memory, figures->weights, kept);
        if (memory.total() <= limit)
            return true;
        const Bytes left = limit - memory.waiting;
        const bool isKnown = std::ranges::any_of(
            request.moments, [&](const auto& known) { return *known == *figures->fullest; });
        if (isKnown && left >= request.memoryLimit)
            return true;
        if (!isKnown)
            request.moments.push_back(figures->fullest);
        request.memoryLimit = std::min(left, request.memoryLimit.value_or(left));
        if (stage.sharder->leastUse(request) > *request.memoryLimit)
            return false;
    }
    return true;
}

} // namespace alpa
