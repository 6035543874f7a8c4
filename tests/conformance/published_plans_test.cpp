// Alpa's published plans for its models on its V100 (resources/published_plans), opened as
// constraints: the planner's own plan of the same work never costs more under its costs, and where
// it differs the explanation names a term and what was asked.
#include "core/explain/diff_plans.h"
#include "core/explain/published_plan.h"
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_figures.h"
#include "tests/support/gpt_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace alpa
{
namespace
{

const std::string kSource = ALPA_SOURCE_DIR;

struct PublishedCase {
    std::string plan; ///< File in resources/published_plans, without its ending.
    /// File in tests/conformance/data, by sample_models/export_jax.py; empty: a GPT of `shape`.
    std::string model;
    GptShape shape;
    int hosts = 1, devicesPerHost = 8;
    Bytes memory = kGiB * 16; ///< Of a device.
};

std::ostream& operator<<(std::ostream& stream, const PublishedCase& test)
{
    return stream << test.plan;
}

GptShape gpt(int layers, int64_t hidden)
{
    return {.layers = layers,
            .hidden = hidden,
            .heads = 32,
            .sequence = 1024,
            .vocabulary = 51200,
            .batch = 8,
            .dtype = DType::kF16};
}

PlanRequest requestOf(const PublishedCase& test)
{
    PlanRequest request;
    request.cluster = *loadCluster("p3.16xlarge-x8");
    request.cluster.hosts = test.hosts;
    request.cluster.devicesPerHost = test.devicesPerHost;
    request.cluster.device.memory = test.memory;
    if (test.model.empty()) {
        request.model = std::make_shared<const Graph>(GptGraph(test.shape).make());
    } else {
        Result<ImportResult> imported = importModel(kSource + "/tests/conformance/data/" +
                                                    test.model + ".loss.stablehlo.mlir.gz");
        EXPECT_TRUE(imported.ok() && imported->ok());
        request.model = std::make_shared<const Graph>(std::move(*imported->graph));
    }
    return request;
}

class PublishedPlans : public testing::TestWithParam<PublishedCase>
{
};

TEST_P(PublishedPlans, NeverCostLessThanThePlannersOwn)
{
    const auto published =
        loadPublishedPlan(kSource + "/resources/published_plans/" + GetParam().plan + ".json");
    ASSERT_TRUE(published.ok()) << published.error().message;
    PlanRequest own = requestOf(GetParam());
    own.options.globalBatch = published->globalBatch;
    own.options.layers = published->layers;
    PlanRequest theirs = own;
    ASSERT_TRUE(applyPublishedPlan(*published, *theirs.model, theirs.options).ok());
    PlanCache cache;
    const auto plan = [&cache](const PlanRequest& request) -> std::shared_ptr<const ParallelPlan> {
        const Result<PlanOutcome> outcome = makePlan(request, {}, &cache);
        if (!outcome.ok()) {
            ADD_FAILURE() << outcome.error().message;
            return nullptr;
        }
        if (const auto* none = std::get_if<NoPlan>(&*outcome)) {
            ADD_FAILURE() << none->reason;
            return nullptr;
        }
        return std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    };
    const auto theirPlan = plan(theirs);
    ASSERT_TRUE(theirPlan);
    // With no more memory than the published plan takes.
    own.options.constraints.memoryPerDevice = measurePlan(*theirPlan).peakMemory;
    const auto ownPlan = plan(own);
    ASSERT_TRUE(ownPlan);
    // It is the published one: stages, devices and meshes.
    ASSERT_EQ(theirPlan->stages.size(), published->constraints.cuts.size() + 1);
    for (const StageMesh& mesh : published->constraints.stageMeshes) {
        const auto stage = std::ranges::find(theirPlan->stages, mesh.layer, &PlanStage::firstLayer);
        ASSERT_NE(stage, theirPlan->stages.end());
        EXPECT_EQ(stage->submesh.hosts, mesh.hosts);
        EXPECT_EQ(stage->submesh.devicesPerHost, mesh.devicesPerHost);
        EXPECT_EQ(stage->mesh.axisSize(0), mesh.axes.size() > 1 ? mesh.axes[0] : 1);
        EXPECT_EQ(stage->mesh.axisSize(1), mesh.axes.back());
    }
    EXPECT_LE(ownPlan->stepTime.count, theirPlan->stepTime.count * (1 + 1e-9));
    const PlanDiff diff = diffPlans(*ownPlan, *theirPlan);
    RecordProperty("step_ratio", std::to_string(theirPlan->stepTime / ownPlan->stepTime));
    if (theirPlan->stepTime.count <= ownPlan->stepTime.count * (1 + 1e-6))
        return;
    EXPECT_NE(diff.verdict.find(" longer ("), std::string::npos) << diff.verdict;
    EXPECT_FALSE(diff.request.empty());
    EXPECT_FALSE(diff.terms.empty());
    EXPECT_FALSE(diff.plan.empty() && diff.shardings.empty());
}

// Each on its own devices, but for MoE: XLA fuses what routes tokens to experts, raw operations
// keep it, and the two blocks of a layer that run again need 4 GiB more.
INSTANTIATE_TEST_SUITE_P(
    Alpa, PublishedPlans,
    testing::Values(PublishedCase{"alpa-gpt-1.3b-4-v100", "", gpt(24, 2048), 1, 4},
                    PublishedCase{"alpa-gpt-2.6b-8-v100", "", gpt(32, 2560), 1, 8},
                    PublishedCase{"alpa-gpt-6.7b-16-v100", "", gpt(32, 4096), 2, 8},
                    PublishedCase{"alpa-gpt-39b-64-v100", "", gpt(48, 8192), 8, 8},
                    PublishedCase{"alpa-moe-10b-16-v100", "moe-10b", {}, 2, 8, kGiB * 24},
                    PublishedCase{"alpa-wresnet-2b-8-v100", "wresnet-2b", {}, 1, 8}),
    [](const auto& test) {
        std::string name = test.param.plan;
        std::ranges::replace_if(
            name, [](char letter) { return !std::isalnum(static_cast<unsigned char>(letter)); },
            '_');
        return name;
    });

} // namespace
} // namespace alpa
