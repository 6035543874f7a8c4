// The fields of every attribute struct with their names in the text form. Printer and parser walk
// this one list, so that they cannot drift apart.
#pragma once

#include "core/graph/op.h"

#include <string_view>
#include <type_traits>

namespace alpa
{

/// Calls `visitor(name, field)` for every field. `attributes` is a const or mutable struct of op.h.
template <typename A, typename Visitor>
void visitAttributeFields(A& a, Visitor&& visitor)
{
    using T = std::remove_const_t<A>;
    if constexpr (std::is_same_v<T, ConstantAttributes>) {
        visitor("value", a.values);
    } else if constexpr (std::is_same_v<T, IotaAttributes> ||
                         std::is_same_v<T, ConcatenateAttributes>) {
        visitor("dim", a.dim);
    } else if constexpr (std::is_same_v<T, CompareAttributes>) {
        visitor("direction", a.direction);
    } else if constexpr (std::is_same_v<T, DimsAttributes>) {
        visitor("dims", a.dims);
    } else if constexpr (std::is_same_v<T, ReduceAttributes>) {
        visitor("kind", a.kind);
        visitor("dims", a.dims);
    } else if constexpr (std::is_same_v<T, SliceAttributes>) {
        visitor("starts", a.starts);
        visitor("limits", a.limits);
        visitor("strides", a.strides);
    } else if constexpr (std::is_same_v<T, PadAttributes>) {
        visitor("low", a.low);
        visitor("high", a.high);
        visitor("interior", a.interior);
    } else if constexpr (std::is_same_v<T, DynamicSliceAttributes>) {
        visitor("sizes", a.sizes);
    } else if constexpr (std::is_same_v<T, DotAttributes>) {
        visitor("lhs_batch", a.lhsBatch);
        visitor("rhs_batch", a.rhsBatch);
        visitor("lhs_contracting", a.lhsContracting);
        visitor("rhs_contracting", a.rhsContracting);
    } else if constexpr (std::is_same_v<T, ConvolutionAttributes>) {
        visitor("strides", a.strides);
        visitor("padding_low", a.paddingLow);
        visitor("padding_high", a.paddingHigh);
        visitor("lhs_dilation", a.lhsDilation);
        visitor("rhs_dilation", a.rhsDilation);
        visitor("reversal", a.reversal);
        visitor("input_batch", a.inputBatch);
        visitor("input_feature", a.inputFeature);
        visitor("input_spatial", a.inputSpatial);
        visitor("kernel_input_feature", a.kernelInputFeature);
        visitor("kernel_output_feature", a.kernelOutputFeature);
        visitor("kernel_spatial", a.kernelSpatial);
        visitor("output_batch", a.outputBatch);
        visitor("output_feature", a.outputFeature);
        visitor("output_spatial", a.outputSpatial);
        visitor("feature_groups", a.featureGroups);
        visitor("batch_groups", a.batchGroups);
    } else if constexpr (std::is_same_v<T, GatherAttributes>) {
        visitor("offset_dims", a.offsetDims);
        visitor("collapsed_slice_dims", a.collapsedSliceDims);
        visitor("operand_batching_dims", a.operandBatchingDims);
        visitor("indices_batching_dims", a.indicesBatchingDims);
        visitor("start_index_map", a.startIndexMap);
        visitor("index_vector_dim", a.indexVectorDim);
        visitor("slice_sizes", a.sliceSizes);
    } else if constexpr (std::is_same_v<T, ScatterAttributes>) {
        visitor("update_window_dims", a.updateWindowDims);
        visitor("inserted_window_dims", a.insertedWindowDims);
        visitor("input_batching_dims", a.inputBatchingDims);
        visitor("indices_batching_dims", a.indicesBatchingDims);
        visitor("scatter_dims_to_operand_dims", a.scatterDimsToOperandDims);
        visitor("index_vector_dim", a.indexVectorDim);
        visitor("kind", a.kind);
        visitor("replace", a.isReplace);
    } else if constexpr (std::is_same_v<T, ReduceWindowAttributes>) {
        visitor("kind", a.kind);
        visitor("window", a.window);
        visitor("strides", a.strides);
        visitor("padding_low", a.paddingLow);
        visitor("padding_high", a.paddingHigh);
    } else if constexpr (std::is_same_v<T, SortAttributes>) {
        visitor("dim", a.dim);
        visitor("descending", a.isDescending);
    } else if constexpr (std::is_same_v<T, OpaqueAttributes>) {
        visitor("name", a.name);
        visitor("text", a.text);
        visitor("rule", a.rule);
        visitor("flops", a.flops);
    } else {
        static_assert(std::is_same_v<T, std::monostate>);
    }
}

} // namespace alpa
