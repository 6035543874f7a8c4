// SPMD code of one stage: ops on local tensors, reshardings as collectives, sends and receives in
// place.
#pragma once

#include "core/intra_op/spec_tables.h"
#include "core/lowering/crossings.h"
#include "core/plan/parallel_plan.h"
#include "core/program/program.h"

#include <map>
#include <vector>

namespace alpa
{

/// What a stage's code leaves for the transfers: the buffer and the spec that each outgoing
/// crossing is sent from, and the buffer that each incoming one is received into.
struct StageCode {
    StageProgram program;
    std::map<uint32_t, BufferId> sentFrom;     ///< Transfer -> buffer.
    std::map<uint32_t, ShardingSpec> sentSpec; ///< Transfer -> spec, without partial axes.
    std::map<uint32_t, BufferId> receivedInto; ///< Transfer -> buffer.
};

/// What all stages of a plan share.
struct LoweringInput {
    const ParallelPlan& plan;
    const std::vector<Crossing>& crossings;
    const GraphRules& rules;                  ///< Of plan.graph.
    const std::vector<SegmentKind>& segments; ///< Per op of plan.graph.
};

Result<StageCode> lowerStage(const LoweringInput& input, int stage);

} // namespace alpa
