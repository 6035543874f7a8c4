#include "tests/unit/intra_op/gpt_ilp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// For each mesh axis the tensor dimension it splits, or -1.
using Spec = std::array<int, 2>;
using Shape = std::vector<int64_t>;
using SpecMap = std::function<Spec(Spec)>;

/// A value that follows the strategies of one node.
struct Tensor {
    int leader = 0;
    std::vector<Spec> specs; ///< One per strategy of the leader.
    Shape shape;
    int64_t elementBytes = 2; ///< What moves in a reshard.
    int64_t heldBytes = 2;    ///< What is held per element; 0: nothing.
    bool isParameter = false;
    int firstTime = 0;
    int lastTime = 0;
};

int64_t bytesOf(const Shape& shape, int64_t elementBytes)
{
    int64_t bytes = elementBytes;
    for (int64_t extent : shape)
        bytes *= extent;
    return bytes;
}

class GptBuilder
{
public:
    explicit GptBuilder(const GptIlpOptions& options)
        : options_(options)
        , mesh_{options.meshRows, options.meshColumns}
    {
    }

    IlpProblem build()
    {
        const int loss = forwardPass();
        backwardPass(loss);
        return finish();
    }

private:
    // The parameters and saved activations of one layer, as indices into tensors_.
    struct Layer {
        int ln1, qkvWeight, qkvBias, outWeight, outBias, ln2, fc1Weight, fc1Bias, fc2Weight,
            fc2Bias;
        int input, h1, query, key, value, probabilities, context, afterAttention, h2, fc1, gelu;
    };
    using Loops = std::vector<std::pair<char, int64_t>>;

    double shards(const Spec& spec) const
    {
        return (spec[0] >= 0 ? mesh_[0] : 1) * (spec[1] >= 0 ? mesh_[1] : 1);
    }
    double allGather(double bytes, size_t axis) const
    {
        const int n = mesh_[axis];
        return n > 1 ? kLatency[axis] + (n - 1.0) / n * bytes / kBandwidth[axis] * 1e9 : 0;
    }
    double allReduce(double bytes, size_t axis) const
    {
        const int n = mesh_[axis];
        return n > 1 ? kLatency[axis] + 2.0 * (n - 1) / n * bytes / kBandwidth[axis] * 1e9 : 0;
    }
    double allToAll(double bytes, size_t axis) const
    {
        const int n = mesh_[axis];
        return n > 1 ? kLatency[axis] + (n - 1.0) / n / n * bytes / kBandwidth[axis] * 1e9 : 0;
    }

    double reshard(int64_t bytes, Spec from, const Spec& to) const
    {
        double cost = 0;
        for (size_t axis : {size_t{1}, size_t{0}}) {
            if (from[axis] >= 0 && to[axis] < 0) {
                cost += allGather(static_cast<double>(bytes) / shards(from) * mesh_[axis], axis);
                from[axis] = -1;
            }
        }
        for (size_t axis : {size_t{0}, size_t{1}}) {
            if (from[axis] == to[axis])
                continue;
            if (from[axis] >= 0)
                cost += allToAll(static_cast<double>(bytes) / shards(from) * mesh_[axis], axis);
            from[axis] = to[axis];
        }
        return cost;
    }

    /// Does splitting `extents` as `spec` says come out even?
    bool isEven(const Shape& extents, const Spec& spec) const
    {
        for (size_t d = 0; d < extents.size(); ++d) {
            const int64_t parts = (spec[0] == static_cast<int>(d) ? mesh_[0] : 1) *
                                  (spec[1] == static_cast<int>(d) ? mesh_[1] : 1);
            if (extents[d] % parts != 0)
                return false;
        }
        return true;
    }

    std::vector<Spec> specsOf(const Shape& shape) const
    {
        std::vector<Spec> specs;
        for (int s0 = -1; s0 < static_cast<int>(shape.size()); ++s0) {
            for (int s1 = -1; s1 < static_cast<int>(shape.size()); ++s1) {
                if ((mesh_[0] == 1 && s0 >= 0) || (mesh_[1] == 1 && s1 >= 0))
                    continue;
                if (isEven(shape, {s0, s1}))
                    specs.push_back({s0, s1});
            }
        }
        return specs;
    }

