#include "core/import/stablehlo_ops.h"

#include "core/graph/infer_types.h"
#include "core/import/attribute_access.h"
#include "core/import/op_converter.h"

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

/// Opaque ops keep this much of their text; the rest is in the file.
constexpr size_t kLongestOpaqueText = 2000;

} // namespace

void OpConverter::stop(Conversion::Outcome outcome, std::string reason)
{
    if (!problem_)
        problem_ = Conversion{outcome, {}, std::move(reason)};
}

ValueId OpConverter::emit(OpKind kind, const Values& operands, Attributes attributes,
                          const TensorType& declaredType)
{
    if (problem_)
        return {};
    std::vector<TensorType> operandTypes;
    for (const ValueId operand : operands)
        operandTypes.push_back(graph_.type(operand));
    const Result<std::vector<TensorType>> types =
        inferTypes(kind, attributes, operandTypes, declaredType);
    if (!types) {
        invalid(types.error().message);
        return {};
    }
    Op op;
    op.kind = kind;
    op.phase = op_.phase;
    op.scope = op_.scope;
    op.sourceLine = op_.line;
    op.operands = operands;
    op.attributes = std::move(attributes);
    const OpId id = graph_.addOp(std::move(op), *types);
    results_ = graph_.op(id).results;
    return results_.front();
}

void OpConverter::finish(OpKind kind, const Values& operands, Attributes attributes)
{
    emit(kind, operands, std::move(attributes), declared());
}

ValueId OpConverter::splat(double value, const TensorType& type)
{
    return emit(OpKind::kConstant, {}, ConstantAttributes{{value}}, type);
}

bool OpConverter::hasOperands(size_t count)
{
    if (op_.operands.size() == count)
        return true;
    invalid(fmt::format("expected {} operands, got {}", count, op_.operands.size()));
    return false;
}

void OpConverter::convertElementwise(OpKind kind) { finish(kind, op_.operands); }

void OpConverter::convertCompare()
{
    const auto direction = compareDirectionOf(syntax_);
    if (!direction)
        return missing("comparison_direction");
    finish(OpKind::kCompare, op_.operands, CompareAttributes{*direction});
}

void OpConverter::convertCustomCall()
{
    const MlirAttribute* callee = findAny(syntax_, {"callee", "call_target_name"});
    const std::string_view target = callee == nullptr ? std::string_view() : callee->text;
    if (target == "Sharding" &&
        op_.operands.size() == 1) // GSPMD's way to annotate an intermediate value.
        return passOperands();
    if (target.starts_with("__cudnn$fmha"))
        return convertAttention(target);
    if (target == "__cudnn$norm")
        return convertNorm();
    unsupported("what a custom call computes is not in the file");
}

const std::unordered_map<std::string_view, OpKind>& OpConverter::elementwiseKinds()
{
    static const std::unordered_map<std::string_view, OpKind> kKinds = {
        {"abs", OpKind::kAbs},
        {"add", OpKind::kAdd},
        {"and", OpKind::kAnd},
        {"ceil", OpKind::kCeil},
        {"convert", OpKind::kConvert},
        {"cosine", OpKind::kCosine},
        {"divide", OpKind::kDivide},
        {"erf", OpKind::kErf},
        {"exponential", OpKind::kExp},
        {"exponential_minus_one", OpKind::kExpm1},
        {"floor", OpKind::kFloor},
        {"is_finite", OpKind::kIsFinite},
        {"log", OpKind::kLog},
        {"log_plus_one", OpKind::kLog1p},
        {"logistic", OpKind::kLogistic},
        {"maximum", OpKind::kMaximum},
        {"minimum", OpKind::kMinimum},
        {"multiply", OpKind::kMultiply},
        {"negate", OpKind::kNegate},
        {"not", OpKind::kNot},
        {"or", OpKind::kOr},
        {"power", OpKind::kPower},
        {"remainder", OpKind::kRemainder},
        {"round_nearest_even", OpKind::kRound},
        {"rsqrt", OpKind::kRsqrt},
        {"sign", OpKind::kSign},
        {"sine", OpKind::kSine},
        {"sqrt", OpKind::kSqrt},
        {"subtract", OpKind::kSubtract},
        {"tanh", OpKind::kTanh},
        {"shift_left", OpKind::kShiftLeft},
        {"shift_right_arithmetic", OpKind::kShiftRightArithmetic},
        {"shift_right_logical", OpKind::kShiftRightLogical},
        {"popcnt", OpKind::kPopulationCount},
        {"xor", OpKind::kXor},
    };
    return kKinds;
}

