// What must hold of every plan: proof and cost agree, constraints are obeyed, more memory never
// hurts, no named strategy beats auto, and threads never show.
#include "core/base/text.h"
#include "core/explain/explain_costs.h"
#include "core/explain/show_plan.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/plan_file.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/plans.h"
#include "tests/support/property.h"
#include "tests/support/two_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace alpa
{
namespace
{

const std::vector<std::string> kModels{"mlp-tiny", "gpt-tiny", "llama-tiny"};
const std::vector<std::string> kClusters{"cpu-x1", "cpu-x2",  "cpu-x4",
                                         "cpu-x8", "h200-x4", "p3.16xlarge-x2"};

PlanRequest randomRequest(Rng& rng)
{
    PlanRequest request;
    request.model =
        sampleModel(kModels[static_cast<size_t>(rng.below(static_cast<int>(kModels.size())))]);
    request.cluster =
        *loadCluster(kClusters[static_cast<size_t>(rng.below(static_cast<int>(kClusters.size())))]);
    request.options.globalBatch = 8 << rng.below(3);
    PlanConstraints& constraints = request.options.constraints;
    if (rng.chance(0.4))
        constraints.maxTp = 1 << rng.below(3);
    if (rng.chance(0.3))
        constraints.maxDp = 1 << rng.below(3);
    if (rng.chance(0.3))
        constraints.maxPp = 1 + rng.below(3);
    if (rng.chance(0.3))
        constraints.microbatches = 1 << rng.below(3);
    if (rng.chance(0.3))
        constraints.parameterStorage =
            rng.chance(0.5) ? StorageRule::kSplit : StorageRule::kReplicated;
    if (rng.chance(0.4))
        constraints.memoryPerDevice = Bytes(int64_t{1} << (20 + rng.below(3)));
    constraints.usesAllDevices = rng.chance(0.3);
    return request;
}

/// Reports say that a plan exists; the drafts' estimates may lose a part in a hundred.
constexpr double kDraftTolerance = 1.01;

TEST(MakePlanProperty, CostCountedOpByOpEqualsTheSolversObjective)
{
    forEachSeed(40, [](Rng& rng, int) {
        const auto plan = planOf(randomRequest(rng));
        if (!plan)
            return;
        SCOPED_TRACE(plan->graph->name + " on " + plan->cluster.name);
        for (const PlanStage& stage : plan->stages) {
            const double counted =
                stage.cost.perMicrobatch().count + stage.cost.perStep().count / plan->microbatches;
            EXPECT_NEAR(counted / stage.certificate.cost, 1.0, 0.02);
            EXPECT_LE(stage.certificate.lowerBound, stage.certificate.cost * (1 + 1e-9));
            EXPECT_LE(stage.certificate.gap(), 0.01);
            EXPECT_TRUE(stage.certificate.isOptimal || stage.certificate.memoryBinds);
        }
    });
}

TEST(MakePlanProperty, ObeysConstraintsAndLowersToAVerifiedProgram)
{
    forEachSeed(40, [](Rng& rng, int) {
        const PlanRequest request = randomRequest(rng);
        const auto plan = planOf(request);
        if (!plan)
            return;
        const PlanConstraints& constraints = request.options.constraints;
        int devices = 0;
        for (const PlanStage& stage : plan->stages) {
            devices += stage.mesh.deviceCount();
            EXPECT_LE(stage.mesh.axisSize(1), constraints.maxTp.value_or(1 << 20));
            EXPECT_LE(stage.mesh.axisSize(0), constraints.maxDp.value_or(1 << 20));
            EXPECT_LE(stage.memory.total(),
                      constraints.memoryPerDevice.value_or(request.cluster.device.memory));
        }
        const auto idle = static_cast<int>(plan->idleDevices().size());
        EXPECT_EQ(devices + idle, request.cluster.deviceCount());
        EXPECT_TRUE(idle == 0 || !constraints.usesAllDevices);
        EXPECT_LE(plan->pipelineParallel(), constraints.maxPp.value_or(1 << 20));
        EXPECT_LE(plan->tensorParallel(), constraints.maxTp.value_or(1 << 20));
        EXPECT_EQ(plan->microbatches, constraints.microbatches.value_or(plan->microbatches));
        const auto program = lowerPlan(*plan); // Verified inside.
        ASSERT_TRUE(program.ok()) << program.error().message;
        for (size_t s = 0; s < program->stages.size(); ++s) {
            const double predicted = static_cast<double>(plan->stages[s].memory.total().count);
            // Alignment and the copies of reshardings weigh much on models of kilobytes.
            EXPECT_LE(static_cast<double>(program->stages[s].arenaBytes),
                      predicted * 1.5 + 256.0 * 4096);
        }
    });
}

TEST(MakePlanProperty, ThreadsNeverShow)
{
    forEachSeed(12, [](Rng& rng, int) {
        PlanRequest request = randomRequest(rng);
        request.options.threads = 1;
        const auto one = planOf(request);
        request.options.threads = 3;
        const auto three = planOf(request);
        ASSERT_EQ(one == nullptr, three == nullptr);
        if (!one)
            return;
        auto same = std::make_shared<ParallelPlan>(*three);
        same->options.threads = 1;
        EXPECT_EQ(planToJson(*one), planToJson(*same));
    });
}

TEST(MakePlanProperty, NoNamedStrategyBeatsAuto)
{
    forEachSeed(15, [](Rng& rng, int) {
        PlanRequest request = randomRequest(rng);
        request.options.constraints = {};
        const auto best = planOf(request);
        ASSERT_TRUE(best);
        for (const PlanStrategy strategy :
             {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
              PlanStrategy::kMegatron, PlanStrategy::kPipeline}) {
            request.options.strategy = strategy;
            const auto named = planOf(request);
            if (!named)
                continue;
            EXPECT_LE(best->stepTime.count, named->stepTime.count * (1 + 1e-9))
                << strategyName(strategy);
        }
    });
}

TEST(MakePlanProperty, MoreMemoryIsNeverWorse)
{
    forEachSeed(12, [](Rng& rng, int) {
        PlanRequest request = randomRequest(rng);
        double last = 0;
        for (int shift = 23; shift >= 20; --shift) {
            request.options.constraints.memoryPerDevice = Bytes(int64_t{1} << shift);
            const auto plan = planOf(request);
            if (!plan)
                break;
            EXPECT_GE(plan->stepTime.count * kDraftTolerance, last);
            last = plan->stepTime.count;
        }
    });
}

TEST(MakePlanProperty, MoreDevicesAreNeverWorse)
{
    forEachSeed(30, [](Rng& rng, int) {
        PlanRequest request;
        request.model =
            sampleModel(kModels[static_cast<size_t>(rng.below(static_cast<int>(kModels.size())))]);
        request.cluster = *loadCluster(rng.chance(0.5) ? "p3.16xlarge-x1" : "dgx-a100-x1");
        // Slow enough that kilobytes of compute are worth sharing.
        request.cluster.device.matrixFlops32 /= 1e4;
        request.cluster.device.memoryBandwidth /= 1e3;
        request.cluster.hosts = 1 + rng.below(3);
        request.cluster.devicesPerHost = 1 + rng.below(6);
        request.options.globalBatch = 4 * (1 + rng.below(6));
        if (rng.chance(0.5))
            request.options.constraints.microbatches = 1 << rng.below(2);
        if (rng.chance(0.3))
            request.options.constraints.maxTp = 1;
        const auto few = planOf(request);
        request.cluster.hosts += rng.below(2);
        request.cluster.devicesPerHost += rng.below(3);
        const auto more = planOf(request);
        if (!few)
            return;
        ASSERT_TRUE(more);
        EXPECT_LE(more->stepTime.count, few->stepTime.count * kDraftTolerance)
            << few->cluster.hosts << " x " << few->cluster.devicesPerHost << " to "
            << request.cluster.hosts << " x " << request.cluster.devicesPerHost << ", batch "
            << *request.options.globalBatch;
    });
}

TEST(MakePlan, LeavesDevicesIdleThatTheBatchCannotUse)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("dgx-a100-x1");
    request.cluster.device.matrixFlops32 /= 1e4;
    request.cluster.device.memoryBandwidth /= 1e4;
    request.options.globalBatch = 6;
    request.options.constraints.maxTp = 1;
    request.options.constraints.maxPp = 1;
    const auto plan = planOf(request);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->stages[0].mesh.deviceCount(), 6);
    EXPECT_EQ(plan->idleDevices(), (std::vector<DeviceId>{DeviceId(6), DeviceId(7)}));

    request.options.constraints.usesAllDevices = true;
    EXPECT_FALSE(planOf(request));
}

