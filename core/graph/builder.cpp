#include "core/graph/builder.h"

#include "core/base/check.h"
#include "core/graph/infer_types.h"

#include <algorithm>
#include <numeric>

namespace alpa
{

GraphBuilder::GraphBuilder(Graph& graph, ScopeId scope, Phase phase, OpId origin)
    : graph_(graph)
    , scope_(scope.isValid() ? scope : graph.scope(""))
    , phase_(phase)
    , origin_(origin)
{
}

GraphBuilder::GraphBuilder(Graph& graph, std::string_view scopePath, Phase phase)
    : GraphBuilder(graph, graph.scope(scopePath), phase)
{
}

void GraphBuilder::deriveFrom(OpId id)
{
    scope_ = graph_.op(id).scope;
    origin_ = id;
}

std::vector<ValueId> GraphBuilder::emitAll(OpKind kind, std::vector<ValueId> operands,
                                           Attributes attributes,
                                           const std::optional<TensorType>& declared)
{
    std::vector<TensorType> operandTypes;
    operandTypes.reserve(operands.size());
    for (const ValueId operand : operands)
        operandTypes.push_back(type(operand));
    Result<std::vector<TensorType>> types = inferTypes(kind, attributes, operandTypes, declared);
    CHECK(types.ok(), types.error().message.c_str());
    Op op;
    op.kind = kind;
    op.phase = phase_;
    op.scope = scope_;
    op.origin = origin_;
    op.operands = std::move(operands);
    op.attributes = std::move(attributes);
    const OpId id = graph_.addOp(std::move(op), std::move(types).value());
    return graph_.op(id).results;
}

ValueId GraphBuilder::emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                           const std::optional<TensorType>& declared)
{
    const std::vector<ValueId> results =
        emitAll(kind, std::move(operands), std::move(attributes), declared);
    CHECK(results.size() == 1, "emit is for ops with one result");
    return results[0];
}

ValueId GraphBuilder::constant(double splat, TensorType constantType)
{
    return emit(OpKind::kConstant, {}, ConstantAttributes{{splat}}, std::move(constantType));
}

ValueId GraphBuilder::constant(std::vector<double> values, TensorType constantType)
{
    return emit(OpKind::kConstant, {}, ConstantAttributes{std::move(values)},
                std::move(constantType));
}

ValueId GraphBuilder::iota(int dim, TensorType iotaType)
{
    return emit(OpKind::kIota, {}, IotaAttributes{dim}, std::move(iotaType));
}

ValueId GraphBuilder::compare(CompareDirection direction, ValueId x, ValueId y)
{
    return emit(OpKind::kCompare, {x, y}, CompareAttributes{direction});
}

ValueId GraphBuilder::select(ValueId predicate, ValueId onTrue, ValueId onFalse)
{
    return emit(OpKind::kSelect, {predicate, onTrue, onFalse});
}

ValueId GraphBuilder::clamp(ValueId low, ValueId x, ValueId high)
{
    return emit(OpKind::kClamp, {low, x, high});
}

ValueId GraphBuilder::convert(ValueId x, DType dtype)
{
    if (type(x).dtype == dtype)
        return x;
    return emit(OpKind::kConvert, {x}, {}, TensorType{dtype, dims(x)});
}

ValueId GraphBuilder::broadcast(ValueId x, std::vector<int> resultDims, std::vector<int64_t> sizes)
{
    return emit(OpKind::kBroadcast, {x}, DimsAttributes{std::move(resultDims)},
                TensorType{type(x).dtype, std::move(sizes)});
}

ValueId GraphBuilder::broadcastScalar(ValueId x, std::vector<int64_t> sizes)
{
    if (sizes.empty())
        return x;
    return broadcast(x, {}, std::move(sizes));
}

ValueId GraphBuilder::broadcastOver(ValueId x, std::span<const int> reducedDims,
                                    std::vector<int64_t> sizes)
{
    if (reducedDims.empty())
        return x;
    std::vector<int> kept;
    for (int dim = 0; dim < static_cast<int>(sizes.size()); ++dim) {
        if (std::ranges::find(reducedDims, dim) == reducedDims.end())
            kept.push_back(dim);
    }
    return broadcast(x, std::move(kept), std::move(sizes));
}