    int addNode(std::vector<double> costs)
    {
        nodeCosts_.push_back(std::move(costs));
        return static_cast<int>(nodeCosts_.size()) - 1;
    }

    int addTensor(int leader, std::vector<Spec> specs, Shape shape, int64_t elementBytes)
    {
        tensors_.push_back({leader, std::move(specs), std::move(shape), elementBytes, elementBytes,
                            false, time_, time_});
        return static_cast<int>(tensors_.size()) - 1;
    }

    int parameter(Shape shape)
    {
        // Weight, gradient and optimizer state take 16 bytes per element.
        std::vector<Spec> specs = specsOf(shape);
        const int node = addNode(std::vector<double>(specs.size(), 0.0));
        const int tensor = addTensor(node, std::move(specs), std::move(shape), 2);
        tensors_[at(tensor)].heldBytes = 16;
        tensors_[at(tensor)].isParameter = true;
        return tensor;
    }

    /// `node` needs `tensor` in the layout required[s] when it takes strategy s.
    void use(int tensor, int node, const std::vector<Spec>& required)
    {
        Tensor& t = tensors_[at(tensor)];
        t.lastTime = time_;
        const int64_t bytes = bytesOf(t.shape, t.elementBytes);
        if (t.leader == node) {
            for (size_t s = 0; s < required.size(); ++s)
                nodeCosts_[at(node)][s] += reshard(bytes, t.specs[s], required[s]);
            return;
        }
        const auto [place, isNew] = edgeIndex_.try_emplace({t.leader, node}, edges_.size());
        if (isNew)
            edges_.push_back(
                {t.leader, node, std::vector<double>(t.specs.size() * required.size(), 0.0)});
        std::vector<double>& costs = edges_[place->second].costs;
        for (size_t i = 0; i < t.specs.size(); ++i) {
            for (size_t j = 0; j < required.size(); ++j)
                costs[i * required.size() + j] += reshard(bytes, t.specs[i], required[j]);
        }
    }
    void useAsLeader(int tensor, int like)
    {
        use(tensor, tensors_[at(like)].leader, tensors_[at(like)].specs);
    }

    /// A contraction over named loops; strategies assign mesh axes to loops.
    int product(const Loops& loops, int a, std::string_view aDims, int b, std::string_view bDims,
                std::string_view resultDims, double flopShare = 1.0)
    {
        ++time_;
        const auto extentOf = [&](char name) {
            return std::find_if(loops.begin(), loops.end(),
                                [&](const auto& l) { return l.first == name; })
                ->second;
        };
        Shape extents;
        double flops = 2.0 * flopShare;
        for (const auto& [name, extent] : loops) {
            extents.push_back(extent);
            flops *= static_cast<double>(extent);
        }
        Shape shape;
        for (char name : resultDims)
            shape.push_back(extentOf(name));
        std::vector<double> costs;
        std::vector<Spec> aSpecs, bSpecs, resultSpecs;
        const int count = static_cast<int>(loops.size());
        for (int s0 = -1; s0 < (mesh_[0] > 1 ? count : 0); ++s0) {
            for (int s1 = -1; s1 < (mesh_[1] > 1 ? count : 0); ++s1) {
                const bool leavesAxis = (s0 < 0 && mesh_[0] > 1) || (s1 < 0 && mesh_[1] > 1);
                if ((!options_.hasReplicatedCompute && leavesAxis) || !isEven(extents, {s0, s1}))
                    continue;
                const auto specOf = [&](std::string_view dims) {
                    Spec spec{-1, -1};
                    for (size_t axis = 0; axis < 2; ++axis) {
                        const int loop = axis == 0 ? s0 : s1;
                        const size_t found =
                            loop < 0 ? dims.npos : dims.find(loops[at(loop)].first);
                        spec[axis] = found == dims.npos ? -1 : static_cast<int>(found);
                    }
                    return spec;
                };
                const Spec result = specOf(resultDims);
                aSpecs.push_back(specOf(aDims));
                bSpecs.push_back(specOf(bDims));
                resultSpecs.push_back(result);
                double cost = flops / shards({s0, s1}) / kFlops * 1e9;
                for (size_t axis = 0; axis < 2; ++axis) {
                    const int loop = axis == 0 ? s0 : s1;
                    if (loop >= 0 && resultDims.find(loops[at(loop)].first) == resultDims.npos)
                        cost += allReduce(static_cast<double>(bytesOf(shape, 2)) / shards(result),
                                          axis);
                }
                costs.push_back(cost);
            }
        }
        const int node = addNode(std::move(costs));
        use(a, node, aSpecs);
        use(b, node, bSpecs);
        return addTensor(node, std::move(resultSpecs), std::move(shape), 2);
    }

