// What choosing stages promises, the simulation keeps: the step is no longer and no device holds
// more.
#include "core/inter_op/choose_stages.h"
#include "core/schedule/simulate.h"
#include "tests/support/property.h"

namespace alpa
{
namespace
{

constexpr double kForwardShare = 1.0 / 3.0; ///< Backward takes twice as long, on every stage.

StageProblem randomProblem(Rng& rng, int size)
{
    StageProblem problem;
    problem.layerCount = rng.between(1, size);
    problem.deviceCount = 8;
    problem.submeshes = *enumerateSubmeshes(1, 8, SubmeshSpace::kAll);
    problem.microbatches = rng.between(1, 2 * size);
    problem.schedule = rng.chance(0.5) ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
    for (int first = 0; first < problem.layerCount; ++first) {
        for (int end = first + 1; end <= problem.layerCount; ++end) {
            for (int submesh = 0; submesh < 4; ++submesh) {
                const int devices = 1 << submesh;
                StageCandidate candidate;
                candidate.firstLayer = first;
                candidate.endLayer = end;
                candidate.submesh = submesh;
                const double scaling = 1.0 + 0.6 * submesh * rng.uniform();
                candidate.perMicrobatch = Seconds((end - first) * scaling / devices);
                candidate.perStep = Seconds(rng.uniform());
                // Shorter than the shortest forward, 1/24 s: links are no bottleneck by themselves.
                candidate.inputTransfer = Seconds(0.08 * rng.uniform());
                candidate.fixedMemory = kMiB * (100 * (end - first) / devices);
                candidate.perInFlightMicrobatch = kMiB * (20 * (end - first) / devices);
                candidate.transient = kMiB * rng.below(30);
                problem.candidates.push_back(candidate);
            }
        }
    }
    if (rng.chance(0.5))
        problem.memoryLimit = kMiB * rng.between(100, 800);
    return problem;
}

SimulationProblem simulationOf(const StageProblem& problem, const StagePlan& plan)
{
    SimulationProblem simulation;
    simulation.schedule = problem.schedule;
    simulation.microbatches = problem.microbatches;
    for (const PlannedStage& stage : plan.stages) {
        const auto& candidate = problem.candidates[static_cast<size_t>(stage.candidate)];
        const auto index = static_cast<int>(simulation.stages.size());
        if (index > 0) {
            const Seconds oneWay = candidate.inputTransfer * 0.5;
            simulation.links.push_back(
                {.from = index - 1, .to = index, .forward = oneWay, .backward = oneWay});
        }
        simulation.stages.push_back({.forward = candidate.perMicrobatch * kForwardShare,
                                     .backward = candidate.perMicrobatch * (1 - kForwardShare),
                                     .gradientSync = candidate.perStep * 0.5,
                                     .update = candidate.perStep * 0.5,
                                     .fixedMemory = candidate.fixedMemory,
                                     .perInFlightMicrobatch = candidate.perInFlightMicrobatch,
                                     .transient = candidate.transient});
    }
    return simulation;
}

TEST(PlannedStagesProperty, AreSimulatedWithinTheirPromise)
{
    int solved = 0;
    forEachSeed(
        200,
        [&](Rng& rng, int size) {
            StageProblem problem = randomProblem(rng, size);
            problem.alternatives = 3;
            const auto outcome = chooseStages(problem);
            ASSERT_TRUE(outcome.ok());
            const auto* solution = std::get_if<StageSolution>(&outcome.value());
            if (!solution)
                return;
            std::vector<StagePlan> plans = solution->alternatives;
            plans.push_back(solution->best);
            for (const StagePlan& plan : plans) {
                ++solved;
                const auto timeline = simulate(simulationOf(problem, plan));
                ASSERT_TRUE(timeline.ok());
                EXPECT_LE(timeline->stepTime.count, plan.stepTime.count * (1 + 1e-12));
                // Nor is the promise idle: the slowest stage alone takes most of it.
                EXPECT_GE(timeline->stepTime.count,
                          plan.bottleneck.count * problem.microbatches * 0.8);
                for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
                    const StageTimeline& line = timeline->stages[stage];
                    EXPECT_LE(line.peakMemory, plan.stages[stage].memory);
                    EXPECT_LE(line.peakInFlight, plan.stages[stage].inFlight);
                }
            }
        },
        10);
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(solved, 300);
    }
}

} // namespace
} // namespace alpa
