// What a plan moves over the links of the cluster in one step: along each axis of each stage's
// mesh, and between stages.
#pragma once

#include "app/session/graph_facts.h"

#include <vector>

namespace alpa::app
{

/// All collectives of one stage along one mesh axis in a step.
struct AxisTraffic {
    int stage = 0;
    int axis = 0;
    int groupSize = 1;
    bool crossesHosts = false;
    int64_t collectives = 0; ///< In one step: those of every microbatch counted each time.
    Bytes sent;   ///< By each device of the stage, in one step, as the ring algorithms send it.
    Seconds time; ///< Of one step, by the cost model.
    /// Share of the link's bandwidth that `sent` in `time` uses; small when latency rules.
    double utilisation = 0;
};

/// All values from one stage to another in a step, forward and backward.
struct StageTraffic {
    int fromStage = 0;
    int toStage = 0;
    int64_t transfers = 0;
    Bytes bytes; ///< In one step, every byte once.
};

struct LinkTraffic {
    std::vector<AxisTraffic> axes; ///< Ascending by stage, then axis; only those with collectives.
    std::vector<StageTraffic> stages; ///< Ascending by from, then to.
};

/// Empty without a plan. O(communications).
LinkTraffic linkTraffic(const GraphFacts& facts);

/// Bytes that each of `groupSize` devices sends in a ring collective over a full buffer of `bytes`.
Bytes ringBytes(ReshardKind kind, int groupSize, Bytes bytes);
/// How often a communication happens in one step.
int64_t timesPerStep(const GraphFacts& facts, const Communication& communication);

} // namespace alpa::app
