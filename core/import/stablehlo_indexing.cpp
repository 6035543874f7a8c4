#include "core/import/stablehlo_indexing.h"

#include "core/import/attribute_access.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// [b, 0, 1, f]: where each named and each spatial dimension is.
struct DimensionNames {
    int first = -1;  ///< b or i
    int second = -1; ///< f or o
    std::vector<int> spatial;
};

std::optional<DimensionNames> readNames(const MlirAttribute& list, std::string_view first,
                                        std::string_view second)
{
    DimensionNames names;
    names.spatial.assign(list.items.size() < 2 ? 0 : list.items.size() - 2, -1);
    for (size_t at = 0; at < list.items.size(); ++at) {
        const MlirAttribute& item = list.items[at];
        const int dim = static_cast<int>(at);
        if (item.kind == MlirAttributeKind::kWord && item.text == first)
            names.first = dim;
        else if (item.kind == MlirAttributeKind::kWord && item.text == second)
            names.second = dim;
        else if (item.kind == MlirAttributeKind::kInteger && item.integer >= 0 &&
                 item.integer < static_cast<int64_t>(names.spatial.size()))
            names.spatial[static_cast<size_t>(item.integer)] = dim;
        else
            return std::nullopt;
    }
    const bool isComplete =
        names.first >= 0 && names.second >= 0 &&
        std::find(names.spatial.begin(), names.spatial.end(), -1) == names.spatial.end();
    return isComplete ? std::optional(names) : std::nullopt;
}

/// The integers of an attribute, or `count` times `value` when it is absent.
std::optional<std::vector<int64_t>> integersOr(const MlirAttribute* attribute, size_t count,
                                               int64_t value)
{
    if (attribute == nullptr)
        return std::vector<int64_t>(count, value);
    return integers(attribute);
}

bool splitPadding(const std::vector<int64_t>& padding, std::vector<int64_t>& low,
                  std::vector<int64_t>& high)
{
    for (size_t at = 0; at + 1 < padding.size(); at += 2) {
        low.push_back(padding[at]);
        high.push_back(padding[at + 1]);
    }
    return padding.size() % 2 == 0;
}

} // namespace

std::optional<ConvolutionAttributes> readConvolution(const MlirOp& op)
{
    const MlirAttribute* numbers = findAny(op, {"dim_numbers", "dimension_numbers"});
    if (numbers == nullptr || numbers->items.size() != 3)
        return std::nullopt;
    const auto input = readNames(numbers->items[0], "b", "f");
    const auto kernel = readNames(numbers->items[1], "i", "o");
    const auto output = readNames(numbers->items[2], "b", "f");
    if (!input || !kernel || !output)
        return std::nullopt;
    const MlirAttribute* window = op.find("window");
    const auto windowAttribute = [&](std::string_view pretty, std::string_view generic) {
        return window != nullptr ? window->find(pretty) : op.find(generic);
    };
    const size_t rank = input->spatial.size();
    const auto strides = integersOr(windowAttribute("stride", "window_strides"), rank, 1);
    const auto padding = integersOr(windowAttribute("pad", "padding"), 2 * rank, 0);
    const auto lhsDilation = integersOr(windowAttribute("lhs_dilate", "lhs_dilation"), rank, 1);
    const auto rhsDilation = integersOr(windowAttribute("rhs_dilate", "rhs_dilation"), rank, 1);
    const auto reversal = integersOr(windowAttribute("reverse", "window_reversal"), rank, 0);
    const auto featureGroups = integersOr(op.find("feature_group_count"), 1, 1);
    const auto batchGroups = integersOr(op.find("batch_group_count"), 1, 1);
    ConvolutionAttributes result;
    if (!strides || !padding || !lhsDilation || !rhsDilation || !reversal || !featureGroups ||
        !batchGroups || featureGroups->size() != 1 || batchGroups->size() != 1 ||
        !splitPadding(*padding, result.paddingLow, result.paddingHigh))
        return std::nullopt;
    result.strides = *strides;
    result.lhsDilation = *lhsDilation;
    result.rhsDilation = *rhsDilation;
    for (const int64_t isReversed : *reversal)
        result.reversal.push_back(isReversed != 0);
    result.inputBatch = input->first;
    result.inputFeature = input->second;
    result.inputSpatial = input->spatial;
    result.kernelInputFeature = kernel->first;
    result.kernelOutputFeature = kernel->second;
    result.kernelSpatial = kernel->spatial;
    result.outputBatch = output->first;
    result.outputFeature = output->second;
    result.outputSpatial = output->spatial;
    result.featureGroups = featureGroups->front();
    result.batchGroups = batchGroups->front();
    return result;
}

