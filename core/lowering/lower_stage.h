// SPMD code of one stage: ops on local tensors, reshardings as collectives, sends and receives in
// place.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/program/program.h"
#include "core/sharding/reshard.h"

#include <map>
#include <vector>

namespace alpa
{

/// A value that one stage computes and another reads.
struct Crossing {
    ValueId value;
    int fromStage = 0;
    int toStage = 0;
    int layer = 0; ///< Of the reader; its PlannedInput. -1 for scalars.
    ShardingSpec toSpec;
    bool oncePerStep = false;
    Phase readIn = Phase::kForward; ///< First phase that reads it.
    bool isReadBackward = false;
};

/// All crossings of a plan, by (fromStage, value, toStage, layer); a TransferId is an index into
/// them.
std::vector<Crossing> findCrossings(const ParallelPlan& plan);

/// What a stage's code leaves for the transfers: the buffer and the spec that each outgoing
/// crossing is sent from, and the buffer that each incoming one is received into.
struct StageCode {
    StageProgram program;
    std::map<uint32_t, BufferId> sentFrom;     ///< Transfer -> buffer.
    std::map<uint32_t, ShardingSpec> sentSpec; ///< Transfer -> spec, without partial axes.
    std::map<uint32_t, BufferId> receivedInto; ///< Transfer -> buffer.
};

/// `rules`: of plan.graph, per op.
Result<StageCode> lowerStage(const ParallelPlan& plan, int stage,
                             const std::vector<Crossing>& crossings, const GraphRules& rules);

} // namespace alpa
