// Operations of partitioned programs that compute, followed by their factor rules.
#include "core/import/part_rule.h"
#include "core/import/whole_program_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{

namespace
{

/// Chains of constants that wait for a layout.
constexpr int kDeepestConstant = 200;

} // namespace

std::string WholeProgramBuilder::formatOperands(const Op& op)
{
    std::string text;
    for (const ValueId operand : op.operands)
        text += (text.empty() ? "" : ", ") + formatType(local_.type(operand)) +
                formatLayout(local_, layout(operand));
    return text;
}

FactorRule WholeProgramBuilder::ruleOf(const Op& op)
{
    // What may be split in any way is split where another operand is, or where all are free.
    const auto follows = [&](size_t rank, size_t dim) {
        bool isSplit = false;
        bool isWhole = false;
        for (const ValueId operand : op.operands) {
            const std::vector<MaybeAxes>& dims = layout(operand).dims;
            if (dims.size() != rank || !dims[dim])
                continue;
            (*dims[dim] != 0 ? isSplit : isWhole) = true;
        }
        return isSplit || !isWhole;
    };
    const auto* joined = std::get_if<ConcatenateAttributes>(&op.attributes);
    const auto mayFollow = [&](size_t dim) {
        return actsOnElements(op.kind) ||
               (joined != nullptr && static_cast<size_t>(joined->dim) != dim);
    };
    SingleParts parts;
    for (const ValueId operand : op.operands) {
        const std::vector<MaybeAxes>& dims = layout(operand).dims;
        parts.emplace_back();
        for (size_t dim = 0; dim < dims.size(); ++dim)
            parts.back().push_back(dims[dim] ? *dims[dim] != 0
                                             : mayFollow(dim) && follows(dims.size(), dim));
    }
    return partRule(local_, op, parts);
}

Result<std::vector<MaybeAxes>> WholeProgramBuilder::factorAxes(const Op& op, const FactorRule& rule)
{
    std::vector<MaybeAxes> axes(rule.factors.size());
    for (size_t at = 0; at < op.operands.size(); ++at) {
        const PartitionedLayout& own = layout(op.operands[at]);
        for (size_t dim = 0; dim < own.dims.size(); ++dim) {
            const DimFactors& factors = rule.operands[at][dim];
            if (!own.dims[dim] || (factors.empty() && *own.dims[dim] == 0))
                continue;
            if (factors.empty())
                return stopped(op, "it reads one element of a dimension that is split");
            for (size_t minor = 1; minor < factors.size(); ++minor)
                axes[static_cast<size_t>(factors[minor])] = 0;
            MaybeAxes& major = axes[static_cast<size_t>(factors[0])];
            if (major && *major != *own.dims[dim])
                return stopped(op, "its operands are split differently: " + formatOperands(op));
            major = *own.dims[dim];
        }
    }
    for (size_t factor = 0; factor < axes.size(); ++factor) {
        if (rule.factors[factor].kind != FactorKind::kBlocked)
            continue;
        if (axes[factor].value_or(0) != 0)
            return stopped(op,
                           "it works on parts of a dimension that is split: " + formatOperands(op));
        if (rule.factors[factor].size > 1 && op.kind != OpKind::kConstant)
            axes[factor] = 0;
    }
    return axes;
}

Result<PartitionedLayout> WholeProgramBuilder::resultLayout(const Op& op, const FactorRule& rule,
                                                            const std::vector<MaybeAxes>& axes,
                                                            size_t result)
{
    PartitionedLayout own;
    FileAxes used = 0;
    for (const DimFactors& factors : rule.results[result]) {
        own.dims.push_back(factors.empty() ? MaybeAxes(0) : axes[static_cast<size_t>(factors[0])]);
        used |= own.dims.back().value_or(0);
    }
    for (size_t factor = 0; factor < axes.size(); ++factor) {
        if (rule.factors[factor].kind != FactorKind::kReduction || axes[factor].value_or(0) == 0)
            continue;
        own.partial |= *axes[factor];
        own.kind = rule.factors[factor].reduction;
    }
    // Partial sums go on through what is linear in them.
    FileAxes through = 0;
    std::vector<int> partial;
    for (size_t at = 0; at < op.operands.size(); ++at) {
        if (layout(op.operands[at]).partial == 0)
            continue;
        through = layout(op.operands[at]).partial;
        own.kind = layout(op.operands[at]).kind;
        partial.push_back(static_cast<int>(at));
    }
    const bool isLinear =
        partial.empty() || std::ranges::find(rule.linearGroups, partial) != rule.linearGroups.end();
    const bool isAlike = std::ranges::all_of(partial, [&](int at) {
        return layout(op.operands[static_cast<size_t>(at)]).partial == through;
    });
    if (!isLinear || !isAlike || (used & (own.partial | through)) != 0)
        return stopped(op, "it is not linear in the partial sums that it reads");
    own.partial |= through;
    return own;
}

