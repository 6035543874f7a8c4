// cuDNN's fused attention, as JAX calls it (__cudnn$fmhaSoftmax and its kin, forward and backward),
// written out: products, softmax and their derivatives. B batch, N heads, T queries, S keys, H head
// size.
#include "core/import/library_call.h"
#include "core/import/op_converter.h"

#include <algorithm>
#include <limits>

namespace alpa
{

namespace
{

using Json = nlohmann::ordered_json;

/// More keys than there are.
constexpr double kLongestWindow = 1e15;

} // namespace

/// What a call says of itself.
struct FusedAttention {
    double scale = 1;
    bool isCausal = false;
    bool isPadded = false;
    int64_t window = 0;        ///< Keys that a query sees; 0: all.
    bool isHeadsFirst = false; ///< (B, N, T, H), else (B, T, N, H).
    bool hasBias = false;
    bool isBackward = false;
};

std::optional<FusedAttention> OpConverter::readAttention(std::string_view target)
{
    const Json config = libraryCallConfig(syntax_, "cudnn_fmha_backend_config");
    FusedAttention attention;
    const auto number = [&](const char* name) { return configNumber(config, name).value_or(0); };
    if (!config.is_object()) {
        unsupported("the call has no description of its attention");
        return std::nullopt;
    }
    const std::string mask = config.contains("mask_type") && config["mask_type"].is_string()
                                 ? config["mask_type"].get<std::string>()
                                 : "NO_MASK";
    attention.isCausal = mask == "CAUSAL" || mask == "PADDING_CAUSAL";
    attention.isPadded = mask == "PADDING" || mask == "PADDING_CAUSAL";
    attention.hasBias = target.find("Bias") != std::string_view::npos;
    attention.isBackward = target.ends_with("Backward");
    attention.scale = configNumber(config, "fmha_scale").value_or(1);
    attention.window =
        static_cast<int64_t>(std::clamp(number("sliding_window_length"), 0.0, kLongestWindow));
    if (number("dropout_rate") > 0) {
        unsupported("its dropout draws numbers that the file does not tell");
        return std::nullopt;
    }
    if (number("max_seg_per_batch") > 1 || target.ends_with("F8") || mask == "ALIBI" ||
        (config.contains("is_paged_attention") && config["is_paged_attention"] == true)) {
        unsupported("attention over packed sequences, pages or 8-bit numbers");
        return std::nullopt;
    }
    const char* product = attention.isBackward ? "bmm2_grad_gemm2_dot_dimension_numbers"
                                               : "bmm1_dot_dimension_numbers";
    if (config.contains(product) && config[product].is_object()) {
        const Json batch = config[product].value("lhs_batch_dimensions", Json());
        attention.isHeadsFirst = batch == Json::array({"0", "1"}) || batch == Json::array({0, 1});
    }
    return attention;
}

/// (B, N, T, H) of any operand, with as many heads as the queries have.
ValueId OpConverter::headsFirst(ValueId x, const FusedAttention& attention, int64_t heads)
{
    if (problem_)
        return {};
    if (!attention.isHeadsFirst)
        x = emit(OpKind::kTranspose, {x}, DimsAttributes{{0, 2, 1, 3}}, declared());
    if (problem_)
        return {};
    const TensorType type = graph_.type(x);
    if (type.dims[1] == heads || type.dims[1] == 0 || heads % type.dims[1] != 0)
        return x;
    const TensorType wide{
        type.dtype, {type.dims[0], type.dims[1], heads / type.dims[1], type.dims[2], type.dims[3]}};
    x = emit(OpKind::kBroadcast, {x}, DimsAttributes{{0, 1, 3, 4}}, wide);
    return emit(OpKind::kReshape, {x}, {},
                {type.dtype, {type.dims[0], heads, type.dims[2], type.dims[3]}});
}

ValueId OpConverter::headProduct(ValueId left, ValueId right, int leftSum, int rightSum,
                                 DType dtype)
{
    return emit(OpKind::kDot, {left, right}, DotAttributes{{0, 1}, {0, 1}, {leftSum}, {rightSum}},
                {dtype, {}});
}

ValueId OpConverter::rowsOver(ValueId rows, const TensorType& type)
{
    return emit(OpKind::kBroadcast, {rows}, DimsAttributes{{0, 1, 2}}, type);
}

/// Where a query must not look, as true; invalid without a mask. `lengths`: of queries and keys
/// (B).
ValueId OpConverter::attentionMask(const FusedAttention& attention, const TensorType& scores,
                                   ValueId keyLengths)
{
    const TensorType places{DType::kS32, scores.dims};
    const TensorType pred{DType::kPred, scores.dims};
    const auto compare = [&](CompareDirection direction, ValueId a, ValueId b) {
        return emit(OpKind::kCompare, {a, b}, CompareAttributes{direction}, pred);
    };
    ValueId hidden;
    const auto hide = [&](ValueId more) {
        hidden = hidden.isValid() ? emit(OpKind::kOr, {hidden, more}, {}, pred) : more;
    };
    const ValueId query = emit(OpKind::kIota, {}, IotaAttributes{2}, places);
    const ValueId key = emit(OpKind::kIota, {}, IotaAttributes{3}, places);
    if (attention.isCausal)
        hide(compare(CompareDirection::kGt, key, query));
    if (attention.window > 0) {
        const ValueId reach = splat(static_cast<double>(attention.window), places);
        hide(compare(CompareDirection::kLe, emit(OpKind::kAdd, {key, reach}, {}, places), query));
    }
    if (keyLengths.isValid()) {
        const ValueId lengths = emit(OpKind::kBroadcast, {keyLengths}, DimsAttributes{{0}}, places);
        hide(compare(CompareDirection::kGe, key, lengths));
    }
    return hidden;
}

/// Scaled, biased and masked products (B, N, T, S), f32.
ValueId OpConverter::attentionScores(const FusedAttention& attention, ValueId q, ValueId k,
                                     ValueId bias, ValueId keyLengths)
{
    ValueId scores = headProduct(q, k, 3, 3, DType::kF32);
    if (problem_)
        return {};
    const TensorType type = graph_.type(scores);
    scores = emit(OpKind::kMultiply, {scores, splat(attention.scale, type)}, {}, type);
    if (bias.isValid()) {
        const TensorType own = graph_.type(bias);
        bias = emit(OpKind::kConvert, {bias}, {}, {DType::kF32, own.dims});
        if (own.rank() == 4 && own.dims != type.dims)
            bias = emit(OpKind::kBroadcast, {bias}, DimsAttributes{{0, 1, 2, 3}}, type);
        scores = emit(OpKind::kAdd, {scores, bias}, {}, type);
    }
    const ValueId hidden = attentionMask(attention, type, keyLengths);
    if (hidden.isValid())
        scores = emit(OpKind::kSelect, {hidden, splat(-1e30, type), scores}, {}, type);
    return scores;
}

void OpConverter::convertAttentionForward(const FusedAttention& attention)
{
    const size_t wanted = 3 + (attention.hasBias ? 1u : 0u) + (attention.isPadded ? 2u : 0u);
    if (!hasOperands(wanted) || graph_.type(op_.operands[0]).rank() != 4)
        return;
    const TensorType queries = graph_.type(op_.operands[0]);
    const int64_t heads = queries.dims[attention.isHeadsFirst ? 1 : 2];
    const ValueId q = headsFirst(op_.operands[0], attention, heads);
    const ValueId k = headsFirst(op_.operands[1], attention, heads);
    const ValueId v = headsFirst(op_.operands[2], attention, heads);
    const ValueId scores =
        attentionScores(attention, q, k, attention.hasBias ? op_.operands[3] : ValueId(),
                        attention.isPadded ? op_.operands.back() : ValueId());
    if (problem_)
        return;
    const TensorType type = graph_.type(scores);
    const TensorType rows{DType::kF32, {type.dims[0], type.dims[1], type.dims[2]}};
    const ValueId high =
        emit(OpKind::kReduce, {scores}, ReduceAttributes{ReduceKind::kMaximum, {3}}, rows);
    const ValueId shifted = emit(OpKind::kSubtract, {scores, rowsOver(high, type)}, {}, type);
    const ValueId exponential = emit(OpKind::kExp, {shifted}, {}, type);
    const ValueId sum =
        emit(OpKind::kReduce, {exponential}, ReduceAttributes{ReduceKind::kAdd, {3}}, rows);
    const ValueId weights = emit(OpKind::kDivide, {exponential, rowsOver(sum, type)}, {}, type);
    const ValueId narrow = emit(OpKind::kConvert, {weights}, {}, {queries.dtype, type.dims});
    const ValueId out = headProduct(narrow, v, 3, 2, queries.dtype);
    std::vector<ValueId> all{out};
    if (op_.resultTypes.size() == 3)
        all.push_back(emit(OpKind::kAdd, {high, emit(OpKind::kLog, {sum}, {}, rows)}, {}, rows));
    while (!problem_ && all.size() < op_.resultTypes.size())
        all.push_back(splat(0, op_.resultTypes[all.size()])); // Room to work in.
    results_ = all;
}

/// With P the weights: dV = P' dO, dS = P (dO V' - rows of dO O), dQ = scale dS K, dK = scale dS'
/// Q.
void OpConverter::convertAttentionBackward(const FusedAttention& attention)
{
    const size_t wanted = 6 + (attention.hasBias ? 1u : 0u) + (attention.isPadded ? 2u : 0u);
    if (!hasOperands(wanted) || graph_.type(op_.operands[0]).rank() != 4)
        return;
    const auto& in = op_.operands;
    const TensorType queries = graph_.type(in[0]);
    const int64_t heads = queries.dims[attention.isHeadsFirst ? 1 : 2];
    if (graph_.type(in[1]).dims[attention.isHeadsFirst ? 1 : 2] != heads)
        return unsupported("the derivative of attention whose keys have fewer heads");
    const ValueId q = headsFirst(in[0], attention, heads);
    const ValueId k = headsFirst(in[1], attention, heads);
    const ValueId v = headsFirst(in[2], attention, heads);
    const ValueId gradient = headsFirst(in[4], attention, heads);
    const ValueId output = headsFirst(in[attention.hasBias ? 6 : 5], attention, heads);
    const ValueId scores = attentionScores(attention, q, k, attention.hasBias ? in[5] : ValueId(),
                                           attention.isPadded ? in.back() : ValueId());
    if (problem_)
        return;
    const TensorType type = graph_.type(scores);
    const TensorType narrow{queries.dtype, type.dims};
    const ValueId weights =
        emit(OpKind::kExp, {emit(OpKind::kSubtract, {scores, rowsOver(in[3], type)}, {}, type)}, {},
             type);
    const ValueId narrowWeights = emit(OpKind::kConvert, {weights}, {}, narrow);
    const ValueId dv = headProduct(narrowWeights, gradient, 2, 2, queries.dtype);
    const ValueId dWeights = headProduct(gradient, v, 3, 3, DType::kF32);
    if (problem_)
        return;
    const TensorType wide{DType::kF32, graph_.type(output).dims};
    const auto asFloat = [&](ValueId x) { return emit(OpKind::kConvert, {x}, {}, wide); };
    const ValueId both = emit(OpKind::kMultiply, {asFloat(gradient), asFloat(output)}, {}, wide);
    const ValueId rows = emit(OpKind::kReduce, {both}, ReduceAttributes{ReduceKind::kAdd, {3}},
                              {DType::kF32, {type.dims[0], type.dims[1], type.dims[2]}});
    const ValueId centred = emit(OpKind::kSubtract, {dWeights, rowsOver(rows, type)}, {}, type);
    const ValueId dScores = emit(OpKind::kMultiply, {weights, centred}, {}, type);
    const ValueId scaled =
        emit(OpKind::kMultiply, {dScores, splat(attention.scale, type)}, {}, type);
    const ValueId narrowScores = emit(OpKind::kConvert, {scaled}, {}, narrow);
    const ValueId dq = headProduct(narrowScores, k, 3, 2, queries.dtype);
    const ValueId dk = headProduct(narrowScores, q, 2, 2, queries.dtype);
    std::vector<ValueId> all{dq, dk, dv};
    if (op_.resultTypes.size() == 5) {
        const TensorType& biasType = op_.resultTypes[3];
        ValueId dBias = dScores;
        std::vector<int> summed;
        for (int dim = 0; dim < type.rank() && biasType.rank() == type.rank(); ++dim) {
            if (biasType.dims[static_cast<size_t>(dim)] != type.dims[static_cast<size_t>(dim)])
                summed.push_back(dim);
        }
        if (!summed.empty())
            dBias =
                emit(OpKind::kReduce, {dBias}, ReduceAttributes{ReduceKind::kAdd, summed}, type);
        dBias = emit(OpKind::kReshape, {dBias}, {}, {DType::kF32, biasType.dims});
        all.push_back(emit(OpKind::kConvert, {dBias}, {}, biasType));
    }
    while (!problem_ && all.size() < op_.resultTypes.size())
        all.push_back(splat(0, op_.resultTypes[all.size()]));
    results_ = all;
}

void OpConverter::convertAttention(std::string_view target)
{
    const std::optional<FusedAttention> attention = readAttention(target);
    if (!attention)
        return;
    if (attention->isBackward)
        convertAttentionBackward(*attention);
    else
        convertAttentionForward(*attention);
}

} // namespace alpa
