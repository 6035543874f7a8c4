// cuDNN's layer norm, as XLA calls it (__cudnn$norm, forward and backward), written out: means,
// deviations and their derivatives. N rows, F what one row holds, in any number of dimensions:
// x is (N, F), padded with dimensions of 1 to rank four; scale and bias are (F), the means and
// factors of the rows (N), padded likewise.
#include "core/import/library_call.h"
#include "core/import/op_converter.h"

#include <numeric>

namespace alpa
{

/// In f32, in which the statistics are computed whatever the type of x.
struct NormShapes {
    TensorType whole, rows, features;
    std::vector<int> featureDims; ///< Of `whole`.
};

std::optional<NormShapes> OpConverter::readNorm(size_t operands)
{
    if (!hasOperands(operands))
        return std::nullopt;
    const std::vector<int64_t>& dims = graph_.type(op_.operands[0]).dims;
    if (dims.size() < 2) {
        invalid("it normalises the rows of a tensor without columns");
        return std::nullopt;
    }
    NormShapes norm{{DType::kF32, dims},
                    {DType::kF32, {dims[0]}},
                    {DType::kF32, {dims.begin() + 1, dims.end()}},
                    std::vector<int>(dims.size() - 1)};
    std::iota(norm.featureDims.begin(), norm.featureDims.end(), 1);
    return norm;
}

/// (F) over all rows.
ValueId OpConverter::spreadFeatures(ValueId x, const NormShapes& norm)
{
    x = emit(OpKind::kConvert, {x}, {}, norm.features);
    x = emit(OpKind::kReshape, {x}, {}, norm.features);
    return emit(OpKind::kBroadcast, {x}, DimsAttributes{norm.featureDims}, norm.whole);
}

/// (N) over all elements of each row.
ValueId OpConverter::spreadRows(ValueId x, const NormShapes& norm)
{
    x = emit(OpKind::kConvert, {x}, {}, norm.rows);
    x = emit(OpKind::kReshape, {x}, {}, norm.rows);
    return emit(OpKind::kBroadcast, {x}, DimsAttributes{{0}}, norm.whole);
}

ValueId OpConverter::meanOfRows(ValueId x, const NormShapes& norm)
{
    const auto size = static_cast<double>(norm.features.elementCount());
    const ValueId sum =
        emit(OpKind::kReduce, {x}, ReduceAttributes{ReduceKind::kAdd, norm.featureDims}, norm.rows);
    return emit(OpKind::kDivide, {sum, splat(size, norm.rows)}, {}, norm.rows);
}

/// The results in the shapes and types that the call declares, and room to work in.
void OpConverter::finishNorm(Values results)
{
    if (problem_)
        return;
    if (op_.resultTypes.size() > results.size() + 1)
        return invalid(
            fmt::format("has {} results, expected {}", op_.resultTypes.size(), results.size() + 1));
    results.resize(std::min(results.size(), op_.resultTypes.size()));
    for (size_t at = 0; at < results.size(); ++at) {
        const TensorType& type = op_.resultTypes[at];
        const DType dtype = type.dtype;
        results[at] =
            emit(OpKind::kConvert, {results[at]}, {}, {dtype, graph_.type(results[at]).dims});
        results[at] = emit(OpKind::kReshape, {results[at]}, {}, type);
        if (problem_)
            return;
    }
    if (results.size() < op_.resultTypes.size())
        results.push_back(splat(0, op_.resultTypes.back()));
    results_ = std::move(results);
}

void OpConverter::convertNormForward(const NormShapes& norm, double epsilon)
{
    const auto on = [&](OpKind kind, ValueId a, ValueId b) {
        return emit(kind, {a, b}, {}, norm.whole);
    };
    const ValueId x = emit(OpKind::kConvert, {op_.operands[0]}, {}, norm.whole);
    const ValueId mean = meanOfRows(x, norm);
    const ValueId centred = on(OpKind::kSubtract, x, spreadRows(mean, norm));
    const ValueId variance = meanOfRows(on(OpKind::kMultiply, centred, centred), norm);
    const ValueId raised = emit(OpKind::kAdd, {variance, splat(epsilon, norm.rows)}, {}, norm.rows);
    const ValueId factor = emit(OpKind::kRsqrt, {raised}, {}, norm.rows);
    const ValueId normal = on(OpKind::kMultiply, centred, spreadRows(factor, norm));
    const ValueId scaled = on(OpKind::kMultiply, normal, spreadFeatures(op_.operands[1], norm));
    const ValueId y = on(OpKind::kAdd, scaled, spreadFeatures(op_.operands[2], norm));
    if (op_.resultTypes.size() < 3)
        return finishNorm({y});
    finishNorm({y, mean, factor});
}

/// With z the normal rows and g = dy scale: dx = factor (g - mean(g) - z mean(g z)), dscale and
/// dbias the sums over rows of dy z and dy.
void OpConverter::convertNormBackward(const NormShapes& norm)
{
    const auto on = [&](OpKind kind, ValueId a, ValueId b) {
        return emit(kind, {a, b}, {}, norm.whole);
    };
    const auto sumOfRows = [&](ValueId x) {
        return emit(OpKind::kReduce, {x}, ReduceAttributes{ReduceKind::kAdd, {0}}, norm.features);
    };
    const ValueId x = emit(OpKind::kConvert, {op_.operands[0]}, {}, norm.whole);
    const ValueId dy = emit(OpKind::kConvert, {op_.operands[2]}, {}, norm.whole);
    const ValueId centred = on(OpKind::kSubtract, x, spreadRows(op_.operands[3], norm));
    const ValueId factor = spreadRows(op_.operands[4], norm);
    const ValueId normal = on(OpKind::kMultiply, centred, factor);
    const ValueId g = on(OpKind::kMultiply, dy, spreadFeatures(op_.operands[1], norm));
    const ValueId meanG = spreadRows(meanOfRows(g, norm), norm);
    const ValueId along = spreadRows(meanOfRows(on(OpKind::kMultiply, g, normal), norm), norm);
    const ValueId across = on(OpKind::kSubtract, g, meanG);
    const ValueId inner = on(OpKind::kSubtract, across, on(OpKind::kMultiply, normal, along));
    const ValueId dx = on(OpKind::kMultiply, factor, inner);
    const ValueId dScale = sumOfRows(on(OpKind::kMultiply, dy, normal));
    finishNorm({dx, dScale, sumOfRows(dy)});
}

void OpConverter::convertNorm()
{
    const nlohmann::ordered_json config = libraryCallConfig(syntax_, "cudnn_norm_backend_config");
    const std::string kind =
        config.is_object() && config.contains("kind") && config["kind"].is_string()
            ? config["kind"].get<std::string>()
            : "LAYER_FWD_INFER"; // Protobuf leaves out the first of its kinds.
    if (!config.is_object())
        return unsupported("the call has no description of its norm");
    const bool isBackward = kind == "LAYER_BWD";
    if (!isBackward && kind != "LAYER_FWD_INFER" && kind != "LAYER_FWD_TRAIN")
        return unsupported(fmt::format("a norm of kind '{}'", kind));
    const std::optional<NormShapes> norm = readNorm(isBackward ? 5 : 3);
    if (!norm)
        return;
    if (isBackward)
        convertNormBackward(*norm);
    else
        convertNormForward(*norm, configNumber(config, "epsilon").value_or(0));
}

} // namespace alpa
