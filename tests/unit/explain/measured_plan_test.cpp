// Whole plans against measured steps. On 4 x H200 (JAX 0.11.2, GPT 1.3B, 32 sequences of 1024, bf16
// compute, attention as dot, softmax, dot). JAX reduces gradients in bf16 and overlaps part of it;
// plans reduce them in f32 after the last backward, 11 ms more, so the prediction may be that much
// longer.
#include "tests/unit/plan_file/sample_plan.h"

namespace alpa
{
namespace
{

constexpr double kMeasuredMs = 193.08;
constexpr const char* kGpt1300M = "sample_models/gpt-1.3b/gpt-1.3b.loss.stablehlo.mlir.gz";

TEST(MeasuredPlan, DataParallelStepOfGpt1300MOnFourH200)
{
    PlanOptions options;
    options.globalBatch = 32;
    options.strategy = PlanStrategy::kDataParallel;
    options.constraints.microbatches = 1;
    options.constraints.recomputation = false;
    options.optimizer.kind = OptimizerOptions::Kind::kAdamW;
    Cluster cluster = *loadCluster("h200-x4");
    cluster.device.attentionFlops = cluster.device.attentionGradientFlops = 0;
    cluster.device.fusesKernels = false;
    const auto plan = planOfFile(kGpt1300M, cluster, options);
    ASSERT_NE(plan, nullptr);
    const double ms = plan->stepTime.count * 1e3;
    EXPECT_GT(ms, 0.95 * kMeasuredMs);
    EXPECT_LT(ms, 1.1 * kMeasuredMs + 11.2);
    // Without what is reduced: one device's forward, backward and update took 178.64 ms.
    const StageCost& cost = plan->stages[0].cost;
    const double compute = (cost.forwardCompute + cost.backwardCompute + cost.update).count * 1e3;
    EXPECT_NEAR(compute, 178.64, 0.05 * 178.64);
}

/// `alpa run` on one H200, medians of 14 steps, attention by kernels of its own.
void expectStepOnOneDevice(const std::string& path, double measuredMs, double measuredGibibytes)
{
    PlanOptions options;
    options.globalBatch = 8;
    options.constraints.microbatches = 1;
    options.constraints.recomputation = false;
    options.optimizer.kind = OptimizerOptions::Kind::kAdamW;
    const auto plan = planOfFile(path, *loadCluster("h200-x1"), options);
    ASSERT_NE(plan, nullptr);
    EXPECT_NEAR(plan->stepTime.count * 1e3, measuredMs, 0.1 * measuredMs);
    const double gibibytes = static_cast<double>(plan->stages[0].memory.total().count) / (1u << 30);
    EXPECT_NEAR(gibibytes, measuredGibibytes, 0.05 * measuredGibibytes);
}

TEST(MeasuredPlan, FusedStepOfGpt1300MOnOneH200) { expectStepOnOneDevice(kGpt1300M, 130.3, 36.4); }

TEST(MeasuredPlan, FusedStepOfGpt350MOnOneH200)
{
    expectStepOnOneDevice("tests/unit/cost/models/gpt-350m.loss.stablehlo.mlir.gz", 45.1, 13.9);
}

} // namespace
} // namespace alpa
