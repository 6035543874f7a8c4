#include "core/training/batch_means.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace alpa
{
namespace
{

/// Numbers of elements that are summed in each element of a value, by the sums that made it, first
/// to last.
struct SumChain {
    struct Sum {
        double count = 1.0;
        bool hasBatch = false;
    };
    std::vector<Sum> sums;

    bool hasBatch() const { return std::ranges::any_of(sums, &Sum::hasBatch); }
};

/// By value; empty for values that are no linear function of a sum.
using Chains = std::vector<SumChain>;

/// Residual streams add up a sum per layer, and only the last ones can make a mean.
constexpr size_t kLongestChain = 8;

SumChain appended(SumChain chain, SumChain::Sum sum)
{
    chain.sums.push_back(sum);
    if (chain.sums.size() > kLongestChain)
        chain.sums.erase(chain.sums.begin());
    return chain;
}

bool isMovedLinearly(OpKind kind)
{
    constexpr OpKind kKinds[] = {OpKind::kNegate,    OpKind::kConvert,   OpKind::kReshape,
                                 OpKind::kBroadcast, OpKind::kTranspose, OpKind::kSlice,
                                 OpKind::kReverse};
    return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

SumChain::Sum summed(const Graph& graph, const BatchDims& dims, ValueId operand,
                     const std::vector<int>& over)
{
    SumChain::Sum sum;
    for (const int d : over) {
        sum.count *= static_cast<double>(graph.type(operand).dims[static_cast<size_t>(d)]);
        sum.hasBatch = sum.hasBatch || dims[operand.index()][static_cast<size_t>(d)];
    }
    return sum;
}

SumChain chainOf(const Graph& graph, const BatchDims& dims, const Chains& chains, const Op& op)
{
    const auto chain = [&](size_t i) -> const SumChain& { return chains[op.operands[i].index()]; };
    if (isMovedLinearly(op.kind))
        return chain(0);
    if (op.kind == OpKind::kReduce) {
        const auto& reduce = std::get<ReduceAttributes>(op.attributes);
        if (reduce.kind != ReduceKind::kAdd)
            return {};
        return appended(chain(0), summed(graph, dims, op.operands[0], reduce.dims));
    }
    if (op.kind == OpKind::kDot) {
        const std::vector<int>& over = std::get<DotAttributes>(op.attributes).lhsContracting;
        return appended(chain(0).sums.empty() ? chain(1) : chain(0),
                        summed(graph, dims, op.operands[0], over));
    }
    if (op.kind == OpKind::kMultiply || op.kind == OpKind::kAdd || op.kind == OpKind::kSubtract)
        return chain(0).sums.empty() ? chain(1) : chain(0);
    if (op.kind == OpKind::kDivide)
        return chain(0);
    return {};
}

/// The new value of divisor `number`, if it is the number of elements of the last sum, the last
/// two, ..., with the batch among them, or one less. `precision`: the relative error of a constant
/// of its type.
std::optional<double> rescaled(const SumChain& chain, double number, double precision,
                               double factor)
{
    double count = 1.0;
    bool hasBatch = false;
    for (size_t i = chain.sums.size(); i-- > 0;) {
        count *= chain.sums[i].count;
        hasBatch = hasBatch || chain.sums[i].hasBatch;
        const double error = precision * count;
        if (hasBatch && std::fabs(number - count) <= error)
            return count * factor;
        if (hasBatch && count > 2.0 && std::fabs(number - (count - 1.0)) <= error)
            return count * factor - 1.0;
    }
    return std::nullopt;
}

} // namespace

std::optional<double> splatValue(const Graph& graph, ValueId id)
{
    while (true) {
        const OpId producer = graph.value(id).producer;
        if (!producer.isValid())
            return std::nullopt;
        const Op& op = graph.op(producer);
        if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes))
            return constant->values.size() == 1 ? std::optional(constant->values[0]) : std::nullopt;
        if (op.kind != OpKind::kBroadcast && op.kind != OpKind::kReshape &&
            op.kind != OpKind::kConvert)
            return std::nullopt;
        id = op.operands[0];
    }
}

