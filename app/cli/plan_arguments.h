// The options of commands that plan, and the request they make.
#pragma once

#include "app/cli/console.h"
#include "app/cli/model_arguments.h"
#include "core/plan/make_plan.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace alpa::cli
{

/// As typed; 0 and empty texts: not given.
struct PlanArguments {
    std::string model;
    ModelArguments modelOptions;
    std::string cluster;
    std::string whatIf; ///< "memory=2,devices=8"; empty: the cluster as it is.
    int64_t globalBatch = 0;
    std::string microbatches = "auto";
    std::string optimizer = "adam";
    std::string schedule = "auto";
    std::vector<std::string> forbiddenSchedules;
    int chunks = 0;
    std::string recomputation = "auto";
    std::string attention = "fused";
    std::vector<std::string> forbiddenRecomputations;
    int maxTp = 0, maxDp = 0, maxPp = 0, cp = 0, tp = 0, dp = 0, pp = 0, layers = 0;
    std::string mesh; ///< "2x2x2".
    double memoryGib = 0;
    bool hasMemory = false;
    std::vector<std::string> pins, forbids;
    std::vector<int> cuts, forbiddenCuts;
    std::vector<std::string> stageMeshes;
    int meshAxes = 0;
    bool usesAllDevices = false;
};

/// Adds all options but the strategy to `command`.
void addPlanOptions(CLI::App& command, PlanArguments& arguments);

/// Reads model and cluster. Fails as reading them does, and with kInvalidInput naming the option.
Result<PlanRequest> makeRequest(const Console& console, const PlanArguments& arguments);
/// Takes the shardings that the model file writes at its values as constraints, and says what it
/// could not take. Fails as planFromAnnotations does.
Status followAnnotations(PlanRequest& request);
/// Fails with kInvalidInput naming the known strategies.
Result<PlanStrategy> parseStrategy(const std::string& name);

} // namespace alpa::cli
