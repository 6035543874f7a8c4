#include "core/graph/op.h"

#include <array>

namespace alpa
{
namespace
{

// In the order of the enumeration.
constexpr std::array<std::string_view, 55> kKindNames{
    "abs",       "ceil",          "convert",       "cosine",
    "erf",       "exp",           "expm1",         "floor",
    "is_finite", "log",           "log1p",         "logistic",
    "negate",    "not",           "round",         "rsqrt",
    "sign",      "sine",          "sqrt",          "tanh",
    "add",       "and",           "clamp",         "compare",
    "divide",    "maximum",       "minimum",       "multiply",
    "or",        "power",         "remainder",     "select",
    "subtract",  "xor",           "constant",      "iota",
    "broadcast", "concatenate",   "dynamic_slice", "dynamic_update_slice",
    "pad",       "reshape",       "reverse",       "slice",
    "transpose", "convolution",   "dot",           "gather",
    "reduce",    "reduce_window", "scatter",       "select_and_scatter",
    "sort",      "accumulate",    "opaque"};
static_assert(static_cast<size_t>(OpKind::kOpaque) + 1 == kKindNames.size());

} // namespace

std::string_view opKindName(OpKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::optional<OpKind> opKindFromName(std::string_view name)
{
    for (size_t kind = 0; kind < kKindNames.size(); ++kind) {
        if (kKindNames[kind] == name)
            return static_cast<OpKind>(kind);
    }
    return std::nullopt;
}

bool isElementwise(OpKind kind) { return kind <= OpKind::kXor; }

std::string_view reduceKindName(ReduceKind kind)
{
    constexpr std::array<std::string_view, 6> kNames{"add",     "multiply", "maximum",
                                                     "minimum", "and",      "or"};
    return kNames[static_cast<size_t>(kind)];
}

std::string_view compareDirectionName(CompareDirection direction)
{
    constexpr std::array<std::string_view, 6> kNames{"eq", "ne", "lt", "le", "gt", "ge"};
    return kNames[static_cast<size_t>(direction)];
}

} // namespace alpa