TEST(MakePlan, OverlapHidesItsShareOfTheReductionsAndSaysSo)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("p3.16xlarge-x1");
    request.options.strategy = PlanStrategy::kDataParallel;
    request.options.globalBatch = 8;
    const auto plain = planOf(request);
    request.cluster.device.reductionOverlap = 0.5;
    const auto hidden = planOf(request);
    ASSERT_TRUE(plain && hidden);
    const StageCost& cost = hidden->stages[0].cost;
    ASSERT_GT(cost.gradientSync.count, 0);
    EXPECT_EQ(plain->stages[0].cost.hiddenReduction.count, 0);
    EXPECT_NEAR(cost.hiddenReduction.count,
                std::min(0.5 * cost.gradientSync.count, cost.backwardCompute.count), 1e-12);
    EXPECT_NEAR(hidden->stepTime.count, (plain->stepTime - cost.hiddenReduction).count,
                1e-9 * plain->stepTime.count);
    const std::string text = formatCosts(*hidden, explainCosts(*hidden), {});
    EXPECT_NE(text.find("gradient sync hidden behind compute (overlap 50 %)"), std::string::npos)
        << text;
    const auto read = planFromJson(planToJson(*hidden));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ((*read)->stages[0].cost.hiddenReduction, cost.hiddenReduction);
}

