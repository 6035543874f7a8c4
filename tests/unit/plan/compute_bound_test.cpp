// The bound by compute alone against every way to share ops out.
#include "core/plan/compute_bound.h"
#include "core/plan/draft_model.h"
#include "core/plan/plan_context.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Of one kind of device: ops that take nothing but these seconds, and launches.
std::shared_ptr<LayeredGraph> withTimes(const LayeredGraph& layered, Rng& rng,
                                        const std::vector<size_t>& ops)
{
    auto timed = std::make_shared<LayeredGraph>(layered);
    timed->work.assign(timed->work.size(), Seconds(0));
    timed->fixed = timed->work;
    timed->productOf.assign(timed->productOf.size(), -1);
    for (const size_t op : ops) {
        timed->work[op] = Seconds(rng.chance(0.2) ? 0.0 : rng.uniform());
        timed->fixed[op] = Seconds(rng.chance(0.5) ? 0.0 : rng.uniform());
    }
    return timed;
}

/// Two kinds that share these ops, of which one is split in the best way: some best sharing is
/// such, as a corner of its linear programme.
double shareByForce(const std::vector<std::array<double, 2>>& ops)
{
    double best = kForever.count;
    for (size_t onFirst = 0; onFirst < size_t{1} << ops.size(); ++onFirst) {
        std::array<double, 2> busy{0, 0};
        for (size_t i = 0; i < ops.size(); ++i) {
            const size_t kind = (onFirst >> i & 1) != 0 ? 0 : 1;
            busy[kind] += ops[i][kind];
        }
        best = std::min(best, std::max(busy[0], busy[1]));
        for (size_t i = 0; i < ops.size(); ++i) {
            if ((onFirst >> i & 1) == 0 || ops[i][0] + ops[i][1] == 0)
                continue;
            const double first = busy[0] - ops[i][0]; // So much if the second kind does all of i.
            const double part = (busy[1] + ops[i][1] - first) / (ops[i][0] + ops[i][1]);
            if (part >= 0 && part <= 1)
                best = std::min(best, first + part * ops[i][0]);
        }
    }
    return best;
}

TEST(LeastCompute, IsTheBestSharingAmongTwoKindsOfDevice)
{
    const Cluster cluster = *loadCluster("h200-x4");
    PlanContext context(smallGpt(2), {}, cluster);
    const auto draft = context.draftModel(4, {}, {});
    ASSERT_TRUE(draft.ok());
    const DraftModel& model = **draft;
    const LayeredGraph& layered = *model.model->layered;
    forEachSeed(200, [&](Rng& rng, int) {
        std::vector<size_t> ops;
        for (int i = 0; i < 6; ++i)
            ops.push_back(static_cast<size_t>(rng.below(static_cast<int>(layered.work.size()))));
        std::ranges::sort(ops);
        ops.erase(std::ranges::unique(ops).begin(), ops.end());
        const std::vector<KindShare> kinds{{withTimes(layered, rng, ops), 1 + rng.below(3)},
                                           {withTimes(layered, rng, ops), 1 + rng.below(3)}};
        const int microbatches = 1 + rng.below(4);
        std::vector<std::array<double, 2>> times;
        std::array<double, 2> alone{0, 0};
        for (const size_t op : ops) {
            const bool isOnce = layered.graph->ops[op].phase == Phase::kUpdate;
            const auto copies = std::ranges::count(model.layerOfBlock, layered.layerOfOp[op]);
            std::array<double, 2>& seconds = times.emplace_back();
            for (size_t kind = 0; kind < 2; ++kind) {
                const KindShare& share = kinds[kind];
                const double once =
                    share.layered->work[op].count + (isOnce ? 0.0 : share.layered->fixed[op].count);
                seconds[kind] = once * static_cast<double>(copies) * (isOnce ? 1 : microbatches) /
                                share.devices;
                alone[kind] += seconds[kind];
            }
        }
        const double least = leastCompute(model, kinds, microbatches, {{}}).count;
        EXPECT_NEAR(least, shareByForce(times), 1e-9 * std::max(alone[0], alone[1]));
        for (size_t kind = 0; kind < 2; ++kind)
            EXPECT_NEAR(leastCompute(model, {kinds[kind]}, microbatches, {{}}).count, alone[kind],
                        1e-9 * alone[kind]);
    });
}

} // namespace
} // namespace alpa