const std::unordered_map<std::string_view, OpConverter::Handler>& OpConverter::handlers()
{
    static const std::unordered_map<std::string_view, Handler> kHandlers = {
        {"acos", &OpConverter::convertFunction},
        {"acosh", &OpConverter::convertFunction},
        {"asin", &OpConverter::convertFunction},
        {"asinh", &OpConverter::convertFunction},
        {"atan", &OpConverter::convertFunction},
        {"atan2", &OpConverter::convertAtan2},
        {"atanh", &OpConverter::convertFunction},
        {"bitcast_convert", &OpConverter::convertBitcast},
        {"broadcast", &OpConverter::convertBroadcast},
        {"broadcast_in_dim", &OpConverter::convertBroadcast},
        {"cbrt", &OpConverter::convertCbrt},
        {"clamp", &OpConverter::convertClamp},
        {"compare", &OpConverter::convertCompare},
        {"concatenate", &OpConverter::convertConcatenate},
        {"constant", &OpConverter::convertConstant},
        {"convolution", &OpConverter::convertConvolution},
        {"cosh", &OpConverter::convertFunction},
        {"custom_call", &OpConverter::convertCustomCall},
        {"dot", &OpConverter::convertDot},
        {"dot_general", &OpConverter::convertDotGeneral},
        {"dynamic_slice", &OpConverter::convertDynamicSlice},
        {"dynamic_update_slice", &OpConverter::convertDynamicUpdateSlice},
        {"erf_inv", &OpConverter::convertErfInv},
        {"erfc", &OpConverter::convertErfc},
        {"gather", &OpConverter::convertGather},
        {"iota", &OpConverter::convertIota},
        {"optimization_barrier", &OpConverter::passOperands},
        {"pad", &OpConverter::convertPad},
        {"reduce", &OpConverter::convertReduce},
        {"reduce_precision", &OpConverter::convertReducePrecision},
        {"reduce_window", &OpConverter::convertReduceWindow},
        {"reshape", &OpConverter::convertReshape},
        {"reverse", &OpConverter::convertReverse},
        {"round_nearest_afz", &OpConverter::convertRoundAway},
        {"scatter", &OpConverter::convertScatter},
        {"select", &OpConverter::convertSelect},
        {"select_and_scatter", &OpConverter::convertSelectAndScatter},
        {"sharding_constraint", &OpConverter::passOperands},
        {"sinh", &OpConverter::convertFunction},
        {"slice", &OpConverter::convertSlice},
        {"sort", &OpConverter::convertSort},
        {"square", &OpConverter::convertSquare},
        {"tan", &OpConverter::convertTan},
        {"top_k", &OpConverter::convertTopK},
        {"transpose", &OpConverter::convertTranspose},
        {"while", &OpConverter::convertWhile},
    };
    return kHandlers;
}

Conversion OpConverter::convert()
{
    const size_t dot = syntax_.name.find('.');
    const std::string_view dialect =
        dot == std::string_view::npos ? std::string_view() : syntax_.name.substr(0, dot);
    const std::string_view name =
        dot == std::string_view::npos ? syntax_.name : syntax_.name.substr(dot + 1);
    const bool isOurs = dialect == "stablehlo" || dialect == "mhlo" || dialect == "chlo" ||
                        (dialect == "sdy" && name == "sharding_constraint");
    const auto kind = elementwiseKinds().find(name);
    const auto handler = handlers().find(name);
    if (!isOurs || (kind == elementwiseKinds().end() && handler == handlers().end()))
        return Conversion{Conversion::Outcome::kUnsupported, {}, "this operation is not known"};
    if (op_.resultTypes.empty())
        return Conversion{Conversion::Outcome::kInvalid, {}, "it has no result"};
    const size_t opCount = graph_.ops.size();
    const size_t valueCount = graph_.values.size();
    if (kind != elementwiseKinds().end())
        convertElementwise(kind->second);
    else
        (this->*handler->second)();
    if (!problem_) {
        std::vector<TensorType> types;
        for (const ValueId result : results_)
            types.push_back(graph_.type(result));
        if (types.size() != op_.resultTypes.size())
            invalid(fmt::format("{} results are declared, expected {}", op_.resultTypes.size(),
                                types.size()));
        for (size_t at = 0; !problem_ && at < types.size(); ++at) {
            if (types[at] != op_.resultTypes[at])
                invalid(fmt::format("the result is declared as {}, but its operands give {}",
                                    formatType(op_.resultTypes[at]), formatType(types[at])));
        }
    }
    if (problem_) { // Whatever was added for it goes.
        graph_.ops.resize(opCount);
        graph_.values.resize(valueCount);
        return *problem_;
    }
    return Conversion{Conversion::Outcome::kConverted, results_, {}};
}

Conversion convertStablehloOp(Graph& graph, const StablehloOp& op)
{
    return OpConverter(graph, op).convert();
}

std::string operationLabel(const MlirOp& op)
{
    const MlirAttribute* callee = findAny(op, {"callee", "call_target_name"});
    return callee == nullptr ? std::string(op.name) : fmt::format("{} @{}", op.name, callee->text);
}

std::vector<ValueId> addOpaque(Graph& graph, const StablehloOp& op, std::string_view text)
{
    Op opaque;
    opaque.kind = OpKind::kOpaque;
    opaque.phase = op.phase;
    opaque.scope = op.scope;
    opaque.sourceLine = op.line;
    opaque.operands = op.operands;
    opaque.attributes = OpaqueAttributes{
        operationLabel(op.syntax), std::string(text.substr(0, kLongestOpaqueText)), {}, {}};
    const OpId id = graph.addOp(std::move(opaque), op.resultTypes);
    return graph.op(id).results;
}

} // namespace alpa
