#include "tests/unit/intra_op/gpt_ilp.h"

#include "tests/unit/intra_op/dense_ilp_builder.h"

#include <array>
#include <vector>

namespace alpa
{
namespace
{

class GptBuilder
{
public:
    explicit GptBuilder(const GptIlpOptions& options)
        : options_(options)
        , ilp_({options.meshRows, options.meshColumns}, options.hasReplicatedCompute)
    {
    }

    IlpProblem build()
    {
        const int loss = forwardPass();
        backwardPass(loss);
        return ilp_.finish(options_.memoryRatio);
    }

private:
    /// The parameters and saved activations of one layer.
    struct Layer {
        int ln1, qkvWeight, qkvBias, outWeight, outBias, ln2, fc1Weight, fc1Bias, fc2Weight,
            fc2Bias;
        int input, h1, query, key, value, probabilities, context, afterAttention, h2, fc1, gelu;
    };

    int forwardPass();
    void forwardLayer(int& x);
    void backwardPass(int loss);
    void backwardLayer(const Layer& layer, int& dx);

    // (B, S, 3H) -> (B, A, S, D) and back.
    const MeshSpecMap splitHeads_ = DenseIlpBuilder::renamed({0, 2, 1, -1});
    const MeshSpecMap mergeHeads_ = DenseIlpBuilder::renamed({0, 2, 1, 2});

    GptIlpOptions options_;
    DenseIlpBuilder ilp_;
    std::vector<Layer> layers_;
    int tokenNode_ = 0;
    int embedding_ = 0;
    int finalNorm_ = 0;
};

int GptBuilder::forwardPass()
{
    const auto [B, S, H, V] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.vocabulary};
    const std::vector<MeshSpec> tokenSpecs = ilp_.specsOf({B, S});
    tokenNode_ = ilp_.addNode(std::vector<double>(tokenSpecs.size(), 0.0));
    ilp_.addTensor(tokenNode_, tokenSpecs, {B, S}, 4);
    embedding_ = ilp_.parameter({V, H});
    const int tokens = ilp_.addTensor(tokenNode_, tokenSpecs, {B, S}, 0);
    int x = ilp_.product({{'b', B}, {'s', S}, {'h', H}, {'v', V}}, tokens, "bs", embedding_, "vh",
                         "bsh", 1e-9);
    for (int layer = 0; layer < options_.layers; ++layer)
        forwardLayer(x);
    finalNorm_ = ilp_.follow(x);
    ilp_.reduceLast(finalNorm_, B * S * 4, 2);
    const int logits = ilp_.product({{'b', B}, {'s', S}, {'v', V}, {'k', H}}, finalNorm_, "bsk",
                                    embedding_, "vk", "bsv");
    const int loss = ilp_.follow(logits, {}, {}, 4);
    ilp_.reduceLast(loss, B * S * 4, 3);
    return loss;
}

void GptBuilder::forwardLayer(int& x)
{
    const auto [B, S, H, A] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.heads};
    const int64_t D = H / A;
    Layer l{};
    l.ln1 = ilp_.parameter({H});
    l.qkvWeight = ilp_.parameter({H, 3 * H});
    l.qkvBias = ilp_.parameter({3 * H});
    l.outWeight = ilp_.parameter({H, H});
    l.outBias = ilp_.parameter({H});
    l.ln2 = ilp_.parameter({H});
    l.fc1Weight = ilp_.parameter({H, 4 * H});
    l.fc1Bias = ilp_.parameter({4 * H});
    l.fc2Weight = ilp_.parameter({4 * H, H});
    l.fc2Bias = ilp_.parameter({H});
    l.input = x;
    l.h1 = ilp_.follow(x);
    ilp_.reduceLast(l.h1, B * S * 4, 2);
    ilp_.useBias(l.ln1, l.h1);
    const int qkv = ilp_.product({{'b', B}, {'s', S}, {'n', 3 * H}, {'k', H}}, l.h1, "bsk",
                                 l.qkvWeight, "kn", "bsn");
    ilp_.useBias(l.qkvBias, qkv);
    l.query = ilp_.follow(qkv, {B, A, S, D}, splitHeads_);
    l.key = ilp_.follow(qkv, {B, A, S, D}, splitHeads_);
    l.value = ilp_.follow(qkv, {B, A, S, D}, splitHeads_);
    const int scores = ilp_.product({{'b', B}, {'a', A}, {'s', S}, {'t', S}, {'d', D}}, l.query,
                                    "basd", l.key, "batd", "bast");
    l.probabilities = ilp_.follow(scores);
    ilp_.reduceLast(l.probabilities, B * S * 4, 2);
    const int context = ilp_.product({{'b', B}, {'a', A}, {'s', S}, {'d', D}, {'t', S}},
                                     l.probabilities, "bast", l.value, "batd", "basd");
    l.context = ilp_.follow(context, {B, S, H}, mergeHeads_);
    const int out = ilp_.product({{'b', B}, {'s', S}, {'n', H}, {'k', H}}, l.context, "bsk",
                                 l.outWeight, "kn", "bsn");
    ilp_.useBias(l.outBias, out);
    l.afterAttention = ilp_.follow(out);
    ilp_.useAsLeader(l.input, out);
    l.h2 = ilp_.follow(l.afterAttention);
    ilp_.reduceLast(l.h2, B * S * 4, 2);
    ilp_.useBias(l.ln2, l.h2);
    l.fc1 = ilp_.product({{'b', B}, {'s', S}, {'n', 4 * H}, {'k', H}}, l.h2, "bsk", l.fc1Weight,
                         "kn", "bsn");
    ilp_.useBias(l.fc1Bias, l.fc1);
    l.gelu = ilp_.follow(l.fc1);
    const int fc2 = ilp_.product({{'b', B}, {'s', S}, {'n', H}, {'k', 4 * H}}, l.gelu, "bsk",
                                 l.fc2Weight, "kn", "bsn");
    ilp_.useBias(l.fc2Bias, fc2);
    x = ilp_.follow(fc2);
    ilp_.useAsLeader(l.afterAttention, fc2);
    layers_.push_back(l);
}