TEST(MakePlan, StagesFollowTheSpeedOfTheirKindOfDevice)
{
    PlanRequest request;
    request.model = sampleModel("llama-tiny");
    request.cluster = *loadCluster("dgx-h100-a100-x1");
    for (DeviceKind* device : {&request.cluster.device, &request.cluster.second->device}) {
        device->matrixFlops32 /= 1e4;
        device->memoryBandwidth /= 1e4;
        device->matrixUnits = 0;
    }
    request.cluster.second->device.memory = kMiB * 2;
    request.options.globalBatch = 16;
    const auto plan = planOf(request);
    ASSERT_TRUE(plan);
    for (const PlanStage& stage : plan->stages) {
        EXPECT_LE(stage.memory.total(), plan->cluster.deviceOf(plan->kindOf(stage)).memory);
        const int last = stage.submesh.firstHost + stage.submesh.hosts - 1;
        EXPECT_EQ(plan->cluster.kindOfHost(stage.submesh.firstHost),
                  plan->cluster.kindOfHost(last));
    }
    // Both kinds together are no worse than the faster one alone.
    PlanRequest alone = request;
    alone.cluster.second.reset();
    alone.cluster.hosts = 1;
    const auto fast = planOf(alone);
    ASSERT_TRUE(fast);
    EXPECT_LE(plan->stepTime.count, fast->stepTime.count * kDraftTolerance);
}

TEST(MakePlan, InterleavesStagesThatBeginAtEveryLayer)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x4");
    request.options.layers = 4;
    request.options.globalBatch = 8;
    PlanConstraints& constraints = request.options.constraints;
    constraints.fixedPp = 2;
    constraints.cuts = {1, 2, 3};
    for (const bool isNamed : {true, false}) {
        constraints.schedule.reset();
        if (isNamed)
            constraints.schedule = ScheduleKind::kInterleaved1f1b;
        const auto plan = planOf(request);
        ASSERT_TRUE(plan);
        ASSERT_EQ(plan->stages.size(), 4u);
        EXPECT_EQ(plan->chunks, 2);
        EXPECT_EQ(plan->pipelineParallel(), 2);
    }
    // Two stages with devices of their own cannot begin at four layers.
    constraints.forbiddenSchedules = {ScheduleKind::kInterleaved1f1b};
    EXPECT_FALSE(planOf(request));
}

