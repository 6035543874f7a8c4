#include "core/base/safetensors.h"

#include "core/base/elements.h"
#include "core/base/files.h"
#include "core/base/parse_json.h"
#include "core/base/small_float.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <type_traits>

namespace alpa
{
namespace
{

using Json = nlohmann::json;

constexpr size_t kLengthBytes = 8;
/// An entry a tensor, with a type, a shape and offsets inside it.
constexpr JsonLimits kHeaderLimits{.depth = 8, .members = size_t{1} << 20};

std::optional<int64_t> elementBytes(std::string_view dtype)
{
    struct Entry {
        std::string_view name;
        int64_t bytes;
    };
    static constexpr std::array<Entry, 15> kEntries = {{{"BOOL", 1},
                                                        {"U8", 1},
                                                        {"I8", 1},
                                                        {"F8_E4M3", 1},
                                                        {"F8_E5M2", 1},
                                                        {"I16", 2},
                                                        {"U16", 2},
                                                        {"F16", 2},
                                                        {"BF16", 2},
                                                        {"I32", 4},
                                                        {"U32", 4},
                                                        {"F32", 4},
                                                        {"I64", 8},
                                                        {"U64", 8},
                                                        {"F64", 8}}};
    for (const Entry& entry : kEntries) {
        if (entry.name == dtype)
            return entry.bytes;
    }
    return std::nullopt;
}

/// Bytes of a tensor; nothing when a dimension is negative or the product does not fit.
std::optional<int64_t> tensorBytes(const std::vector<int64_t>& dims, int64_t bytesPerElement)
{
    int64_t bytes = bytesPerElement;
    for (const int64_t dim : dims) {
        if (dim < 0 || __builtin_mul_overflow(bytes, dim, &bytes))
            return std::nullopt;
    }
    return bytes;
}

Error broken(std::string_view what)
{
    return Error(ErrorCode::kInvalidInput, fmt::format("safetensors: {}", what));
}

/// One header entry, its data cut out of `data`.
Result<SafeTensor> parseTensor(const std::string& name, const Json& entry, std::string_view data)
{
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
        return broken(fmt::format("tensor '{}' needs dtype, shape and two data_offsets", name));
    SafeTensor tensor{
        .name = name, .dtype = entry["dtype"].get<std::string>(), .dims = {}, .bytes = {}};
    for (const Json& dim : entry["shape"]) {
        if (!dim.is_number_unsigned() ||
            dim.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()})
            return broken(fmt::format("tensor '{}': the shape must hold whole numbers", name));
        tensor.dims.push_back(dim.get<int64_t>());
    }
    const Json& offsets = entry["data_offsets"];
    if (!offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
        return broken(fmt::format("tensor '{}': data_offsets must be whole numbers", name));
    const auto begin = offsets[0].get<uint64_t>();
    const auto end = offsets[1].get<uint64_t>();
    if (begin > end || end > data.size())
        return broken(fmt::format("tensor '{}' lies at bytes {} to {} of {} bytes of data", name,
                                  begin, end, data.size()));
    const std::optional<int64_t> size = elementBytes(tensor.dtype);
    if (!size)
        return broken(fmt::format("tensor '{}': unknown dtype '{}'", name, tensor.dtype));
    const std::optional<int64_t> expected = tensorBytes(tensor.dims, *size);
    if (!expected || static_cast<uint64_t>(*expected) != end - begin)
        return broken(fmt::format(
            "tensor '{}' has {} bytes, its shape and dtype say {}", name, end - begin,
            expected ? fmt::to_string(*expected) : std::string("more than memory holds")));
    tensor.bytes = std::string(data.substr(begin, end - begin));
    return tensor;
}

template <typename T>
T encodeElement(double value)
{
    if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(value);
    } else {
        // 2^63 and more are not representable; a saturating conversion is defined for every input.
        if (std::isnan(value))
            return T{0};
        if (value <= static_cast<double>(std::numeric_limits<T>::min()))
            return std::numeric_limits<T>::min();
        if (value >= static_cast<double>(std::numeric_limits<T>::max()))
            return std::numeric_limits<T>::max();
        return static_cast<T>(value);
    }
}

template <typename T>
std::string encode(std::span<const double> values)
{
    std::string bytes(values.size() * sizeof(T), '\0');
    for (size_t i = 0; i < values.size(); ++i) {
        const T element = encodeElement<T>(values[i]);
        std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
    }
    return bytes;
}

std::string encodeBits(std::span<const double> values, uint16_t (*bitsOf)(double))
{
    std::string bytes(values.size() * sizeof(uint16_t), '\0');
    for (size_t i = 0; i < values.size(); ++i) {
        const uint16_t element = bitsOf(values[i]);
        std::memcpy(bytes.data() + i * sizeof(uint16_t), &element, sizeof(uint16_t));
    }
    return bytes;
}

std::vector<double> decodeBits(const std::string& bytes, double (*valueOf)(uint16_t))
{
    std::vector<double> values(bytes.size() / sizeof(uint16_t));
    for (size_t i = 0; i < values.size(); ++i) {
        uint16_t element = 0;
        std::memcpy(&element, bytes.data() + i * sizeof(uint16_t), sizeof(uint16_t));
        values[i] = valueOf(element);
    }
    return values;
}

} // namespace