namespace
{

/// Dimension lists of a record; what is absent is empty, what is malformed fails all.
class DimensionLists
{
public:
    explicit DimensionLists(const MlirAttribute& record)
        : record_(record)
    {
    }

    std::vector<int> list(std::string_view name)
    {
        const MlirAttribute* attribute = record_.find(name);
        if (attribute == nullptr)
            return {};
        const auto dims = dimensions(attribute);
        isSound_ = isSound_ && dims.has_value();
        return dims.value_or(std::vector<int>());
    }
    int number(std::string_view name)
    {
        const std::vector<int> dims = list(name);
        isSound_ = isSound_ && dims.size() <= 1;
        return dims.empty() ? 0 : dims.front();
    }
    bool isSound() const { return isSound_; }

private:
    const MlirAttribute& record_;
    bool isSound_ = true;
};

} // namespace

std::optional<GatherAttributes> readGather(const MlirOp& op)
{
    const MlirAttribute* numbers = op.find("dimension_numbers");
    const auto sizes = integers(op.find("slice_sizes"));
    if (numbers == nullptr || !sizes)
        return std::nullopt;
    DimensionLists lists(*numbers);
    GatherAttributes result;
    result.offsetDims = lists.list("offset_dims");
    result.collapsedSliceDims = lists.list("collapsed_slice_dims");
    result.operandBatchingDims = lists.list("operand_batching_dims");
    result.indicesBatchingDims = lists.list("start_indices_batching_dims");
    result.startIndexMap = lists.list("start_index_map");
    result.indexVectorDim = lists.number("index_vector_dim");
    result.sliceSizes = *sizes;
    return lists.isSound() ? std::optional(result) : std::nullopt;
}

std::optional<ScatterAttributes> readScatter(const MlirOp& op)
{
    const MlirAttribute* numbers = op.find("scatter_dimension_numbers");
    if (numbers == nullptr)
        return std::nullopt;
    DimensionLists lists(*numbers);
    ScatterAttributes result;
    result.updateWindowDims = lists.list("update_window_dims");
    result.insertedWindowDims = lists.list("inserted_window_dims");
    result.inputBatchingDims = lists.list("input_batching_dims");
    result.indicesBatchingDims = lists.list("scatter_indices_batching_dims");
    result.scatterDimsToOperandDims = lists.list("scatter_dims_to_operand_dims");
    result.indexVectorDim = lists.number("index_vector_dim");
    return lists.isSound() ? std::optional(result) : std::nullopt;
}

std::optional<WindowAttributes> readWindow(const MlirOp& op, int rank)
{
    const auto count = static_cast<size_t>(rank);
    const auto window = integers(op.find("window_dimensions"));
    const auto strides = integersOr(op.find("window_strides"), count, 1);
    const auto padding = integersOr(op.find("padding"), 2 * count, 0);
    const auto baseDilations = integersOr(op.find("base_dilations"), count, 1);
    const auto windowDilations = integersOr(op.find("window_dilations"), count, 1);
    if (!window || !strides || !padding || !baseDilations || !windowDilations)
        return std::nullopt;
    WindowAttributes result;
    result.attributes.window = *window;
    result.attributes.strides = *strides;
    const auto isNotOne = [](int64_t dilation) { return dilation != 1; };
    result.hasDilation = std::any_of(baseDilations->begin(), baseDilations->end(), isNotOne) ||
                         std::any_of(windowDilations->begin(), windowDilations->end(), isNotOne);
    return splitPadding(*padding, result.attributes.paddingLow, result.attributes.paddingHigh)
               ? std::optional(result)
               : std::nullopt;
}

} // namespace alpa