TEST(MakePlan, SaysWhatMemoryWouldDoOnTheLargerKindOfDevice)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x2");
    addSecondKind(request.cluster);
    request.cluster.device.memory = kKiB * 64;
    request.options.constraints.memoryPerDevice = kKiB * 128;
    const auto outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok());
    const auto* none = std::get_if<NoPlan>(&*outcome);
    ASSERT_TRUE(none != nullptr);
    ASSERT_TRUE(none->smallestMemory) << none->reason;
    EXPECT_GT(*none->smallestMemory, request.cluster.device.memory);
    request.options.constraints.memoryPerDevice = *none->smallestMemory;
    EXPECT_TRUE(planOf(request));
}

TEST(MakePlanProperty, PlansWithTheMemoryThatWouldDo)
{
    int clashes = 0;
    forEachSeed(15, [&clashes](Rng& rng, int) {
        PlanRequest request = randomRequest(rng);
        Bytes& memory = request.options.constraints.memoryPerDevice.emplace(
            kKiB * (int64_t{1} << (3 + rng.below(7))));
        if (rng.chance(0.3))
            request.options.constraints.recomputation = rng.chance(0.5);
        const auto outcome = makePlan(request, {});
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        const auto* none = std::get_if<NoPlan>(&*outcome);
        if (none == nullptr || !none->smallestMemory)
            return;
        ++clashes;
        EXPECT_GT(*none->smallestMemory, memory);
        // As people read it.
        std::string unit;
        double number = 0;
        std::istringstream(formatMemory(*none->smallestMemory)) >> number >> unit;
        memory =
            Bytes(static_cast<int64_t>(number * static_cast<double>(unit == "KiB"   ? kKiB.count
                                                                    : unit == "MiB" ? kMiB.count
                                                                                    : 1)));
        EXPECT_LE(*none->smallestMemory, memory);
        SCOPED_TRACE(request.model->name + " on " + request.cluster.name);
        const auto plan = planOf(request);
        ASSERT_TRUE(plan) << none->reason << "; " << formatMemory(memory);
        for (size_t s = 0; s < plan->stages.size(); ++s)
            EXPECT_LE(plan->deviceMemory(s), memory);
    });
    EXPECT_GT(clashes, 5);
}

TEST(MakePlan, NamesAMinimalClash)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x4");
    request.options.constraints.maxTp = 1;
    request.options.constraints.fixedDp = 8;
    request.options.constraints.maxPp = 4;
    const auto outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok());
    ASSERT_TRUE(std::holds_alternative<NoPlan>(*outcome));
    EXPECT_EQ(std::get<NoPlan>(*outcome).clashing, std::vector<std::string>{"DP = 8"});
}

TEST(MakePlan, RefusesAMicrobatchCountThatDoesNotDivide)
{
    PlanRequest request;
    request.model = sampleModel("mlp-tiny");
    request.cluster = *loadCluster("cpu-x2");
    request.options.constraints.microbatches = 3;
    const auto outcome = makePlan(request, {});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().message, "3 microbatches do not divide the global batch of 16");
}

TEST(MakePlan, StopsWhenAsked)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny");
    request.cluster = *loadCluster("cpu-x4");
    std::stop_source source;
    source.request_stop();
    const auto outcome = makePlan(request, {.stop = source.get_token(), .progress = {}});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
}

/// cuDNN's attention takes whole sequences: on two H200, GPT-1.3B's step with its sequence split
/// was measured at 251 ms, and predicted at 198 ms with fused attention.
TEST(MakePlan, SplitSequencesHaveNoFusedAttention)
{
    PlanRequest request;
    request.model = sampleModel("gpt-tiny-bf16");
    request.cluster = *loadCluster("h200-x2");
    PlanRequest raw = request;
    raw.cluster.device.attentionFlops = raw.cluster.device.attentionGradientFlops = 0;
    const auto stepOf = [](PlanRequest asked, std::optional<int> cp) {
        asked.options.constraints.contextParallel = cp;
        const auto plan = planOf(asked);
        EXPECT_NE(plan, nullptr);
        return plan == nullptr ? Seconds() : plan->stepTime;
    };
    EXPECT_LT(stepOf(request, std::nullopt), stepOf(raw, std::nullopt));
    EXPECT_EQ(stepOf(request, 2), stepOf(raw, 2));
}

} // namespace
} // namespace alpa
