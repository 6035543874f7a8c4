// Plans of real models on CPU devices, lowered and run, against what JAX computed on one device.
#include "core/lowering/lower_plan.h"
#include "runtime/cpu/cpu_backend.h"
#include "tests/numeric/plan_cases.h"

#include <gtest/gtest.h>

#include <map>

namespace alpa
{
namespace
{

int countCollectives(const Program& program, SegmentKind kind, CollectiveKind collective)
{
    int count = 0;
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        for (const Instruction& instruction :
             program.segment(static_cast<int>(stage), kind).instructions)
            count += instruction.kind == InstructionKind::kCollective &&
                     instruction.collective == collective;
    }
    return count;
}

int countCollectives(const Program& program, SegmentKind kind)
{
    int count = 0;
    for (const CollectiveKind collective :
         {CollectiveKind::kAllReduce, CollectiveKind::kAllGather, CollectiveKind::kReduceScatter,
          CollectiveKind::kAllToAll})
        count += countCollectives(program, kind, collective);
    return count;
}

class Plans : public ::testing::TestWithParam<PlanCase>
{
};

TEST_P(Plans, TrainAsOneDeviceDoes)
{
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    checkPlanCase(GetParam(), "cpu", *backend);
}

INSTANTIATE_TEST_SUITE_P(, Plans, ::testing::ValuesIn(planCases()),
                         [](const auto& test) { return caseName(test.param); });

TEST(DataParallelPlan, ReducesGradientsOncePerStep)
{
    const PlanCase test{.name = "",
                        .model = "gpt-tiny",
                        .devices = 4,
                        .strategy = PlanStrategy::kDataParallel,
                        .microbatches = 4,
                        .repeats = 4};
    const Result<PlanOutcome> outcome = makePlan(requestOf(test), {});
    ASSERT_TRUE(outcome.ok());
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const Program program = *lowerPlan(plan);
    EXPECT_EQ(countCollectives(program, SegmentKind::kBegin), 0);
    EXPECT_EQ(countCollectives(program, SegmentKind::kForward), 1); // The loss.
    EXPECT_EQ(countCollectives(program, SegmentKind::kBackward), 0);
    int gradients = 0;
    for (const OpId op : plan.stages[0].ops)
        gradients += plan.graph->op(op).kind == OpKind::kAccumulate;
    const int allReduces =
        countCollectives(program, SegmentKind::kUpdate, CollectiveKind::kAllReduce);
    EXPECT_EQ(allReduces, gradients);
    EXPECT_EQ(countCollectives(program, SegmentKind::kUpdate), allReduces);
}

TEST(TensorParallelPlan, ReducesOncePerHalfBlockAndDirection)
{
    // Megatron's layout: columns of qkv and fc, rows of proj and out.
    PlanRequest request =
        requestOf({.model = "gpt-tiny", .devices = 4, .tp = 4, .pp = 1, .microbatches = 1});
    for (const auto& [pattern, spec] :
         {std::pair("block_*.qkv.kernel", "{-, y}"), std::pair("block_*.fc.kernel", "{-, y}"),
          std::pair("block_*.proj.kernel", "{y, -}"), std::pair("block_*.out.kernel", "{y, -}")})
        request.options.constraints.specs.push_back({.pattern = pattern, .spec = *parseSpec(spec)});
    const Result<PlanOutcome> outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const ParallelPlan>>(*outcome));
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const Program program = *lowerPlan(plan);
    std::map<std::string, int> forward;
    std::map<std::string, int> backward;
    for (const SegmentKind kind : {SegmentKind::kForward, SegmentKind::kBackward}) {
        for (const Instruction& instruction : program.segment(0, kind).instructions) {
            if (instruction.kind != InstructionKind::kCollective || !instruction.op.isValid())
                continue;
            const std::string& scope = plan.graph->scopePath(plan.graph->op(instruction.op).scope);
            ++(kind == SegmentKind::kForward ? forward : backward)[scope];
        }
    }
    for (const std::string block : {"GPT/block_0/", "GPT/block_1/"}) {
        EXPECT_FALSE(forward.contains(block + "qkv")); // The heads stay split up to their output.
        EXPECT_EQ(forward[block + "proj"], 1);
        EXPECT_EQ(forward[block + "out"], 1);
        // Cotangents of queries, keys and values are summed first: as many as for a single dot.
        EXPECT_EQ(backward[block + "qkv"], backward[block + "fc"]);
        EXPECT_LE(backward[block + "qkv"], 2); // An all-reduce, or both of its halves.
    }
}

TEST(DataParallelPlan, IsNoneForFewerSamplesThanDevices)
{
    const PlanCase test{.model = "gpt-tiny", .devices = 8, .strategy = PlanStrategy::kDataParallel};
    const Result<PlanOutcome> outcome = makePlan(requestOf(test), {});
    ASSERT_TRUE(outcome.ok());
    const auto* none = std::get_if<NoPlan>(&*outcome);
    ASSERT_NE(none, nullptr);
    EXPECT_NE(none->reason.find("samples does not divide over 8 devices"), std::string::npos)
        << none->reason;
}

} // namespace
} // namespace alpa
