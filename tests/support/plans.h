// Plans of requests, and the sample models to make requests of.
#pragma once

#include "core/import/import_model.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

namespace alpa
{

inline std::shared_ptr<const Graph> sampleModel(const std::string& name)
{
    const std::string path = std::string(ALPA_SOURCE_DIR) + "/sample_models/" + name + "/" + name +
                             ".loss.stablehlo.mlir.gz";
    const auto imported = importModel(path);
    EXPECT_TRUE(imported.ok() && imported->graph) << path;
    return std::make_shared<const Graph>(*imported->graph);
}

/// Null: there is none, or the constraints contradict each other.
inline std::shared_ptr<const ParallelPlan> planIfAny(const PlanRequest& request)
{
    const auto outcome = makePlan(request, {});
    if (!outcome.ok() || std::holds_alternative<NoPlan>(*outcome))
        return nullptr;
    return std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
}

/// Null: there is none. A request that fails fails the test.
inline std::shared_ptr<const ParallelPlan> planOf(const PlanRequest& request)
{
    const auto outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    if (!outcome.ok() || std::holds_alternative<NoPlan>(*outcome))
        return nullptr;
    return std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
}

} // namespace alpa
