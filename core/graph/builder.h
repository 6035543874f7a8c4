// Appends ops to a graph with inferred result types: for passes that derive ops (gradients,
// updates) and for tests. Operands that do not fit are the caller's mistake and end in a CHECK, so
// importers do not build with this.
#pragma once

#include "core/graph/graph.h"

#include <span>
#include <string_view>
#include <vector>

namespace alpa
{

class GraphBuilder
{
public:
    /// Every op gets this scope, phase and origin (the forward op it is derived from). `graph` must
    /// outlive the builder.
    explicit GraphBuilder(Graph& graph, ScopeId scope = {}, Phase phase = Phase::kForward,
                          OpId origin = {});
    GraphBuilder(Graph& graph, std::string_view scopePath, Phase phase = Phase::kForward);

    Graph& graph() { return graph_; }
    void setScope(ScopeId scope) { scope_ = scope; }
    void setPhase(Phase phase) { phase_ = phase; }
    void setOrigin(OpId origin) { origin_ = origin; }
    /// Scope and origin of forward op `id`, for the ops of its gradient.
    void deriveFrom(OpId id);

    const TensorType& type(ValueId x) const { return graph_.type(x); }
    const std::vector<int64_t>& dims(ValueId x) const { return graph_.type(x).dims; }
    int rank(ValueId x) const { return graph_.type(x).rank(); }

    /// Any op with one result. `declared` as in inferTypes.
    ValueId emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes = {},
                 const std::optional<TensorType>& declared = std::nullopt);
    /// Any op; all its results.
    std::vector<ValueId> emitAll(OpKind kind, std::vector<ValueId> operands,
                                 Attributes attributes = {},
                                 const std::optional<TensorType>& declared = std::nullopt);

    // Constants.
    ValueId constant(double splat, TensorType constantType);
    ValueId constant(std::vector<double> values, TensorType constantType);
    ValueId scalar(double number, DType dtype) { return constant(number, {dtype, {}}); }
    /// A splat of the type of `x`.
    ValueId constantLike(double splat, ValueId x) { return constant(splat, type(x)); }
    ValueId zerosLike(ValueId x) { return constantLike(0, x); }
    ValueId onesLike(ValueId x) { return constantLike(1, x); }
    ValueId iota(int dim, TensorType iotaType);

    // Element-wise; operands of one type.
    ValueId unary(OpKind kind, ValueId x) { return emit(kind, {x}); }
    ValueId binary(OpKind kind, ValueId x, ValueId y) { return emit(kind, {x, y}); }
    ValueId abs(ValueId x) { return emit(OpKind::kAbs, {x}); }
    ValueId cosine(ValueId x) { return emit(OpKind::kCosine, {x}); }
    ValueId erf(ValueId x) { return emit(OpKind::kErf, {x}); }
    ValueId exp(ValueId x) { return emit(OpKind::kExp, {x}); }
    ValueId log(ValueId x) { return emit(OpKind::kLog, {x}); }
    ValueId logistic(ValueId x) { return emit(OpKind::kLogistic, {x}); }
    ValueId negate(ValueId x) { return emit(OpKind::kNegate, {x}); }
    ValueId logicalNot(ValueId x) { return emit(OpKind::kNot, {x}); }
    ValueId rsqrt(ValueId x) { return emit(OpKind::kRsqrt, {x}); }
    ValueId sign(ValueId x) { return emit(OpKind::kSign, {x}); }
    ValueId sine(ValueId x) { return emit(OpKind::kSine, {x}); }
    ValueId sqrt(ValueId x) { return emit(OpKind::kSqrt, {x}); }
    ValueId tanh(ValueId x) { return emit(OpKind::kTanh, {x}); }
    ValueId add(ValueId x, ValueId y) { return emit(OpKind::kAdd, {x, y}); }
    ValueId subtract(ValueId x, ValueId y) { return emit(OpKind::kSubtract, {x, y}); }
    ValueId multiply(ValueId x, ValueId y) { return emit(OpKind::kMultiply, {x, y}); }
    ValueId divide(ValueId x, ValueId y) { return emit(OpKind::kDivide, {x, y}); }
    ValueId maximum(ValueId x, ValueId y) { return emit(OpKind::kMaximum, {x, y}); }
    ValueId minimum(ValueId x, ValueId y) { return emit(OpKind::kMinimum, {x, y}); }
    ValueId power(ValueId x, ValueId y) { return emit(OpKind::kPower, {x, y}); }
    ValueId logicalAnd(ValueId x, ValueId y) { return emit(OpKind::kAnd, {x, y}); }
    ValueId logicalOr(ValueId x, ValueId y) { return emit(OpKind::kOr, {x, y}); }
    ValueId compare(CompareDirection direction, ValueId x, ValueId y);
    /// `predicate` is a scalar or of the shape of the branches.
    ValueId select(ValueId predicate, ValueId onTrue, ValueId onFalse);
    ValueId clamp(ValueId low, ValueId x, ValueId high);
    /// x itself when it already has the element type.
    ValueId convert(ValueId x, DType dtype);
    /// x * number, x + number, with a splat of x's type.
    ValueId scale(ValueId x, double number) { return multiply(x, constantLike(number, x)); }
    ValueId shift(ValueId x, double number) { return add(x, constantLike(number, x)); }

