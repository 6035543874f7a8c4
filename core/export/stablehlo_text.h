// Types and constants as StableHLO text.
#pragma once

#include "core/graph/op.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// "tensor<4x32xf32>"
std::string stablehloType(const TensorType& type);

/// NAME = "stablehlo.constant"() {value = dense<5.0e-01> : tensor<f32>} : () -> tensor<f32>, with
/// further `attributes` ("" or "a = 1") in the braces.
std::string stablehloConstant(std::string_view name, const std::vector<double>& values,
                              const TensorType& type, std::string_view attributes);

/// What a reduction of `kind` begins with: 0 for add, -inf for maximum.
double reduceIdentity(ReduceKind kind, DType dtype);

} // namespace alpa
