#include "core/import/stablehlo_ops.h"

#include "core/graph/infer_types.h"
#include "core/import/attribute_access.h"
#include "core/import/op_converter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

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

void OpConverter::convertErfc()
{
    if (!hasOperands(1))
        return;
    const ValueId erf = emit(OpKind::kErf, op_.operands, {}, declared());
    const ValueId one = splat(1.0, declared());
    finish(OpKind::kSubtract, {one, erf});
}

/// Giles, Approximating the erfinv function (2010), single precision, as XLA has it: a polynomial
/// in w = -log(1 - x^2) times x, another one beyond w = 5.
void OpConverter::convertErfInv()
{
    if (!hasOperands(1))
        return;
    constexpr std::array kNear = {2.81022636e-08,  3.43273939e-07, -3.5233877e-06,
                                  -4.39150654e-06, 0.00021858087,  -0.00125372503,
                                  -0.00417768164,  0.246640727,    1.50140941};
    constexpr std::array kFar = {-0.000200214257, 0.000100950558, 0.00134934322,
                                 -0.00367342844,  0.00573950773,  -0.0076224613,
                                 0.00943887047,   1.00167406,     2.83297682};
    const TensorType& type = declared();
    const TensorType pred{DType::kPred, type.dims};
    const auto binary = [&](OpKind kind, ValueId a, ValueId b) {
        return emit(kind, {a, b}, {}, type);
    };
    const ValueId x = op_.operands[0];
    const ValueId square = emit(OpKind::kNegate, {binary(OpKind::kMultiply, x, x)}, {}, type);
    const ValueId w = emit(OpKind::kNegate, {emit(OpKind::kLog1p, {square}, {}, type)}, {}, type);
    const auto polynomial = [&](const std::array<double, 9>& factors, ValueId at) {
        ValueId sum = splat(factors[0], type);
        for (size_t i = 1; i < factors.size(); ++i)
            sum = binary(OpKind::kAdd, binary(OpKind::kMultiply, sum, at), splat(factors[i], type));
        return sum;
    };
    const ValueId isNear =
        emit(OpKind::kCompare, {w, splat(5, type)}, CompareAttributes{CompareDirection::kLt}, pred);
    const ValueId near = polynomial(kNear, binary(OpKind::kSubtract, w, splat(2.5, type)));
    const ValueId root = emit(OpKind::kSqrt, {w}, {}, type);
    const ValueId far = polynomial(kFar, binary(OpKind::kSubtract, root, splat(3, type)));
    const ValueId factor = emit(OpKind::kSelect, {isNear, near, far}, {}, type);
    finish(OpKind::kMultiply, {factor, x});
}

void OpConverter::convertSquare()
{
    if (hasOperands(1))
        finish(OpKind::kMultiply, {op_.operands[0], op_.operands[0]});
}

void OpConverter::convertTan()
{
    if (!hasOperands(1))
        return;
    const ValueId sine = emit(OpKind::kSine, op_.operands, {}, declared());
    const ValueId cosine = emit(OpKind::kCosine, op_.operands, {}, declared());
    finish(OpKind::kDivide, {sine, cosine});
}

/// Of equal widths; others gain or lose a dimension, which no op of the graph does.
void OpConverter::convertBitcast()
{
    if (!hasOperands(1))
        return;
    if (graph_.type(op_.operands[0]).dims != declared().dims)
        return unsupported("its elements change their width");
    finish(OpKind::kBitcast, op_.operands);
}

void OpConverter::convertCbrt()
{
    if (!hasOperands(1))
        return;
    const ValueId sign = emit(OpKind::kSign, op_.operands, {}, declared());
    const ValueId size = emit(OpKind::kAbs, op_.operands, {}, declared());
    const ValueId root = emit(OpKind::kPower, {size, splat(1.0 / 3.0, declared())}, {}, declared());
    finish(OpKind::kMultiply, {sign, root});
}

/// The nearest, halves away from zero.
void OpConverter::convertRoundAway()
{
    if (!hasOperands(1))
        return;
    const ValueId sign = emit(OpKind::kSign, op_.operands, {}, declared());
    const ValueId size = emit(OpKind::kAbs, op_.operands, {}, declared());
    const ValueId half = emit(OpKind::kAdd, {size, splat(0.5, declared())}, {}, declared());
    const ValueId whole = emit(OpKind::kFloor, {half}, {}, declared());
    finish(OpKind::kMultiply, {sign, whole});
}