Status WholeProgramBuilder::addPlain(const Op& op)
{
    if (op.kind == OpKind::kReduceWindow)
        return addTiles(op);
    const FactorRule rule = ruleOf(op);
    ASSIGN_OR_RETURN(const std::vector<MaybeAxes> axes, factorAxes(op, rule));
    std::vector<PartitionedLayout> own;
    bool isFree = false;
    for (size_t result = 0; result < op.results.size(); ++result) {
        ASSIGN_OR_RETURN(PartitionedLayout one, resultLayout(op, rule, axes, result));
        isFree = isFree || one.isFree();
        own.push_back(std::move(one));
    }
    for (size_t result = 0; result < op.results.size(); ++result)
        layout(op.results[result]) = own[result];
    if (isFree)
        return {}; // Made when a reader says how.
    ASSIGN_OR_RETURN(const std::vector<ValueId> operands, operandsFor(op, rule, axes, 0));
    ASSIGN_OR_RETURN(const ValueId first, emit(op, operands, own));
    for (size_t result = 0; result < op.results.size(); ++result)
        whole_[op.results[result].index()] =
            result_.graph.op(result_.graph.value(first).producer).results[result];
    return {};
}

Result<std::vector<ValueId>> WholeProgramBuilder::operandsFor(const Op& op, const FactorRule& rule,
                                                              const std::vector<MaybeAxes>& axes,
                                                              int depth)
{
    std::vector<ValueId> operands;
    for (size_t at = 0; at < op.operands.size(); ++at) {
        std::vector<FileAxes> wanted;
        for (const DimFactors& factors : rule.operands[at])
            wanted.push_back(factors.empty() ? 0
                                             : axes[static_cast<size_t>(factors[0])].value_or(0));
        const bool isMade = whole_[op.operands[at].index()].isValid();
        Result<ValueId> operand =
            isMade ? whole_[op.operands[at].index()] : laidOut(op.operands[at], wanted, depth + 1);
        if (!operand.ok())
            return operand.error();
        operands.push_back(*operand);
    }
    return operands;
}

Result<ValueId> WholeProgramBuilder::laidOut(ValueId id, const std::vector<FileAxes>& wanted,
                                             int depth)
{
    const auto key = std::pair(id.number, wanted);
    if (const auto made = made_.find(key); made != made_.end())
        return made->second;
    const OpId producer = local_.value(id).producer;
    if (!producer.isValid() || depth > kDeepestConstant)
        return Error(ErrorCode::kUnsupported, "a chain of constants is too long");
    const Op& op = local_.op(producer);
    const FactorRule rule = ruleOf(op);
    ASSIGN_OR_RETURN(std::vector<MaybeAxes> axes, factorAxes(op, rule));
    PartitionedLayout own = layout(id);
    for (size_t dim = 0; dim < wanted.size(); ++dim) {
        if (own.dims[dim] && *own.dims[dim] != wanted[dim])
            return stopped(op, "its readers split it differently");
        own.dims[dim] = wanted[dim];
        if (!rule.results[0][dim].empty())
            axes[static_cast<size_t>(rule.results[0][dim][0])] = wanted[dim];
    }
    ASSIGN_OR_RETURN(const std::vector<ValueId> operands, operandsFor(op, rule, axes, depth));
    ASSIGN_OR_RETURN(const ValueId value, emit(op, operands, {own}));
    made_.emplace(key, value);
    return value;
}

Status WholeProgramBuilder::addTiles(const Op& op)
{
    const auto& window = std::get<ReduceWindowAttributes>(op.attributes);
    ASSIGN_OR_RETURN(const ValueId operand, needWhole(op.operands[0], 0));
    const PartitionedLayout& from = layout(op.operands[0]);
    PartitionedLayout own = from;
    Op whole = op;
    auto& attributes = std::get<ReduceWindowAttributes>(whole.attributes);
    for (size_t dim = 0; dim < own.dims.size(); ++dim) {
        own.dims[dim] = own.dims[dim].value_or(0);
        const int64_t size = local_.type(op.operands[0]).dims[dim];
        const bool isTiled = window.window[dim] == window.strides[dim] &&
                             window.paddingLow[dim] == 0 && window.paddingHigh[dim] == 0 &&
                             size % window.window[dim] == 0;
        if (*own.dims[dim] == 0 || window.window[dim] == 1)
            continue;
        if (!isTiled)
            return stopped(op, "its windows reach over parts of a dimension that is split");
        if (window.window[dim] != size)
            continue;
        own.partial |= *own.dims[dim];
        own.kind = window.kind;
        attributes.window[dim] = attributes.strides[dim] = size * partCount(local_, *own.dims[dim]);
        own.dims[dim] = 0;
    }
    if (from.partial != 0 && (window.kind != ReduceKind::kAdd || from.kind != ReduceKind::kAdd))
        return stopped(op, "it is not linear in the partial sums that it reads");
    ASSIGN_OR_RETURN(const ValueId value, emit(whole, {operand}, {own}));
    return define(op, 0, value, own);
}

} // namespace alpa
