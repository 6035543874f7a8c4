#include "core/import/add_loss.h"

#include "core/graph/builder.h"

#include <array>

namespace alpa
{
namespace
{

constexpr std::array<std::pair<LossKind, std::string_view>, 3> kNames{
    {{LossKind::kMean, "mean"},
     {LossKind::kMeanSquare, "mse"},
     {LossKind::kCrossEntropy, "cross-entropy"}}};

ValueId meanOf(GraphBuilder& b, ValueId x)
{
    const auto count = static_cast<double>(b.type(x).elementCount());
    const ValueId sum = b.sumAll(x);
    return b.divide(sum, b.constantLike(count, sum));
}

/// log(sum(exp(y))) - y[label], with the largest y taken out first; the label is picked by a mask,
/// so that classes may be split over devices.
ValueId crossEntropy(GraphBuilder& b, ValueId y, ValueId labels)
{
    const int last = b.rank(y) - 1;
    const std::vector<int64_t> sizes = b.dims(y);
    const std::vector<int> classes{last};
    const ValueId top = b.broadcastOver(b.reduce(ReduceKind::kMaximum, y, classes), classes, sizes);
    const ValueId shifted = b.subtract(y, top);
    const ValueId total = b.log(b.sum(b.exp(shifted), classes));
    const ValueId wide = b.broadcastOver(labels, classes, sizes);
    const ValueId isLabel =
        b.compare(CompareDirection::kEq, wide, b.iota(last, {DType::kS32, sizes}));
    const ValueId picked = b.sum(b.select(isLabel, shifted, b.zerosLike(shifted)), classes);
    return meanOf(b, b.subtract(total, picked));
}

} // namespace

std::string_view lossName(LossKind kind)
{
    for (const auto& [known, name] : kNames) {
        if (known == kind)
            return name;
    }
    return "";
}

std::optional<LossKind> lossFromName(std::string_view name)
{
    for (const auto& [kind, known] : kNames) {
        if (known == name)
            return kind;
    }
    return std::nullopt;
}

Result<Graph> addLoss(Graph forward, LossKind kind)
{
    ValueId output;
    for (const GraphOutput& known : forward.outputs) {
        if (known.role == OutputRole::kLoss)
            return Error(ErrorCode::kInvalidInput, "the model has a loss already");
        if (!output.isValid() && isFloating(forward.type(known.value).dtype))
            output = known.value;
    }
    if (!output.isValid())
        return Error(ErrorCode::kInvalidInput, "the model has no floating-point output for a loss");
    const TensorType type = forward.type(output);
    if (type.elementCount() == 0)
        return Error(ErrorCode::kInvalidInput, "the model's output is empty");
    if (kind == LossKind::kCrossEntropy && type.rank() < 2)
        return Error(ErrorCode::kInvalidInput,
                     "cross-entropy needs an output with a batch and classes, got " +
                         formatType(type));
    ValueId reference;
    if (kind == LossKind::kMeanSquare)
        reference = forward.addInput("target", {DType::kF32, type.dims}, InputRole::kBatch);
    if (kind == LossKind::kCrossEntropy)
        reference = forward.addInput(
            "labels", {DType::kS32, {type.dims.begin(), type.dims.end() - 1}}, InputRole::kBatch);
    GraphBuilder b(forward, "loss");
    const ValueId wide = dtypeBytes(type.dtype) < 4 ? b.convert(output, DType::kF32) : output;
    ValueId loss;
    if (kind == LossKind::kMean) {
        loss = meanOf(b, wide);
    } else if (kind == LossKind::kMeanSquare) {
        const ValueId difference = b.subtract(wide, b.convert(reference, b.type(wide).dtype));
        loss = meanOf(b, b.multiply(difference, difference));
    } else {
        loss = crossEntropy(b, wide, reference);
    }
    forward.outputs = {{.value = loss, .role = OutputRole::kLoss, .name = "", .alias = {}}};
    return forward;
}

} // namespace alpa
