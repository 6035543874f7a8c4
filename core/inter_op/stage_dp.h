// Stages: cuts the layers into pipeline stages and gives each a submesh, by dynamic programming
// with enumeration of the slowest stage (Alpa, section 5.2). Here: Alpa's own form, on dense cost
// tensors, to reproduce its answers. The planner uses choose_stages.h, which adds memory, transfers
// and once-per-step work; both share stage_search.h.
#pragma once

#include "core/base/result.h"
#include "core/inter_op/submesh.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace alpa
{

/// Inputs of Alpa's training_dp. Tensors are (L, L, S, C) row-major: [i][j][s][c] is layers i..j
/// inclusive on submesh s with configuration c.
struct StageDpProblem {
    int layerCount = 0; ///< L
    int deviceCount = 0;
    int microbatches = 1;                 ///< B
    std::vector<SubmeshChoice> submeshes; ///< S
    int configCount = 1;                  ///< C
    std::vector<double> computeCost;      ///< Infinite where invalid.
    std::vector<int64_t>
        maxSuccessors; ///< max_n_succ: most stages after this one; -1 where invalid.
};

struct StageDpStage {
    int firstLayer = 0;
    int endLayer = 0; ///< Exclusive.
    int submesh = 0;
    int config = 0;
    friend bool operator==(const StageDpStage&, const StageDpStage&) = default;
};

struct StageDpSolution {
    double value = 0;        ///< sum t_i + (B-1) max t_j, in double precision.
    double float32Value = 0; ///< The same with sums and maximum kept in float32, as Alpa does.
    std::vector<StageDpStage> stages;
    int programmesSolved = 0; ///< How many values of t_max needed a dynamic programme.
};

/// Minimises sum t_i + (B-1) max t_j over all stagings that use every device; empty when there is
/// none. Differs from training_dp only in being exact: values of t_max within 1e-6 of one another
/// are not skipped, and sums are double. Fails with kInvalidInput when the tensors do not have the
/// stated shape.
Result<std::optional<StageDpSolution>> solveStageDp(const StageDpProblem& problem);

} // namespace alpa
