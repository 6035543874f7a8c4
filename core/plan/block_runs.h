// The few different blocks and pairs of blocks of a model, of whose costs the cost of every run of
// layers is made.
#pragma once

#include "core/plan/plan_context.h"

#include <string>
#include <vector>

namespace alpa
{

/// One or two layers of a draft model and what constraints name in them.
struct BlockKind {
    int firstLayer = 0;
    int endLayer = 0;
    std::vector<SpecMatch> matches;
    friend auto operator<=>(const BlockKind&, const BlockKind&) = default;
};

struct BlockRuns {
    std::vector<BlockKind> singles;
    std::vector<BlockKind> pairs;
    std::vector<int> singleOf; ///< Per block.
    std::vector<int> pairOf;   ///< Of a block and the one after it; one entry fewer.
    std::vector<std::string>
        unmatchedPatterns; ///< What is wrong with constraints that name nothing.
};

BlockRuns findBlockRuns(const DraftModel& model, const std::vector<SpecConstraint>& constraints);

} // namespace alpa