ValueId GraphBuilder::reshape(ValueId x, std::vector<int64_t> sizes)
{
    if (dims(x) == sizes)
        return x;
    return emit(OpKind::kReshape, {x}, {}, TensorType{type(x).dtype, std::move(sizes)});
}

ValueId GraphBuilder::transpose(ValueId x, std::vector<int> permutation)
{
    return emit(OpKind::kTranspose, {x}, DimsAttributes{std::move(permutation)});
}

ValueId GraphBuilder::reverse(ValueId x, std::vector<int> dims)
{
    return emit(OpKind::kReverse, {x}, DimsAttributes{std::move(dims)});
}

ValueId GraphBuilder::slice(ValueId x, std::vector<int64_t> starts, std::vector<int64_t> limits,
                            std::vector<int64_t> strides)
{
    if (strides.empty())
        strides.assign(starts.size(), 1);
    return emit(OpKind::kSlice, {x},
                SliceAttributes{std::move(starts), std::move(limits), std::move(strides)});
}

ValueId GraphBuilder::pad(ValueId x, ValueId padding, std::vector<int64_t> low,
                          std::vector<int64_t> high, std::vector<int64_t> interior)
{
    if (interior.empty())
        interior.assign(low.size(), 0);
    return emit(OpKind::kPad, {x, padding},
                PadAttributes{std::move(low), std::move(high), std::move(interior)});
}

ValueId GraphBuilder::concatenate(std::vector<ValueId> parts, int dim)
{
    return emit(OpKind::kConcatenate, std::move(parts), ConcatenateAttributes{dim});
}

ValueId GraphBuilder::dynamicSlice(ValueId x, std::vector<ValueId> starts,
                                   std::vector<int64_t> sizes)
{
    starts.insert(starts.begin(), x);
    return emit(OpKind::kDynamicSlice, std::move(starts), DynamicSliceAttributes{std::move(sizes)});
}

ValueId GraphBuilder::dynamicUpdateSlice(ValueId x, ValueId update,
                                         const std::vector<ValueId>& starts)
{
    std::vector<ValueId> operands{x, update};
    operands.insert(operands.end(), starts.begin(), starts.end());
    return emit(OpKind::kDynamicUpdateSlice, std::move(operands));
}

ValueId GraphBuilder::dot(ValueId x, ValueId y, DotAttributes attributes,
                          std::optional<DType> dtype)
{
    const TensorType declared{dtype.value_or(type(x).dtype), {}};
    return emit(OpKind::kDot, {x, y}, std::move(attributes), declared);
}

ValueId GraphBuilder::matmul(ValueId x, ValueId y)
{
    return dot(
        x, y,
        {.lhsBatch = {}, .rhsBatch = {}, .lhsContracting = {rank(x) - 1}, .rhsContracting = {0}});
}

ValueId GraphBuilder::convolution(ValueId x, ValueId kernel, ConvolutionAttributes attributes)
{
    return emit(OpKind::kConvolution, {x, kernel}, std::move(attributes));
}

ValueId GraphBuilder::reduce(ReduceKind kind, ValueId x, std::vector<int> dims)
{
    return emit(OpKind::kReduce, {x}, ReduceAttributes{kind, std::move(dims)});
}

ValueId GraphBuilder::sumAll(ValueId x)
{
    std::vector<int> all(static_cast<size_t>(rank(x)));
    std::iota(all.begin(), all.end(), 0);
    return sum(x, std::move(all));
}

ValueId GraphBuilder::reduceWindow(ValueId x, ReduceWindowAttributes attributes)
{
    return emit(OpKind::kReduceWindow, {x}, std::move(attributes));
}

ValueId GraphBuilder::gather(ValueId x, ValueId indices, GatherAttributes attributes)
{
    return emit(OpKind::kGather, {x, indices}, std::move(attributes));
}

ValueId GraphBuilder::scatter(ValueId x, ValueId indices, ValueId updates,
                              ScatterAttributes attributes)
{
    return emit(OpKind::kScatter, {x, indices, updates}, std::move(attributes));
}

} // namespace alpa
