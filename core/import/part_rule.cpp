#include "core/import/part_rule.h"

#include "core/graph/infer_types.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Elements of a widened dimension: any number above one says the same.
constexpr int64_t kSeveral = 2;

using Sizes = std::vector<int64_t>;

/// Elements of the dimensions before `dim`.
int64_t elementsBefore(const Sizes& sizes, size_t dim)
{
    int64_t count = 1;
    for (size_t before = 0; before < dim; ++before)
        count *= sizes[before];
    return count;
}

/// Dimensions of `sizes` behind `elements` elements, those of one element or the others.
std::vector<size_t> dimsBehind(const Sizes& sizes, int64_t elements, bool areSingle)
{
    std::vector<size_t> dims;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        if (elementsBefore(sizes, dim) == elements && (sizes[dim] == 1) == areSingle)
            dims.push_back(dim);
    }
    return dims;
}

/// The result of a reshape: a widened dimension stays one of its own where the result has a
/// dimension of one element in its place, else it widens the dimension behind it.
Sizes reshapedSizes(const Sizes& before, const Sizes& wide, const Sizes& result)
{
    Sizes sizes = result;
    for (size_t from = 0; from < before.size(); ++from) {
        if (wide[from] == before[from])
            continue;
        const int64_t elements = elementsBefore(before, from);
        const std::vector<size_t> here = dimsBehind(before, elements, true);
        const auto order = static_cast<size_t>(std::ranges::find(here, from) - here.begin());
        const std::vector<size_t> singles = dimsBehind(result, elements, true);
        const std::vector<size_t> others = dimsBehind(result, elements, false);
        if (order < singles.size())
            sizes[singles[order]] *= kSeveral;
        else if (!others.empty())
            sizes[others[0]] *= kSeveral;
    }
    return sizes;
}

Sizes broadcastSizes(const Op& op, const Sizes& before, const Sizes& wide, const Sizes& result)
{
    Sizes sizes = result;
    const std::vector<int>& dims = std::get<DimsAttributes>(op.attributes).dims;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        const auto source = std::ranges::find(dims, static_cast<int>(dim));
        const auto at = static_cast<size_t>(source - dims.begin());
        const bool isWide = source == dims.end() || wide[at] != before[at];
        if (isWide && sizes[dim] == 1)
            sizes[dim] = kSeveral;
    }
    return sizes;
}

/// The sizes of result 0 of an operation that only follows its operands' shapes.
Sizes resultSizes(const Graph& local, const Op& op, const std::vector<TensorType>& operands)
{
    Sizes sizes = local.type(op.results[0]).dims;
    if (op.kind == OpKind::kConstant) {
        const bool isSplat = std::get<ConstantAttributes>(op.attributes).values.size() == 1;
        std::ranges::replace(sizes, int64_t{1}, isSplat ? kSeveral : 1);
        return sizes;
    }
    if (const auto* iota = std::get_if<IotaAttributes>(&op.attributes)) {
        for (size_t dim = 0; dim < sizes.size(); ++dim) {
            if (sizes[dim] == 1 && dim != static_cast<size_t>(iota->dim))
                sizes[dim] = kSeveral;
        }
        return sizes;
    }
    if (op.kind == OpKind::kReshape)
        return reshapedSizes(local.type(op.operands[0]).dims, operands[0].dims, sizes);
    if (op.kind == OpKind::kBroadcast)
        return broadcastSizes(op, local.type(op.operands[0]).dims, operands[0].dims, sizes);
    for (const TensorType& operand : operands) {
        for (size_t dim = 0; operand.dims.size() == sizes.size() && dim < sizes.size(); ++dim)
            sizes[dim] = std::max(sizes[dim], operand.dims[dim]);
    }
    return sizes;
}

bool followsOperands(const Op& op)
{
    return actsOnElements(op.kind) || op.kind == OpKind::kConstant || op.kind == OpKind::kIota ||
           op.kind == OpKind::kReshape || op.kind == OpKind::kBroadcast;
}

} // namespace

bool actsOnElements(OpKind kind)
{
    return isElementwise(kind) || kind == OpKind::kClamp || kind == OpKind::kCompare ||
           kind == OpKind::kConvert || kind == OpKind::kSelect;
}

FactorRule partRule(const Graph& local, const Op& op, const SingleParts& parts)
{
    std::vector<TensorType> operands;
    bool isWidened = false;
    for (size_t at = 0; at < op.operands.size(); ++at) {
        operands.push_back(local.type(op.operands[at]));
        for (size_t dim = 0; dim < operands[at].dims.size(); ++dim) {
            if (operands[at].dims[dim] == 1 && parts[at][dim])
                operands[at].dims[dim] = kSeveral;
        }
        isWidened = isWidened || operands[at] != local.type(op.operands[at]);
    }
    const bool isSource =
        op.kind == OpKind::kConstant || op.kind == OpKind::kBroadcast || op.kind == OpKind::kIota;
    if (op.results.empty() || (!isWidened && !isSource))
        return factorRule(local, op);
    TensorType declared = local.type(op.results[0]);
    if (followsOperands(op))
        declared.dims = resultSizes(local, op, operands);
    const auto types = inferTypes(op.kind, op.attributes, operands, declared);
    if (!types.ok() || types->size() != op.results.size())
        return factorRule(local, op);
    Graph wide;
    wide.scopes = {""};
    Op widened = op;
    widened.scope = wide.scope("");
    for (size_t at = 0; at < operands.size(); ++at)
        widened.operands[at] = wide.addInput("", operands[at], InputRole::kBatch);
    const OpId id = wide.addOp(std::move(widened), *types);
    return factorRule(wide, wide.op(id));
}

} // namespace alpa
