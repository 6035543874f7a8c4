// The operations of HLO by the names that StableHLO has for them.
#include "core/import/hlo_module.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alpa
{
namespace
{

/// HLO's opcodes, sorted, and the StableHLO operations of the same meaning.
constexpr std::pair<std::string_view, std::string_view> kStablehloNames[] = {
    {"abs", "stablehlo.abs"},
    {"acos", "chlo.acos"},
    {"acosh", "chlo.acosh"},
    {"add", "stablehlo.add"},
    {"and", "stablehlo.and"},
    {"asin", "chlo.asin"},
    {"asinh", "chlo.asinh"},
    {"atan2", "stablehlo.atan2"},
    {"atanh", "chlo.atanh"},
    {"bitcast", "stablehlo.reshape"},
    {"bitcast-convert", "stablehlo.bitcast_convert"},
    {"broadcast", "stablehlo.broadcast_in_dim"},
    {"cbrt", "stablehlo.cbrt"},
    {"ceil", "stablehlo.ceil"},
    {"clamp", "stablehlo.clamp"},
    {"compare", "stablehlo.compare"},
    {"concatenate", "stablehlo.concatenate"},
    {"constant", "stablehlo.constant"},
    {"convert", "stablehlo.convert"},
    {"convolution", "stablehlo.convolution"},
    {"copy", "stablehlo.optimization_barrier"},
    {"cosh", "chlo.cosh"},
    {"cosine", "stablehlo.cosine"},
    {"custom-call", "stablehlo.custom_call"},
    {"divide", "stablehlo.divide"},
    {"dot", "stablehlo.dot_general"},
    {"dynamic-slice", "stablehlo.dynamic_slice"},
    {"dynamic-update-slice", "stablehlo.dynamic_update_slice"},
    {"erf", "chlo.erf"},
    {"exponential", "stablehlo.exponential"},
    {"exponential-minus-one", "stablehlo.exponential_minus_one"},
    {"floor", "stablehlo.floor"},
    {"gather", "stablehlo.gather"},
    {"iota", "stablehlo.iota"},
    {"is-finite", "stablehlo.is_finite"},
    {"log", "stablehlo.log"},
    {"log-plus-one", "stablehlo.log_plus_one"},
    {"logistic", "stablehlo.logistic"},
    {"maximum", "stablehlo.maximum"},
    {"minimum", "stablehlo.minimum"},
    {"multiply", "stablehlo.multiply"},
    {"negate", "stablehlo.negate"},
    {"not", "stablehlo.not"},
    {"opt-barrier", "stablehlo.optimization_barrier"},
    {"or", "stablehlo.or"},
    {"pad", "stablehlo.pad"},
    {"popcnt", "stablehlo.popcnt"},
    {"power", "stablehlo.power"},
    {"reduce", "stablehlo.reduce"},
    {"reduce-precision", "stablehlo.reduce_precision"},
    {"reduce-window", "stablehlo.reduce_window"},
    {"remainder", "stablehlo.remainder"},
    {"reshape", "stablehlo.reshape"},
    {"reverse", "stablehlo.reverse"},
    {"round-nearest-afz", "stablehlo.round_nearest_afz"},
    {"round-nearest-even", "stablehlo.round_nearest_even"},
    {"rsqrt", "stablehlo.rsqrt"},
    {"scatter", "stablehlo.scatter"},
    {"select", "stablehlo.select"},
    {"select-and-scatter", "stablehlo.select_and_scatter"},
    {"shift-left", "stablehlo.shift_left"},
    {"shift-right-arithmetic", "stablehlo.shift_right_arithmetic"},
    {"shift-right-logical", "stablehlo.shift_right_logical"},
    {"sign", "stablehlo.sign"},
    {"sine", "stablehlo.sine"},
    {"sinh", "chlo.sinh"},
    {"slice", "stablehlo.slice"},
    {"sort", "stablehlo.sort"},
    {"sqrt", "stablehlo.sqrt"},
    {"subtract", "stablehlo.subtract"},
    {"tan", "stablehlo.tan"},
    {"tanh", "stablehlo.tanh"},
    {"topk", "chlo.top_k"},
    {"transpose", "stablehlo.transpose"},
    {"while", "stablehlo.while"},
    {"xor", "stablehlo.xor"},
};

} // namespace

std::string_view stablehloName(std::string_view opcode)
{
    using Name = std::pair<std::string_view, std::string_view>;
    const auto name = std::ranges::lower_bound(kStablehloNames, opcode, {}, &Name::first);
    return name != std::end(kStablehloNames) && name->first == opcode ? name->second
                                                                      : std::string_view();
}

} // namespace alpa