Result<std::vector<SafeTensor>> parseSafetensors(std::string_view content)
{
    if (content.size() < kLengthBytes)
        return broken(
            fmt::format("the file has {} bytes, the header length alone takes 8", content.size()));
    uint64_t headerSize = 0;
    std::memcpy(&headerSize, content.data(), kLengthBytes);
    if (headerSize > content.size() - kLengthBytes)
        return broken(fmt::format("the header is said to have {} bytes, {} follow", headerSize,
                                  content.size() - kLengthBytes));
    const std::string_view headerText = content.substr(kLengthBytes, headerSize);
    if (const Status limits = checkJsonLimits(headerText, kHeaderLimits); !limits.ok())
        return broken("the header: " + limits.error().message);
    const Json header = Json::parse(headerText.begin(), headerText.end(), nullptr, false);
    if (!header.is_object())
        return broken("the header is not a JSON object");
    const std::string_view data = content.substr(kLengthBytes + headerSize);
    struct Placed {
        uint64_t begin;
        SafeTensor tensor;
    };
    std::vector<Placed> placed;
    for (const auto& [name, entry] : header.items()) {
        if (name == "__metadata__")
            continue;
        ASSIGN_OR_RETURN(SafeTensor tensor, parseTensor(name, entry, data));
        placed.push_back({entry["data_offsets"][0].get<uint64_t>(), std::move(tensor)});
    }
    std::ranges::stable_sort(placed, {}, &Placed::begin);
    std::vector<SafeTensor> tensors;
    for (Placed& entry : placed)
        tensors.push_back(std::move(entry.tensor));
    return tensors;
}

Result<std::vector<SafeTensor>> readSafetensors(const std::string& path)
{
    ASSIGN_OR_RETURN(const std::string content, readFile(path));
    Result<std::vector<SafeTensor>> tensors = parseSafetensors(content);
    if (!tensors.ok())
        return tensors.error().in(path);
    return tensors;
}

Result<std::string> formatSafetensors(std::span<const SafeTensor> tensors)
{
    // An ordered object keeps the header in the order of the data.
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    std::set<std::string_view> names;
    uint64_t offset = 0;
    for (const SafeTensor& tensor : tensors) {
        if (!names.insert(tensor.name).second || tensor.name == "__metadata__")
            return broken(fmt::format("the name '{}' is taken", tensor.name));
        const std::optional<int64_t> size = elementBytes(tensor.dtype);
        if (!size)
            return broken(
                fmt::format("tensor '{}': unknown dtype '{}'", tensor.name, tensor.dtype));
        const std::optional<int64_t> expected = tensorBytes(tensor.dims, *size);
        if (!expected || static_cast<size_t>(*expected) != tensor.bytes.size())
            return broken(fmt::format("tensor '{}' has {} bytes, its shape and dtype say otherwise",
                                      tensor.name, tensor.bytes.size()));
        header[tensor.name] = {{"dtype", tensor.dtype},
                               {"shape", tensor.dims},
                               {"data_offsets", {offset, offset + tensor.bytes.size()}}};
        offset += tensor.bytes.size();
    }
    std::string text =
        header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    text.resize((text.size() + 7) / 8 * 8,
                ' '); // The format aligns the data to 8 bytes with spaces.
    const uint64_t headerSize = text.size();
    std::string content(kLengthBytes, '\0');
    std::memcpy(content.data(), &headerSize, kLengthBytes);
    content += text;
    for (const SafeTensor& tensor : tensors)
        content += tensor.bytes;
    return content;
}

