// Synthetic cost tensors on which Alpa's training_dp was timed and its optimum recorded: models of
// Alpa's paper on clusters of hosts with eight devices.
#pragma once

#include "core/inter_op/stage_dp.h"
#include "tests/support/numpy_random.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace alpa
{

struct StageDpCase {
    std::string name;
    int layers = 0;
    int devices = 0;
    int submeshes = 0;
    int configs = 0;
    int microbatches = 0;
    double tolerance =
        std::numeric_limits<double>::infinity(); ///< Of Alpa's pruning; infinite keeps every cell.
    bool isHeterogeneous = false;                ///< Layer costs lognormal(0, 0.6) instead of 1.
};

/// Lognormal draws come from Box-Muller here and from a ziggurat in numpy: heterogeneous cases have
/// the recorded sizes but not the recorded optima.
inline StageDpProblem makeStageDpProblem(const StageDpCase& stageCase)
{
    StageDpProblem problem;
    problem.layerCount = stageCase.layers;
    problem.deviceCount = stageCase.devices;
    problem.microbatches = stageCase.microbatches;
    problem.configCount = stageCase.configs;
    problem.submeshes = {{1, 1}, {1, 2}, {1, 4}, {1, 8}, {2, 8}, {4, 8}};
    problem.submeshes.resize(static_cast<size_t>(stageCase.submeshes));
    NumpyRandom random(0);
    std::vector<double> base(static_cast<size_t>(stageCase.layers), 1.0);
    if (stageCase.isHeterogeneous) {
        for (double& cost : base)
            cost = std::exp(0.6 * std::sqrt(-2 * std::log(1 - random.next())) *
                            std::cos(2 * M_PI * random.next()));
    }
    const double total = std::accumulate(base.begin(), base.end(), 0.0);
    for (int i = 0; i < stageCase.layers; ++i) {
        double work = 0.0;
        for (int j = 0; j < stageCase.layers; ++j) {
            work += j >= i ? base[static_cast<size_t>(j)] : 0.0;
            for (const SubmeshChoice& submesh : problem.submeshes) {
                const double devices = submesh.devices();
                const double deviceShare = devices / stageCase.devices;
                const double workShare = work / total;
                const bool isWhole = i == 0 && j == stageCase.layers - 1;
                const bool isKept = j >= i && (submesh.devices() < stageCase.devices || isWhole) &&
                                    workShare / (1 + stageCase.tolerance) <= deviceShare &&
                                    deviceShare <= workShare * (1 + stageCase.tolerance);
                for (int c = 0; c < stageCase.configs; ++c) {
                    const double spread = submesh.hosts > 1 ? 0.05 * std::log2(submesh.hosts) : 0.0;
                    const double efficiency = 1 - 0.06 * std::log2(devices) - 0.04 * c - spread;
                    const double noise = isKept ? 1 + 0.01 * random.next() : 1.0;
                    problem.computeCost.push_back(
                        isKept ? work / devices / std::max(efficiency, 0.1) * noise * 0.01
                               : std::numeric_limits<double>::infinity());
                    problem.maxSuccessors.push_back(isKept ? 1 << 20 : -1);
                }
            }
        }
    }
    return problem;
}

} // namespace alpa
