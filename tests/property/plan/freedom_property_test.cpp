// More devices, more memory or more freedom never make a plan worse: what obeyed before obeys
// still.
#include "tests/support/gpt_graph.h"
#include "tests/support/plans.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace alpa
{
namespace
{

using Edit = std::function<void(PlanConstraints&)>;

template <typename T>
const T& anyOf(Rng& rng, const std::vector<T>& options)
{
    return options[static_cast<size_t>(rng.below(static_cast<int>(options.size())))];
}

/// One constraint of every kind that may be asked of a model of `layers` blocks.
std::vector<Edit> randomEdits(Rng& rng, int layers)
{
    const int degree = 1 << rng.below(3);
    const int layer = 1 + rng.below(layers);
    const auto schedule =
        anyOf<ScheduleKind>(rng, {std::begin(kScheduleKinds), std::end(kScheduleKinds)});
    const auto recomputation = static_cast<RecomputationKind>(rng.below(4));
    const StorageRule rule = rng.chance(0.5) ? StorageRule::kSplit : StorageRule::kReplicated;
    const SpecConstraint spec{anyOf<std::string>(rng, {"block_0.fc.kernel", "*.out.kernel", "wte"}),
                              *parseSpec(anyOf<std::string>(rng, {"{-, y}", "{y, -}", "{-, -}"})),
                              rng.chance(0.5)};
    const Bytes memory((int64_t{3} << 18) << rng.below(4));
    return {
        [=](PlanConstraints& c) { c.maxTp = degree; },
        [=](PlanConstraints& c) { c.maxDp = degree; },
        [=](PlanConstraints& c) { c.maxPp = degree; },
        [=](PlanConstraints& c) { c.fixedTp = degree; },
        [=](PlanConstraints& c) { c.fixedDp = degree; },
        [=](PlanConstraints& c) { c.fixedPp = degree; },
        [=](PlanConstraints& c) { c.memoryPerDevice = memory; },
        [=](PlanConstraints& c) { c.microbatches = degree; },
        [=](PlanConstraints& c) { c.schedule = schedule; },
        [=](PlanConstraints& c) { c.forbiddenSchedules = {schedule}; },
        [=](PlanConstraints& c) { c.forbiddenRecomputations = {recomputation}; },
        [=](PlanConstraints& c) { c.recomputation = degree > 1; },
        [=](PlanConstraints& c) { c.selectiveRecomputation = degree > 1; },
        [=](PlanConstraints& c) { c.recomputedLayers = layer; },
        [=](PlanConstraints& c) { c.parameterStorage = rule; },
        [=](PlanConstraints& c) { c.stateStorage = rule; },
        [=](PlanConstraints& c) { c.specs = {spec}; },
        [=](PlanConstraints& c) { c.usesAllDevices = true; },
        [=](PlanConstraints& c) { c.cuts = {layer}; },
        [=](PlanConstraints& c) { c.forbiddenCuts = {layer}; },
    };
}

PlanRequest randomRequest(Rng& rng, int layers)
{
    PlanRequest request;
    request.model = smallGpt(layers);
    request.cluster =
        *loadCluster(anyOf<std::string>(rng, {"p3.16xlarge-x1", "dgx-a100-x1", "cpu-x4"}));
    if (rng.chance(0.7)) {
        // Slow enough that kilobytes of compute are worth sharing.
        request.cluster.device.matrixFlops32 /= 1e4;
        request.cluster.device.memoryBandwidth /= 1e3;
    }
    request.cluster.hosts = 1 + rng.below(2);
    request.cluster.devicesPerHost = anyOf<int>(rng, {1, 2, 3, 4});
    request.options.globalBatch = anyOf<int64_t>(rng, {8, 12, 16});
    return request;
}

/// What the freer plan's own proof leaves open.
double provenGap(const ParallelPlan& plan)
{
    double gap = 0;
    for (const PlanStage& stage : plan.stages)
        gap = std::max(gap, stage.certificate.gap());
    return gap;
}

void expectNoWorse(const PlanRequest& freer, const ParallelPlan& plan, const std::string& what)
{
    const auto better = planIfAny(freer);
    ASSERT_TRUE(better) << what;
    EXPECT_LE(better->stepTime.count, plan.stepTime.count * (1 + provenGap(*better) + 1e-9))
        << what << " on " << freer.cluster.hosts << " x " << freer.cluster.devicesPerHost << " "
        << freer.cluster.name << ", batch " << *freer.options.globalBatch << "\n  from "
        << formatConstraints(plan.options.constraints) << "\n  to "
        << formatConstraints(freer.options.constraints);
}

TEST(FreedomProperty, DroppingAConstraintIsNeverWorse)
{
    int compared = 0;
    forEachSeed(80, [&](Rng& rng, int) {
        const int layers = 2 + rng.below(3);
        PlanRequest request = randomRequest(rng, layers);
        std::vector<Edit> asked;
        for (int i = 1 + rng.below(3); i > 0; --i)
            asked.push_back(anyOf(rng, randomEdits(rng, layers)));
        for (const Edit& edit : asked)
            edit(request.options.constraints);
        const auto plan = planIfAny(request);
        if (!plan)
            return;
        PlanRequest freer = request;
        freer.options.constraints = {};
        const size_t dropped = static_cast<size_t>(rng.below(static_cast<int>(asked.size())));
        for (size_t i = 0; i < asked.size(); ++i) {
            if (i != dropped)
                asked[i](freer.options.constraints);
        }
        // Of two edits of one kind the first one may have come back.
        const auto had = listConstraints(request.options.constraints);
        const auto left = listConstraints(freer.options.constraints);
        if (!std::ranges::all_of(
                left, [&](const std::string& c) { return std::ranges::find(had, c) != had.end(); }))
            return;
        ++compared;
        expectNoWorse(freer, *plan, "fewer constraints");
    });
    EXPECT_GT(compared, 50);
}

TEST(FreedomProperty, NoNumberOfMicrobatchesThatIsAskedForIsFaster)
{
    int compared = 0;
    int notPowers = 0; // Of two.
    forEachSeed(16, [&](Rng& rng, int) {
        PlanRequest free = randomRequest(rng, 2 + rng.below(3));
        free.options.globalBatch = anyOf<int64_t>(rng, {6, 12, 24, 48});
        if (rng.chance(0.7))
            free.options.constraints.memoryPerDevice = Bytes((int64_t{3} << 19) << rng.below(3));
        const auto chosen = planIfAny(free);
        if (!chosen)
            return;
        notPowers += chosen->microbatches % 3 == 0 ? 1 : 0;
        for (int count = 1; count <= *free.options.globalBatch; ++count) {
            if (*free.options.globalBatch % count != 0)
                continue;
            PlanRequest asked = free;
            asked.options.constraints.microbatches = count;
            const auto plan = planIfAny(asked);
            if (!plan)
                continue;
            ++compared;
            EXPECT_LE(chosen->stepTime.count,
                      plan->stepTime.count * (1 + provenGap(*chosen) + 1e-9))
                << count << " microbatches of " << *free.options.globalBatch << " on "
                << free.cluster.hosts << " x " << free.cluster.devicesPerHost << " "
                << free.cluster.name << ", " << formatConstraints(free.options.constraints);
            EXPECT_LE(chosen->stepBound.count, plan->stepTime.count);
        }
    });
    EXPECT_GT(compared, 50);
    EXPECT_GT(notPowers, 2);
}

/// A constraint that the plan obeys anyway takes nothing from the space but what is worse.
TEST(FreedomProperty, AskingForWhatThePlanDoesLeavesItAsFast)
{
    int zeroBubble = 0;
    forEachSeed(40, [&](Rng& rng, int) {
        PlanRequest request = randomRequest(rng, 2 + rng.below(3));
        const auto plan = planIfAny(request);
        ASSERT_TRUE(plan);
        request.options.constraints.schedule = plan->schedule;
        if (rng.chance(0.5))
            request.options.constraints.microbatches = plan->microbatches;
        if (rng.chance(0.3))
            request.options.constraints.fixedPp = plan->pipelineParallel();
        zeroBubble += plan->schedule == ScheduleKind::kZeroBubble ? 1 : 0;
        const auto asked = planIfAny(request);
        ASSERT_TRUE(asked) << formatConstraints(request.options.constraints);
        EXPECT_LE(asked->stepTime.count, plan->stepTime.count * (1 + provenGap(*asked) + 1e-9))
            << request.cluster.hosts << " x " << request.cluster.devicesPerHost << " "
            << request.cluster.name << ", batch " << *request.options.globalBatch << ", "
            << formatConstraints(request.options.constraints);
    });
    EXPECT_GT(zeroBubble, 5);
}

} // namespace
} // namespace alpa
