// Random small training graphs over f32: a batch, parameters, a mixture of element-wise ops,
// contractions, reductions and shape ops, and a scalar loss. For property tests of texts, passes,
// gradients, shardings and lowering.
#pragma once

#include "core/base/rng.h"
#include "core/graph/builder.h"

#include <algorithm>
#include <string>
#include <vector>

namespace alpa
{

struct RandomGraphOptions {
    /// Dimension 0 of every intermediate value is the batch and rows never mix before the loss, so
    /// that the mean over microbatches equals one large batch. Otherwise transposes, slices and
    /// reductions touch it too.
    bool keepsBatch = false;
    bool hasLoss = true; ///< Mean over all elements of a weighted tanh of the last value.
    int64_t batch = 8;   ///< Rows; other sizes are 1, 2, 4, 8 or 12.
};

/// Makes one random graph. Values stay small: products go through tanh, divisors stay above 1.
class RandomGraph
{
public:
    RandomGraph(Rng& rng, const RandomGraphOptions& options)
        : rng_(rng)
        , options_(options)
        , builder_(graph_, "Net")
    {
    }

    Graph make(int opCount)
    {
        graph_.name = "random";
        const int64_t batch = options_.batch;
        pool_.push_back(graph_.addInput("x", {DType::kF32, {batch, size()}}, InputRole::kBatch));
        pool_.push_back(graph_.addInput("y", {DType::kF32, {batch, 4, size()}}, InputRole::kBatch));
        for (int op = 0; op < opCount; ++op) {
            builder_.setScope(graph_.scope("Net/block_" + std::to_string(op / 4)));
            addOp(pool_[static_cast<size_t>(pick())]);
        }
        if (options_.hasLoss)
            addLoss();
        return std::move(graph_);
    }

private:
    int64_t size()
    {
        constexpr int64_t kSizes[] = {4, 8, 2, 12, 4, 1};
        return kSizes[rng_.below(6)];
    }
    /// Recent values more often, so that graphs grow long.
    int pick()
    {
        const int count = static_cast<int>(pool_.size());
        return rng_.chance(0.7) ? count - 1 : rng_.below(count);
    }
    /// A dimension of x that ops may treat as they like.
    int freeDim(ValueId x)
    {
        const int first = options_.keepsBatch ? 1 : 0;
        return builder_.rank(x) <= first ? -1 : rng_.between(first, builder_.rank(x) - 1);
    }
    ValueId parameter(std::vector<int64_t> dims)
    {
        const std::string name = "p" + std::to_string(graph_.inputs.size());
        return graph_.addInput(name, {DType::kF32, std::move(dims)}, InputRole::kParameter);
    }
    void push(ValueId x) { pool_.push_back(x); }

    void addOp(ValueId x)
    {
        switch (rng_.below(12)) {
        case 0:
            return addUnary(x);
        case 1:
        case 2:
            return addBinary(x);
        case 3:
            return addBias(x);
        case 4:
        case 5:
            return addMatmul(x);
        case 6:
            return addReduce(x);
        case 7:
            return addTranspose(x);
        case 8:
            return addReshape(x);
        case 9:
            return addSelect(x);
        case 10:
            return addPart(x);
        default:
            return addBatchedDot(x);
        }
    }

