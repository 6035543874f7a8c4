#include "core/export/transformer_shape.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Vocabulary and hidden size: the table that integer inputs look up.
void findTable(const Graph& graph, TransformerShape& shape)
{
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kGather || op.phase != Phase::kForward)
            continue;
        const TensorType& table = graph.type(op.operands[0]);
        const bool isParameter = graph.inputRole(op.operands[0]) == InputRole::kParameter ||
                                 graph.value(op.operands[0]).producer.isValid();
        if (isParameter && table.rank() == 2 && shape.vocabulary < table.dims[0] &&
            isFloating(table.dtype)) {
            shape.vocabulary = table.dims[0];
            shape.hidden = table.dims[1];
        }
    }
    for (const GraphInput& input : graph.inputs) {
        const TensorType& type = graph.type(input.value);
        if (input.role == InputRole::kBatch && type.rank() == 2 && !isFloating(type.dtype))
            shape.sequence = std::max(shape.sequence, type.dims[1]);
    }
}

/// The tables outside of blocks: of positions, and of the logits where they have one of their own.
void findOtherTables(const ParallelLayout& layout, TransformerShape& shape)
{
    int tables = 0;
    for (const ModuleLayout& module : layout.modules) {
        if (blockIn(layout, module.name))
            continue;
        for (const std::vector<int64_t>& dims : module.weights) {
            if (dims.size() != 2)
                continue;
            shape.hasPositions |= dims[0] == shape.sequence && dims[1] == shape.hidden;
            tables += std::max(dims[0], dims[1]) == shape.vocabulary ? 1 : 0;
        }
    }
    shape.isTied = tables < 2;
}

/// Heads: the batch dimensions of the product of queries and keys beside the batch itself.
void findHeads(const Graph& graph, TransformerShape& shape)
{
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kDot || op.phase != Phase::kForward)
            continue;
        const auto& a = std::get<DotAttributes>(op.attributes);
        if (a.lhsBatch.size() < 2)
            continue;
        int64_t heads = 1;
        for (size_t i = 1; i < a.lhsBatch.size(); ++i)
            heads *= graph.type(op.operands[0]).dims[static_cast<size_t>(a.lhsBatch[i])];
        shape.heads = std::max(shape.heads, heads);
    }
}

/// Sizes of the first block's weights: the widest is the feed-forward size; two of them in front of
/// the one behind make a gated unit; keys narrower than queries mean grouped queries; a weight with
/// a dimension more than a matrix has one for every expert.
void findBlockSizes(const ParallelLayout& layout, TransformerShape& shape)
{
    int wide = 0;
    int64_t narrow = shape.hidden;
    for (const ModuleLayout& module : layout.modules) {
        const auto block = blockIn(layout, module.name);
        for (const std::vector<int64_t>& dims : module.weights)
            shape.hasExperts |= block && dims.size() > 2;
        if (!block || block->number != 0)
            continue;
        shape.hasBias |= module.hasBias;
        for (const std::vector<int64_t>& dims : module.weights) {
            if (dims.size() != 2)
                continue;
            const int64_t other = dims[0] == shape.hidden ? dims[1] : dims[0];
            if (other > shape.hidden) {
                shape.feedForward = std::max(shape.feedForward, other);
                ++wide;
            }
            narrow = std::min(narrow, std::min(dims[0], dims[1]));
        }
    }
    shape.isGated = wide == 3;
    shape.keyHeads = shape.hidden > 0 ? shape.heads * narrow / shape.hidden : shape.heads;
}

} // namespace

Result<TransformerShape> findTransformer(const ParallelPlan& plan, const ParallelLayout& layout,
                                         std::string_view format)
{
    TransformerShape shape;
    findTable(*plan.graph, shape);
    findHeads(*plan.graph, shape);
    if (shape.vocabulary == 0 || shape.sequence == 0 || shape.heads == 0)
        return refusal(format, "the model is no language model with an embedding table, a "
                               "sequence and attention heads");
    const auto stages = stagesOfBlocks(layout);
    if (!stages)
        return refusal(format, "blocks of layers cannot be told, or a stage cuts through one");
    shape.stageOfBlock = *stages;
    findOtherTables(layout, shape);
    findBlockSizes(layout, shape);
    return shape;
}

} // namespace alpa