/// To the formats that exist as types: through them and back.
void OpConverter::convertReducePrecision()
{
    const auto exponent = integers(findAny(syntax_, {"exponent_bits", "format"}));
    const auto mantissa = integers(syntax_.find("mantissa_bits"));
    int64_t exponentBits = exponent && exponent->size() == 1 ? exponent->front() : 0;
    int64_t mantissaBits = mantissa && mantissa->size() == 1 ? mantissa->front() : 0;
    if (const MlirAttribute* format = syntax_.find("format")) { // e5m10
        const char* end = format->text.data() + format->text.size();
        const size_t m = std::min(format->text.find('m'), format->text.size());
        if (m > 1 && m < format->text.size() && format->text.front() == 'e') {
            std::from_chars(format->text.data() + 1, format->text.data() + m, exponentBits);
            std::from_chars(format->text.data() + m + 1, end, mantissaBits);
        }
    }
    const DType own = declared().dtype;
    const auto isFormat = [&](int64_t e, int64_t m) {
        return exponentBits == e && mantissaBits == m;
    };
    std::optional<DType> narrow;
    if (isFormat(8, 7))
        narrow = DType::kBF16;
    else if (isFormat(5, 10))
        narrow = DType::kF16;
    else if (isFormat(8, 23))
        narrow = DType::kF32;
    else if (!isFormat(11, 52))
        return unsupported(fmt::format("no type has {} bits of exponent and {} of mantissa",
                                       exponentBits, mantissaBits));
    if (!hasOperands(1))
        return;
    if (!narrow || dtypeBytes(*narrow) > dtypeBytes(own) || *narrow == own)
        return passOperands();
    const ValueId rounded = emit(OpKind::kConvert, op_.operands, {}, {*narrow, declared().dims});
    finish(OpKind::kConvert, {rounded});
}

/// Of numbers in [-1, 1], by the series of Abramowitz and Stegun 4.4.49 in the squares, to 1e-8 or
/// so; the quadrant follows from the signs.
void OpConverter::convertAtan2()
{
    if (!hasOperands(2))
        return;
    const ValueId y = op_.operands[0];
    const ValueId x = op_.operands[1];
    const TensorType& type = declared();
    const TensorType pred{DType::kPred, type.dims};
    const ValueId ay = emit(OpKind::kAbs, {y}, {}, type);
    const ValueId ax = emit(OpKind::kAbs, {x}, {}, type);
    const ValueId high = emit(OpKind::kMaximum, {ax, ay}, {}, type);
    const ValueId low = emit(OpKind::kMinimum, {ax, ay}, {}, type);
    const ValueId zero = splat(0, type);
    const ValueId isZero =
        emit(OpKind::kCompare, {high, zero}, CompareAttributes{CompareDirection::kEq}, pred);
    const ValueId divisor = emit(OpKind::kSelect, {isZero, splat(1, type), high}, {}, type);
    const ValueId t = emit(OpKind::kDivide, {low, divisor}, {}, type);
    const ValueId s = emit(OpKind::kMultiply, {t, t}, {}, type);
    constexpr double kSeries[] = {0.0028662257,  -0.0161657367, 0.0429096138,
                                  -0.0752896400, 0.1065626393,  -0.1420889944,
                                  0.1999355085,  -0.3333314528, 1.0};
    ValueId sum = splat(kSeries[0], type);
    for (size_t at = 1; at < std::size(kSeries); ++at) {
        const ValueId product = emit(OpKind::kMultiply, {sum, s}, {}, type);
        sum = emit(OpKind::kAdd, {product, splat(kSeries[at], type)}, {}, type);
    }
    ValueId angle = emit(OpKind::kMultiply, {sum, t}, {}, type);
    const auto where = [&](ValueId a, ValueId b, double from) {
        const ValueId holds =
            emit(OpKind::kCompare, {a, b}, CompareAttributes{CompareDirection::kGt}, pred);
        const ValueId other = emit(OpKind::kSubtract, {splat(from, type), angle}, {}, type);
        angle = emit(OpKind::kSelect, {holds, other, angle}, {}, type);
    };
    where(ay, ax, 1.5707963267948966);
    where(zero, x, 3.141592653589793);
    const ValueId isBelow =
        emit(OpKind::kCompare, {y, zero}, CompareAttributes{CompareDirection::kLt}, pred);
    const ValueId negative = emit(OpKind::kNegate, {angle}, {}, type);
    finish(OpKind::kSelect, {isBelow, negative, angle});
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
        {"atan2", &OpConverter::convertAtan2},
        {"bitcast_convert", &OpConverter::convertBitcast},
        {"broadcast", &OpConverter::convertBroadcast},
        {"broadcast_in_dim", &OpConverter::convertBroadcast},
        {"cbrt", &OpConverter::convertCbrt},
        {"clamp", &OpConverter::convertClamp},
        {"compare", &OpConverter::convertCompare},
        {"concatenate", &OpConverter::convertConcatenate},
        {"constant", &OpConverter::convertConstant},
        {"convolution", &OpConverter::convertConvolution},
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
