#include "core/import/constant_values.h"

#include "core/base/small_float.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace alpa
{
namespace
{

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<double> parseElement(std::string_view token, DType dtype)
{
    if (token == "true" || token == "false")
        return token == "true" ? 1.0 : 0.0;
    const char* end = token.data() + token.size();
    const bool isNegative = token.front() == '-';
    const std::string_view magnitude = isNegative ? token.substr(1) : token;
    if (magnitude.substr(0, 2) == "0x") {
        uint64_t bits = 0;
        const auto result = std::from_chars(magnitude.data() + 2, end, bits, 16);
        if (result.ec != std::errc() || result.ptr != end)
            return std::nullopt;
        return isNegative ? -valueFromBits(bits, dtype) : valueFromBits(bits, dtype);
    }
    double value = 0;
    const auto result = std::from_chars(token.data(), end, value);
    if (result.ptr != end || result.ec == std::errc::invalid_argument)
        return std::nullopt;
    if (result.ec == std::errc::result_out_of_range) // Too small or too large for a double.
        value =
            token.find("e-") != std::string_view::npos || token.find("E-") != std::string_view::npos
                ? 0.0
                : std::copysign(std::numeric_limits<double>::infinity(), isNegative ? -1.0 : 1.0);
    return roundToType(value, dtype);
}

} // namespace

Result<std::vector<double>> parsePacked(std::string_view digits, const TensorType& type)
{
    const auto width = static_cast<size_t>(dtypeBytes(type.dtype));
    const auto expected = static_cast<size_t>(type.elementCount());
    const size_t count = digits.size() / (2 * width);
    if (digits.size() % (2 * width) != 0 || (count != expected && count != 1))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("packed constant: expected {} values of {} bytes, got {} digits",
                                 expected, width, digits.size()));
    std::vector<double> values;
    values.reserve(count);
    for (size_t element = 0; element < count; ++element) {
        uint64_t bits = 0;
        for (size_t byte = 0; byte < width; ++byte) {
            const size_t at = 2 * (element * width + byte);
            const int high = hexDigit(digits[at]);
            const int low = hexDigit(digits[at + 1]);
            if (high < 0 || low < 0)
                return Error(
                    ErrorCode::kInvalidInput,
                    fmt::format("packed constant: '{}' is not hexadecimal", digits.substr(at, 2)));
            bits |= static_cast<uint64_t>(high * 16 + low) << (8 * byte);
        }
        values.push_back(valueFromBits(bits, type.dtype));
    }
    return values;
}

double roundToType(double value, DType dtype)
{
    switch (dtype) {
    case DType::kF64:
        return value;
    case DType::kF32:
        return static_cast<double>(static_cast<float>(value));
    case DType::kBF16:
        return bfloat16Value(bfloat16Bits(value));
    case DType::kF16:
        return roundToHalf(value);
    case DType::kPred:
        return value != 0 ? 1.0 : 0.0;
    case DType::kS8:
    case DType::kS16:
    case DType::kS32:
    case DType::kS64:
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
    case DType::kU64:
        return std::trunc(value);
    }
    return value;
}

double valueFromBits(uint64_t bits, DType dtype)
{
    switch (dtype) {
    case DType::kPred:
        return (bits & 0xFFu) != 0 ? 1.0 : 0.0;
    case DType::kS8:
        return static_cast<double>(static_cast<int8_t>(bits));
    case DType::kS16:
        return static_cast<double>(static_cast<int16_t>(bits));
    case DType::kS32:
        return static_cast<double>(static_cast<int32_t>(bits));
    case DType::kS64:
        return static_cast<double>(static_cast<int64_t>(bits));
    case DType::kU8:
        return static_cast<double>(static_cast<uint8_t>(bits));
    case DType::kU16:
        return static_cast<double>(static_cast<uint16_t>(bits));
    case DType::kU32:
        return static_cast<double>(static_cast<uint32_t>(bits));
    case DType::kU64:
        return static_cast<double>(bits);
    case DType::kF16:
        return halfValue(static_cast<uint16_t>(bits));
    case DType::kBF16:
        return bfloat16Value(static_cast<uint16_t>(bits));
    case DType::kF32:
        return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    case DType::kF64:
        return std::bit_cast<double>(bits);
    }
    return 0;
}

Result<std::vector<double>> parseDense(std::string_view literal, const TensorType& type)
{
    while (!literal.empty() && isSpace(literal.front()))
        literal.remove_prefix(1);
    while (!literal.empty() && isSpace(literal.back()))
        literal.remove_suffix(1);
    if (literal.size() >= 2 && literal.front() == '"' && literal.back() == '"') {
        if (literal.substr(1, 2) != "0x")
            return Error(ErrorCode::kInvalidInput, "packed constant: expected \"0x...\"");
        return parsePacked(literal.substr(3, literal.size() - 4), type);
    }
    std::vector<double> values;
    int depth = 0;
    const bool isSplat = !literal.empty() && literal.front() != '[';
    for (size_t at = 0; at < literal.size();) {
        const char c = literal[at];
        if (c == '[' || c == ']' || c == ',' || isSpace(c)) {
            depth += c == '[' ? 1 : 0;
            depth -= c == ']' ? 1 : 0;
            ++at;
            continue;
        }
        const size_t end = std::min(literal.find_first_of("[], \t\r\n", at), literal.size());
        const std::string_view token = literal.substr(at, end - at);
        const std::optional<double> value = parseElement(token, type.dtype);
        if (!value)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("constant: '{}' is not a value of {}", token.substr(0, 40),
                                     dtypeName(type.dtype)));
        values.push_back(*value);
        at = end;
    }
    const auto expected = type.elementCount();
    if (depth != 0)
        return Error(ErrorCode::kInvalidInput, "constant: brackets are not closed");
    if (isSplat ? values.size() != 1 : static_cast<int64_t>(values.size()) != expected)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("constant: expected {} values for {}, got {}", expected,
                                 formatType(type), values.size()));
    return values;
}

} // namespace alpa
