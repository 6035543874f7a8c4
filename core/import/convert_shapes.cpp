// Operations that move elements, and constants.
#include "core/import/attribute_access.h"
#include "core/import/constant_values.h"
#include "core/import/op_converter.h"

#include <algorithm>

namespace alpa
{

void OpConverter::convertBroadcast()
{
    if (syntax_.name.find("broadcast_in_dim") != std::string_view::npos) {
        convertDims(OpKind::kBroadcast, {"dims", "broadcast_dimensions"});
        return;
    }
    // stablehlo.broadcast puts its new dimensions in front.
    if (!hasOperands(1))
        return;
    const int rank = graph_.type(op_.operands[0]).rank();
    DimsAttributes attributes;
    for (int dim = declared().rank() - rank; dim < declared().rank(); ++dim)
        attributes.dims.push_back(dim);
    finish(OpKind::kBroadcast, op_.operands, std::move(attributes));
}

void OpConverter::convertDims(OpKind kind, std::initializer_list<std::string_view> names)
{
    const auto dims = dimensions(findAny(syntax_, names));
    if (!dims)
        return missing(*names.begin());
    finish(kind, op_.operands, DimsAttributes{*dims});
}

void OpConverter::convertConcatenate()
{
    const auto dim = dimensions(findAny(syntax_, {"dim", "dimension"}));
    if (!dim || dim->size() != 1)
        return missing("dim");
    finish(OpKind::kConcatenate, op_.operands, ConcatenateAttributes{dim->front()});
}

void OpConverter::convertConstant()
{
    const MlirAttribute* value = syntax_.find("value");
    if (value != nullptr && value->kind == MlirAttributeKind::kOther)
        return unsupported(
            "its values are not in the text; print with large constants written out");
    const bool isPacked = value != nullptr && value->kind == MlirAttributeKind::kResource;
    if (value == nullptr || (!isPacked && value->kind != MlirAttributeKind::kDense))
        return missing("value");
    Result<std::vector<double>> values =
        isPacked ? parsePacked(value->text, declared()) : parseDense(value->text, declared());
    if (!values)
        return invalid(values.error().message);
    finish(OpKind::kConstant, {}, ConstantAttributes{std::move(values).value()});
}

void OpConverter::convertDynamicSlice()
{
    const auto sizes = integers(findAny(syntax_, {"sizes", "slice_sizes"}));
    if (!sizes)
        return missing("sizes");
    if (const auto slice = staticSlice(*sizes))
        return finish(OpKind::kSlice, {op_.operands[0]}, *slice);
    finish(OpKind::kDynamicSlice, op_.operands, DynamicSliceAttributes{*sizes});
}

/// A slice whose starts are known, clamped as at run time: what an unrolled loop takes out of its
/// stacked parameters.
std::optional<SliceAttributes> OpConverter::staticSlice(const std::vector<int64_t>& sizes) const
{
    if (op_.operands.size() != sizes.size() + 1)
        return std::nullopt;
    const TensorType& tensor = graph_.type(op_.operands[0]);
    if (tensor.dims.size() != sizes.size())
        return std::nullopt;
    SliceAttributes slice;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        const auto start = constantValue(op_.operands[dim + 1]);
        if (!start || sizes[dim] < 0 || sizes[dim] > tensor.dims[dim])
            return std::nullopt;
        const auto last = static_cast<double>(tensor.dims[dim] - sizes[dim]);
        slice.starts.push_back(static_cast<int64_t>(std::clamp(*start, 0.0, last)));
        slice.limits.push_back(slice.starts.back() + sizes[dim]);
        slice.strides.push_back(1);
    }
    return slice;
}

void OpConverter::convertIota()
{
    const auto dim = dimensions(findAny(syntax_, {"dim", "iota_dimension"}));
    if (!dim || dim->size() != 1)
        return missing("dim");
    finish(OpKind::kIota, {}, IotaAttributes{dim->front()});
}

void OpConverter::convertPad()
{
    const auto low = integers(findAny(syntax_, {"low", "edge_padding_low"}));
    const auto high = integers(findAny(syntax_, {"high", "edge_padding_high"}));
    const auto interior = integers(findAny(syntax_, {"interior", "interior_padding"}));
    if (!low || !high || !interior)
        return missing("low, high, interior");
    finish(OpKind::kPad, op_.operands, PadAttributes{*low, *high, *interior});
}

void OpConverter::convertSlice()
{
    SliceAttributes attributes;
    if (const MlirAttribute* ranges = syntax_.find("ranges")) {
        for (const MlirAttribute& range : ranges->items) {
            const auto numbers = integers(&range);
            if (!numbers || numbers->size() < 2 || numbers->size() > 3)
                return missing("ranges start:limit:stride");
            attributes.starts.push_back((*numbers)[0]);
            attributes.limits.push_back((*numbers)[1]);
            attributes.strides.push_back(numbers->size() == 3 ? (*numbers)[2] : 1);
        }
    } else {
        const auto starts = integers(syntax_.find("start_indices"));
        const auto limits = integers(syntax_.find("limit_indices"));
        const auto strides = integers(syntax_.find("strides"));
        if (!starts || !limits || !strides)
            return missing("start_indices, limit_indices, strides");
        attributes = SliceAttributes{*starts, *limits, *strides};
    }
    finish(OpKind::kSlice, op_.operands, std::move(attributes));
}

} // namespace alpa
