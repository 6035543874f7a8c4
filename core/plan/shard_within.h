// The fastest sharding of one stage under an exact limit of memory.
#pragma once

#include "core/plan/stage_figures.h"

#include <functional>
#include <memory>

namespace alpa
{

/// Of a sharded stage.
using CountFigures = std::function<std::shared_ptr<const StageFigures>(const ChosenStage&)>;

/// Shards the stage as its request asks; if that holds more than `limit`, the fastest way that
/// holds no more at the moments at which what was found before held most. Every moment is one more
/// row of the integer programme, and all of them hold for every sharding that fits: the answer is
/// that of the programme with a row for every moment. The request keeps limit and moments. False:
/// no sharding fits, or the job was cancelled. What waits under zero-bubble, or a fifth moment, may
/// still be too much.
bool shardWithin(ChosenStage& stage, Bytes limit, const KeptMicrobatches& kept,
                 const CountFigures& figuresOf, const JobControl& control);

} // namespace alpa
