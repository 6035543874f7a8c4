#include "core/graph/op.h"

#include <array>

namespace alpa
{
namespace
{

// In the order of the enumeration.
// clang-format off
constexpr std::array<std::string_view, 60> kKindNames{
    "abs",        "bitcast",          "ceil",
    "convert",    "cosine",           "erf",
    "exp",        "expm1",            "floor",
    "is_finite",  "log",              "log1p",
    "logistic",   "negate",           "not",
    "popcnt",     "round",            "rsqrt",
    "sign",       "sine",             "sqrt",
    "tanh",       "add",              "and",
    "clamp",      "compare",          "divide",
    "maximum",    "minimum",          "multiply",
    "or",         "power",            "remainder",
    "select",     "shift_left",       "shift_right_arithmetic",
    "shift_right_logical", "subtract", "xor",
    "constant",   "iota",             "broadcast",
    "concatenate", "dynamic_slice",   "dynamic_update_slice",
    "pad",        "reshape",          "reverse",
    "slice",      "transpose",        "convolution",
    "dot",        "gather",           "reduce",
    "reduce_window", "scatter",       "select_and_scatter",
    "sort",       "accumulate",       "opaque"};
// clang-format on
constexpr std::array<std::string_view, 6> kReduceNames{"add",     "multiply", "maximum",
                                                       "minimum", "and",      "or"};
constexpr std::array<std::string_view, 6> kDirectionNames{"eq", "ne", "lt", "le", "gt", "ge"};
static_assert(static_cast<size_t>(OpKind::kOpaque) + 1 == kKindNames.size());

template <typename Enum, size_t N>
std::string_view nameOf(const std::array<std::string_view, N>& names, Enum entry)
{
    return names[static_cast<size_t>(entry)];
}

template <typename Enum, size_t N>
std::optional<Enum> fromName(const std::array<std::string_view, N>& names, std::string_view name)
{
    for (size_t entry = 0; entry < N; ++entry) {
        if (names[entry] == name)
            return static_cast<Enum>(entry);
    }
    return std::nullopt;
}

} // namespace

std::string_view opKindName(OpKind kind) { return nameOf(kKindNames, kind); }

std::optional<OpKind> opKindFromName(std::string_view name)
{
    return fromName<OpKind>(kKindNames, name);
}

bool isElementwise(OpKind kind) { return kind <= OpKind::kXor; }

std::string_view reduceKindName(ReduceKind kind) { return nameOf(kReduceNames, kind); }

std::optional<ReduceKind> reduceKindFromName(std::string_view name)
{
    return fromName<ReduceKind>(kReduceNames, name);
}

std::string_view compareDirectionName(CompareDirection direction)
{
    return nameOf(kDirectionNames, direction);
}

std::optional<CompareDirection> compareDirectionFromName(std::string_view name)
{
    return fromName<CompareDirection>(kDirectionNames, name);
}

Attributes defaultAttributes(OpKind kind)
{
    // Only the kinds that carry something are listed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (kind) {
    case OpKind::kConstant:
        return ConstantAttributes{};
    case OpKind::kIota:
        return IotaAttributes{};
    case OpKind::kCompare:
        return CompareAttributes{};
    case OpKind::kBroadcast:
    case OpKind::kTranspose:
    case OpKind::kReverse:
        return DimsAttributes{};
    case OpKind::kReduce:
        return ReduceAttributes{};
    case OpKind::kSlice:
        return SliceAttributes{};
    case OpKind::kPad:
        return PadAttributes{};
    case OpKind::kConcatenate:
        return ConcatenateAttributes{};
    case OpKind::kDynamicSlice:
        return DynamicSliceAttributes{};
    case OpKind::kDot:
        return DotAttributes{};
    case OpKind::kConvolution:
        return ConvolutionAttributes{};
    case OpKind::kGather:
        return GatherAttributes{};
    case OpKind::kScatter:
        return ScatterAttributes{};
    case OpKind::kReduceWindow:
    case OpKind::kSelectAndScatter:
        return ReduceWindowAttributes{};
    case OpKind::kSort:
        return SortAttributes{};
    case OpKind::kOpaque:
        return OpaqueAttributes{};
    default:
        return std::monostate{};
    }
#pragma GCC diagnostic pop
}

} // namespace alpa