    int follow(int tensor, Shape shape = {}, const SpecMap& map = {}, int64_t elementBytes = 2)
    {
        ++time_;
        Tensor& t = tensors_[at(tensor)];
        t.lastTime = time_;
        std::vector<Spec> specs = t.specs;
        if (map)
            std::transform(specs.begin(), specs.end(), specs.begin(), map);
        Shape newShape = shape.empty() ? t.shape : std::move(shape);
        return addTensor(t.leader, std::move(specs), std::move(newShape), elementBytes);
    }

    /// A reduction over the last dimension needs an all-reduce where that is split.
    void reduceLast(int tensor, int64_t bytes, int times)
    {
        const Tensor& t = tensors_[at(tensor)];
        const int last = static_cast<int>(t.shape.size()) - 1;
        for (size_t s = 0; s < t.specs.size(); ++s) {
            for (size_t axis = 0; axis < 2; ++axis) {
                if (t.specs[s][axis] == last)
                    nodeCosts_[at(t.leader)][s] +=
                        times * allReduce(static_cast<double>(bytes) / shards(t.specs[s]), axis);
            }
        }
    }

    void useBias(int bias, int tensor)
    {
        const Tensor& t = tensors_[at(tensor)];
        const int last = static_cast<int>(t.shape.size()) - 1;
        std::vector<Spec> required;
        for (const Spec& spec : t.specs)
            required.push_back({spec[0] == last ? 0 : -1, spec[1] == last ? 0 : -1});
        use(bias, t.leader, required);
    }

    void biasGradient(int bias, int tensor)
    {
        const Tensor& t = tensors_[at(tensor)];
        const int last = static_cast<int>(t.shape.size()) - 1;
        const double bytes = static_cast<double>(tensors_[at(bias)].shape[0] * 2);
        for (size_t s = 0; s < t.specs.size(); ++s) {
            for (size_t axis = 0; axis < 2; ++axis) {
                if (t.specs[s][axis] >= 0 && t.specs[s][axis] != last)
                    nodeCosts_[at(t.leader)][s] += allReduce(bytes, axis);
            }
        }
        useBias(bias, tensor);
    }

    void update(int weight, int gradient)
    {
        ++time_;
        useAsLeader(gradient, weight);
    }

    static SpecMap renamed(std::array<int, 4> newDimension)
    {
        return [newDimension](Spec spec) {
            for (int& dimension : spec)
                dimension = dimension < 0 ? -1 : newDimension[at(dimension)];
            return spec;
        };
    }

    int forwardPass();
    void forwardLayer(int& x);
    void backwardPass(int loss);
    void backwardLayer(const Layer& layer, int& dx);
    IlpProblem finish();
    void addMemory(IlpProblem& problem);

    static constexpr std::array<double, 2> kBandwidth{25e9, 200e9};
    static constexpr std::array<double, 2> kLatency{20e3, 8e3};
    static constexpr double kFlops = 120e12;
    const SpecMap splitHeads_ = renamed({0, 2, 1, -1}); // (B, S, 3H) -> (B, A, S, D)
    const SpecMap mergeHeads_ = renamed({0, 2, 1, 2});  // (B, A, S, D) -> (B, S, H)

