// Factor rules of contractions, reductions, windows and indexing.
#include "core/graph/infer_rules.h"
#include "core/graph/rule_builder.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Partial results can be combined by these only: the collectives have no logical or multiplying
/// kind.
FactorKind reductionFactor(ReduceKind kind)
{
    const bool isCombinable =
        kind == ReduceKind::kAdd || kind == ReduceKind::kMaximum || kind == ReduceKind::kMinimum;
    return isCombinable ? FactorKind::kReduction : FactorKind::kBlocked;
}

} // namespace

void addDotRule(RuleBuilder& rule)
{
    const auto& a = std::get<DotAttributes>(rule.op().attributes);
    int result = 0;
    for (size_t i = 0; i < a.lhsBatch.size(); ++i)
        rule.pass(
            {operandDim(0, a.lhsBatch[i]), operandDim(1, a.rhsBatch[i]), resultDim(result++)});
    for (int dim = 0; dim < rule.operandType(0).rank(); ++dim) {
        if (!contains(a.lhsBatch, dim) && !contains(a.lhsContracting, dim))
            rule.pass({operandDim(0, dim), resultDim(result++)});
    }
    for (int dim = 0; dim < rule.operandType(1).rank(); ++dim) {
        if (!contains(a.rhsBatch, dim) && !contains(a.rhsContracting, dim))
            rule.pass({operandDim(1, dim), resultDim(result++)});
    }
    for (size_t i = 0; i < a.lhsContracting.size(); ++i)
        rule.share(FactorKind::kReduction,
                   {operandDim(0, a.lhsContracting[i]), operandDim(1, a.rhsContracting[i])});
}

void addConvolutionRule(RuleBuilder& rule)
{
    const auto& a = std::get<ConvolutionAttributes>(rule.op().attributes);
    // Groups tie batch or features together; a device would have to change the number of groups
    // too.
    if (a.batchGroups == 1)
        rule.pass({operandDim(0, a.inputBatch), resultDim(a.outputBatch)});
    else
        rule.block({operandDim(0, a.inputBatch), resultDim(a.outputBatch)});
    const bool isGrouped = a.featureGroups > 1 || a.batchGroups > 1;
    rule.share(isGrouped ? FactorKind::kBlocked : FactorKind::kPassThrough,
               {operandDim(1, a.kernelOutputFeature), resultDim(a.outputFeature)});
    if (a.featureGroups == 1) {
        rule.share(isGrouped ? FactorKind::kBlocked : FactorKind::kReduction,
                   {operandDim(0, a.inputFeature), operandDim(1, a.kernelInputFeature)});
    } else {
        rule.block({operandDim(0, a.inputFeature), operandDim(1, a.kernelInputFeature)});
    }
    for (size_t i = 0; i < a.inputSpatial.size(); ++i) {
        const Place input = operandDim(0, a.inputSpatial[i]);
        const Place kernel = operandDim(1, a.kernelSpatial[i]);
        const Place output = resultDim(a.outputSpatial[i]);
        const bool isPointwise = rule.size(kernel) == 1 && a.strides[i] == 1 &&
                                 a.paddingLow[i] == 0 && a.paddingHigh[i] == 0 &&
                                 a.lhsDilation[i] == 1;
        if (isPointwise)
            rule.pass({input, output});
        else
            rule.block({input, kernel, output});
    }
}

void addReduceRule(RuleBuilder& rule)
{
    const auto& a = std::get<ReduceAttributes>(rule.op().attributes);
    int result = 0;
    for (int dim = 0; dim < rule.operandType(0).rank(); ++dim) {
        if (contains(a.dims, dim))
            rule.share(reductionFactor(a.kind), {operandDim(0, dim)}, a.kind);
        else
            rule.pass({operandDim(0, dim), resultDim(result++)});
    }
}

namespace
{

/// Is dimension `dim` of a window op left as it is?
bool isUnwindowed(const ReduceWindowAttributes& a, size_t dim)
{
    return a.window[dim] == 1 && a.strides[dim] == 1 && a.paddingLow[dim] == 0 &&
           a.paddingHigh[dim] == 0;
}

} // namespace

void addReduceWindowRule(RuleBuilder& rule)
{
    const auto& a = std::get<ReduceWindowAttributes>(rule.op().attributes);
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        if (isUnwindowed(a, static_cast<size_t>(dim)))
            rule.pass({operandDim(0, dim), resultDim(dim)});
        else
            rule.block({operandDim(0, dim), resultDim(dim)});
    }
}

void addSelectAndScatterRule(RuleBuilder& rule)
{
    const auto& a = std::get<ReduceWindowAttributes>(rule.op().attributes);
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        if (isUnwindowed(a, static_cast<size_t>(dim))) {
            rule.pass({operandDim(0, dim), operandDim(1, dim), resultDim(dim)});
        } else {
            rule.share(FactorKind::kBlocked, {operandDim(0, dim), resultDim(dim)});
            rule.block({operandDim(1, dim)});
        }
    }
}

