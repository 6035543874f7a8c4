// The proven bound of a step: no plan of the space undercuts it, and it is not far below the best.
#include "core/mesh/collective_time.h"
#include "core/plan/compute_bound.h"
#include "core/plan/microbatch_counts.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/plans.h"
#include "tests/support/property.h"
#include "tests/support/two_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

template <typename T>
const T& anyOf(Rng& rng, const std::vector<T>& options)
{
    return options[static_cast<size_t>(rng.below(static_cast<int>(options.size())))];
}

PlanRequest randomRequest(Rng& rng, int layers)
{
    PlanRequest request;
    request.model = smallGpt(layers);
    request.cluster = *loadCluster(anyOf<std::string>(rng, {"h200-x4", "dgx-a100-x1", "cpu-x4"}));
    if (rng.chance(0.7)) { // Slow enough that kilobytes of compute are worth sharing.
        request.cluster.device.matrixFlops32 /= 1e4;
        request.cluster.device.memoryBandwidth /= 1e3;
    }
    request.cluster.devicesPerHost = anyOf<int>(rng, {1, 2, 3, 4});
    if (rng.chance(0.2)) {
        request.cluster.devicesPerHost = 4;
        DeviceKind& second = addSecondKind(request.cluster);
        second.matrixFlops32 *= anyOf<double>(rng, {0.5, 3});
        second.memoryBandwidth *= 2;
    }
    request.options.globalBatch = anyOf<int64_t>(rng, {4, 8, 12});
    return request;
}

/// Everything that a person can hold the search to: one of the ways to run the model.
PlanConstraints randomWay(Rng& rng, const PlanRequest& request, int layers)
{
    PlanConstraints way = request.options.constraints;
    const auto degree = [&] { return 1 << rng.below(3); };
    if (rng.chance(0.7))
        way.microbatches = anyOf(rng, microbatchCounts(*request.options.globalBatch));
    if (rng.chance(0.5))
        way.schedule = kScheduleKinds[static_cast<size_t>(rng.below(4))];
    if (rng.chance(0.5))
        way.fixedPp = degree();
    if (rng.chance(0.3))
        way.fixedDp = degree();
    if (rng.chance(0.3))
        way.maxTp = degree();
    if (rng.chance(0.3))
        way.cuts = {1 + rng.below(layers)};
    if (rng.chance(0.2))
        way.recomputation = rng.chance(0.5);
    if (rng.chance(0.2))
        way.parameterStorage = rng.chance(0.5) ? StorageRule::kSplit : StorageRule::kReplicated;
    if (rng.chance(0.2))
        way.specs.push_back({anyOf<std::string>(rng, {"block_0.fc.kernel", "*.out.kernel", "wte"}),
                             *parseSpec(anyOf<std::string>(rng, {"{-, y}", "{y, -}", "{-, -}"})),
                             rng.chance(0.5)});
    if (rng.chance(0.3))
        way = withStrategy(way, static_cast<PlanStrategy>(rng.below(6)),
                           request.cluster.deviceCount());
    return way;
}

std::string described(const PlanRequest& request)
{
    const Cluster& cluster = request.cluster;
    return std::to_string(cluster.hosts) + " x " + std::to_string(cluster.devicesPerHost) + " " +
           cluster.name + (cluster.second ? ", two kinds, " : ", ") + "batch " +
           std::to_string(*request.options.globalBatch) + ", " +
           formatConstraints(request.options.constraints);
}

TEST(StepBoundProperty, NoPlanTakesLess)
{
    int compared = 0;
    int finer = 0;
    std::vector<double> gaps;
    forEachSeed(24, [&](Rng& rng, int) {
        const int layers = 2 + rng.below(3);
        PlanRequest request = randomRequest(rng, layers);
        if (rng.chance(0.3))
            request.options.constraints.maxPp = 1 + rng.below(3);
        if (rng.chance(0.2))
            request.options.constraints.forbiddenSchedules = {ScheduleKind::kInterleaved1f1b};
        const auto best = planIfAny(request);
        ASSERT_TRUE(best);
        ASSERT_GT(best->stepBound, Seconds(0));
        std::map<size_t, Seconds> boundOf{{best->layers.size(), best->stepBound}}; // By layers.
        Seconds least = best->stepTime;
        for (int i = 0; i < 10; ++i) {
            PlanRequest held = request;
            held.options.constraints = randomWay(rng, request, layers);
            const auto plan = planIfAny(held);
            if (!plan)
                continue;
            ++compared;
            Seconds& bound = boundOf[plan->layers.size()];
            if (bound == Seconds(0)) { // Cuts elsewhere are another question.
                PlanRequest asked = request;
                asked.options.layers = static_cast<int>(plan->layers.size());
                const auto other = planIfAny(asked);
                ASSERT_TRUE(other);
                bound = other->stepBound;
                ++finer;
            } else if (plan->layers.size() == best->layers.size()) {
                least = std::min(least, plan->stepTime);
            }
            EXPECT_LE(plan->stepBound.count, plan->stepTime.count) << described(held);
            EXPECT_LE(bound.count, plan->stepTime.count) << described(request) << "\n"
                                                         << described(held);
        }
        EXPECT_LE(best->stepBound, least);
        gaps.push_back((least - best->stepBound) / least);
    });
    EXPECT_GT(compared, 40);
    EXPECT_GT(finer, 0);
    std::ranges::sort(gaps);
    // A bound that was a twentieth higher would be none.
    EXPECT_LT(gaps[gaps.size() / 8], 1 - 1 / 1.05);
    EXPECT_LT(gaps[gaps.size() / 2], 0.25);
}

