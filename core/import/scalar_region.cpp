#include "core/import/scalar_region.h"

#include "core/import/attribute_access.h"
#include "core/import/constant_values.h"
#include "core/import/known_scalars.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

namespace alpa
{
namespace
{

using Bindings = std::unordered_map<uint32_t, double>;

std::string_view withoutDialect(std::string_view name)
{
    const size_t dot = name.find('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::optional<double> evaluateUnary(std::string_view name, double x)
{
    if (name == "negate")
        return -x;
    if (name == "abs")
        return std::abs(x);
    if (name == "not") // Of predicates; bits of integers are not imitated.
        return x == 0 ? 1.0 : 0.0;
    if (name == "convert" || name == "reshape" || name == "bitcast_convert")
        return x;
    if (name == "is_finite")
        return std::isfinite(x) ? 1.0 : 0.0;
    return std::nullopt;
}

std::optional<double> evaluateBinary(std::string_view name, double x, double y)
{
    if (name == "add")
        return x + y;
    if (name == "subtract")
        return x - y;
    if (name == "multiply")
        return x * y;
    if (name == "divide")
        return x / y;
    if (name == "maximum")
        return std::max(x, y);
    if (name == "minimum")
        return std::min(x, y);
    if (name == "and")
        return x != 0 && y != 0 ? 1.0 : 0.0;
    if (name == "or")
        return x != 0 || y != 0 ? 1.0 : 0.0;
    if (name == "xor")
        return (x != 0) != (y != 0) ? 1.0 : 0.0;
    return std::nullopt;
}

std::optional<double> evaluateConstant(const MlirOp& op)
{
    const MlirAttribute* value = op.find("value");
    const std::vector<MlirType>& types = op.resultTypes.empty() ? op.operandTypes : op.resultTypes;
    if (value == nullptr || value->kind != MlirAttributeKind::kDense || types.empty() ||
        !types.front().tensor)
        return std::nullopt;
    const Result<std::vector<double>> values = parseDense(value->text, *types.front().tensor);
    return values && values->size() == 1 ? std::optional(values->front()) : std::nullopt;
}

/// Comparisons as unsigned integers of bits that were a float are not imitated: a bitcast keeps its
/// number, which orders positive floats right, and the probes are positive where it matters.
std::optional<double> evaluate(const MlirOp& op, const Bindings& bindings)
{
    std::array<double, 3> x{};
    if (op.isBroken || op.operands.size() > x.size() || !op.regions.empty())
        return std::nullopt;
    for (size_t at = 0; at < op.operands.size(); ++at) {
        const auto found = bindings.find(op.operands[at].name);
        if (found == bindings.end() || op.operands[at].index != 0)
            return std::nullopt;
        x[at] = found->second;
    }
    const std::string_view name = withoutDialect(op.name);
    if (name == "constant" && op.operands.empty())
        return evaluateConstant(op);
    if (name == "select" && op.operands.size() == 3)
        return x[0] != 0 ? x[1] : x[2];
    if (name == "compare" && op.operands.size() == 2) {
        const auto direction = compareDirectionOf(op);
        return direction ? std::optional(compares(*direction, x[0], x[1]) ? 1.0 : 0.0)
                         : std::nullopt;
    }
    if (op.operands.size() == 1)
        return evaluateUnary(name, x[0]);
    return op.operands.size() == 2 ? evaluateBinary(name, x[0], x[1]) : std::nullopt;
}

} // namespace

std::optional<std::vector<double>> evaluateScalarRegion(const MlirRegion& region,
                                                        std::span<const double> arguments)
{
    constexpr size_t kMostOps = 200; // JAX's order of floats takes some 20.
    if (region.arguments.size() != arguments.size() || region.ops.size() > kMostOps)
        return std::nullopt;
    Bindings bindings;
    for (size_t at = 0; at < arguments.size(); ++at)
        bindings[region.arguments[at].name] = arguments[at];
    for (const MlirOp& op : region.ops) {
        if (!op.isBroken && withoutDialect(op.name) == "return") {
            std::vector<double> values;
            for (const MlirValueUse& use : op.operands) {
                const auto found = bindings.find(use.name);
                if (found == bindings.end() || use.index != 0)
                    return std::nullopt;
                values.push_back(found->second);
            }
            return values;
        }
        const std::optional<double> value = evaluate(op, bindings);
        if (!value || op.results.size() != 1 || op.results[0].count != 1)
            return std::nullopt;
        bindings[op.results[0].name] = *value;
    }
    return std::nullopt;
}

std::optional<ReduceKind> extremumOf(const MlirRegion& region)
{
    constexpr std::array<double, 4> kProbes = {1.0, 2.0, 3.0, 0.0};
    bool isLargest = true;
    bool isSmallest = true;
    for (const double a : kProbes) {
        for (const double b : kProbes) {
            const auto result = evaluateScalarRegion(region, std::array{a, b});
            if (!result || result->size() != 1)
                return std::nullopt;
            isLargest = isLargest && result->front() == std::max(a, b);
            isSmallest = isSmallest && result->front() == std::min(a, b);
        }
    }
    if (isLargest)
        return ReduceKind::kMaximum;
    return isSmallest ? std::optional(ReduceKind::kMinimum) : std::nullopt;
}

namespace
{

/// Does the region do what `expected` says, for all pairs of keys and both orders of indices?
/// Between equal keys a region may take whichever comes first; elements come in the order of their
/// indices.
bool isExtremum(const MlirRegion& region, const IndexedExtremum& expected)
{
    for (const double a : {1.0, 2.0, 3.0}) {
        for (const double b : {1.0, 2.0, 3.0}) {
            for (const auto& [i, j] : {std::pair(4.0, 7.0), std::pair(9.0, 5.0)}) {
                if (a == b && i > j)
                    continue;
                std::array<double, 4> arguments = {a, i, b, j};
                if (expected.key == 1)
                    arguments = {i, a, j, b};
                const auto result = evaluateScalarRegion(region, arguments);
                if (!result || result->size() != 2)
                    return false;
                const bool isFirst = a == b ? !expected.takesLast : (a > b) == expected.isLargest;
                if ((*result)[expected.key] != (isFirst ? a : b) ||
                    (*result)[1 - expected.key] != (isFirst ? i : j))
                    return false;
            }
        }
    }
    return true;
}

} // namespace

std::optional<IndexedExtremum> indexedExtremumOf(const MlirRegion& region)
{
    for (const size_t key : {size_t{0}, size_t{1}}) {
        for (const bool isLargest : {true, false}) {
            for (const bool takesLast : {false, true}) {
                const IndexedExtremum candidate{key, isLargest, takesLast};
                if (isExtremum(region, candidate))
                    return candidate;
            }
        }
    }
    return std::nullopt;
}

std::optional<bool> isDescendingOrder(const MlirRegion& region)
{
    const size_t count = region.arguments.size();
    if (count < 2 || count % 2 != 0)
        return std::nullopt;
    bool isAscending = true;
    bool isDescending = true;
    constexpr std::array<double, 4> kProbes = {1.0, 2.0, 3.0, 0.0};
    for (const double a : kProbes) {
        for (const double b : kProbes) {
            for (const double other : {1.0, 2.0}) { // Of the tensors that go along.
                std::vector<double> arguments(count, 1.0);
                arguments[0] = a;
                arguments[1] = b;
                for (size_t at = 2; at < count; at += 2)
                    arguments[at] = other;
                const auto result = evaluateScalarRegion(region, arguments);
                if (!result || result->size() != 1)
                    return std::nullopt;
                // Less-or-equal instead of less differs for equal elements only, whose order a
                // stable sort keeps.
                const bool isBefore = result->front() != 0;
                isAscending = isAscending && (a == b ? true : isBefore == (a < b));
                isDescending = isDescending && (a == b ? true : isBefore == (a > b));
                if (a == b && other != 1.0) {
                    std::vector<double> same(count, 1.0);
                    same[0] = same[1] = a;
                    const auto base = evaluateScalarRegion(region, same);
                    if (!base || base->front() != result->front())
                        return std::nullopt;
                }
            }
        }
    }
    if (isAscending == isDescending)
        return std::nullopt;
    return isDescending;
}

} // namespace alpa