    struct EdgeCosts {
        int from;
        int to;
        std::vector<double> costs;
    };
    GptIlpOptions options_;
    std::array<int, 2> mesh_;
    int time_ = 0;
    std::vector<std::vector<double>> nodeCosts_;
    std::vector<EdgeCosts> edges_;
    std::map<std::pair<int, int>, size_t> edgeIndex_;
    std::vector<Tensor> tensors_;
    std::vector<Layer> layers_;
    int tokenNode_ = 0;
    int embedding_ = 0;
    int finalNorm_ = 0;
};

int GptBuilder::forwardPass()
{
    const auto [B, S, H, V] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.vocabulary};
    const std::vector<Spec> tokenSpecs = specsOf({B, S});
    tokenNode_ = addNode(std::vector<double>(tokenSpecs.size(), 0.0));
    addTensor(tokenNode_, tokenSpecs, {B, S}, 4);
    embedding_ = parameter({V, H});
    const int tokens = addTensor(tokenNode_, tokenSpecs, {B, S}, 0);
    int x = product({{'b', B}, {'s', S}, {'h', H}, {'v', V}}, tokens, "bs", embedding_, "vh", "bsh",
                    1e-9);
    for (int layer = 0; layer < options_.layers; ++layer)
        forwardLayer(x);
    finalNorm_ = follow(x);
    reduceLast(finalNorm_, B * S * 4, 2);
    const int logits = product({{'b', B}, {'s', S}, {'v', V}, {'k', H}}, finalNorm_, "bsk",
                               embedding_, "vk", "bsv");
    const int loss = follow(logits, {}, {}, 4);
    reduceLast(loss, B * S * 4, 3);
    return loss;
}

void GptBuilder::forwardLayer(int& x)
{
    const auto [B, S, H, A] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.heads};
    const int64_t D = H / A;
    Layer l{};
    l.ln1 = parameter({H});
    l.qkvWeight = parameter({H, 3 * H});
    l.qkvBias = parameter({3 * H});
    l.outWeight = parameter({H, H});
    l.outBias = parameter({H});
    l.ln2 = parameter({H});
    l.fc1Weight = parameter({H, 4 * H});
    l.fc1Bias = parameter({4 * H});
    l.fc2Weight = parameter({4 * H, H});
    l.fc2Bias = parameter({H});
    l.input = x;
    l.h1 = follow(x);
    reduceLast(l.h1, B * S * 4, 2);
    useBias(l.ln1, l.h1);
    const int qkv = product({{'b', B}, {'s', S}, {'n', 3 * H}, {'k', H}}, l.h1, "bsk", l.qkvWeight,
                            "kn", "bsn");
    useBias(l.qkvBias, qkv);
    l.query = follow(qkv, {B, A, S, D}, splitHeads_);
    l.key = follow(qkv, {B, A, S, D}, splitHeads_);
    l.value = follow(qkv, {B, A, S, D}, splitHeads_);
    const int scores = product({{'b', B}, {'a', A}, {'s', S}, {'t', S}, {'d', D}}, l.query, "basd",
                               l.key, "batd", "bast");
    l.probabilities = follow(scores);
    reduceLast(l.probabilities, B * S * 4, 2);
    const int context = product({{'b', B}, {'a', A}, {'s', S}, {'d', D}, {'t', S}}, l.probabilities,
                                "bast", l.value, "batd", "basd");
    l.context = follow(context, {B, S, H}, mergeHeads_);
    const int out = product({{'b', B}, {'s', S}, {'n', H}, {'k', H}}, l.context, "bsk", l.outWeight,
                            "kn", "bsn");
    useBias(l.outBias, out);
    l.afterAttention = follow(out);
    useAsLeader(l.input, out);
    l.h2 = follow(l.afterAttention);
    reduceLast(l.h2, B * S * 4, 2);
    useBias(l.ln2, l.h2);
    l.fc1 = product({{'b', B}, {'s', S}, {'n', 4 * H}, {'k', H}}, l.h2, "bsk", l.fc1Weight, "kn",
                    "bsn");
    useBias(l.fc1Bias, l.fc1);
    l.gelu = follow(l.fc1);
    const int fc2 = product({{'b', B}, {'s', S}, {'n', H}, {'k', 4 * H}}, l.gelu, "bsk",
                            l.fc2Weight, "kn", "bsn");
    useBias(l.fc2Bias, fc2);
    x = follow(fc2);
    useAsLeader(l.afterAttention, fc2);
    layers_.push_back(l);
}

