#include "core/inter_op/stage_dp.h"

#include "core/inter_op/stage_search.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace alpa
{

namespace
{

Status checkShape(const StageDpProblem& problem)
{
    if (problem.layerCount < 1 || problem.deviceCount < 1 || problem.microbatches < 1 ||
        problem.configCount < 1)
        return Error{ErrorCode::kInvalidInput,
                     "layers, devices, microbatches and configurations must all be positive"};
    const auto layers = static_cast<size_t>(problem.layerCount);
    const size_t cells =
        layers * layers * problem.submeshes.size() * static_cast<size_t>(problem.configCount);
    if (problem.computeCost.size() != cells || problem.maxSuccessors.size() != cells)
        return Error{ErrorCode::kInvalidInput,
                     "cost tensors have " + std::to_string(problem.computeCost.size()) + " and " +
                         std::to_string(problem.maxSuccessors.size()) + " cells, expected " +
                         std::to_string(cells)};
    for (const SubmeshChoice& submesh : problem.submeshes) {
        if (submesh.devices() < 1)
            return Error{ErrorCode::kInvalidInput, "submesh " + text(submesh) + " has no devices"};
    }
    if (!fitsTable(problem.layerCount, {problem.deviceCount, 0}))
        return Error{ErrorCode::kUnsupported, "too many layers and devices for one table"};
    return {};
}

/// The finite cells of (i, j, s, .) as one shape; option sources are configurations.
StageShape shapeOf(const StageDpProblem& problem, int firstLayer, int lastLayer, int submesh)
{
    StageShape shape{firstLayer,
                     lastLayer + 1,
                     submesh,
                     {problem.submeshes[static_cast<size_t>(submesh)].devices(), 0},
                     {}};
    const auto cell = ((static_cast<size_t>(firstLayer) * static_cast<size_t>(problem.layerCount) +
                        static_cast<size_t>(lastLayer)) *
                           problem.submeshes.size() +
                       static_cast<size_t>(submesh)) *
                      static_cast<size_t>(problem.configCount);
    for (int config = 0; config < problem.configCount; ++config) {
        const double cost = problem.computeCost[cell + static_cast<size_t>(config)];
        const int64_t successors = problem.maxSuccessors[cell + static_cast<size_t>(config)];
        if (!std::isfinite(cost) || successors < 0)
            continue;
        const auto most = static_cast<int>(std::min<int64_t>(successors, problem.layerCount));
        shape.options.push_back({cost, 0.0, most, config});
    }
    return shape;
}

StageSearchProblem searchProblemOf(const StageDpProblem& problem)
{
    StageSearchProblem search;
    search.layerCount = problem.layerCount;
    search.devices = {problem.deviceCount, 0};
    search.rounds = problem.microbatches - 1;
    search.maxStages = problem.layerCount;
    for (int first = 0; first < problem.layerCount; ++first) {
        for (int last = first; last < problem.layerCount; ++last) {
            for (int submesh = 0; submesh < static_cast<int>(problem.submeshes.size()); ++submesh) {
                StageShape shape = shapeOf(problem, first, last, submesh);
                if (!shape.options.empty() && shape.devices.first <= problem.deviceCount)
                    search.shapes.push_back(std::move(shape));
            }
        }
    }
    normalise(search);
    return search;
}

} // namespace

Result<std::optional<StageDpSolution>> solveStageDp(const StageDpProblem& problem)
{
    RETURN_IF_ERROR(checkShape(problem));
    const StageSearchProblem searchProblem = searchProblemOf(problem);
    StageSearch search(searchProblem);
    const std::optional<StageSearchResult> result =
        search.solve(std::vector<uint8_t>(searchProblem.shapes.size(), 1), {});
    if (!result)
        return std::optional<StageDpSolution>{};

    StageDpSolution solution;
    solution.value = result->objective;
    solution.programmesSolved = search.programmesSolved();
    double slowest = 0.0;
    float sum = 0.0f;
    for (auto stage = result->stages.rbegin(); stage != result->stages.rend(); ++stage) {
        const StageShape& shape = searchProblem.shapes[static_cast<size_t>(stage->shape)];
        const StageOption& option = shape.options[static_cast<size_t>(stage->option)];
        solution.stages.insert(solution.stages.begin(),
                               {shape.first, shape.end, shape.submesh, option.source});
        sum = static_cast<float>(static_cast<double>(sum) + option.time);
        slowest = std::max(slowest, option.time);
    }
    solution.float32Value = static_cast<double>(sum) +
                            searchProblem.rounds * static_cast<double>(static_cast<float>(slowest));
    return std::optional<StageDpSolution>{std::move(solution)};
}

} // namespace alpa
