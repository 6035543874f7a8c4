// Element-wise ops and ops that only move elements.
#include "core/graph/builder.h"
#include "tests/unit/training/derivative_cases.h"

#include <utility>

namespace alpa
{
namespace
{

ValueId integers(GraphBuilder& b, std::vector<double> values, std::vector<int64_t> dims)
{
    return b.constant(std::move(values), {DType::kS32, std::move(dims)});
}

using P = const std::vector<ValueId>&;

GraphBody unary(OpKind kind)
{
    return [kind](GraphBuilder& b, P p) { return b.unary(kind, p[0]); };
}
GraphBody binary(OpKind kind)
{
    return [kind](GraphBuilder& b, P p) { return b.binary(kind, p[0], p[1]); };
}

} // namespace

std::vector<DerivativeCase> elementwiseCases()
{
    const std::vector<std::vector<int64_t>> one = {{3, 4}};
    const std::vector<std::vector<int64_t>> two = {{3, 4}, {3, 4}};
    const ValueRange positive{.low = 0.5, .high = 2.0};
    return {
        {"Abs", one, unary(OpKind::kAbs), {}},
        {"Cosine", one, unary(OpKind::kCosine), {}},
        {"Erf", one, unary(OpKind::kErf), {}},
        {"Exp", one, unary(OpKind::kExp), {}},
        {"Expm1", one, unary(OpKind::kExpm1), {}},
        {"Log", one, unary(OpKind::kLog), positive},
        {"Log1p", one, unary(OpKind::kLog1p), positive},
        {"Logistic", one, unary(OpKind::kLogistic), {}},
        {"Negate", one, unary(OpKind::kNegate), {}},
        {"Rsqrt", one, unary(OpKind::kRsqrt), positive},
        {"Sine", one, unary(OpKind::kSine), {}},
        {"Sqrt", one, unary(OpKind::kSqrt), positive},
        {"Tanh", one, unary(OpKind::kTanh), {}},
        {"FloorIsFlat",
         one,
         [](GraphBuilder& b, P p) { return b.add(b.unary(OpKind::kFloor, p[0]), p[0]); },
         {.low = 0.1, .high = 0.9}},
        {"Add", two, binary(OpKind::kAdd), {}},
        {"Subtract", two, binary(OpKind::kSubtract), {}},
        {"Multiply", two, binary(OpKind::kMultiply), {}},
        {"Square", one, [](GraphBuilder& b, P p) { return b.multiply(p[0], p[0]); }, {}},
        {"Divide", two, binary(OpKind::kDivide), positive},
        {"Maximum", two, binary(OpKind::kMaximum), {}},
        {"Minimum", two, binary(OpKind::kMinimum), {}},
        {"Relu", one, [](GraphBuilder& b, P p) { return b.maximum(p[0], b.zerosLike(p[0])); }, {}},
        {"ReluOnTheRight",
         one,
         [](GraphBuilder& b, P p) { return b.minimum(b.zerosLike(p[0]), p[0]); },
         {}},
        {"Power", two, binary(OpKind::kPower), positive},
        {"PowerOfTwo",
         one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(2.0, p[0])); },
         {}},
        {"PowerOfThree",
         one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(3.0, p[0])); },
         {}},
        {"PowerOfMinusHalf", one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(-0.5, p[0])); }, positive},
        {"Remainder", two,
         [](GraphBuilder& b, P p) {
             return b.binary(OpKind::kRemainder, b.scale(p[0], 5.0), p[1]);
         },
         positive},
        {"Select",
         two,
         [](GraphBuilder& b, P p) {
             return b.select(b.compare(CompareDirection::kLt, p[0], p[1]), b.exp(p[0]),
                             b.sine(p[1]));
         },
         {}},
        {"SelectByScalar",
         two,
         [](GraphBuilder& b, P p) {
             return b.select(b.constant(0.0, {DType::kPred, {}}), p[0], p[1]);
         },
         {}},
        {"Clamp",
         {{3, 4}, {3, 4}, {3, 4}},
         [](GraphBuilder& b, P p) {
             return b.clamp(b.scale(p[0], 0.4), p[1], b.shift(b.scale(p[2], 0.4), 0.5));
         },
         {}},
        {"ClampByScalars",
         {{}, {3, 4}, {}},
         [](GraphBuilder& b, P p) { return b.clamp(b.scale(p[0], 0.3), p[1], b.shift(p[2], 1.0)); },
         {}},
        {"Convert",
         one,
         [](GraphBuilder& b, P p) {
             return b.convert(b.exp(b.convert(p[0], DType::kF32)), DType::kF64);
         },
         {}},
    };
}

std::vector<DerivativeCase> shapeCases()
{
    return {
        {"Broadcast",
         {{3, 1}},
         [](GraphBuilder& b, P p) {
             return b.broadcast(p[0], {1, 2}, {2, 3, 4});
         },
         {}},
        {"BroadcastReordered",
         {{2, 3, 1}},
         [](GraphBuilder& b, P p) {
             return b.broadcast(p[0], {2, 0, 3}, {3, 5, 2, 4});
         },
         {}},
        {"BroadcastScalar",
         {{}},
         [](GraphBuilder& b, P p) {
             return b.broadcastScalar(p[0], {2, 3});
         },
         {}},
        {"Concatenate",
         {{2, 3}, {2, 1}, {2, 2}},
         [](GraphBuilder& b, P p) {
             return b.concatenate({p[0], p[1], p[0], p[2]}, 1);
         },
         {}},
        {"DynamicSlice",
         {{4, 5}},
         [](GraphBuilder& b, P p) {
             return b.dynamicSlice(p[0], {integers(b, {1}, {}), integers(b, {9}, {})}, {2, 3});
         },
         {}},
        {"DynamicUpdateSlice",
         {{4, 5}, {2, 3}},
         [](GraphBuilder& b, P p) {
             return b.dynamicUpdateSlice(p[0], p[1], {integers(b, {1}, {}), integers(b, {9}, {})});
         },
         {}},
        {"Pad",
         {{2, 3}, {}},
         [](GraphBuilder& b, P p) {
             return b.pad(p[0], p[1], {1, 0}, {2, 1}, {0, 2});
         },
         {}},
        {"PadNegative",
         {{4, 5}, {}},
         [](GraphBuilder& b, P p) {
             return b.pad(p[0], p[1], {-1, -2}, {0, -1}, {1, 1});
         },
         {}},
        {"Reshape",
         {{2, 6}},
         [](GraphBuilder& b, P p) {
             return b.reshape(p[0], {3, 4});
         },
         {}},
        {"Reverse", {{2, 3}}, [](GraphBuilder& b, P p) { return b.reverse(p[0], {1}); }, {}},
        {"Slice",
         {{5, 7}},
         [](GraphBuilder& b, P p) {
             return b.slice(p[0], {1, 0}, {4, 6}, {1, 3});
         },
         {}},
        {"SliceEmpty",
         {{3}},
         [](GraphBuilder& b, P p) {
             return b.add(b.broadcastScalar(b.sumAll(b.slice(p[0], {1}, {1})), {3}), p[0]);
         },
         {}},
        {"Transpose",
         {{2, 3, 4}},
         [](GraphBuilder& b, P p) {
             return b.transpose(p[0], {2, 0, 1});
         },
         {}},
    };
}

} // namespace alpa