PlanRequest requestWithPin(Rng& rng)
{
    const int layers = 2 + rng.below(3);
    PlanRequest request = randomRequest(rng, layers);
    request.options.constraints.specs = {
        {anyOf<std::string>(rng, {"*", "*.kernel", "block_*"}), *parseSpec("{-, -}"), false}};
    return request;
}

/// A shown plan's bound was known by then; what is proven later only raises it, as the costs of
/// pins do where drafts that were costed without them are looked at again.
TEST(StepBoundProperty, RisesWhilePlansAreShown)
{
    int rises = 0;
    forEachSeed(20, [&](Rng& rng, int) {
        const PlanRequest request = requestWithPin(rng);
        std::vector<Seconds> bounds;
        const auto outcome =
            makePlan(request, {}, nullptr, [&](const std::shared_ptr<const ParallelPlan>& plan) {
                EXPECT_LE(plan->stepBound.count, plan->stepTime.count);
                bounds.push_back(plan->stepBound);
            });
        ASSERT_TRUE(outcome.ok());
        bounds.push_back(std::get<std::shared_ptr<const ParallelPlan>>(*outcome)->stepBound);
        ASSERT_GT(bounds.size(), size_t{1});
        EXPECT_GT(bounds.front(), Seconds(0));
        EXPECT_TRUE(std::ranges::is_sorted(bounds)) << described(request);
        rises += bounds.back() > bounds.front() ? 1 : 0;
    });
    EXPECT_GT(rises, 0);
}

/// Drafts leave pins out; the bound may not.
TEST(StepBoundProperty, KnowsWhatPinsCost)
{
    int higher = 0;
    forEachSeed(20, [&](Rng& rng, int) {
        const PlanRequest pinned = requestWithPin(rng);
        PlanRequest free = pinned;
        free.options.constraints.specs.clear();
        const auto plan = planIfAny(pinned);
        const auto freePlan = planIfAny(free);
        ASSERT_TRUE(plan && freePlan);
        EXPECT_GE(plan->stepBound, freePlan->stepBound) << described(pinned);
        higher += plan->stepBound > freePlan->stepBound ? 1 : 0;
    });
    EXPECT_GT(higher, 2);
}

/// Collectives of half the bytes, as smaller microbatches send them.
TEST(StepBoundProperty, HalvesOfCollectivesTakeNoLessWhereThatIsSaid)
{
    int savings = 0;
    int said = 0;
    forEachSeed(60, [&](Rng& rng, int) {
        Cluster cluster = *loadCluster(rng.chance(0.5) ? "h200-x4" : "dgx-a100-x1");
        if (rng.chance(0.6))
            cluster.measured.clear();
        Seconds time = microseconds(20);
        Bytes bytes(int64_t{1} << 16);
        for (int point = 0; rng.chance(0.7) && point < 4; ++point) {
            cluster.measured.push_back(
                {.kind = CollectiveKind::kAllReduce, .devices = 4, .bytes = bytes, .time = time});
            bytes = bytes * int64_t{2};
            time = time * (1 + 1.6 * rng.uniform());
        }
        const DeviceMesh mesh = makeDeviceMesh(
            cluster, {.firstHost = 0, .hosts = 1, .firstDevice = 0, .devicesPerHost = 4}, {4, 1});
        const bool saves = [&] {
            for (int64_t size = 1 << 12; size <= int64_t{1} << 30; size = size * 5 / 4) {
                const auto timeOf = [&](int64_t of) {
                    return collectiveTime(cluster, mesh, CollectiveKind::kAllReduce, 0, Bytes(of));
                };
                if (timeOf(size / 2) * 2 < timeOf(size / 2 * 2) * (1 - 1e-9))
                    return true;
            }
            return false;
        }();
        savings += saves ? 1 : 0;
        said += smallerSavesNothing(cluster) ? 1 : 0;
        EXPECT_FALSE(saves && smallerSavesNothing(cluster));
    });
    EXPECT_GT(savings, 0);
    EXPECT_GT(said, 10);
}

} // namespace
} // namespace alpa
