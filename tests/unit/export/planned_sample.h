// Plans of the small samples to export.
#pragma once

#include "core/export/export_plan.h"
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace alpa
{

/// A small model of sample_models, or of those that the numeric tests have beside them.
inline std::shared_ptr<const Graph> sampleModel(const std::string& model)
{
    const std::string source = ALPA_SOURCE_DIR;
    const std::string file = "/" + model + "/" + model + ".loss.stablehlo.mlir.gz";
    Result<ImportResult> imported = importModel(source + "/sample_models" + file);
    if (!imported.ok())
        imported = importModel(source + "/tests/numeric/data" + file);
    EXPECT_TRUE(imported.ok() && imported->ok()) << model;
    return std::make_shared<const Graph>(std::move(*imported->graph));
}

inline std::shared_ptr<const ParallelPlan> plannedSample(const std::string& model,
                                                         const PlanOptions& options)
{
    PlanRequest request;
    request.model = sampleModel(model);
    request.modelPath = model;
    request.cluster = *loadCluster("cpu-x4");
    request.options = options;
    const Result<PlanOutcome> outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    if (const auto* none = std::get_if<NoPlan>(&*outcome))
        ADD_FAILURE() << none->reason;
    return std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
}

inline PlanOptions degrees(int dp, int tp, int pp)
{
    PlanOptions options;
    options.constraints.fixedDp = dp;
    options.constraints.fixedTp = tp;
    options.constraints.fixedPp = pp;
    return options;
}

/// The text, or a failure with the refusal.
inline std::string exported(const ParallelPlan& plan, const std::string& format)
{
    const Result<std::string> text = exportPlan(plan, format);
    EXPECT_TRUE(text.ok()) << format << ": " << (text.ok() ? "" : text.error().message);
    return text.ok() ? *text : "";
}

/// Why `format` refuses the plan; empty, and a failure, if it does not.
inline std::string refused(const ParallelPlan& plan, const std::string& format)
{
    const Result<std::string> text = exportPlan(plan, format);
    EXPECT_FALSE(text.ok()) << format;
    return text.ok() ? "" : text.error().message;
}

inline size_t occurrences(const std::string& text, const std::string& part)
{
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

} // namespace alpa