    // Shape.
    /// Dimension i of x becomes dimension resultDims[i] of the result of sizes `sizes`.
    ValueId broadcast(ValueId x, std::vector<int> resultDims, std::vector<int64_t> sizes);
    /// A scalar to every element of `sizes`; x itself when `sizes` is empty.
    ValueId broadcastScalar(ValueId x, std::vector<int64_t> sizes);
    /// Undoes a reduction over `reducedDims`: x spread over them to the shape of `like`.
    ValueId broadcastOver(ValueId x, std::span<const int> reducedDims, std::vector<int64_t> sizes);
    /// x itself when it already has these sizes.
    ValueId reshape(ValueId x, std::vector<int64_t> sizes);
    ValueId transpose(ValueId x, std::vector<int> permutation);
    ValueId reverse(ValueId x, std::vector<int> dims);
    ValueId slice(ValueId x, std::vector<int64_t> starts, std::vector<int64_t> limits,
                  std::vector<int64_t> strides = {});
    /// `padding` is a scalar value; `interior` is zero when empty.
    ValueId pad(ValueId x, ValueId padding, std::vector<int64_t> low, std::vector<int64_t> high,
                std::vector<int64_t> interior = {});
    ValueId concatenate(std::vector<ValueId> parts, int dim);
    ValueId dynamicSlice(ValueId x, std::vector<ValueId> starts, std::vector<int64_t> sizes);
    ValueId dynamicUpdateSlice(ValueId x, ValueId update, const std::vector<ValueId>& starts);

    // Contractions, reductions and indexing.
    /// The result has the element type of x unless `dtype` says otherwise.
    ValueId dot(ValueId x, ValueId y, DotAttributes attributes, std::optional<DType> dtype = {});
    /// (..., k) x (k, n) -> (..., n).
    ValueId matmul(ValueId x, ValueId y);
    ValueId convolution(ValueId x, ValueId kernel, ConvolutionAttributes attributes);
    ValueId reduce(ReduceKind kind, ValueId x, std::vector<int> dims);
    ValueId sum(ValueId x, std::vector<int> dims)
    {
        return reduce(ReduceKind::kAdd, x, std::move(dims));
    }
    ValueId sumAll(ValueId x);
    ValueId reduceWindow(ValueId x, ReduceWindowAttributes attributes);
    ValueId gather(ValueId x, ValueId indices, GatherAttributes attributes);
    ValueId scatter(ValueId x, ValueId indices, ValueId updates, ScatterAttributes attributes);
    /// The mean over the microbatches of a step.
    ValueId accumulate(ValueId x) { return emit(OpKind::kAccumulate, {x}); }

private:
    Graph& graph_;
    ScopeId scope_;
    Phase phase_;
    OpId origin_;
};

} // namespace alpa
