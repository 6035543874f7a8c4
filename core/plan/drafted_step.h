// The simulated step of chosen stages by the costs of drafts: nearer to what a plan takes than the
// objective by which stages are chosen, which charges what schedules hide.
#pragma once

#include "core/inter_op/choose_stages.h"

namespace alpa
{

/// Of the stages of a plan for `problem` under a schedule, `chunks` of them on the same devices.
Seconds draftedStep(const StageProblem& problem, const StagePlan& plan, ScheduleKind schedule,
                    int chunks = 1);

/// Leaves `most` of the plans, each once: those of the shortest drafted steps, in turn. At most a
/// quarter has the same cuts: such plans differ by what drafts know least of, where stages lie.
void keepQuickest(const StageProblem& problem, int most, std::vector<StagePlan>& plans);

/// `from` with each stage's candidate exchanged for others of the same layers and submesh, as long
/// as that shortens its drafted step: the best exchange of every stage in turn. No slower.
StagePlan exchangeCandidates(const StageProblem& problem, const StagePlan& from);

} // namespace alpa
