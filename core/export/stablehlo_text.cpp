#include "core/export/stablehlo_text.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <span>

namespace alpa
{
namespace
{

std::string elementName(DType dtype)
{
    if (dtype == DType::kPred)
        return "i1";
    const std::string name(dtypeName(dtype));
    return name[0] == 's'   ? 'i' + name.substr(1)
           : name[0] == 'u' ? 'u' + ("i" + name.substr(1))
                            : name;
}

/// Infinities and NaN have no decimal spelling in MLIR.
std::string nonFinite(double value, DType dtype)
{
    const bool isNan = std::isnan(value);
    const bool isNegative = value < 0;
    if (dtype == DType::kF16)
        return isNan ? "0x7E00" : isNegative ? "0xFC00" : "0x7C00";
    if (dtype == DType::kBF16)
        return isNan ? "0x7FC0" : isNegative ? "0xFF80" : "0x7F80";
    const std::string single = isNan ? "0x7FC00000" : isNegative ? "0xFF800000" : "0x7F800000";
    const std::string wide = isNan ? "0x7FF80000" : isNegative ? "0xFFF00000" : "0x7FF00000";
    return dtype == DType::kF64 ? wide + "00000000" : single;
}

std::string elementText(double value, DType dtype)
{
    if (dtype == DType::kPred)
        return value != 0 ? "true" : "false";
    if (!isFloating(dtype))
        return fmt::format("{:.0f}", value);
    if (!std::isfinite(value))
        return nonFinite(value, dtype);
    return dtype == DType::kF64 ? fmt::format("{:.16e}", value) : fmt::format("{:.9e}", value);
}

/// The elements from `next` on as nested lists of `dims`.
std::string nestedText(std::span<const int64_t> dims, const std::vector<double>& values,
                       size_t& next, DType dtype)
{
    if (dims.empty())
        return elementText(values[next++], dtype);
    std::string text = "[";
    for (int64_t i = 0; i < dims[0]; ++i)
        text += (i > 0 ? ", " : "") + nestedText(dims.subspan(1), values, next, dtype);
    return text + "]";
}

/// The smallest and the largest number of an integer type, as far as doubles hold them.
double leastOf(DType dtype)
{
    if (dtypeName(dtype)[0] != 's')
        return 0;
    return -std::exp2(static_cast<double>(dtypeBytes(dtype)) * 8 - 1);
}

double greatestOf(DType dtype)
{
    return dtype == DType::kPred ? 1
           : -leastOf(dtype) > 0 ? -leastOf(dtype) - 1
                                 : std::exp2(static_cast<double>(dtypeBytes(dtype)) * 8) - 1;
}

} // namespace

std::string stablehloType(const TensorType& type)
{
    std::string text = "tensor<";
    for (const int64_t dim : type.dims)
        text += fmt::format("{}x", dim);
    return text + elementName(type.dtype) + ">";
}

std::string stablehloConstant(std::string_view name, const std::vector<double>& values,
                              const TensorType& type, std::string_view attributes)
{
    std::string elements;
    size_t next = 0;
    if (values.size() == 1)
        elements = elementText(values[0], type.dtype);
    else if (!values.empty())
        elements = nestedText(type.dims, values, next, type.dtype);
    return fmt::format("{} = \"stablehlo.constant\"() {{value = dense<{}> : {}{}{}}} : () -> {}",
                       name, elements, stablehloType(type), attributes.empty() ? "" : ", ",
                       attributes, stablehloType(type));
}

double reduceIdentity(ReduceKind kind, DType dtype)
{
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    switch (kind) {
    case ReduceKind::kAdd:
    case ReduceKind::kOr:
        return 0;
    case ReduceKind::kMultiply:
    case ReduceKind::kAnd:
        return 1;
    case ReduceKind::kMaximum:
        return isFloating(dtype) ? -kInfinity : leastOf(dtype);
    case ReduceKind::kMinimum:
        return isFloating(dtype) ? kInfinity : greatestOf(dtype);
    }
    return 0;
}

} // namespace alpa
