#include "core/mesh/collective_time.h"
#include "core/sharding/reshard.h"
#include "tests/property/sharding/simulated_mesh.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace alpa
{
namespace
{

constexpr DType kType = DType::kF32;

struct Case {
    Cluster cluster;
    DeviceMesh mesh;
    std::vector<int> axisSizes;
    TensorType type;
};

/// A mesh of one to three axes over one or two hosts, and a tensor with at most 3 dimensions that
/// most specs divide.
Case randomCase(Rng& rng, int mostAxes, int mostRank)
{
    Case made;
    int count = 1;
    for (int axis = rng.between(1, mostAxes); axis > 0; --axis) {
        made.axisSizes.push_back(rng.between(1, 3));
        count *= made.axisSizes.back();
    }
    made.cluster.hosts = count % 2 == 0 && rng.chance(0.5) ? 2 : 1;
    made.cluster.devicesPerHost = count / made.cluster.hosts;
    made.cluster.device.kernelLaunch = microseconds(rng.between(0, 3));
    made.cluster.withinHost = {microseconds(rng.between(0, 5)), 1e9};
    made.cluster.betweenHosts = {microseconds(rng.between(0, 20)), 1e8};
    made.mesh = makeDeviceMesh(
        made.cluster, {0, made.cluster.hosts, 0, made.cluster.devicesPerHost}, made.axisSizes);
    made.type.dtype = kType;
    for (int dim = rng.between(1, mostRank); dim > 0; --dim)
        made.type.dims.push_back(rng.chance(0.8) ? count * rng.between(1, 2) : rng.between(1, 6));
    return made;
}

/// A spec that divides the tensor; axes are dropped from the end of the mesh until it does.
ShardingSpec randomSpec(Rng& rng, const Case& on, double partialChance)
{
    ShardingSpec spec = ShardingSpec::replicated(on.type.rank());
    for (int axis = 0; axis < static_cast<int>(on.axisSizes.size()); ++axis) {
        if (rng.chance(partialChance)) {
            spec.partial = static_cast<AxisSet>(spec.partial | axisBit(axis));
            continue;
        }
        const int place = rng.below(spec.rank + 1);
        if (place == spec.rank)
            continue;
        ShardingSpec wider = spec;
        AxisSet& set = wider.dims[static_cast<size_t>(place)];
        set = static_cast<AxisSet>(set | axisBit(axis));
        if (dividesEvenly(wider, on.type.dims, on.axisSizes))
            spec = wider;
    }
    return spec;
}

ReduceKind randomReduction(Rng& rng)
{
    constexpr std::array kKinds{ReduceKind::kAdd, ReduceKind::kMaximum, ReduceKind::kMinimum};
    return kKinds[static_cast<size_t>(rng.below(3))];
}

CollectiveKind collectiveOf(ReshardKind kind)
{
    switch (kind) {
    case ReshardKind::kAllGather:
        return CollectiveKind::kAllGather;
    case ReshardKind::kAllReduce:
        return CollectiveKind::kAllReduce;
    case ReshardKind::kReduceScatter:
        return CollectiveKind::kReduceScatter;
    case ReshardKind::kSlice:
    case ReshardKind::kAllToAll:
        break;
    }
    return CollectiveKind::kAllToAll;
}

/// Bytes of the full buffer, read off the tensors themselves.
Bytes bufferBytes(const ReshardStep& step, const Holdings& before, const Holdings& after)
{
    const Holdings& larger = step.kind == ReshardKind::kAllGather ? after : before;
    return Bytes(static_cast<int64_t>(larger.front().values.size()) * dtypeBytes(kType));
}

TEST(ReshardProperty, StepsMoveNumberedTensorsToTheTargetLayout)
{
    int steps = 0;
    forEachSeed(3000, [&](Rng& rng, int size) {
        const Case on = randomCase(rng, std::min(1 + size / 6, 3), std::min(1 + size / 5, 3));
        ShardingSpec from = randomSpec(rng, on, 0.25);
        if (from.partial != 0)
            from.partialKind = randomReduction(rng);
        ShardingSpec to = randomSpec(rng, on, 0);
        for (int axis = 0; axis < static_cast<int>(on.axisSizes.size()); ++axis) {
            // Some partial axes stay partial.
            if (hasAxis(from.partial, axis) && !hasAxis(to.usedAxes(), axis) && rng.chance(0.3)) {
                to.partial = static_cast<AxisSet>(to.partial | axisBit(axis));
                to.partialKind = from.partialKind;
            }
        }
        SCOPED_TRACE(formatType(on.type) + " " + formatSpec(from) + " -> " + formatSpec(to) +
                     " on " + formatMesh(on.mesh));
        Resharder resharder(on.cluster, on.mesh);
        const ReshardPath* path = resharder.path(on.type, from, to);
        ASSERT_NE(path, nullptr);
        EXPECT_EQ(resharder.time(on.type, from, to), path->time);
        EXPECT_TRUE(from != to || path->steps.empty());

        const LocalTensor whole = numberedTensor(on.type.dims);
        Holdings holdings = layOut(on.mesh, from, whole, rng);
        ASSERT_TRUE(isLaidOut(on.mesh, from, whole, holdings));
        Seconds total{};
        for (const ReshardStep& step : path->steps) {
            const Holdings before = holdings;
            ASSERT_TRUE(applyStep(on.mesh, step.kind, step.axis, step.dim, step.fromDim,
                                  from.partialKind, holdings))
                << formatStep(step, on.mesh);
            ASSERT_TRUE(isLaidOut(on.mesh, step.after, whole, holdings))
                << formatStep(step, on.mesh);
            if (step.kind == ReshardKind::kSlice) {
                EXPECT_EQ(step.time, Seconds{});
            } else {
                EXPECT_EQ(step.bytes, bufferBytes(step, before, holdings))
                    << formatStep(step, on.mesh);
                EXPECT_EQ(step.time, collectiveTime(on.cluster, on.mesh, collectiveOf(step.kind),
                                                    step.axis, step.bytes));
            }
            total += step.time;
            ++steps;
        }
        EXPECT_TRUE(isLaidOut(on.mesh, to, whole, holdings));
        EXPECT_DOUBLE_EQ(total.count, path->time.count);
    });
    EXPECT_GT(steps, 2000);
}

/// All specs over the axes of the case, partial ones by addition.
std::vector<ShardingSpec> allSpecs(const Case& on)
{
    std::vector<ShardingSpec> specs{ShardingSpec::replicated(on.type.rank())};
    for (int axis = 0; axis < static_cast<int>(on.axisSizes.size()); ++axis) {
        const std::vector<ShardingSpec> narrower = specs;
        for (const ShardingSpec& spec : narrower) {
            for (int place = 0; place <= spec.rank; ++place) {
                ShardingSpec wider = spec;
                AxisSet& set =
                    place == spec.rank ? wider.partial : wider.dims[static_cast<size_t>(place)];
                set = static_cast<AxisSet>(set | axisBit(axis));
                if (dividesEvenly(wider, on.type.dims, on.axisSizes))
                    specs.push_back(wider);
            }
        }
    }
    return specs;
}

/// Distances by trying every collective on every layout: which spec does the result happen to
/// match? Knows nothing of which steps are allowed.
std::vector<std::vector<double>> bruteForceTimes(const Case& on,
                                                 const std::vector<ShardingSpec>& specs, Rng& rng)
{
    const size_t count = specs.size();
    std::vector<std::vector<double>> times(
        count, std::vector<double>(count, std::numeric_limits<double>::infinity()));
    const LocalTensor whole = numberedTensor(on.type.dims);
    const auto tryStep = [&](size_t from, const ReshardStep& step) {
        const Holdings before = layOut(on.mesh, specs[from], whole, rng);
        Holdings after = before;
        if (!applyStep(on.mesh, step.kind, step.axis, step.dim, step.fromDim, ReduceKind::kAdd,
                       after))
            return;
        const double time = step.kind == ReshardKind::kSlice
                                ? 0.0
                                : collectiveTime(on.cluster, on.mesh, collectiveOf(step.kind),
                                                 step.axis, bufferBytes(step, before, after))
                                      .count;
        for (size_t to = 0; to < count; ++to) {
            if (time < times[from][to] && isLaidOut(on.mesh, specs[to], whole, after))
                times[from][to] = time;
        }
    };
    for (size_t from = 0; from < count; ++from) {
        times[from][from] = 0;
        for (int axis = 0; axis < static_cast<int>(on.axisSizes.size()); ++axis) {
            tryStep(from, {ReshardKind::kAllReduce, axis, 0, 0, {}, {}, {}, {}});
            for (int dim = 0; dim < on.type.rank(); ++dim) {
                tryStep(from, {ReshardKind::kSlice, axis, dim, 0, {}, {}, {}, {}});
                tryStep(from, {ReshardKind::kAllGather, axis, dim, 0, {}, {}, {}, {}});
                tryStep(from, {ReshardKind::kReduceScatter, axis, dim, 0, {}, {}, {}, {}});
                for (int fromDim = 0; fromDim < on.type.rank(); ++fromDim) {
                    if (fromDim != dim)
                        tryStep(from, {ReshardKind::kAllToAll, axis, dim, fromDim, {}, {}, {}, {}});
                }
            }
        }
    }
    for (size_t middle = 0; middle < count; ++middle) {
        for (size_t from = 0; from < count; ++from) {
            for (size_t to = 0; to < count; ++to)
                times[from][to] =
                    std::min(times[from][to], times[from][middle] + times[middle][to]);
        }
    }
    return times;
}

TEST(ReshardProperty, TimesEqualBruteForceOverAllCollectives)
{
    int pairs = 0;
    forEachSeed(300, [&](Rng& rng, int size) {
        Case on = randomCase(rng, size > 8 ? 2 : 1, 2);
        on.type.dims.clear();
        // Twice the devices: no part shrinks to one element, where layouts could match by accident.
        for (int dim = rng.between(1, 2); dim > 0; --dim)
            on.type.dims.push_back(2 * on.mesh.deviceCount());
        const std::vector<ShardingSpec> specs = allSpecs(on);
        const auto expected = bruteForceTimes(on, specs, rng);
        Resharder resharder(on.cluster, on.mesh);
        for (size_t from = 0; from < specs.size(); ++from) {
            for (size_t to = 0; to < specs.size(); ++to) {
                const double time = resharder.time(on.type, specs[from], specs[to]).count;
                if (std::isinf(time) && std::isinf(expected[from][to]))
                    continue;
                ASSERT_NEAR(time, expected[from][to], 1e-12)
                    << formatType(on.type) << " " << formatSpec(specs[from]) << " -> "
                    << formatSpec(specs[to]) << " on " << formatMesh(on.mesh);
                ++pairs;
            }
        }
    });
    EXPECT_GT(pairs, 10000);
}

TEST(ReshardProperty, DetoursAreNeverFaster)
{
    forEachSeed(1000, [](Rng& rng, int) {
        const Case on = randomCase(rng, 3, 3);
        Resharder resharder(on.cluster, on.mesh);
        const ShardingSpec first = randomSpec(rng, on, 0.2);
        const ShardingSpec second = randomSpec(rng, on, 0);
        const ShardingSpec third = randomSpec(rng, on, 0);
        const Seconds direct = resharder.time(on.type, first, third);
        const Seconds detour =
            resharder.time(on.type, first, second) + resharder.time(on.type, second, third);
        EXPECT_LE(direct.count, detour.count * (1 + 1e-12))
            << formatSpec(first) << formatSpec(third);
        EXPECT_EQ(resharder.time(on.type, first, first), Seconds{});
        // Replicated tensors are split for nothing.
        EXPECT_EQ(resharder.time(on.type, ShardingSpec::replicated(on.type.rank()), second),
                  Seconds{});
    });
}

TEST(ReshardProperty, PathsDoNotDependOnTheOrderOfQuestions)
{
    forEachSeed(200, [](Rng& rng, int) {
        const Case on = randomCase(rng, 3, 3);
        Resharder fresh(on.cluster, on.mesh);
        Resharder used(on.cluster, on.mesh);
        for (int question = 0; question < 5; ++question)
            (void)used.path(on.type, randomSpec(rng, on, 0.2), randomSpec(rng, on, 0));
        const ShardingSpec from = randomSpec(rng, on, 0.2);
        const ShardingSpec to = randomSpec(rng, on, 0);
        const ReshardPath* one = fresh.path(on.type, from, to);
        const ReshardPath* other = used.path(on.type, from, to);
        ASSERT_TRUE(one != nullptr && other != nullptr);
        ASSERT_EQ(one->steps.size(), other->steps.size());
        for (size_t step = 0; step < one->steps.size(); ++step)
            EXPECT_EQ(formatStep(one->steps[step], on.mesh),
                      formatStep(other->steps[step], on.mesh));
    });
}

} // namespace
} // namespace alpa