std::vector<BatchConstant> findBatchConstants(const Graph& graph, const BatchDims& dims,
                                              int64_t batch, int64_t newBatch)
{
    const double factor = static_cast<double>(newBatch) / static_cast<double>(batch);
    std::vector<BatchConstant> constants;
    Chains chains(graph.values.size());
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        if (op.results.empty())
            continue;
        SumChain chain = chainOf(graph, dims, chains, op);
        const bool isProduct = op.kind == OpKind::kMultiply;
        for (size_t operand = isProduct ? 0 : 1; operand < 2; ++operand) {
            if ((!isProduct && op.kind != OpKind::kDivide) ||
                !chains[op.operands[1 - operand].index()].hasBatch())
                continue;
            const std::optional<double> number = splatValue(graph, op.operands[operand]);
            if (!number || *number == 0.0)
                continue;
            const double precision =
                dtypeBytes(graph.type(op.operands[operand]).dtype) < 4 ? 4e-3 : 1e-6;
            const std::optional<double> divisor =
                rescaled(chains[op.operands[1 - operand].index()],
                         isProduct ? 1.0 / *number : *number, precision, factor);
            if (!divisor)
                continue;
            constants.push_back({i, operand, isProduct ? 1.0 / *divisor : *divisor});
            chain = {}; // A mean is no sum any more: another division by the same number means
                        // something else.
            break;
        }
        chains[op.results[0].index()] = std::move(chain);
    }
    return constants;
}

Status addBackwardConstants(const Graph& graph, const BatchDims& dims,
                            std::vector<BatchConstant>& constants)
{
    if (std::ranges::none_of(graph.ops, [](const Op& op) { return op.phase == Phase::kBackward; }))
        return {};
    const auto hasBatch = [&](ValueId id) {
        return std::ranges::any_of(dims[id.index()], [](bool isBatch) { return isBatch; });
    };
    // A divisor of the loss is a divisor of its cotangents, as is the reciprocal of a factor.
    const auto divisorOf = [&](const Op& op, size_t operand) -> std::optional<double> {
        const std::optional<double> number = splatValue(graph, op.operands[operand]);
        if (!number || *number == 0.0)
            return std::nullopt;
        return op.kind == OpKind::kMultiply ? 1.0 / *number : *number;
    };
    const size_t forwardCount = constants.size();
    std::vector<bool> hasCounterpart(forwardCount, false);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        const bool isProduct = op.kind == OpKind::kMultiply;
        if (op.phase != Phase::kBackward || (!isProduct && op.kind != OpKind::kDivide) ||
            hasBatch(op.results[0]))
            continue;
        const bool isListed = std::ranges::any_of(
            constants, [&](const BatchConstant& constant) { return constant.op == index; });
        for (size_t operand = isProduct ? 0 : 1; operand < 2 && !isListed; ++operand) {
            const std::optional<double> divisor = divisorOf(op, operand);
            for (size_t at = 0; divisor && at < forwardCount; ++at) {
                const BatchConstant constant = constants[at];
                const Op& forward = graph.ops[constant.op];
                const double old = *divisorOf(forward, constant.operand);
                if (forward.phase != Phase::kForward || forward.scope != op.scope ||
                    std::fabs(old - *divisor) > 1e-6 * old)
                    continue;
                hasCounterpart[at] = true;
                const double value =
                    forward.kind == OpKind::kMultiply ? 1.0 / constant.value : constant.value;
                constants.push_back({index, operand, isProduct ? 1.0 / value : value});
                break;
            }
            if (constants.back().op == index)
                break;
        }
    }
    for (size_t at = 0; at < forwardCount; ++at) {
        const Op& op = graph.ops[constants[at].op];
        if (op.phase == Phase::kForward && !hasCounterpart[at])
            return Error(ErrorCode::kUnsupported,
                         "line " + std::to_string(op.sourceLine) +
                             ": the batch cannot be changed, the step's backward pass does not "
                             "divide by the same number of elements");
    }
    std::ranges::sort(constants, {}, &BatchConstant::op);
    return {};
}

} // namespace alpa
