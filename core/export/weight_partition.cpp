#include "core/export/weight_partition.h"

#include <algorithm>
#include <vector>

namespace alpa
{
namespace
{

bool touches(const ShardingSpec& spec, const std::vector<int>& dims, AxisSet axes)
{
    return std::ranges::any_of(
        dims, [&](int dim) { return (spec.dims[static_cast<size_t>(dim)] & axes) != 0; });
}

} // namespace

std::string_view partitionName(Partition partition)
{
    switch (partition) {
    case Partition::kReplicated:
        return "replicated";
    case Partition::kColumn:
        return "column";
    case Partition::kRow:
        return "row";
    case Partition::kVocabulary:
        return "vocabulary";
    case Partition::kEmbeddingColumn:
        return "embedding column";
    case Partition::kSequence:
        return "sequence";
    }
    return "replicated";
}

std::optional<Partition> partitionOf(const Op& op, size_t index, const OpSharding& sharding,
                                     AxisSet tensor)
{
    if (index >= sharding.operands.size())
        return std::nullopt;
    const ShardingSpec& spec = sharding.operands[index];
    const bool isSplit = (spec.splitAxes() & tensor) != 0;
    if (op.kind == OpKind::kDot) {
        const auto& a = std::get<DotAttributes>(op.attributes);
        const bool isRow = touches(spec, index == 0 ? a.lhsContracting : a.rhsContracting, tensor);
        return isRow ? Partition::kRow : isSplit ? Partition::kColumn : Partition::kReplicated;
    }
    if (op.kind == OpKind::kConvolution) {
        const auto& a = std::get<ConvolutionAttributes>(op.attributes);
        const bool isRow = touches(spec, {a.kernelInputFeature}, tensor);
        return isRow ? Partition::kRow : isSplit ? Partition::kColumn : Partition::kReplicated;
    }
    if (op.kind == OpKind::kGather && index == 0) {
        const auto& a = std::get<GatherAttributes>(op.attributes);
        const bool isRow = touches(spec, a.collapsedSliceDims, tensor);
        return isRow     ? Partition::kVocabulary
               : isSplit ? Partition::kEmbeddingColumn
                         : Partition::kReplicated;
    }
    const bool passes = op.kind == OpKind::kConvert || op.kind == OpKind::kReshape ||
                        op.kind == OpKind::kTranspose || op.kind == OpKind::kBroadcast;
    if (passes)
        return std::nullopt;
    // A norm or a bias: split with its features, or at work on a part of the sequence.
    const bool splitsResult =
        !sharding.results.empty() && (sharding.results[0].splitAxes() & tensor) != 0;
    const ShardingSpec& result = sharding.results[0];
    const bool splitsFeatures =
        result.rank > 0 && (result.dims[static_cast<size_t>(result.rank - 1)] & tensor) != 0;
    return splitsFeatures ? Partition::kColumn
           : splitsResult ? Partition::kSequence
                          : Partition::kReplicated;
}

int rankOfUse(OpKind kind)
{
    return kind == OpKind::kGather                                ? 3
           : kind == OpKind::kDot || kind == OpKind::kConvolution ? 2
                                                                  : 1;
}

} // namespace alpa
