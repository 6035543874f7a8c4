#include "core/inter_op/choose_stages.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

using Reason = NoStagePlan::Reason;

/// Four equal layers of 1 s on one device; n devices divide it by n. Each layer holds 4 GiB divided
/// by n, and 1 GiB per microbatch divided by n.
StageProblem fourLayers(int devices)
{
    StageProblem problem;
    problem.layerCount = 4;
    problem.deviceCount = devices;
    problem.microbatches = 8;
    problem.submeshes = *enumerateSubmeshes(1, devices, SubmeshSpace::kAll);
    for (int first = 0; first < 4; ++first) {
        for (int end = first + 1; end <= 4; ++end) {
            for (int submesh = 0; submesh < static_cast<int>(problem.submeshes.size()); ++submesh) {
                const int count = problem.submeshes[static_cast<size_t>(submesh)].devices();
                StageCandidate candidate;
                candidate.firstLayer = first;
                candidate.endLayer = end;
                candidate.submesh = submesh;
                candidate.perMicrobatch = Seconds(1.0 * (end - first) / count);
                candidate.perStep = Seconds(0.5);
                candidate.fixedMemory = kGiB * (4 * (end - first) / count);
                candidate.perInFlightMicrobatch = kGiB * (end - first) / count;
                problem.candidates.push_back(candidate);
            }
        }
    }
    return problem;
}

StagePlan bestOf(const StageProblem& problem)
{
    const auto outcome = chooseStages(problem);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_TRUE(std::holds_alternative<StageSolution>(*outcome));
    return std::get<StageSolution>(*outcome).best;
}

NoStagePlan refusalOf(const StageProblem& problem)
{
    const auto outcome = chooseStages(problem);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_TRUE(std::holds_alternative<NoStagePlan>(*outcome));
    return std::get<NoStagePlan>(*outcome);
}

TEST(ChooseStages, TakesOneStageWhenShardingIsPerfect)
{
    const StagePlan plan = bestOf(fourLayers(4));
    ASSERT_EQ(plan.stages.size(), 1u);
    EXPECT_EQ(plan.latency, Seconds(1.0));
    EXPECT_EQ(plan.stepTime, Seconds(1.0 + 7 * 1.0 + 0.5));
}

TEST(ChooseStages, PipelinesWhenShardingIsPoor)
{
    StageProblem problem = fourLayers(4);
    for (StageCandidate& candidate : problem.candidates) {
        if (candidate.submesh > 0)
            candidate.perMicrobatch = candidate.perMicrobatch * 3.0;
    }
    const StagePlan plan = bestOf(problem);
    EXPECT_EQ(plan.stages.size(), 4u);
    EXPECT_EQ(plan.stepTime, Seconds(4.0 + 7 * 1.0 + 0.5));
    EXPECT_EQ(plan.stages[0].inFlight, 4);
    EXPECT_EQ(plan.stages[3].inFlight, 1);
    EXPECT_EQ(plan.stages[0].memory, kGiB * 8); // 4 + 4 * 1
}

TEST(ChooseStages, CountsTransfersAsWorkOfTheReceiver)
{
    StageProblem problem = fourLayers(4);
    problem.constraints.stageCount = 2;
    for (StageCandidate& candidate : problem.candidates)
        candidate.inputTransfer = Seconds(0.25);
    const StagePlan plan = bestOf(problem);
    EXPECT_EQ(plan.latency, Seconds(1.0 + 1.25));
    EXPECT_EQ(plan.bottleneck, Seconds(1.25));
}

TEST(ChooseStages, WeighsOncePerStepWorkAgainstTheMicrobatches)
{
    // The faster candidate pays 1 s more per step: worth it for 8 microbatches (0.2 * 8 > 1), not
    // for 4.
    StageProblem problem;
    problem.layerCount = 1;
    problem.deviceCount = 1;
    problem.submeshes = {{1, 1}};
    StageCandidate lean;
    lean.endLayer = 1;
    lean.perMicrobatch = Seconds(1.0);
    StageCandidate fast = lean;
    fast.perMicrobatch = Seconds(0.8);
    fast.perStep = Seconds(1.0);
    problem.candidates = {lean, fast};
    problem.microbatches = 8;
    EXPECT_EQ(bestOf(problem).stages[0].candidate, 1);
    problem.microbatches = 4;
    EXPECT_EQ(bestOf(problem).stages[0].candidate, 0);
}

