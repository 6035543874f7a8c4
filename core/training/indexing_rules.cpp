// Derivatives of gather and scatter, which are each other's, and of sort, which is its own.
#include "core/graph/opaque_rule.h"
#include "core/training/backward.h"

#include <algorithm>

namespace alpa
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

void gatherRule(Backward& b, const Op& op, ValueId g)
{
    const auto& gather = std::get<GatherAttributes>(op.attributes);
    const ValueId zeros = b.build().zerosLike(op.operands[0]);
    const ScatterAttributes scatter{.updateWindowDims = gather.offsetDims,
                                    .insertedWindowDims = gather.collapsedSliceDims,
                                    .inputBatchingDims = gather.operandBatchingDims,
                                    .indicesBatchingDims = gather.indicesBatchingDims,
                                    .scatterDimsToOperandDims = gather.startIndexMap,
                                    .indexVectorDim = gather.indexVectorDim,
                                    .kind = ReduceKind::kAdd,
                                    .isReplace = false};
    b.contribute(op.operands[0], b.build().scatter(zeros, op.operands[1], g, scatter));
}

/// The window of a scatter in its tensor: the size along each tensor dimension.
std::vector<int64_t> windowSizes(const ScatterAttributes& scatter,
                                 const std::vector<int64_t>& updates, int rank)
{
    std::vector<int64_t> sizes;
    size_t next = 0;
    for (int d = 0; d < rank; ++d) {
        const bool isDropped =
            contains(scatter.insertedWindowDims, d) || contains(scatter.inputBatchingDims, d);
        sizes.push_back(isDropped ? 1
                                  : updates[static_cast<size_t>(scatter.updateWindowDims[next++])]);
    }
    return sizes;
}

/// For each element of the updates: does its window lie inside the tensor? (Scatter drops those
/// that do not, while the gather that is its derivative would read a clamped place.)
ValueId isInBounds(Backward& b, const Op& op, const std::vector<int64_t>& window)
{
    const auto& scatter = std::get<ScatterAttributes>(op.attributes);
    GraphBuilder& build = b.build();
    const ValueId indices = op.operands[1];
    const TensorType indicesType = b.graph().type(indices);
    const bool hasVector = scatter.indexVectorDim < indicesType.rank();
    std::vector<double> largest;
    for (const int d : scatter.scatterDimsToOperandDims)
        largest.push_back(static_cast<double>(b.dims(op.operands[0])[static_cast<size_t>(d)] -
                                              window[static_cast<size_t>(d)]));
    const ValueId limits =
        hasVector
            ? build.broadcast(build.constant(largest, {indicesType.dtype,
                                                       {static_cast<int64_t>(largest.size())}}),
                              {scatter.indexVectorDim}, indicesType.dims)
            : build.constant(largest[0], indicesType);
    ValueId isInside =
        build.logicalAnd(build.compare(CompareDirection::kGe, indices, build.zerosLike(indices)),
                         build.compare(CompareDirection::kLe, indices, limits));
    if (hasVector)
        isInside = build.reduce(ReduceKind::kAnd, isInside, {scatter.indexVectorDim});
    const std::vector<int64_t> updates = b.dims(op.operands[2]);
    return build.broadcastOver(isInside, scatter.updateWindowDims, updates);
}

void scatterRule(Backward& b, const Op& op, ValueId g)
{
    const auto& scatter = std::get<ScatterAttributes>(op.attributes);
    b.contribute(op.operands[0], g);
    if (!b.isActive(op.operands[2]))
        return;
    const std::vector<int64_t> window =
        windowSizes(scatter, b.dims(op.operands[2]), b.graph().type(op.operands[0]).rank());
    const GatherAttributes gather{.offsetDims = scatter.updateWindowDims,
                                  .collapsedSliceDims = scatter.insertedWindowDims,
                                  .operandBatchingDims = scatter.inputBatchingDims,
                                  .indicesBatchingDims = scatter.indicesBatchingDims,
                                  .startIndexMap = scatter.scatterDimsToOperandDims,
                                  .indexVectorDim = scatter.indexVectorDim,
                                  .sliceSizes = window};
    const ValueId read = b.build().gather(g, op.operands[1], gather);
    b.contribute(op.operands[2],
                 b.build().select(isInBounds(b, op, window), read, b.build().zerosLike(read)));
}

