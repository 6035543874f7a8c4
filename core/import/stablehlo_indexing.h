// The larger attribute sets of StableHLO: convolution, gather, scatter and windows.
#pragma once

#include "core/graph/op.h"
#include "core/import/mlir_syntax.h"

#include <optional>

namespace alpa
{

/// Each returns nothing if a needed attribute is missing or malformed; whether the numbers fit the
/// operands is for type inference to say.
std::optional<ConvolutionAttributes> readConvolution(const MlirOp& op);
std::optional<GatherAttributes> readGather(const MlirOp& op);
/// Without `kind` and `isReplace`, which are in the region.
std::optional<ScatterAttributes> readScatter(const MlirOp& op);

struct WindowAttributes {
    ReduceWindowAttributes attributes; ///< Without `kind`.
    bool hasDilation = false;
};
std::optional<WindowAttributes> readWindow(const MlirOp& op, int rank);

} // namespace alpa