TEST(ChooseStages, KeepsAllMicrobatchesInFlightUnderGpipe)
{
    StageProblem problem = fourLayers(4);
    problem.constraints.stageCount = 4;
    problem.schedule = ScheduleKind::kGpipe;
    EXPECT_EQ(bestOf(problem).stages[3].inFlight, 8);
    problem.memoryLimit = kGiB * 11; // 4 + 8 * 1 do not fit.
    const NoStagePlan refusal = refusalOf(problem);
    EXPECT_EQ(refusal.reason, Reason::kMemory);
    EXPECT_EQ(refusal.smallestBudget, kGiB * 12);
    problem.schedule = ScheduleKind::k1f1b;
    EXPECT_EQ(bestOf(problem).stages.size(), 4u);
}

TEST(ChooseStages, NamesTheSmallestBudgetThatWouldDo)
{
    StageProblem problem = fourLayers(2);
    problem.memoryLimit = kGiB * 9;
    const NoStagePlan refusal = refusalOf(problem);
    EXPECT_EQ(refusal.reason, Reason::kMemory);
    // One stage of 4 layers on both devices: 8 + 1 * 2. Two stages: 8 + 2 * 2.
    ASSERT_EQ(refusal.smallestBudget, kGiB * 10);
    EXPECT_EQ(refusal.message,
              "no plan fits in 9 GiB per device; the least is estimated at 10 GiB");
    problem.memoryLimit = kGiB * 10;
    EXPECT_EQ(bestOf(problem).stages.size(), 1u);
}

TEST(ChooseStages, ObeysDemandedCuts)
{
    StageProblem problem = fourLayers(4);
    problem.constraints.forcedCuts = {1, 3};
    problem.constraints.forbiddenCuts = {2};
    const StagePlan plan = bestOf(problem);
    ASSERT_EQ(plan.stages.size(), 3u);
    EXPECT_EQ(problem.candidates[static_cast<size_t>(plan.stages[1].candidate)].firstLayer, 1);
    EXPECT_EQ(problem.candidates[static_cast<size_t>(plan.stages[2].candidate)].firstLayer, 3);
}

TEST(ChooseStages, SaysWhichDemandIsToBlame)
{
    StageProblem tooMany = fourLayers(2);
    tooMany.constraints.stageCount = 3;
    EXPECT_EQ(refusalOf(tooMany).reason, Reason::kStageCount);

    StageProblem clash = fourLayers(4);
    clash.constraints.forcedCuts = {1};
    clash.constraints.forbiddenCuts = {1};
    EXPECT_EQ(refusalOf(clash).reason, Reason::kCuts);

    StageProblem odd = fourLayers(4);
    std::erase_if(odd.candidates, [](const StageCandidate& c) {
        return c.submesh != 1 || c.endLayer - c.firstLayer < 4;
    });
    EXPECT_EQ(refusalOf(odd).reason, Reason::kDevices);
    odd.constraints.allowIdleDevices = true;
    EXPECT_EQ(bestOf(odd).devicesUsed, 2);

    StageProblem hole = fourLayers(4);
    std::erase_if(hole.candidates,
                  [](const StageCandidate& c) { return c.firstLayer <= 2 && c.endLayer > 2; });
    EXPECT_EQ(refusalOf(hole).reason, Reason::kCandidates);

    StageProblem both = fourLayers(4);
    both.constraints.stageCount = 1;
    both.constraints.forcedCuts = {2};
    std::erase_if(both.candidates,
                  [](const StageCandidate& c) { return c.endLayer - c.firstLayer < 4; });
    EXPECT_EQ(refusalOf(both).reason, Reason::kCuts);
    both.constraints.maxStages = 1;
    both.memoryLimit = kGiB;
    EXPECT_EQ(refusalOf(both).reason, Reason::kCombination);
}