Status writeSafetensors(const std::string& path, std::span<const SafeTensor> tensors)
{
    ASSIGN_OR_RETURN(const std::string content, formatSafetensors(tensors));
    return writeFileAtomically(path, content);
}

Result<std::vector<double>> tensorValues(const SafeTensor& tensor)
{
    if (tensor.dtype == "F32")
        return elementsAs<float>(tensor.bytes);
    if (tensor.dtype == "F64")
        return elementsAs<double>(tensor.bytes);
    if (tensor.dtype == "BF16")
        return decodeBits(tensor.bytes, bfloat16Value);
    if (tensor.dtype == "F16")
        return decodeBits(tensor.bytes, halfValue);
    if (tensor.dtype == "I8")
        return elementsAs<int8_t>(tensor.bytes);
    if (tensor.dtype == "I16")
        return elementsAs<int16_t>(tensor.bytes);
    if (tensor.dtype == "I32")
        return elementsAs<int32_t>(tensor.bytes);
    if (tensor.dtype == "I64")
        return elementsAs<int64_t>(tensor.bytes);
    if (tensor.dtype == "U8" || tensor.dtype == "BOOL")
        return elementsAs<uint8_t>(tensor.bytes);
    if (tensor.dtype == "U16")
        return elementsAs<uint16_t>(tensor.bytes);
    if (tensor.dtype == "U32")
        return elementsAs<uint32_t>(tensor.bytes);
    if (tensor.dtype == "U64")
        return elementsAs<uint64_t>(tensor.bytes);
    return Error(ErrorCode::kUnsupported,
                 fmt::format("safetensors: tensor '{}' has dtype {}, expected F16, BF16, F32, F64, "
                             "BOOL or an integer",
                             tensor.name, tensor.dtype));
}

Result<SafeTensor> makeSafeTensor(std::string name, std::string dtype, std::vector<int64_t> dims,
                                  std::span<const double> values)
{
    SafeTensor tensor{
        .name = std::move(name), .dtype = std::move(dtype), .dims = std::move(dims), .bytes = {}};
    const std::optional<int64_t> count = tensorBytes(tensor.dims, 1);
    if (!count || static_cast<size_t>(*count) != values.size())
        return broken(fmt::format("tensor '{}' was given {} values, its shape says otherwise",
                                  tensor.name, values.size()));
    if (tensor.dtype == "F32")
        tensor.bytes = encode<float>(values);
    else if (tensor.dtype == "F64")
        tensor.bytes = encode<double>(values);
    else if (tensor.dtype == "BF16")
        tensor.bytes = encodeBits(values, bfloat16Bits);
    else if (tensor.dtype == "F16")
        tensor.bytes = encodeBits(values, halfBits);
    else if (tensor.dtype == "I8")
        tensor.bytes = encode<int8_t>(values);
    else if (tensor.dtype == "I16")
        tensor.bytes = encode<int16_t>(values);
    else if (tensor.dtype == "I32")
        tensor.bytes = encode<int32_t>(values);
    else if (tensor.dtype == "I64")
        tensor.bytes = encode<int64_t>(values);
    else if (tensor.dtype == "U8" || tensor.dtype == "BOOL")
        tensor.bytes = encode<uint8_t>(values);
    else if (tensor.dtype == "U16")
        tensor.bytes = encode<uint16_t>(values);
    else if (tensor.dtype == "U32")
        tensor.bytes = encode<uint32_t>(values);
    else if (tensor.dtype == "U64")
        tensor.bytes = encode<uint64_t>(values);
    else
        return Error(ErrorCode::kUnsupported,
                     fmt::format("safetensors: tensor '{}' cannot be written as {}", tensor.name,
                                 tensor.dtype));
    return tensor;
}

} // namespace alpa
