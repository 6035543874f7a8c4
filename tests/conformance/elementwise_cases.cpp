#include "tests/conformance/conformance_case.h"

namespace alpa
{
namespace
{

void floatUnary(ConformanceCase& c)
{
    struct Range {
        OpKind kind;
        double low, high;
    };
    constexpr Range kRanges[] = {
        {OpKind::kCeil, -9, 9},  {OpKind::kCosine, -4, 4},  {OpKind::kErf, -3, 3},
        {OpKind::kExp, -4, 4},   {OpKind::kExpm1, -2, 2},   {OpKind::kFloor, -9, 9},
        {OpKind::kLog, 0.1, 8},  {OpKind::kLog1p, -0.5, 8}, {OpKind::kLogistic, -6, 6},
        {OpKind::kRound, -9, 9}, {OpKind::kRsqrt, 0.1, 8},  {OpKind::kSine, -4, 4},
        {OpKind::kSqrt, 0, 8},   {OpKind::kTanh, -3, 3},    {OpKind::kIsFinite, -4, 4}};
    const DType dtype = c.oneOf(kFloats);
    const ValueId small = c.input({dtype, c.shape()}, 0.1, 0.9); // In everybody's domain.
    for (const Range& range : kRanges) {
        c.emit(range.kind, {c.input({dtype, c.shape(2, 30)}, range.low, range.high)});
        c.emit(range.kind, {small});
    }
}

void unary(ConformanceCase& c)
{
    const DType dtype = c.anyType();
    for (const OpKind kind : {OpKind::kAbs, OpKind::kNegate, OpKind::kSign})
        c.emit(kind, {c.input({dtype, c.shape(2, 30)})});
    // The complement of an unsigned 64-bit number is more than the reference's doubles hold.
    const DType integer = c.oneOf(kIntegers);
    c.emit(OpKind::kNot, {c.input({integer == DType::kU64 ? DType::kU32 : integer, c.shape()})});
    c.emit(OpKind::kNot, {c.input({DType::kPred, c.shape()})});
}

void binary(ConformanceCase& c)
{
    const DType dtype = c.anyType();
    const std::vector<int64_t> dims = c.shape(2, 30);
    for (const OpKind kind :
         {OpKind::kAdd, OpKind::kSubtract, OpKind::kMultiply, OpKind::kMaximum, OpKind::kMinimum})
        c.emit(kind, {c.input({dtype, dims}), c.input({dtype, dims})});
    c.emit(OpKind::kDivide, {c.input({dtype, dims}), c.input({dtype, dims}, 1.0, 5.0)});
    c.emit(OpKind::kRemainder,
           {c.input({dtype, dims}, 0.0, 50.0), c.input({dtype, dims}, 1.0, 5.0)});
    const DType floating = c.oneOf(kFloats);
    c.emit(OpKind::kPower,
           {c.input({floating, dims}, 0.2, 3.0), c.input({floating, dims}, -2.0, 2.0)});
    const DType logical = c.rng.chance(0.5) ? DType::kPred : c.oneOf(kIntegers);
    for (const OpKind kind : {OpKind::kAnd, OpKind::kOr, OpKind::kXor})
        c.emit(kind, {c.input({logical, dims}), c.input({logical, dims})});
}

void compareSelectClamp(ConformanceCase& c)
{
    const DType dtype = c.anyType();
    const std::vector<int64_t> dims = c.shape(2, 30);
    const ValueId x = c.input({dtype, dims});
    const ValueId y = c.input({dtype, dims});
    c.emit(OpKind::kCompare, {x, y},
           CompareAttributes{static_cast<CompareDirection>(c.rng.below(6))});
    c.emit(OpKind::kCompare, {x, x},
           CompareAttributes{static_cast<CompareDirection>(c.rng.below(6))});
    c.emit(OpKind::kSelect, {c.input({DType::kPred, dims}), x, y});
    c.emit(OpKind::kSelect, {c.input({DType::kPred, {}}), x, y});
    c.emit(OpKind::kClamp, {c.input({dtype, {}}, 0, 1), x, c.input({dtype, {}}, 1, 2)});
    c.emit(OpKind::kClamp, {c.input({dtype, dims}, 0, 1), x, c.input({dtype, dims}, 1, 2)});
}

void convert(ConformanceCase& c)
{
    const std::vector<int64_t> dims = c.shape(2, 30);
    for (int i = 0; i < 8; ++i) {
        const DType from = c.rng.chance(0.2) ? DType::kPred : c.anyType();
        const DType to = c.rng.chance(0.2) ? DType::kPred : c.anyType();
        // Negative floats to unsigned integers are left to the device.
        const bool toUnsigned =
            to == DType::kU8 || to == DType::kU16 || to == DType::kU32 || to == DType::kU64;
        c.emit(OpKind::kConvert,
               {c.input({from, dims}, toUnsigned && isFloating(from) ? 0.0 : -100.0, 100.0)}, {},
               TensorType{to, dims});
    }
}

void constantIota(ConformanceCase& c)
{
    const TensorType type{c.anyType(), c.shape(c.rng.between(1, 4))};
    std::vector<double> values;
    for (int64_t i = 0; i < type.elementCount(); ++i)
        values.push_back(
            roundToDtype(static_cast<double>(c.rng.between(0, 100)) / 8.0, type.dtype));
    c.emit(OpKind::kConstant, {}, ConstantAttributes{values}, type);
    c.emit(OpKind::kConstant, {}, ConstantAttributes{{3.0}}, type);
    c.emit(OpKind::kIota, {}, IotaAttributes{c.rng.below(type.rank())}, type);
}

constexpr ConformanceFamily kFamilies[] = {
    {"float_unary", floatUnary}, {"unary", unary},
    {"binary", binary},          {"compare_select_clamp", compareSelectClamp},
    {"convert", convert},        {"constant_iota", constantIota}};

} // namespace

std::span<const ConformanceFamily> elementwiseFamilies() { return kFamilies; }

} // namespace alpa
