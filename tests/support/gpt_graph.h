// The loss of a GPT of any size, as an importer would deliver it: for what must scale.
#pragma once

#include "core/graph/builder.h"

#include <cmath>
#include <memory>
#include <string>

namespace alpa
{

struct GptShape {
    int layers = 2;
    int64_t hidden = 64;
    int64_t heads = 4;
    int64_t sequence = 32;
    int64_t vocabulary = 256;
    int64_t batch = 4;
    DType dtype = DType::kF16;
};

class GptGraph
{
public:
    explicit GptGraph(const GptShape& shape)
        : shape_(shape)
        , builder_(graph_, "GPT")
    {
    }

    Graph make()
    {
        graph_.name = "gpt";
        const auto tokens = input("tokens");
        const auto labels = input("labels");
        const ValueId embedding = parameter("wte", {shape_.vocabulary, shape_.hidden});
        ValueId x = lookUp(embedding, tokens);
        const ValueId positions = parameter("wpe", {shape_.sequence, shape_.hidden});
        x = builder_.add(x, builder_.broadcast(positions, {1, 2}, activationDims()));
        for (int block = 0; block < shape_.layers; ++block)
            x = addBlock(x, "block_" + std::to_string(block));
        builder_.setScope(graph_.scope("GPT/head"));
        x = normalise(x, "ln_f");
        const ValueId logits = builder_.dot(x, embedding, {{}, {}, {2}, {1}});
        addLoss(builder_.convert(logits, DType::kF32), labels);
        return std::move(graph_);
    }

private:
    std::vector<int64_t> activationDims() const
    {
        return {shape_.batch, shape_.sequence, shape_.hidden};
    }
    ValueId input(const std::string& name)
    {
        return graph_.addInput(name, {DType::kS32, {shape_.batch, shape_.sequence}},
                               InputRole::kBatch);
    }
    ValueId parameter(const std::string& name, std::vector<int64_t> dims)
    {
        return graph_.addInput(name, {shape_.dtype, std::move(dims)}, InputRole::kParameter);
    }

    ValueId lookUp(ValueId table, ValueId tokens)
    {
        const ValueId rows = builder_.reshape(tokens, {shape_.batch, shape_.sequence, 1});
        GatherAttributes gather;
        gather.offsetDims = {2};
        gather.collapsedSliceDims = {0};
        gather.startIndexMap = {0};
        gather.indexVectorDim = 2;
        gather.sliceSizes = {1, shape_.hidden};
        return builder_.gather(table, rows, gather);
    }

    /// Without a mean: as layer norms of root mean squares.
    ValueId normalise(ValueId x, const std::string& name)
    {
        const std::vector<int64_t> dims = builder_.dims(x);
        const ValueId scale = parameter(name + ".scale", {shape_.hidden});
        const ValueId wide = builder_.convert(x, DType::kF32);
        const ValueId squares = builder_.sum(builder_.multiply(wide, wide), {2});
        const ValueId mean =
            builder_.shift(builder_.scale(squares, 1.0 / static_cast<double>(shape_.hidden)), 1e-6);
        const ValueId factor = builder_.broadcast(builder_.rsqrt(mean), {0, 1}, dims);
        const ValueId scaled = builder_.convert(builder_.multiply(wide, factor), shape_.dtype);
        return builder_.multiply(scaled, builder_.broadcast(scale, {2}, dims));
    }

    ValueId project(ValueId x, const std::string& name, int64_t from, int64_t to)
    {
        const ValueId y = builder_.matmul(x, parameter(name + ".kernel", {from, to}));
        const ValueId bias = parameter(name + ".bias", {to});
        return builder_.add(y, builder_.broadcast(bias, {2}, builder_.dims(y)));
    }

    ValueId attend(ValueId x, const std::string& name)
    {
        const int64_t perHead = shape_.hidden / shape_.heads;
        const std::vector<int64_t> headed{shape_.batch, shape_.sequence, shape_.heads, perHead};
        const auto head = [&](const char* part) {
            return builder_.reshape(project(x, name + "." + part, shape_.hidden, shape_.hidden),
                                    headed);
        };
        const ValueId q = head("q");
        const ValueId k = head("k");
        const ValueId v = head("v");
        // (b, h, t, s)
        ValueId scores = builder_.dot(q, k, {{0, 2}, {0, 2}, {3}, {3}});
        scores = builder_.scale(scores, 1.0 / std::sqrt(static_cast<double>(perHead)));
        const std::vector<int64_t> dims = builder_.dims(scores);
        const std::vector<int> last{3};
        const ValueId most = builder_.reduce(ReduceKind::kMaximum, scores, {3});
        const ValueId weights =
            builder_.exp(builder_.subtract(scores, builder_.broadcastOver(most, last, dims)));
        const ValueId sum = builder_.broadcastOver(builder_.sum(weights, {3}), last, dims);
        // (b, h, t, d) -> (b, t, h, d)
        const ValueId mixed =
            builder_.dot(builder_.divide(weights, sum), v, {{0, 1}, {0, 2}, {3}, {1}});
        return builder_.reshape(builder_.transpose(mixed, {0, 2, 1, 3}), activationDims());
    }

    ValueId addBlock(ValueId x, const std::string& name)
    {
        const int64_t h = shape_.hidden;
        builder_.setScope(graph_.scope("GPT/" + name));
        const ValueId attended =
            project(attend(normalise(x, name + ".ln1"), name), name + ".proj", h, h);
        const ValueId middle = builder_.add(x, attended);
        const ValueId wide = project(normalise(middle, name + ".ln2"), name + ".fc", h, 4 * h);
        return builder_.add(middle, project(builder_.tanh(wide), name + ".out", 4 * h, h));
    }

    void addLoss(ValueId logits, ValueId labels)
    {
        const std::vector<int64_t> dims = builder_.dims(logits);
        const std::vector<int> last{2};
        const ValueId most = builder_.reduce(ReduceKind::kMaximum, logits, {2});
        const ValueId shifted = builder_.subtract(logits, builder_.broadcastOver(most, last, dims));
        const ValueId norm = builder_.log(builder_.sum(builder_.exp(shifted), {2}));
        const ValueId classes = builder_.iota(2, {DType::kS32, dims});
        const ValueId isLabel = builder_.compare(CompareDirection::kEq, classes,
                                                 builder_.broadcastOver(labels, last, dims));
        const ValueId picked =
            builder_.sum(builder_.select(isLabel, shifted, builder_.zerosLike(shifted)), {2});
        const ValueId total = builder_.sumAll(builder_.subtract(norm, picked));
        const double count = static_cast<double>(shape_.batch * shape_.sequence);
        const ValueId loss = builder_.divide(total, builder_.scalar(count, DType::kF32));
        graph_.addOutput({.value = loss, .role = OutputRole::kLoss, .name = {}, .alias = {}});
    }

    GptShape shape_;
    Graph graph_;
    GraphBuilder builder_;
};

/// In 32 bits and small enough to be planned a hundred times in a test.
inline std::shared_ptr<const Graph> smallGpt(int layers)
{
    return std::make_shared<const Graph>(GptGraph({.layers = layers,
                                                   .hidden = 64,
                                                   .heads = 4,
                                                   .sequence = 32,
                                                   .vocabulary = 128,
                                                   .batch = 8,
                                                   .dtype = DType::kF32})
                                             .make());
}

} // namespace alpa
