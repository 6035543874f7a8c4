// A dot as a batched matrix product over memory as it lies there.
#pragma once

#include "core/fusion/stage_graph.h"

#include <optional>
#include <vector>

namespace alpa::fusion
{

/// D[m][n] = alpha * sum over k of A[m][k] * B[k][n] (+ D): D is row-major, strides in elements.
struct GemmShape {
    struct Loop { ///< A batch dimension.
        int64_t size = 1;
        int64_t strideA = 0, strideB = 0, strideD = 0;
        friend auto operator<=>(const Loop&, const Loop&) = default;
    };
    DType typeA = DType::kF32, typeD = DType::kF32; ///< B is as A.
    int64_t m = 1, n = 1, k = 1;
    int64_t strideAm = 1, strideAk = 1, strideBk = 1, strideBn = 1;
    Loop batch;              ///< The one that the library runs over.
    std::vector<Loop> outer; ///< Further ones, one call each.
    int64_t offsetA = 0, offsetB = 0;
    double alpha = 1;
    friend auto operator<=>(const GemmShape&, const GemmShape&) = default;

    /// The same product with rows and columns of D exchanged.
    GemmShape transposed() const;
    double flops() const;
};

/// Nothing for types and layouts that the library does not take. `a`, `b`: of node's operands.
std::optional<GemmShape> gemmShape(const StageGraph& graph, int node, const View& a, const View& b);

} // namespace alpa::fusion
