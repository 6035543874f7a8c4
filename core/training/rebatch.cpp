#include "core/training/rebatch.h"

#include "core/graph/infer_types.h"
#include "core/graph/verify.h"
#include "core/training/batch_dims.h"
#include "core/training/batch_means.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

Status checkRequest(const Graph& graph, int64_t oldBatch, int64_t batch)
{
    if (batch < 1 || batch > kLargestDim)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the batch must be at least 1, got {}", batch));
    if (oldBatch == 0)
        return Error(ErrorCode::kInvalidInput, "the graph has no batch input");
    if (oldBatch == 1)
        return Error(ErrorCode::kInvalidInput, "the file's batch is 1, which cannot be told from "
                                               "other dimensions of size 1; export it with 2 "
                                               "examples or more");
    for (const GraphInput& input : graph.inputs) {
        const TensorType& type = graph.type(input.value);
        if (input.role == InputRole::kBatch && type.rank() > 0 && type.dims[0] != oldBatch)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("batch input '{}' has {} examples, others have {}",
                                     graph.value(input.value).name, type.dims[0], oldBatch));
    }
    return {};
}

/// Sizes in the attributes of `op` that are those of batch dimensions.
void resizeAttributes(const Graph& graph, const BatchDims& batchDims,
                      const std::vector<TensorType>& operandTypes, Op& op)
{
    if (op.operands.empty())
        return;
    const std::vector<bool>& isBatch = batchDims[op.operands[0].index()];
    for (size_t d = 0; d < isBatch.size(); ++d) {
        if (!isBatch[d])
            continue;
        const int64_t size = operandTypes[0].dims[d];
        // All of a batch dimension is taken (findBatchDims has refused the rest), or one row of a
        // batching dimension.
        if (auto* slice = std::get_if<SliceAttributes>(&op.attributes))
            slice->limits[d] = size;
        if (auto* dynamicSlice = std::get_if<DynamicSliceAttributes>(&op.attributes);
            dynamicSlice != nullptr && op.kind == OpKind::kDynamicSlice)
            dynamicSlice->sizes[d] = size;
        if (auto* gather = std::get_if<GatherAttributes>(&op.attributes);
            gather != nullptr && gather->sliceSizes[d] == graph.type(op.operands[0]).dims[d])
            gather->sliceSizes[d] = size;
    }
}

class Rebatch
{
public:
    Rebatch(const Graph& graph, BatchDims batchDims, int64_t oldBatch, int64_t batch)
        : graph_(graph)
        , result_(graph)
        , batchDims_(std::move(batchDims))
        , oldBatch_(oldBatch)
        , batch_(batch)
        , values_(graph.values.size())
    {
        result_.ops.clear();
        result_.values.clear();
        result_.inputs.clear();
        result_.outputs.clear();
    }

    Result<Graph> run()
    {
        for (const GraphInput& input : graph_.inputs) {
            ASSIGN_OR_RETURN(TensorType type, newType(input.value));
            values_[input.value.index()] =
                result_.addInput(graph_.value(input.value).name, std::move(type), input.role);
        }
        std::vector<BatchConstant> constants =
            findBatchConstants(graph_, batchDims_, oldBatch_, batch_);
        RETURN_IF_ERROR(addBackwardConstants(graph_, batchDims_, constants));
        size_t next = 0;
        for (size_t i = 0; i < graph_.ops.size(); ++i) {
            const bool hasConstant = next < constants.size() && constants[next].op == i;
            RETURN_IF_ERROR(addOp(graph_.ops[i], hasConstant ? &constants[next++] : nullptr));
        }
        for (GraphOutput output : graph_.outputs) {
            output.value = values_[output.value.index()];
            if (output.alias.isValid())
                output.alias = values_[output.alias.index()];
            result_.addOutput(output);
        }
        RETURN_IF_ERROR(checkGraph(result_));
        return std::move(result_);
    }

private:
    const Graph& graph_;
    Graph result_;
    BatchDims batchDims_;
    int64_t oldBatch_;
    int64_t batch_;
    std::vector<ValueId> values_;

    Result<TensorType> newType(ValueId id) const
    {
        TensorType type = graph_.type(id);
        for (size_t d = 0; d < type.dims.size(); ++d) {
            if (!batchDims_[id.index()][d])
                continue;
            if (type.dims[d] % oldBatch_ != 0)
                return Error(ErrorCode::kUnsupported,
                             fmt::format("a dimension of {} follows the batch of {} unevenly",
                                         type.dims[d], oldBatch_));
            type.dims[d] = type.dims[d] / oldBatch_ * batch_;
        }
        return type;
    }

    Status addOp(const Op& old, const BatchConstant* constant)
    {
        Op op = old;
        std::vector<TensorType> operandTypes;
        for (ValueId& operand : op.operands) {
            operand = values_[operand.index()];
            operandTypes.push_back(result_.type(operand));
        }
        if (constant != nullptr) {
            Op number = old;
            number.kind = OpKind::kConstant;
            number.operands.clear();
            number.results.clear();
            number.attributes = ConstantAttributes{{constant->value}};
            const OpId id = result_.addOp(std::move(number), {operandTypes[constant->operand]});
            op.operands[constant->operand] = result_.op(id).results[0];
        }
        op.attributes = old.attributes;
        Op sized = old; // Operands in the old graph's ids, as the batch dimensions are.
        resizeAttributes(graph_, batchDims_, operandTypes, sized);
        op.attributes = std::move(sized.attributes);
        op.results.clear();
        std::vector<TensorType> types;
        for (const ValueId result : old.results) {
            ASSIGN_OR_RETURN(TensorType type, newType(result));
            types.push_back(std::move(type));
        }
        const Result<std::vector<TensorType>> inferred =
            inferTypes(op.kind, op.attributes, operandTypes,
                       types.empty() ? std::nullopt : std::optional(types[0]));
        if (op.kind != OpKind::kOpaque && (!inferred.ok() || *inferred != types))
            return Error(ErrorCode::kUnsupported,
                         fmt::format("line {}: {}: the batch cannot be changed, {}", old.sourceLine,
                                     opKindName(op.kind),
                                     inferred.ok() ? std::string("its result does not scale")
                                                   : inferred.error().message));
        const OpId id = result_.addOp(std::move(op), types);
        for (size_t i = 0; i < old.results.size(); ++i)
            values_[old.results[i].index()] = result_.op(id).results[i];
        return {};
    }
};

} // namespace

int64_t batchSize(const Graph& graph)
{
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kBatch && graph.type(input.value).rank() > 0)
            return graph.type(input.value).dims[0];
    }
    return 0;
}

Result<Graph> rebatch(const Graph& loss, int64_t batch)
{
    const int64_t oldBatch = batchSize(loss);
    if (batch == oldBatch && batch > 0)
        return loss;
    RETURN_IF_ERROR(checkRequest(loss, oldBatch, batch));
    ASSIGN_OR_RETURN(BatchDims batchDims, findBatchDims(loss, oldBatch));
    return Rebatch(loss, std::move(batchDims), oldBatch, batch).run();
}

} // namespace alpa
