// Values that one stage computes and another reads.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/program/program.h"

#include <vector>

namespace alpa
{

struct Crossing {
    ValueId value;
    int fromStage = 0;
    int toStage = 0;
    int layer = 0; ///< Of the reader; its PlannedInput. -1 for scalars.
    ShardingSpec toSpec;
    bool oncePerStep = false;
    SegmentKind readIn = SegmentKind::kForward; ///< First segment that reads it.
};

/// All crossings of a plan, by (toStage, value, layer); a TransferId is an index into them.
/// `segments`: per op, see op_segments.h.
std::vector<Crossing> findCrossings(const ParallelPlan& plan,
                                    const std::vector<SegmentKind>& segments);

} // namespace alpa
