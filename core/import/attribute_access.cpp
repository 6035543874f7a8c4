#include "core/import/attribute_access.h"

#include "core/import/constant_values.h"

#include <array>
#include <limits>
#include <utility>

namespace alpa
{
namespace
{

/// Attributes are short; more than this is a mistake or an attack.
constexpr size_t kMostIntegers = 65536;

bool appendIntegers(const MlirAttribute& attribute, std::vector<int64_t>& values)
{
    if (attribute.kind == MlirAttributeKind::kInteger) {
        values.push_back(attribute.integer);
        return values.size() <= kMostIntegers;
    }
    if (attribute.kind == MlirAttributeKind::kList) {
        for (const MlirAttribute& item : attribute.items) {
            if (!appendIntegers(item, values))
                return false;
        }
        return true;
    }
    if (attribute.kind != MlirAttributeKind::kDense || !attribute.type)
        return false;
    const int64_t count = attribute.type->elementCount();
    const Result<std::vector<double>> parsed = parseDense(attribute.text, *attribute.type);
    if (!parsed || count > static_cast<int64_t>(kMostIntegers))
        return false;
    for (int64_t at = 0; at < count; ++at)
        values.push_back(
            static_cast<int64_t>((*parsed)[parsed->size() == 1 ? 0 : static_cast<size_t>(at)]));
    return values.size() <= kMostIntegers;
}

std::string_view withoutDialect(std::string_view name)
{
    const size_t dot = name.find('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

} // namespace

const MlirAttribute* findAny(const MlirOp& op, std::initializer_list<std::string_view> names)
{
    for (const std::string_view name : names) {
        if (const MlirAttribute* attribute = op.find(name))
            return attribute;
    }
    return nullptr;
}

std::optional<std::vector<int64_t>> integers(const MlirAttribute* attribute)
{
    std::vector<int64_t> values;
    if (attribute == nullptr || !appendIntegers(*attribute, values))
        return std::nullopt;
    return values;
}

std::optional<std::vector<int>> dimensions(const MlirAttribute* attribute)
{
    const std::optional<std::vector<int64_t>> values = integers(attribute);
    if (!values)
        return std::nullopt;
    std::vector<int> dims;
    for (const int64_t value : *values) {
        if (value < 0 || value > std::numeric_limits<int>::max())
            return std::nullopt;
        dims.push_back(static_cast<int>(value));
    }
    return dims;
}

std::optional<int64_t> integer(const MlirAttribute* attribute)
{
    const std::optional<std::vector<int64_t>> values = integers(attribute);
    if (!values || values->size() != 1)
        return std::nullopt;
    return values->front();
}

std::string_view combinerName(const MlirRegion& region)
{
    if (region.arguments.size() != 2 || region.ops.empty())
        return {};
    const MlirOp& last = region.ops.back();
    const uint32_t first = region.arguments[0].name;
    const uint32_t second = region.arguments[1].name;
    if (last.isBroken || withoutDialect(last.name) != "return" || last.operands.size() != 1)
        return {};
    if (region.ops.size() == 1)
        return last.operands[0].name == second ? std::string_view("second") : std::string_view();
    const MlirOp& op = region.ops.front();
    if (region.ops.size() != 2 || op.isBroken || op.operands.size() != 2 ||
        op.results.size() != 1 || op.results[0].name != last.operands[0].name)
        return {};
    const uint32_t left = op.operands[0].name;
    const uint32_t right = op.operands[1].name;
    const bool isOfBoth = (left == first && right == second) || (left == second && right == first);
    return isOfBoth ? op.name : std::string_view();
}

std::optional<ReduceKind> reduceKindOf(std::string_view operation)
{
    constexpr std::array<std::pair<std::string_view, ReduceKind>, 6> kKinds = {
        {{"add", ReduceKind::kAdd},
         {"multiply", ReduceKind::kMultiply},
         {"maximum", ReduceKind::kMaximum},
         {"minimum", ReduceKind::kMinimum},
         {"and", ReduceKind::kAnd},
         {"or", ReduceKind::kOr}}};
    for (const auto& [name, kind] : kKinds) {
        if (operation.find('.') != std::string_view::npos && withoutDialect(operation) == name)
            return kind;
    }
    return std::nullopt;
}

std::optional<CompareDirection> compareDirectionOf(const MlirOp& compare)
{
    std::string_view word = compare.words.empty() ? std::string_view() : compare.words.front();
    if (const MlirAttribute* direction = compare.find("comparison_direction"))
        word = direction->items.empty() ? direction->text : direction->items.back().text;
    constexpr std::array<std::pair<std::string_view, CompareDirection>, 6> kDirections = {
        {{"EQ", CompareDirection::kEq},
         {"NE", CompareDirection::kNe},
         {"LT", CompareDirection::kLt},
         {"LE", CompareDirection::kLe},
         {"GT", CompareDirection::kGt},
         {"GE", CompareDirection::kGe}}};
    for (const auto& [name, direction] : kDirections) {
        if (word == name)
            return direction;
    }
    return std::nullopt;
}

double identityOf(ReduceKind kind, DType dtype)
{
    const double infinity = std::numeric_limits<double>::infinity();
    const int bits = static_cast<int>(dtypeBytes(dtype)) * 8;
    const bool isUnsigned =
        dtype == DType::kU8 || dtype == DType::kU16 || dtype == DType::kU32 || dtype == DType::kU64;
    double largest = infinity;
    double least = -infinity;
    if (dtype == DType::kPred) {
        largest = 1;
        least = 0;
    } else if (!isFloating(dtype)) {
        largest = static_cast<double>(isUnsigned ? ~uint64_t{0} >> (64 - bits)
                                                 : ~uint64_t{0} >> (65 - bits));
        least = isUnsigned ? 0 : -static_cast<double>(uint64_t{1} << (bits - 1));
    }
    switch (kind) {
    case ReduceKind::kAdd:
        return 0;
    case ReduceKind::kMultiply:
        return 1;
    case ReduceKind::kMaximum:
        return least;
    case ReduceKind::kMinimum:
        return largest;
    case ReduceKind::kAnd:
        return dtype == DType::kPred ? 1 : isUnsigned ? largest : -1;
    case ReduceKind::kOr:
        return 0;
    }
    return 0;
}

} // namespace alpa