    void addUnary(ValueId x)
    {
        constexpr OpKind kKinds[] = {OpKind::kTanh, OpKind::kLogistic, OpKind::kNegate,
                                     OpKind::kSine, OpKind::kAbs};
        push(builder_.unary(kKinds[rng_.below(5)], x));
    }
    void addBinary(ValueId x)
    {
        ValueId y = x;
        for (const ValueId other : pool_) {
            if (builder_.type(other) == builder_.type(x) && rng_.chance(0.6))
                y = other;
        }
        switch (rng_.below(5)) {
        case 0:
            return push(builder_.subtract(x, builder_.scale(y, 0.5)));
        case 1:
            return push(builder_.tanh(builder_.multiply(x, y)));
        case 2:
            return push(builder_.maximum(x, y));
        case 3:
            return push(builder_.divide(x, builder_.shift(builder_.multiply(y, y), 1.5)));
        default:
            return push(builder_.add(x, y));
        }
    }
    void addBias(ValueId x)
    {
        const std::vector<int64_t> dims = builder_.dims(x);
        if (dims.empty() || (options_.keepsBatch && dims.size() == 1))
            return addUnary(x);
        const ValueId bias = parameter({dims.back()});
        push(builder_.add(x, builder_.broadcast(bias, {static_cast<int>(dims.size()) - 1}, dims)));
    }
    void addMatmul(ValueId x)
    {
        const std::vector<int64_t> dims = builder_.dims(x);
        if (dims.empty() || (options_.keepsBatch && dims.size() == 1))
            return addUnary(x);
        push(builder_.tanh(builder_.matmul(x, parameter({dims.back(), size()}))));
    }
    void addReduce(ValueId x)
    {
        const int dim = freeDim(x);
        if (dim < 0)
            return addUnary(x);
        const std::vector<int64_t> dims = builder_.dims(x);
        const ReduceKind kind = rng_.chance(0.75) ? ReduceKind::kAdd : ReduceKind::kMaximum;
        const ValueId reduced = builder_.reduce(kind, x, {dim});
        const std::vector<int> over{dim};
        push(rng_.chance(0.5) ? builder_.tanh(reduced)
                              : builder_.subtract(
                                    x, builder_.broadcastOver(builder_.tanh(reduced), over, dims)));
    }
    void addTranspose(ValueId x)
    {
        std::vector<int> order;
        for (int dim = 0; dim < builder_.rank(x); ++dim)
            order.push_back(dim);
        const int first = options_.keepsBatch ? 1 : 0;
        for (int dim = builder_.rank(x) - 1; dim > first; --dim)
            std::swap(order[static_cast<size_t>(dim)],
                      order[static_cast<size_t>(rng_.between(first, dim))]);
        push(builder_.transpose(x, order));
    }
    void addReshape(ValueId x)
    {
        std::vector<int64_t> dims = builder_.dims(x);
        const size_t first = options_.keepsBatch ? 1 : 0;
        if (dims.size() >= first + 2 && rng_.chance(0.5)) {
            dims[first] *= dims[first + 1];
            dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(first) + 1);
        } else if (dims.size() > first && dims.size() < 4 && dims.back() % 2 == 0) {
            dims.back() /= 2;
            dims.insert(dims.end() - (rng_.chance(0.5) ? 1 : 0), 2);
        } else if (dims.size() < 4) {
            dims.push_back(1);
        } else {
            return addUnary(x);
        }
        push(builder_.reshape(x, dims));
    }
    void addSelect(ValueId x)
    {
        const ValueId isPositive =
            builder_.compare(CompareDirection::kGt, x, builder_.zerosLike(x));
        const ValueId half = builder_.scale(x, 0.5);
        push(builder_.select(isPositive, half, builder_.negate(x)));
    }
    void addPart(ValueId x)
    {
        const int dim = freeDim(x);
        if (dim < 0)
            return addUnary(x);
        const auto at = static_cast<size_t>(dim);
        const std::vector<int64_t> dims = builder_.dims(x);
        if (dims[at] > 1 && rng_.chance(0.5)) {
            std::vector<int64_t> starts(dims.size(), 0);
            starts[at] = dims[at] / 2;
            return push(builder_.slice(x, starts, dims));
        }
        if (dims[at] > 8)
            return addUnary(x);
        if (rng_.chance(0.5))
            return push(builder_.concatenate({x, builder_.negate(x)}, dim));
        std::vector<int64_t> low(dims.size(), 0);
        low[at] = dims[at];
        push(builder_.pad(x, builder_.scalar(rng_.chance(0.5) ? 0.0 : 0.25, DType::kF32), low,
                          std::vector<int64_t>(dims.size(), 0)));
    }
    /// (b, i, k) x (b, j, k) -> (b, i, j) of x with itself, as in attention.
    void addBatchedDot(ValueId x)
    {
        if (builder_.rank(x) != 3)
            return addMatmul(x);
        push(builder_.tanh(builder_.dot(
            x, x,
            {.lhsBatch = {0}, .rhsBatch = {0}, .lhsContracting = {2}, .rhsContracting = {2}})));
    }
    void addLoss()
    {
        builder_.setScope(graph_.scope("Net/loss"));
        // Weights that differ, so that a gradient in the wrong place shows.
        ValueId x = builder_.tanh(pool_.back());
        const TensorType type = builder_.type(x);
        if (type.rank() > (options_.keepsBatch ? 1 : 0)) {
            const int last = type.rank() - 1;
            const ValueId weights = builder_.shift(
                builder_.scale(
                    builder_.convert(builder_.iota(last, {DType::kS32, type.dims}), DType::kF32),
                    0.125),
                0.5);
            x = builder_.multiply(x, weights);
        }
        const double count = static_cast<double>(std::max<int64_t>(type.elementCount(), 1));
        const ValueId loss = builder_.scale(builder_.sumAll(x), 1 / count);
        graph_.addOutput({loss, OutputRole::kLoss, "", {}});
    }

    Rng& rng_;
    RandomGraphOptions options_;
    Graph graph_;
    GraphBuilder builder_;
    std::vector<ValueId> pool_; ///< Floating-point values to build on.
};

/// A graph of about `opCount` random steps (one to four ops each).
inline Graph randomGraph(Rng& rng, int opCount, const RandomGraphOptions& options = {})
{
    return RandomGraph(rng, options).make(opCount);
}

} // namespace alpa
