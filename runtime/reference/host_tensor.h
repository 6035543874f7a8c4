// HostTensor: a tensor in host memory as doubles, whatever its element type. The reference
// interpreter computes on these; numeric tests compare every other backend with them.
#pragma once

#include "core/graph/types.h"

#include <vector>

namespace alpa
{

/// Row-major; predicates are 0 or 1.
struct HostTensor {
    TensorType type;
    std::vector<double> values;
    friend bool operator==(const HostTensor&, const HostTensor&) = default;
};

/// All elements `value`.
HostTensor filledTensor(const TensorType& type, double value);

/// `value` as an element of `dtype` holds it: floats to nearest even; integers truncated towards
/// zero and wrapped around (64-bit ones are exact up to 2^53); predicates 0 or 1.
double roundToDtype(double value, DType dtype);
/// The same for all elements.
void roundValues(std::vector<double>& values, DType dtype);

/// The largest absolute difference over the largest absolute value of `expected`; infinity if the
/// types differ in shape or an element is not a number in one of the two only.
double relativeDifference(const HostTensor& actual, const HostTensor& expected);

/// Rows [first, first + count) along dimension 0. Assumes that they exist.
HostTensor rows(const HostTensor& tensor, int64_t first, int64_t count);

} // namespace alpa
