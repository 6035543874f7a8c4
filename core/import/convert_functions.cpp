// Functions of single numbers that the graph has no op of its own for.
#include "core/import/attribute_access.h"
#include "core/import/op_converter.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace alpa
{

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

ElementaryFunctions OpConverter::elementary(const TensorType& type)
{
    return {type, [this](OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                         const TensorType& result) {
                return emit(kind, operands, std::move(attributes), result);
            }};
}

void OpConverter::convertFunction()
{
    static const std::unordered_map<std::string_view, ElementaryFunctions::Function> kFunctions = {
        {"acos", &ElementaryFunctions::arccosine},
        {"acosh", &ElementaryFunctions::inverseHyperbolicCosine},
        {"asin", &ElementaryFunctions::arcsine},
        {"asinh", &ElementaryFunctions::inverseHyperbolicSine},
        {"atan", &ElementaryFunctions::arctangent},
        {"atanh", &ElementaryFunctions::inverseHyperbolicTangent},
        {"cosh", &ElementaryFunctions::hyperbolicCosine},
        {"sinh", &ElementaryFunctions::hyperbolicSine},
    };
    const auto function = kFunctions.find(syntax_.name.substr(syntax_.name.find('.') + 1));
    if (!hasOperands(1) || function == kFunctions.end())
        return;
    ElementaryFunctions functions = elementary(declared());
    results_ = {(functions.*function->second)(op_.operands[0])};
}

/// The angle in the first eighth of the circle, by its tangent; the rest follows from the signs.
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
    ValueId angle = elementary(type).smallArctangent(t);
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

} // namespace alpa