/// The cotangents go back to where their elements came from: the places that the sort gave are
/// sorted again, and the cotangents along with them.
void sortRule(Backward& b, const Op& op, ValueId)
{
    const auto& sort = std::get<SortAttributes>(op.attributes);
    GraphBuilder& build = b.build();
    const TensorType places{DType::kS32, b.dims(op.operands[0])};
    const ValueId came =
        build.emitAll(OpKind::kSort, {op.operands[0], build.iota(sort.dim, places)}, sort)[1];
    for (size_t at = 0; at < op.operands.size(); ++at) {
        const ValueId g = b.cotangent(op.results[at]);
        if (!g.isValid() || !b.isActive(op.operands[at]))
            continue;
        const SortAttributes back{.dim = sort.dim, .isDescending = false};
        b.contribute(op.operands[at], build.emitAll(OpKind::kSort, {came, g}, back)[1]);
    }
}

/// The rule of the derivative that goes to operand `operand`; none without a rule.
std::string ruleOfDerivative(const OpaqueAttributes& opaque, size_t operand,
                             const std::vector<size_t>& cotangents)
{
    if (opaque.rule.empty())
        return {};
    const Result<OpaqueRule> rule = parseOpaqueRule(opaque.rule);
    return rule.ok() ? formatOpaqueRule(derivativeRule(*rule, operand, cotangents)) : std::string();
}

/// What nobody knows has a derivative that nobody knows: for each operand an op of the operands and
/// the cotangents, so that plans can be made. Nothing executes either. It takes as long as the op
/// itself, as the derivatives of products do.
void opaqueRule(Backward& b, const Op& op, ValueId)
{
    const OpaqueAttributes opaque = std::get<OpaqueAttributes>(op.attributes);
    std::vector<ValueId> known = op.operands;
    std::vector<size_t> cotangents;
    for (size_t at = 0; at < op.results.size(); ++at) {
        if (!b.cotangent(op.results[at]).isValid())
            continue;
        known.push_back(b.cotangent(op.results[at]));
        cotangents.push_back(at);
    }
    for (size_t at = 0; at < op.operands.size(); ++at) {
        const ValueId operand = op.operands[at];
        if (!b.isActive(operand))
            continue;
        const OpaqueAttributes derivative{.name = "derivative of " + opaque.name,
                                          .text = opaque.text,
                                          .rule = ruleOfDerivative(opaque, at, cotangents),
                                          .flops = opaque.flops};
        b.contribute(operand,
                     b.build().emit(OpKind::kOpaque, known, derivative, b.graph().type(operand)));
    }
}

} // namespace

DerivativeRule indexingRule(OpKind kind)
{
    if (kind == OpKind::kGather)
        return gatherRule;
    if (kind == OpKind::kScatter)
        return scatterRule;
    if (kind == OpKind::kSort)
        return sortRule;
    if (kind == OpKind::kOpaque)
        return opaqueRule;
    return nullptr;
}

std::optional<std::string> derivativeRefusal(const Op& op)
{
    if (const auto* convolution = std::get_if<ConvolutionAttributes>(&op.attributes)) {
        if (convolution->batchGroups != 1)
            return "convolution with batch groups";
    }
    if (const auto* scatter = std::get_if<ScatterAttributes>(&op.attributes)) {
        if (scatter->isReplace || scatter->kind != ReduceKind::kAdd)
            return "scatter other than add";
    }
    if (op.kind == OpKind::kReduceWindow) {
        const ReduceKind kind = std::get<ReduceWindowAttributes>(op.attributes).kind;
        if (kind != ReduceKind::kAdd && kind != ReduceKind::kMaximum &&
            kind != ReduceKind::kMinimum)
            return "window reduction other than add, maximum and minimum";
    }
    return std::nullopt;
}

} // namespace alpa
