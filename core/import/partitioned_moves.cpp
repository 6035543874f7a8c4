// Operations of partitioned programs that move data between devices, or take a device's part.
#include "core/import/whole_program_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{

Status WholeProgramBuilder::addOpaque(const Op& op)
{
    const auto& opaque = std::get<OpaqueAttributes>(op.attributes);
    if (opaque.name == "hlo.partition-id") {
        numbers_.defineDeviceId(op.results[0]);
        result_.collectiveLines.push_back(op.sourceLine);
        return {};
    }
    const bool isCollective = opaque.name == "hlo.all-reduce" || opaque.name == "hlo.all-gather" ||
                              opaque.name == "hlo.reduce-scatter";
    if (!isCollective)
        return stopped(op, "what it does to the sharding is not known");
    if (op.operands.size() != op.results.size())
        return stopped(op, "operands and results differ in number");
    const auto axes = collectiveAxes(local_, opaque.text);
    if (!axes)
        return stopped(op, "its groups are no axes of the mesh");
    for (size_t at = 0; at < op.operands.size(); ++at) {
        RETURN_IF_ERROR(addCollective(op, opaque, *axes, at));
    }
    result_.collectiveLines.push_back(op.sourceLine);
    return {};
}

Status WholeProgramBuilder::addCollective(const Op& op, const OpaqueAttributes& opaque,
                                          FileAxes axes, size_t at)
{
    ASSIGN_OR_RETURN(const ValueId value, needWhole(op.operands[at], 0));
    PartitionedLayout moved = layout(op.operands[at]);
    for (MaybeAxes& dim : moved.dims)
        dim = dim.value_or(0);
    const std::vector<int64_t> dims = collectiveNumbers(opaque.text, "dimensions");
    const auto dim = static_cast<size_t>(dims.empty() ? 0 : dims[0]);
    if (opaque.name != "hlo.all-reduce" && dim >= moved.dims.size())
        return stopped(op, "its dimension is not that of its operand");
    if (opaque.name == "hlo.all-gather") {
        if ((*moved.dims[dim] & axes) != axes)
            return stopped(op, "it gathers over axes that do not split its operand");
        *moved.dims[dim] &= ~axes;
    } else {
        if ((moved.partial & axes) != axes)
            return stopped(op, "it sums over axes over which its operand is whole");
        moved.partial &= ~axes;
        if (opaque.name == "hlo.reduce-scatter")
            *moved.dims[dim] |= axes;
    }
    return define(op, at, value, moved);
}

Status WholeProgramBuilder::addDeviceOp(const Op& op)
{
    const bool isTensor = !op.results.empty() && local_.type(op.results[0]).elementCount() > 1;
    if (op.kind == OpKind::kDynamicSlice && isTensor)
        return takeOwnPart(op);
    if (isTensor && op.kind == OpKind::kAdd)
        return countOwnPart(op);
    if (!numbers_.define(op))
        return stopped(op, "it computes with the number of the device");
    return {};
}

Status WholeProgramBuilder::takeOwnPart(const Op& op)
{
    ASSIGN_OR_RETURN(const ValueId value, needWhole(op.operands[0], 0));
    PartitionedLayout own = layout(op.operands[0]);
    const auto& sizes = std::get<DynamicSliceAttributes>(op.attributes).sizes;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        own.dims[dim] = own.dims[dim].value_or(0);
        if (sizes[dim] == local_.type(op.operands[0]).dims[dim])
            continue;
        const std::vector<double> offsets = numbers_.elements(op.operands[dim + 1]);
        const auto axes = axesOfOffsets(local_, offsets, static_cast<double>(sizes[dim]));
        const bool isPart =
            axes && partCount(local_, *axes) * sizes[dim] == local_.type(op.operands[0]).dims[dim];
        if (!isPart || *own.dims[dim] != 0)
            return stopped(op, "the device's place in the tensor follows no axis");
        own.dims[dim] = *axes;
    }
    return define(op, 0, value, own);
}

Status WholeProgramBuilder::countOwnPart(const Op& op)
{
    for (const size_t at : {size_t{0}, size_t{1}}) {
        const OpId producer = local_.value(op.operands[at]).producer;
        if (!producer.isValid() || local_.op(producer).kind != OpKind::kIota ||
            numbers_.of(op.operands[1 - at]).empty())
            continue;
        const auto dim =
            static_cast<size_t>(std::get<IotaAttributes>(local_.op(producer).attributes).dim);
        const auto extent = static_cast<double>(local_.type(op.results[0]).dims[dim]);
        const auto axes = axesOfOffsets(local_, numbers_.of(op.operands[1 - at]), extent);
        if (!axes)
            break;
        PartitionedLayout own;
        own.dims.assign(local_.type(op.results[0]).dims.size(), FileAxes{0});
        own.dims[dim] = *axes;
        ASSIGN_OR_RETURN(const ValueId count, emit(local_.op(producer), {}, {own}));
        return define(op, 0, count, own);
    }
    return stopped(op, "it adds the number of the device to a tensor");
}

} // namespace alpa
