// CUDA C++ of single elements: types, constants, and one op on its operands.
#pragma once

#include "core/graph/op.h"

#include <string>
#include <vector>

namespace alpa::cuda
{

/// What every generated source begins with.
extern const char* const kKernelPrelude;

/// As an element lies in memory ("bf16", "pred") and as it is computed ("float", "bool").
std::string storageType(DType dtype);
std::string computeType(DType dtype);
/// A value of the compute type, exactly.
std::string literal(DType dtype, double value);
/// The identity of a reduction, and the combination of two values.
std::string identityText(ReduceKind kind, DType dtype);
std::string combineText(ReduceKind kind, const std::string& a, const std::string& b);
/// An element-wise op on operands of types `in`, which are compute-type expressions.
std::string elementText(OpKind kind, const Attributes& attributes, const std::vector<DType>& in,
                        DType out, const std::vector<std::string>& operands);

} // namespace alpa::cuda
