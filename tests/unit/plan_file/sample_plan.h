// A real plan to save, damage and show: the tiny GPT on four devices in two stages.
#pragma once

#include "core/import/import_model.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace alpa
{

/// `path`: below the sources.
inline std::shared_ptr<const ParallelPlan>
planOfFile(const std::string& path, const Cluster& cluster, const PlanOptions& options)
{
    Result<ImportResult> imported = importModel(std::string(ALPA_SOURCE_DIR) + "/" + path);
    EXPECT_TRUE(imported.ok() && imported->ok());
    PlanRequest request;
    request.model = std::make_shared<const Graph>(std::move(*imported->graph));
    request.modelPath = request.model->name;
    request.cluster = cluster;
    request.options = options;
    const Result<PlanOutcome> outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    return std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
}

inline std::shared_ptr<const ParallelPlan> samplePlan(const PlanOptions& options,
                                                      const std::string& model = "gpt-tiny",
                                                      const std::string& cluster = "h200-x4")
{
    return planOfFile("sample_models/" + model + "/" + model + ".loss.stablehlo.mlir.gz",
                      *loadCluster(cluster), options);
}

/// Everything that a file can say is said.
inline PlanOptions busyOptions()
{
    PlanOptions options;
    options.globalBatch = 8;
    options.optimizer.kind = OptimizerOptions::Kind::kAdamW;
    PlanConstraints& constraints = options.constraints;
    constraints.maxTp = 4;
    constraints.maxDp = 4;
    constraints.maxPp = 2;
    constraints.fixedPp = 2;
    constraints.memoryPerDevice = gibibytes(4);
    constraints.microbatches = 4;
    constraints.schedule = ScheduleKind::kGpipe;
    constraints.recomputation = false;
    constraints.specs = {{.pattern = "wte*", .spec = *parseSpec("{y, -}"), .forbids = true}};
    constraints.forbiddenCuts = {};
    constraints.stageMeshes = {{.layer = 0, .hosts = 1, .devicesPerHost = 2, .axes = {2}}};
    return options;
}

} // namespace alpa