namespace
{

/// For each dimension of the indices except the index vector, the dimension of the gather's result
/// (or of the scatter's updates) that it becomes; -1 for the index vector.
std::vector<int> indexedDims(const std::vector<int>& windowDims, int indicesRank,
                             int indexVectorDim)
{
    std::vector<int> dims;
    int target = 0;
    for (int dim = 0; dim < indicesRank; ++dim) {
        if (dim == indexVectorDim) {
            dims.push_back(-1);
            continue;
        }
        while (contains(windowDims, target))
            ++target;
        dims.push_back(target++);
    }
    return dims;
}

} // namespace

void addGatherRule(RuleBuilder& rule)
{
    const auto& a = std::get<GatherAttributes>(rule.op().attributes);
    const std::vector<int> targets =
        indexedDims(a.offsetDims, rule.operandType(1).rank(), a.indexVectorDim);
    for (int dim = 0; dim < rule.operandType(1).rank(); ++dim) {
        const int target = targets[static_cast<size_t>(dim)];
        if (target < 0) {
            rule.block({operandDim(1, dim)});
            continue;
        }
        std::vector<Place> places{operandDim(1, dim), resultDim(target)};
        const auto batching = std::ranges::find(a.indicesBatchingDims, dim);
        if (batching != a.indicesBatchingDims.end())
            places.push_back(operandDim(0, a.operandBatchingDims[static_cast<size_t>(
                                               batching - a.indicesBatchingDims.begin())]));
        rule.pass(places);
    }
    // Zeros of the devices that do not hold the row add up to the row; predicates have no such sum.
    const bool isSummable = rule.resultType().dtype != DType::kPred;
    size_t offset = 0;
    for (int dim = 0; dim < rule.operandType(0).rank(); ++dim) {
        if (contains(a.operandBatchingDims, dim))
            continue;
        if (contains(a.collapsedSliceDims, dim)) {
            const bool isLookedUp = contains(a.startIndexMap, dim) && isSummable;
            rule.share(isLookedUp ? FactorKind::kReduction : FactorKind::kBlocked,
                       {operandDim(0, dim)});
            continue;
        }
        const int target = a.offsetDims[offset++];
        // A slice of the whole dimension starts at 0 wherever the index points, as indices are
        // clamped.
        if (a.sliceSizes[static_cast<size_t>(dim)] == rule.size(operandDim(0, dim)))
            rule.pass({operandDim(0, dim), resultDim(target)});
        else
            rule.block({operandDim(0, dim), resultDim(target)});
    }
}

void addScatterRule(RuleBuilder& rule)
{
    const auto& a = std::get<ScatterAttributes>(rule.op().attributes);
    const std::vector<int> targets =
        indexedDims(a.updateWindowDims, rule.operandType(1).rank(), a.indexVectorDim);
    // Devices with a part of the updates each yield the tensor plus their part: that adds up only
    // if the tensor is zero, as it is in the gradient of a gather. Maxima and minima always
    // combine.
    FactorKind updateKind = FactorKind::kBlocked;
    if (!a.isReplace && (a.kind != ReduceKind::kAdd || rule.isZero(0)))
        updateKind = reductionFactor(a.kind);
    for (int dim = 0; dim < rule.operandType(1).rank(); ++dim) {
        const int target = targets[static_cast<size_t>(dim)];
        if (target < 0) {
            rule.block({operandDim(1, dim)});
            continue;
        }
        const auto batching = std::ranges::find(a.indicesBatchingDims, dim);
        if (batching == a.indicesBatchingDims.end()) {
            rule.share(updateKind, {operandDim(1, dim), operandDim(2, target)}, a.kind);
            continue;
        }
        const int batch =
            a.inputBatchingDims[static_cast<size_t>(batching - a.indicesBatchingDims.begin())];
        rule.pass(
            {operandDim(0, batch), operandDim(1, dim), operandDim(2, target), resultDim(batch)});
    }
    size_t window = 0;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        if (contains(a.inputBatchingDims, dim))
            continue;
        if (contains(a.insertedWindowDims, dim)) {
            const bool isLookedUp = contains(a.scatterDimsToOperandDims, dim);
            rule.share(isLookedUp ? FactorKind::kPassThrough : FactorKind::kBlocked,
                       {operandDim(0, dim), resultDim(dim)});
            continue;
        }
        const Place update = operandDim(2, a.updateWindowDims[window++]);
        if (rule.size(update) == rule.size(resultDim(dim))) {
            rule.pass({operandDim(0, dim), update, resultDim(dim)});
        } else {
            rule.share(FactorKind::kBlocked, {operandDim(0, dim), resultDim(dim)});
            rule.block({update});
        }
    }
}

} // namespace alpa