void GptBuilder::backwardPass(int loss)
{
    const auto [B, S, H, V] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.vocabulary};
    const int dLogits = follow(loss);
    int dx =
        product({{'b', B}, {'s', S}, {'k', H}, {'v', V}}, dLogits, "bsv", embedding_, "vk", "bsk");
    const int dOutput =
        product({{'v', V}, {'k', H}, {'b', B}, {'s', S}}, dLogits, "bsv", finalNorm_, "bsk", "vk");
    dx = follow(dx);
    reduceLast(dx, B * S * 4, 2);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
        backwardLayer(*layer, dx);
    const int tokens = addTensor(tokenNode_, specsOf({B, S}), {B, S}, 0);
    const int dEmbedding =
        product({{'v', V}, {'h', H}, {'b', B}, {'s', S}}, tokens, "bs", dx, "bsh", "vh", 1e-9);
    update(embedding_, dOutput);
    update(embedding_, dEmbedding);
    ++time_;
}

void GptBuilder::backwardLayer(const Layer& l, int& dx)
{
    const auto [B, S, H, A] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.heads};
    const int64_t D = H / A;
    const SpecMap& split = splitHeads_;
    biasGradient(l.fc2Bias, dx);
    const int dGelu =
        product({{'b', B}, {'s', S}, {'k', 4 * H}, {'n', H}}, dx, "bsn", l.fc2Weight, "kn", "bsk");
    update(l.fc2Weight,
           product({{'k', 4 * H}, {'n', H}, {'b', B}, {'s', S}}, l.gelu, "bsk", dx, "bsn", "kn"));
    const int dFc1 = follow(dGelu);
    useAsLeader(l.fc1, dGelu);
    biasGradient(l.fc1Bias, dFc1);
    const int dH2 = product({{'b', B}, {'s', S}, {'k', H}, {'n', 4 * H}}, dFc1, "bsn", l.fc1Weight,
                            "kn", "bsk");
    update(l.fc1Weight,
           product({{'k', H}, {'n', 4 * H}, {'b', B}, {'s', S}}, l.h2, "bsk", dFc1, "bsn", "kn"));
    const int dAfter = follow(dH2);
    reduceLast(dAfter, B * S * 4, 2);
    useAsLeader(l.afterAttention, dH2);
    useAsLeader(dx, dH2);
    biasGradient(l.ln2, dAfter);
    biasGradient(l.outBias, dAfter);
    const int dContext =
        product({{'b', B}, {'s', S}, {'k', H}, {'n', H}}, dAfter, "bsn", l.outWeight, "kn", "bsk");
    update(l.outWeight, product({{'k', H}, {'n', H}, {'b', B}, {'s', S}}, l.context, "bsk", dAfter,
                                "bsn", "kn"));
    const int dc = follow(dContext, {B, A, S, D}, split);
    const int dProbabilities = product({{'b', B}, {'a', A}, {'s', S}, {'t', S}, {'d', D}}, dc,
                                       "basd", l.value, "batd", "bast");
    const int dValue = product({{'b', B}, {'a', A}, {'t', S}, {'d', D}, {'s', S}}, l.probabilities,
                               "bast", dc, "basd", "batd");
    const int dScores = follow(dProbabilities);
    reduceLast(dScores, B * S * 4, 1);
    useAsLeader(l.probabilities, dProbabilities);
    const int dQuery = product({{'b', B}, {'a', A}, {'s', S}, {'d', D}, {'t', S}}, dScores, "bast",
                               l.key, "batd", "basd");
    const int dKey = product({{'b', B}, {'a', A}, {'t', S}, {'d', D}, {'s', S}}, dScores, "bast",
                             l.query, "basd", "batd");
    const int dQkv = follow(dQuery, {B, S, 3 * H}, mergeHeads_);
    useAsLeader(dKey, dQuery);
    useAsLeader(dValue, dQuery);
    biasGradient(l.qkvBias, dQkv);
    const int dH1 = product({{'b', B}, {'s', S}, {'k', H}, {'n', 3 * H}}, dQkv, "bsn", l.qkvWeight,
                            "kn", "bsk");
    update(l.qkvWeight,
           product({{'k', H}, {'n', 3 * H}, {'b', B}, {'s', S}}, l.h1, "bsk", dQkv, "bsn", "kn"));
    const int dInput = follow(dH1);
    reduceLast(dInput, B * S * 4, 2);
    useAsLeader(l.input, dH1);
    useAsLeader(dAfter, dH1);
    biasGradient(l.ln1, dInput);
    dx = dInput;
}

