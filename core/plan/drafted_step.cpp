#include "core/plan/drafted_step.h"

#include "core/schedule/step_time.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace alpa
{
namespace
{

/// A backward pass takes about twice its forward: for comparing drafts only.
constexpr double kForwardShare = 1.0 / 3.0;

bool fits(const StageProblem& problem, const StageCandidate& candidate, int inFlight)
{
    const std::optional<Bytes> limit = limitOf(problem, candidate);
    const Bytes held = candidate.fixedMemory + candidate.transient +
                       candidate.perInFlightMicrobatch * int64_t{inFlight};
    return !limit || held <= *limit;
}

/// Is one of them quicker in something?
bool mayHelp(const StageCandidate& other, const StageCandidate& used)
{
    return other.firstLayer == used.firstLayer && other.endLayer == used.endLayer &&
           other.submesh == used.submesh &&
           (other.perMicrobatch < used.perMicrobatch || other.perStep < used.perStep ||
            other.inputTransfer < used.inputTransfer);
}

} // namespace

Seconds draftedStep(const StageProblem& problem, const StagePlan& plan, ScheduleKind schedule,
                    int chunks)
{
    SimulationProblem simulation{.schedule = schedule,
                                 .microbatches = problem.microbatches,
                                 .chunks = chunks,
                                 .stages = {},
                                 .links = {}};
    for (const PlannedStage& stage : plan.stages) {
        const auto& candidate = problem.candidates[static_cast<size_t>(stage.candidate)];
        const auto index = static_cast<int>(simulation.stages.size());
        const Seconds oneWay = candidate.inputTransfer * 0.5;
        if (index > 0)
            simulation.links.push_back(
                {.from = index - 1, .to = index, .forward = oneWay, .backward = oneWay});
        simulation.stages.push_back(
            {.forward = candidate.perMicrobatch * kForwardShare,
             .backward = candidate.perMicrobatch * (1 - kForwardShare),
             .weightGradient = candidate.perMicrobatch * problem.weightGradientShare,
             .update = candidate.perStep});
    }
    const Result<Seconds> time = simulateStepTime(simulation);
    return time.ok() ? *time : kForever;
}

void keepQuickest(const StageProblem& problem, int most, std::vector<StagePlan>& plans)
{
    std::set<std::vector<int>> known; // By candidates.
    std::vector<std::pair<Seconds, size_t>> inTurn;
    for (size_t i = 0; i < plans.size(); ++i) {
        std::vector<int> candidates;
        for (const PlannedStage& stage : plans[i].stages)
            candidates.push_back(stage.candidate);
        if (known.insert(std::move(candidates)).second)
            inTurn.emplace_back(draftedStep(problem, plans[i], problem.schedule), i);
    }
    std::ranges::sort(inTurn);
    std::map<std::vector<int>, int> kept; // By first layers.
    std::vector<StagePlan> quickest;
    for (const auto& [time, i] : inTurn) {
        std::vector<int> cuts;
        for (const PlannedStage& stage : plans[i].stages)
            cuts.push_back(problem.candidates[static_cast<size_t>(stage.candidate)].firstLayer);
        if (std::ssize(quickest) < most && 4 * kept[cuts]++ < most)
            quickest.push_back(std::move(plans[i]));
    }
    plans = std::move(quickest);
}

StagePlan exchangeCandidates(const StageProblem& problem, const StagePlan& from)
{
    StagePlan plan = from;
    Seconds best = draftedStep(problem, plan, problem.schedule);
    std::vector<int> chosen;
    for (PlannedStage& stage : plan.stages) {
        const int first = stage.candidate;
        int used = first;
        for (size_t other = 0; other < problem.candidates.size(); ++other) {
            if (!mayHelp(problem.candidates[other],
                         problem.candidates[static_cast<size_t>(first)]) ||
                !fits(problem, problem.candidates[other], stage.inFlight))
                continue;
            stage.candidate = static_cast<int>(other);
            const Seconds time = draftedStep(problem, plan, problem.schedule);
            if (time < best) {
                best = time;
                used = stage.candidate;
            }
        }
        stage.candidate = used;
        chosen.push_back(used);
    }
    const Result<StagePlan> evaluated = evaluateStages(problem, chosen);
    return evaluated.ok() ? *evaluated : from;
}

} // namespace alpa
