// Steps of chosen stages by the costs of drafts.
#include "core/plan/drafted_step.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Two layers, each on a device of its own, under GPipe with two microbatches.
StageProblem twoStages()
{
    StageProblem problem;
    problem.layerCount = 2;
    problem.deviceCount = 2;
    problem.microbatches = 2;
    problem.schedule = ScheduleKind::kGpipe;
    problem.submeshes = {{.hosts = 1, .devicesPerHost = 1}};
    problem.candidates = {
        {.firstLayer = 0, .endLayer = 1, .perMicrobatch = Seconds(3), .perStep = Seconds(1)},
        {.firstLayer = 1, .endLayer = 2, .perMicrobatch = Seconds(3), .inputTransfer = Seconds(2)}};
    return problem;
}

StagePlan planOf(const StageProblem& problem, const std::vector<int>& candidates)
{
    const auto plan = evaluateStages(problem, candidates);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    return *plan;
}

TEST(DraftedStep, IsTheTimelineOfTheChosenStages)
{
    const StageProblem problem = twoStages();
    const StagePlan plan = planOf(problem, {0, 1});
    // Forward 0-1 and 1-2, transfer 1-2 and 2-3, forward 2-3 and 3-4, backward 4-6 and 6-8,
    // transfer 8-9, backward 9-11, update 11-12.
    EXPECT_DOUBLE_EQ(draftedStep(problem, plan, ScheduleKind::kGpipe).count, 12);
}

TEST(DraftedStep, ExchangesForWhatTheScheduleHides)
{
    StageProblem problem = twoStages();
    // The last stage ends long before the first one: what it does once per step costs nothing.
    problem.candidates.push_back({.firstLayer = 1,
                                  .endLayer = 2,
                                  .perMicrobatch = Seconds(2.7),
                                  .perStep = Seconds(2),
                                  .inputTransfer = Seconds(2)});
    const StagePlan plan = planOf(problem, {0, 1});
    const StagePlan exchanged = exchangeCandidates(problem, plan);
    EXPECT_LT(plan.stepTime, planOf(problem, {0, 2}).stepTime);
    EXPECT_EQ(exchanged, planOf(problem, {0, 2}));
    EXPECT_LT(draftedStep(problem, exchanged, problem.schedule),
              draftedStep(problem, plan, problem.schedule));
}

TEST(DraftedStep, ExchangesForNothingThatDoesNotFit)
{
    StageProblem problem = twoStages();
    problem.memoryLimit = Bytes(100);
    StageCandidate quicker = problem.candidates[1];
    quicker.perMicrobatch = Seconds(1);
    quicker.fixedMemory = Bytes(60);
    quicker.perInFlightMicrobatch = Bytes(20);
    problem.candidates.push_back(quicker);
    const StagePlan plan = planOf(problem, {0, 1});
    EXPECT_EQ(exchangeCandidates(problem, plan), planOf(problem, {0, 2})); // 60 + 2 x 20
    problem.candidates.back().transient = Bytes(1);
    EXPECT_EQ(exchangeCandidates(problem, plan), plan);
    // Nor for what lies elsewhere.
    problem.memoryLimit.reset();
    problem.submeshes.push_back({.hosts = 1, .devicesPerHost = 2});
    problem.candidates.back().submesh = 1;
    EXPECT_EQ(exchangeCandidates(problem, plan), plan);
}

TEST(DraftedStep, KeepsTheQuickestOfEveryCut)
{
    StageProblem problem = twoStages();
    problem.constraints.allowIdleDevices = true;
    for (int i = 0; i < 4; ++i)
        problem.candidates.push_back(
            {.firstLayer = 0, .endLayer = 2, .perMicrobatch = Seconds(3 + 0.1 * i)});
    const auto whole = [&](int i) { return planOf(problem, {2 + i}); };
    const StagePlan cut = planOf(problem, {0, 1});
    std::vector<StagePlan> plans{cut, whole(3), whole(1), whole(1), whole(2), whole(0)};
    keepQuickest(problem, 8, plans);
    EXPECT_EQ(plans, (std::vector<StagePlan>{whole(0), whole(1), cut}));
    keepQuickest(problem, 2, plans);
    EXPECT_EQ(plans, (std::vector<StagePlan>{whole(0), cut}));
    keepQuickest(problem, 1, plans);
    EXPECT_EQ(plans, std::vector<StagePlan>{whole(0)});
}

} // namespace
} // namespace alpa
