// What a cache may never do: change a plan. And what drafts on a shortened model must keep: names,
// soundness, cost.
#include "core/graph/types.h"
#include "core/graph/verify.h"
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/model_units.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_file.h"
#include "core/plan/shorten_model.h"
#include "tests/support/gpt_graph.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace alpa
{
namespace
{

/// One constraint changed, as a person at the constraints panel does.
void edit(PlanConstraints& constraints, Rng& rng)
{
    const auto maybe = [&rng](auto value) {
        return rng.chance(0.3) ? std::nullopt : std::optional(value);
    };
    switch (rng.below(9)) {
    case 0:
        constraints.maxTp = maybe(1 << rng.below(3));
        break;
    case 1:
        constraints.maxDp = maybe(1 << rng.below(3));
        break;
    case 2:
        constraints.maxPp = maybe(1 + rng.below(4));
        break;
    case 3:
        constraints.memoryPerDevice = maybe(Bytes(int64_t{1} << (19 + rng.below(4))));
        break;
    case 4:
        constraints.recomputation = maybe(rng.chance(0.5));
        break;
    case 5:
        constraints.forbiddenCuts = {1 + rng.below(4)};
        break;
    case 6:
        constraints.parameterStorage =
            rng.chance(0.5) ? StorageRule::kSplit : StorageRule::kReplicated;
        break;
    case 7:
        constraints.microbatches = maybe(1 << rng.below(4));
        break;
    default:
        constraints.specs.clear();
        if (rng.chance(0.8))
            constraints.specs.push_back({rng.chance(0.5) ? "block_3.fc.kernel" : "*.fc.kernel",
                                         *parseSpec(rng.chance(0.5) ? "{-, y}" : "{-, -}"),
                                         rng.chance(0.5)});
    }
}

/// The plan's text, or why there is none. With a cache plans are shown on the way, which the last
/// one may be.
std::string answerTo(const PlanRequest& request, PlanCache* cache)
{
    const IncumbentCallback show = [](const std::shared_ptr<const ParallelPlan>&) {};
    const auto outcome = makePlan(request, {}, cache, cache != nullptr ? show : nullptr);
    if (!outcome.ok())
        return outcome.error().message;
    if (const auto* none = std::get_if<NoPlan>(&*outcome)) {
        std::string text = none->reason;
        for (const std::string& clash : none->clashing)
            text += "\n" + clash;
        return text;
    }
    return planToJson(*std::get<std::shared_ptr<const ParallelPlan>>(*outcome));
}

TEST(PlanCacheProperty, EditsPlannedWithACacheGiveTheSameTexts)
{
    forEachSeed(6, [](Rng& rng, int) {
        PlanRequest request;
        request.model = smallGpt(6);
        request.cluster = *loadCluster(rng.chance(0.5) ? "cpu-x4" : "h200-x4");
        request.options.globalBatch = 16;
        PlanCache cache;
        for (int step = 0; step < 8; ++step) {
            EXPECT_EQ(answerTo(request, &cache), answerTo(request, nullptr))
                << formatConstraints(request.options.constraints);
            edit(request.options.constraints, rng);
        }
    });
}

/// Every edit, with what the request as it was and the edits before left in the cache.
template <typename Edit>
void expectFreshAnswers(const PlanRequest& request, const std::vector<Edit>& edits)
{
    PlanCache cache;
    answerTo(request, &cache);
    for (size_t i = 0; i < edits.size(); ++i) {
        PlanRequest edited = request;
        edits[i](edited);
        const std::string fresh = answerTo(edited, nullptr);
        EXPECT_EQ(answerTo(edited, &cache), fresh) << "edit " << i;
    }
}

PlanRequest smallRequest(const char* cluster)
{
    PlanRequest request;
    request.model = smallGpt(4);
    request.cluster = *loadCluster(cluster);
    request.cluster.devicesPerHost = 4;
    request.options.globalBatch = 8;
    request.options.constraints.microbatches = 2;
    return request;
}

TEST(PlanCache, HoldsNothingOfAnotherCluster)
{
    using Edit = std::function<void(PlanRequest&)>;
    const auto ofDevice = [](auto change) {
        return Edit([change](PlanRequest& r) { change(r.cluster.device); });
    };
    const auto ofSecond = [](auto change) {
        return Edit([change](PlanRequest& r) { change(*r.cluster.second); });
    };
    expectFreshAnswers<Edit>(
        smallRequest("dgx-h100-a100-x1"),
        {ofDevice([](DeviceKind& d) { d.memory = kMiB * 4; }),
         ofDevice([](DeviceKind& d) { d.memoryMargin = 0.9999; }),
         ofDevice([](DeviceKind& d) { d.matrixFlops32 /= 1000; }),
         ofDevice([](DeviceKind& d) { d.memoryBandwidth /= 1000; }),
         ofDevice([](DeviceKind& d) { d.kernelLaunch = Seconds(1e-3); }),
         ofDevice([](DeviceKind& d) { d.matrixUnits = 3; }),
         ofDevice([](DeviceKind& d) { d.fusesKernels = !d.fusesKernels; }),
         ofDevice([](DeviceKind& d) { d.attentionFlops = 1e9; }),
         ofDevice([](DeviceKind& d) { d.reductionOverlap = 0.5; }),
         ofDevice([](DeviceKind& d) { d.gatherOverlap = 0.5; }),
         ofSecond([](HostKind& h) { h.device.memory = kMiB * 4; }),
         ofSecond([](HostKind& h) { h.device.matrixFlops32 /= 1000; }),
         ofSecond([](HostKind& h) { h.device.fusesKernels = !h.device.fusesKernels; }),
         ofSecond([](HostKind& h) { h.withinHost.bandwidth /= 1000; }),
         ofSecond([](HostKind& h) { h.betweenHosts.latency = Seconds(1); }),
         [](PlanRequest& r) { r.cluster.second.reset(); },
         [](PlanRequest& r) { r.cluster.devicesPerHost = 3; },
         [](PlanRequest& r) { r.cluster.withinHost.bandwidth /= 1000; },
         [](PlanRequest& r) { r.cluster.betweenHosts.bandwidth /= 1000; }});
}

TEST(PlanCache, HoldsNothingOfOtherConstraints)
{
    using Edit = std::function<void(PlanRequest&)>;
    const auto of = [](auto change) {
        return Edit([change](PlanRequest& r) { change(r.options.constraints); });
    };
    PlanRequest request = smallRequest("h200-x4");
    request.cluster.device.memory = kMiB * 2; // Little enough to recompute.
    expectFreshAnswers<Edit>(
        request, {of([](PlanConstraints& c) { c.memoryPerDevice = kMiB; }),
                  of([](PlanConstraints& c) { c.recomputedLayers = 1; }),
                  of([](PlanConstraints& c) { c.recomputedLayers = 2; }),
                  of([](PlanConstraints& c) { c.recomputation = true; }),
                  of([](PlanConstraints& c) { c.selectiveRecomputation = true; }),
                  of([](PlanConstraints& c) {
                      c.forbiddenRecomputations = {RecomputationKind::kLayers,
                                                   RecomputationKind::kSelective};
                  }),
                  of([](PlanConstraints& c) { c.usesAllDevices = true; }),
                  of([](PlanConstraints& c) { c.contextParallel = 2; }),
                  of([](PlanConstraints& c) { c.stageMeshes = {*parseStageMesh(2, "1x2:2")}; }),
                  of([](PlanConstraints& c) { c.stageMeshes = {*parseStageMesh(2, "1x2:1x2")}; }),
                  of([](PlanConstraints& c) {
                      c.meshAxes = {2, 2};
                  }),
                  of([](PlanConstraints& c) { c.fixedPp = 3; }),
                  of([](PlanConstraints& c) { c.schedule = ScheduleKind::kGpipe; })});
}

TEST(PlanCache, StaysWithinItsLimit)
{
    PlanRequest request;
    request.model = smallGpt(6);
    request.cluster = *loadCluster("cpu-x4");
    request.options.globalBatch = 16;
    PlanCache unlimited(kGiB);
    answerTo(request, &unlimited);
    PlanCache small(unlimited.size() / int64_t{3});
    const std::string first = answerTo(request, &small);
    EXPECT_LE(small.size(), unlimited.size() / int64_t{3});
    EXPECT_EQ(answerTo(request, &small), first);
}

TEST(ShortenModel, KeepsTwoOfARunOfEqualBlocksAndTheirNames)
{
    const auto model = smallGpt(9);
    const ShortModel shortened = shortenModel(*model);
    // block_0 looks tokens up, so block_1 finds its input at another place than the others do; the
    // head follows the last block.
    EXPECT_EQ(shortened.keptOf, (std::vector<int>{0, 1, 2, 3, 3, 3, 3, 3, 3, 4}));
    EXPECT_EQ(shortened.blockOfKept, (std::vector<int>{0, 1, 2, 3, 9}));
    EXPECT_TRUE(verifyGraph(shortened.loss).empty());
    EXPECT_LT(shortened.loss.ops.size(), model->ops.size() / 2);
    const RenameFunction rename = shortened.renaming(2, 7);
    EXPECT_EQ(rename("block_2.fc.kernel"), "block_7.fc.kernel");
    EXPECT_EQ(rename("GPT/block_2"), "GPT/block_7");
    EXPECT_EQ(rename("wte"), "wte");
    EXPECT_EQ(shortened.keptPair(0), 0);
    EXPECT_EQ(shortened.keptPair(1), 1);
    EXPECT_EQ(shortened.keptPair(2), 2);
    EXPECT_EQ(shortened.keptPair(5), 2);
    EXPECT_EQ(shortened.keptPair(8), 3);
}

/// Ops of a unit as text, scopes renamed.
std::vector<std::string> opsOf(const Graph& graph, const std::vector<ModelUnit>& units, int unit,
                               const RenameFunction& rename)
{
    const auto at = static_cast<size_t>(unit);
    const size_t end =
        at + 1 < units.size() ? static_cast<size_t>(units[at + 1].begin) : graph.ops.size();
    std::vector<std::string> ops;
    for (auto op = static_cast<size_t>(units[at].begin); op < end; ++op) {
        const std::string scope = graph.scopePath(graph.ops[op].scope);
        std::string text =
            std::string(opKindName(graph.ops[op].kind)) + " in " + (rename ? rename(scope) : scope);
        for (const ValueId result : graph.ops[op].results)
            text += " " + formatType(graph.type(result));
        ops.push_back(std::move(text));
    }
    return ops;
}

TEST(ShortenModel, StandsForEveryContraction)
{
    const auto model = smallGpt(9);
    const ShortModel ofBlocks = shortenModel(*model);
    const auto shortened = byContractions(*model, ofBlocks);
    ASSERT_TRUE(shortened);
    const std::vector<ModelUnit> all = findContractions(*model, forwardOps(*model));
    const std::vector<ModelUnit> kept =
        findContractions(shortened->loss, forwardOps(shortened->loss));
    ASSERT_EQ(shortened->keptOf.size(), all.size());
    ASSERT_EQ(shortened->keptCount(), static_cast<int>(kept.size()));
    EXPECT_LT(kept.size(), all.size() / 2);
    const auto expectSame = [&](int ofKept, int unit) {
        EXPECT_EQ(opsOf(shortened->loss, kept, ofKept, shortened->renaming(ofKept, unit)),
                  opsOf(*model, all, unit, {}))
            << "unit " << unit;
    };
    for (int unit = 0; unit < static_cast<int>(all.size()); ++unit) {
        expectSame(shortened->keptOf[static_cast<size_t>(unit)], unit);
        if (unit + 1 < static_cast<int>(all.size())) {
            expectSame(shortened->keptPair(unit), unit);
            expectSame(shortened->keptPair(unit) + 1, unit + 1);
        }
    }
}

TEST(ShortenModel, LeavesBlocksAloneThatLaterOnesRead)
{
    Graph graph = GptGraph({.layers = 6, .dtype = DType::kF32}).make();
    // The last value of block 3 goes into the loss as well: a skip over the blocks between.
    GraphBuilder builder(graph, "GPT/head");
    ValueId last;
    for (size_t op = 0; op < graph.ops.size(); ++op) {
        if (graph.scopePath(graph.ops[op].scope) == "GPT/block_3")
            last = graph.ops[op].results[0];
    }
    const ValueId loss = builder.add(graph.outputs[0].value, builder.sumAll(last));
    graph.outputs[0].value = loss;
    const ShortModel shortened = shortenModel(graph);
    EXPECT_EQ(shortened.keptCount(), static_cast<int>(shortened.keptOf.size()));
}

TEST(PlanCacheProperty, DraftsOfAShortenedModelComeNearThePlan)
{
    PlanRequest request;
    request.model = smallGpt(12);
    request.cluster = *loadCluster("h200-x4");
    request.options.globalBatch = 64;
    for (const int devices : {1, 2, 4}) {
        request.options.constraints.fixedDp = devices;
        request.options.constraints.fixedPp = 4 / devices;
        request.options.constraints.fixedTp = 1;
        const auto outcome = makePlan(request, {});
        ASSERT_TRUE(outcome.ok());
        const auto& plan = std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
        // The whole stage, solved over all its blocks, costs what its pairs and blocks said.
        PlanContext context(request.model, request.options.optimizer, request.cluster);
        const auto draft = context.draftModel(plan->microbatchSize, {}, {});
        ASSERT_TRUE(draft.ok());
        EXPECT_EQ((*draft)->layerCount(), static_cast<int>(plan->layers.size()));
        EXPECT_EQ((*draft)->model->layers.size(), 5u);
    }
}

TEST(MakePlan, PlansOnAMeshOfThreeAxes)
{
    PlanRequest request;
    request.model = smallGpt(4);
    request.cluster = *loadCluster("cpu-x8");
    request.options.globalBatch = 16;
    request.options.constraints.meshAxes = {2, 2, 2};
    const auto outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const ParallelPlan>>(*outcome));
    const auto& plan = std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    ASSERT_EQ(plan->stages.size(), 1u);
    EXPECT_EQ(plan->stages[0].mesh.axes.size(), 3u);
    EXPECT_TRUE(plan->stages[0].certificate.isOptimal);
    const double counted = plan->stages[0].cost.perMicrobatch().count +
                           plan->stages[0].cost.perStep().count / plan->microbatches;
    EXPECT_NEAR(counted / plan->stages[0].certificate.cost, 1.0, 0.02);
    // A plan file keeps the third axis.
    const auto again = planFromJson(planToJson(*plan));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(planToJson(**again), planToJson(*plan));
}

} // namespace
} // namespace alpa