IlpProblem GptBuilder::finish()
{
    IlpProblem problem;
    for (const std::vector<double>& costs : nodeCosts_) {
        IlpNode node;
        for (double cost : costs)
            node.costs.push_back(std::nearbyint(cost));
        problem.nodes.push_back(std::move(node));
    }
    std::map<std::pair<int, std::vector<double>>, int> interned;
    for (EdgeCosts& edge : edges_) {
        if (std::all_of(edge.costs.begin(), edge.costs.end(),
                        [](double c) { return std::abs(c) < 0.5; }))
            continue;
        for (double& cost : edge.costs)
            cost = std::nearbyint(cost);
        const int rows = static_cast<int>(nodeCosts_[at(edge.from)].size());
        const int columns = static_cast<int>(nodeCosts_[at(edge.to)].size());
        const auto [place, isNew] =
            interned.try_emplace({rows, edge.costs}, static_cast<int>(problem.matrices.size()));
        if (isNew)
            problem.matrices.push_back({rows, columns, edge.costs});
        problem.edges.push_back({edge.from, edge.to, place->second});
    }
    if (options_.memoryRatio)
        addMemory(problem);
    return problem;
}

/// The first tensor of a node is its own usage; every further one becomes a node tied to it, as in
/// a raw HLO graph.
void GptBuilder::addMemory(IlpProblem& problem)
{
    std::map<int, int> identities;
    std::vector<bool> hasUsage(problem.nodes.size(), false);
    for (const Tensor& tensor : tensors_) {
        if (tensor.heldBytes == 0)
            continue;
        IlpUsage usage{tensor.isParameter ? 0 : tensor.firstTime,
                       tensor.isParameter ? time_ : tensor.lastTime + 1,
                       {}};
        for (const Spec& spec : tensor.specs)
            usage.bytes.push_back(bytesOf(tensor.shape, tensor.heldBytes) /
                                  static_cast<int64_t>(shards(spec)));
        if (!hasUsage[at(tensor.leader)]) {
            hasUsage[at(tensor.leader)] = true;
            problem.nodes[at(tensor.leader)].usages.push_back(std::move(usage));
            continue;
        }
        const int count = static_cast<int>(tensor.specs.size());
        const auto [place, isNew] =
            identities.try_emplace(count, static_cast<int>(problem.matrices.size()));
        if (isNew) {
            IlpMatrix identity{count, count,
                               std::vector<double>(at(count) * at(count), kForbidden)};
            for (size_t s = 0; s < at(count); ++s)
                identity.entries[s * at(count) + s] = 0;
            problem.matrices.push_back(std::move(identity));
        }
        problem.edges.push_back(
            {tensor.leader, static_cast<int>(problem.nodes.size()), place->second});
        problem.nodes.push_back({std::vector<double>(at(count), 0.0), {std::move(usage)}});
    }
    std::vector<int64_t> change(at(time_) + 2, 0);
    for (const IlpNode& node : problem.nodes) {
        for (const IlpUsage& usage : node.usages) {
            const int64_t least = *std::min_element(usage.bytes.begin(), usage.bytes.end());
            change[at(usage.begin)] += least;
            change[at(usage.end)] -= least;
        }
    }
    int64_t now = 0;
    int64_t peak = 0;
    for (int64_t c : change) {
        now += c;
        peak = std::max(peak, now);
    }
    problem.usageLimit = static_cast<int64_t>(static_cast<double>(peak) * *options_.memoryRatio);
}

} // namespace

IlpProblem gptIlp(const GptIlpOptions& options) { return GptBuilder(options).build(); }

} // namespace alpa