void GptBuilder::backwardPass(int loss)
{
    const auto [B, S, H, V] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.vocabulary};
    const int dLogits = ilp_.follow(loss);
    int dx = ilp_.product({{'b', B}, {'s', S}, {'k', H}, {'v', V}}, dLogits, "bsv", embedding_,
                          "vk", "bsk");
    const int dOutput = ilp_.product({{'v', V}, {'k', H}, {'b', B}, {'s', S}}, dLogits, "bsv",
                                     finalNorm_, "bsk", "vk");
    dx = ilp_.follow(dx);
    ilp_.reduceLast(dx, B * S * 4, 2);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
        backwardLayer(*layer, dx);
    const int tokens = ilp_.addTensor(tokenNode_, ilp_.specsOf({B, S}), {B, S}, 0);
    const int dEmbedding =
        ilp_.product({{'v', V}, {'h', H}, {'b', B}, {'s', S}}, tokens, "bs", dx, "bsh", "vh", 1e-9);
    ilp_.update(embedding_, dOutput);
    ilp_.update(embedding_, dEmbedding);
    ilp_.pass();
}

void GptBuilder::backwardLayer(const Layer& l, int& dx)
{
    const auto [B, S, H, A] =
        std::array{options_.batch, options_.sequence, options_.hidden, options_.heads};
    const int64_t D = H / A;
    const MeshSpecMap& split = splitHeads_;
    ilp_.biasGradient(l.fc2Bias, dx);
    const int dGelu = ilp_.product({{'b', B}, {'s', S}, {'k', 4 * H}, {'n', H}}, dx, "bsn",
                                   l.fc2Weight, "kn", "bsk");
    ilp_.update(l.fc2Weight, ilp_.product({{'k', 4 * H}, {'n', H}, {'b', B}, {'s', S}}, l.gelu,
                                          "bsk", dx, "bsn", "kn"));
    const int dFc1 = ilp_.follow(dGelu);
    ilp_.useAsLeader(l.fc1, dGelu);
    ilp_.biasGradient(l.fc1Bias, dFc1);
    const int dH2 = ilp_.product({{'b', B}, {'s', S}, {'k', H}, {'n', 4 * H}}, dFc1, "bsn",
                                 l.fc1Weight, "kn", "bsk");
    ilp_.update(l.fc1Weight, ilp_.product({{'k', H}, {'n', 4 * H}, {'b', B}, {'s', S}}, l.h2, "bsk",
                                          dFc1, "bsn", "kn"));
    const int dAfter = ilp_.follow(dH2);
    ilp_.reduceLast(dAfter, B * S * 4, 2);
    ilp_.useAsLeader(l.afterAttention, dH2);
    ilp_.useAsLeader(dx, dH2);
    ilp_.biasGradient(l.ln2, dAfter);
    ilp_.biasGradient(l.outBias, dAfter);
    const int dContext = ilp_.product({{'b', B}, {'s', S}, {'k', H}, {'n', H}}, dAfter, "bsn",
                                      l.outWeight, "kn", "bsk");
    ilp_.update(l.outWeight, ilp_.product({{'k', H}, {'n', H}, {'b', B}, {'s', S}}, l.context,
                                          "bsk", dAfter, "bsn", "kn"));
    const int dc = ilp_.follow(dContext, {B, A, S, D}, split);
    const int dProbabilities = ilp_.product({{'b', B}, {'a', A}, {'s', S}, {'t', S}, {'d', D}}, dc,
                                            "basd", l.value, "batd", "bast");
    const int dValue = ilp_.product({{'b', B}, {'a', A}, {'t', S}, {'d', D}, {'s', S}},
                                    l.probabilities, "bast", dc, "basd", "batd");
    const int dScores = ilp_.follow(dProbabilities);
    ilp_.reduceLast(dScores, B * S * 4, 1);
    ilp_.useAsLeader(l.probabilities, dProbabilities);
    const int dQuery = ilp_.product({{'b', B}, {'a', A}, {'s', S}, {'d', D}, {'t', S}}, dScores,
                                    "bast", l.key, "batd", "basd");
    const int dKey = ilp_.product({{'b', B}, {'a', A}, {'t', S}, {'d', D}, {'s', S}}, dScores,
                                  "bast", l.query, "basd", "batd");
    const int dQkv = ilp_.follow(dQuery, {B, S, 3 * H}, mergeHeads_);
    ilp_.useAsLeader(dKey, dQuery);
    ilp_.useAsLeader(dValue, dQuery);
    ilp_.biasGradient(l.qkvBias, dQkv);
    const int dH1 = ilp_.product({{'b', B}, {'s', S}, {'k', H}, {'n', 3 * H}}, dQkv, "bsn",
                                 l.qkvWeight, "kn", "bsk");
    ilp_.update(l.qkvWeight, ilp_.product({{'k', H}, {'n', 3 * H}, {'b', B}, {'s', S}}, l.h1, "bsk",
                                          dQkv, "bsn", "kn"));
    const int dInput = ilp_.follow(dH1);
    ilp_.reduceLast(dInput, B * S * 4, 2);
    ilp_.useAsLeader(l.input, dH1);
    ilp_.useAsLeader(dAfter, dH1);
    ilp_.biasGradient(l.ln1, dInput);
    dx = dInput;
}

} // namespace

IlpProblem gptIlp(const GptIlpOptions& options) { return GptBuilder(options).build(); }

} // namespace alpa
