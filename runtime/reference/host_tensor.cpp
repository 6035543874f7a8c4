#include "runtime/reference/host_tensor.h"

#include "core/base/check.h"
#include "core/base/small_float.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

/// Two's complement of `bits` bits; beyond 2^53 doubles have holes, so 64-bit values are only
/// truncated.
double wrapInteger(double value, int bits, bool isSigned)
{
    const double whole = std::trunc(value);
    if (bits == 64 || !std::isfinite(whole))
        return std::isfinite(whole) ? whole : 0.0;
    const double range = std::ldexp(1.0, bits);
    const double low = isSigned ? -range / 2 : 0.0;
    if (whole >= low && whole < low + range)
        return whole;
    return whole - std::floor((whole - low) / range) * range;
}

} // namespace

HostTensor filledTensor(const TensorType& type, double value)
{
    return HostTensor{type, std::vector<double>(static_cast<size_t>(type.elementCount()), value)};
}

double roundToDtype(double value, DType dtype)
{
    switch (dtype) {
    case DType::kPred:
        return value != 0.0 ? 1.0 : 0.0;
    case DType::kS8:
        return wrapInteger(value, 8, true);
    case DType::kS16:
        return wrapInteger(value, 16, true);
    case DType::kS32:
        return wrapInteger(value, 32, true);
    case DType::kS64:
        return wrapInteger(value, 64, true);
    case DType::kU8:
        return wrapInteger(value, 8, false);
    case DType::kU16:
        return wrapInteger(value, 16, false);
    case DType::kU32:
        return wrapInteger(value, 32, false);
    case DType::kU64:
        return wrapInteger(value, 64, false);
    case DType::kF16:
        return roundToHalf(value);
    case DType::kBF16:
        return bfloat16Value(bfloat16Bits(value));
    case DType::kF32:
        return static_cast<double>(static_cast<float>(value));
    case DType::kF64:
        return value;
    }
    return value;
}

void roundValues(std::vector<double>& values, DType dtype)
{
    if (dtype == DType::kF64)
        return;
    for (double& value : values)
        value = roundToDtype(value, dtype);
}

double relativeDifference(const HostTensor& actual, const HostTensor& expected)
{
    if (actual.type.dims != expected.type.dims || actual.values.size() != expected.values.size())
        return std::numeric_limits<double>::infinity();
    double difference = 0.0;
    double largest = 0.0;
    for (size_t i = 0; i < expected.values.size(); ++i) {
        const double a = actual.values[i];
        const double b = expected.values[i];
        if (std::isnan(a) != std::isnan(b))
            return std::numeric_limits<double>::infinity();
        if (std::isnan(a) || a == b) {
            largest = std::isfinite(b) ? std::max(largest, std::fabs(b)) : largest;
            continue;
        }
        difference = std::max(difference, std::fabs(a - b));
        largest = std::max(largest, std::fabs(b));
    }
    return difference == 0.0 ? 0.0 : difference / largest;
}

HostTensor rows(const HostTensor& tensor, int64_t first, int64_t count)
{
    CHECK(tensor.type.rank() > 0, "a scalar has no rows");
    CHECK(first >= 0 && count >= 0 && first + count <= tensor.type.dims[0],
          "rows lie inside the tensor");
    HostTensor result{tensor.type, {}};
    result.type.dims[0] = count;
    const int64_t rowSize =
        tensor.type.dims[0] == 0 ? 0 : tensor.type.elementCount() / tensor.type.dims[0];
    const auto begin = tensor.values.begin() + first * rowSize;
    result.values.assign(begin, begin + count * rowSize);
    return result;
}

} // namespace alpa