TEST(ChooseStages, ListsRunnersUpInOrderAndAllDifferent)
{
    StageProblem problem = fourLayers(4);
    problem.alternatives = 6;
    const auto outcome = chooseStages(problem);
    const auto& solution = std::get<StageSolution>(*outcome);
    ASSERT_EQ(solution.alternatives.size(), 6u);
    Seconds previous = solution.best.stepTime;
    std::vector<std::vector<PlannedStage>> seen{solution.best.stages};
    for (const StagePlan& plan : solution.alternatives) {
        EXPECT_GE(plan.stepTime, previous);
        previous = plan.stepTime;
        EXPECT_EQ(std::count(seen.begin(), seen.end(), plan.stages), 0);
        seen.push_back(plan.stages);
    }
}

TEST(ChooseStages, RefusesCandidatesOutOfRange)
{
    const auto breakWith = [](auto&& change) {
        StageProblem problem = fourLayers(2);
        change(problem);
        return !chooseStages(problem).ok();
    };
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.candidates[3].endLayer = 5; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.candidates[3].submesh = 9; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.candidates[3].perMicrobatch = kForever; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.candidates[3].fixedMemory = Bytes(-1); }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.constraints.forcedCuts = {4}; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.constraints.stageCount = 0; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.microbatches = 0; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.deviceCount = 2000000000; }));
    EXPECT_TRUE(breakWith([](StageProblem& p) { p.submeshes[0] = {100000, 100000}; }));
}

TEST(StagePlanText, PrintsTheExampleOfItsHeader)
{
    StageProblem problem;
    problem.layerCount = 8;
    problem.deviceCount = 8;
    problem.microbatches = 8;
    problem.submeshes = {{1, 4}};
    for (const int first : {0, 4}) {
        StageCandidate candidate;
        candidate.firstLayer = first;
        candidate.endLayer = first + 4;
        candidate.config = 2;
        candidate.perMicrobatch = Seconds(12.5e-3);
        candidate.perStep = Seconds(6e-3);
        candidate.fixedMemory = gibibytes(8.5);
        candidate.perInFlightMicrobatch = kGiB;
        problem.candidates.push_back(candidate);
    }
    EXPECT_EQ(text(problem, bestOf(problem)),
              "stage 0: layers 0..3 on 1x4, config 2, 12.5 ms, 2 in flight, 10.5 GiB\n"
              "stage 1: layers 4..7 on 1x4, config 2, 12.5 ms, 1 in flight, 9.5 GiB\n"
              "step 118.5 ms = latency 25 ms + 7 x 12.5 ms + once 6 ms\n");
}

TEST(ChooseStages, StopsWhenCancelled)
{
    std::stop_source source;
    source.request_stop();
    StageProblem problem = fourLayers(4);
    problem.alternatives = 3;
    const auto outcome = chooseStages(problem, {source.get_token(), {}});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
}

TEST(EvaluateStages, RecomputesWhatTheSearchClaims)
{
    const StageProblem problem = fourLayers(4);
    const StagePlan plan = bestOf(problem);
    const auto again = evaluateStages(problem, {plan.stages[0].candidate});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, plan);
}

TEST(EvaluateStages, SaysWhatIsViolated)
{
    const StageProblem problem = fourLayers(4);
    const auto gap = evaluateStages(problem, {static_cast<int>(problem.candidates.size()) - 1});
    ASSERT_FALSE(gap.ok());
    EXPECT_EQ(gap.error().message, "not a plan: a stage begins at layer 3, expected 0");
    const auto unfinished = evaluateStages(problem, {0});
    ASSERT_FALSE(unfinished.ok());
    EXPECT_EQ(unfinished.error().message, "not a plan: layers from 1 on have no stage");
}

} // namespace
} // namespace alpa
