#include "core/lowering/local_op.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

class Localizer
{
public:
    Localizer(const Graph& graph, const Op& op, const OpSharding& sharding, const DeviceMesh& mesh)
        : graph_(graph)
        , op_(op)
        , sharding_(sharding)
        , mesh_(mesh)
    {
    }

    Result<LocalOp> run()
    {
        local_.attributes = op_.attributes;
        if (auto* iota = std::get_if<IotaAttributes>(&local_.attributes))
            addOffset(iota->dim, sharding_.results[0], graph_.type(op_.results[0]));
        else if (auto* constant = std::get_if<ConstantAttributes>(&local_.attributes))
            return checkConstant(*constant);
        else if (auto* slice = std::get_if<SliceAttributes>(&local_.attributes))
            localizeSlice(*slice);
        else if (auto* dynamic = std::get_if<DynamicSliceAttributes>(&local_.attributes))
            localizeSizes(dynamic->sizes);
        else if (auto* gather = std::get_if<GatherAttributes>(&local_.attributes))
            localizeGather(*gather);
        else if (auto* scatter = std::get_if<ScatterAttributes>(&local_.attributes))
            localizeScatter(*scatter);
        return local_;
    }

private:
    int devicesAlong(const ShardingSpec& spec, int dim) const
    {
        return mesh_.groupSize(spec.dims[static_cast<size_t>(dim)]);
    }

    void addOffset(int dim, const ShardingSpec& spec, const TensorType& type)
    {
        const AxisSet axes = spec.dims[static_cast<size_t>(dim)];
        if (mesh_.groupSize(axes) > 1)
            local_.offsets.push_back(
                {.dim = dim,
                 .axes = axes,
                 .stride = type.dims[static_cast<size_t>(dim)] / mesh_.groupSize(axes)});
    }

    Result<LocalOp> checkConstant(const ConstantAttributes& constant)
    {
        if (constant.values.size() > 1 && mesh_.groupSize(sharding_.results[0].splitAxes()) > 1)
            return Error(
                ErrorCode::kUnsupported,
                fmt::format("constant of {} values cannot be split", constant.values.size()));
        return local_;
    }

    /// Split dimensions are whole in the slice, so the local slice is whole too.
    void localizeSlice(SliceAttributes& slice)
    {
        for (size_t dim = 0; dim < slice.limits.size(); ++dim)
            slice.limits[dim] =
                slice.starts[dim] == 0
                    ? slice.limits[dim] / devicesAlong(sharding_.operands[0], static_cast<int>(dim))
                    : slice.limits[dim];
    }

    void localizeSizes(std::vector<int64_t>& sizes)
    {
        for (size_t dim = 0; dim < sizes.size(); ++dim)
            sizes[dim] /= devicesAlong(sharding_.operands[0], static_cast<int>(dim));
    }

    /// A split looked-up dimension keeps its slice size of 1 and skips rows of other devices;
    /// others are whole.
    void localizeGather(GatherAttributes& gather)
    {
        const TensorType& operand = graph_.type(op_.operands[0]);
        for (size_t dim = 0; dim < gather.sliceSizes.size(); ++dim) {
            const int devices = devicesAlong(sharding_.operands[0], static_cast<int>(dim));
            if (devices == 1)
                continue;
            if (gather.sliceSizes[dim] == operand.dims[dim])
                gather.sliceSizes[dim] /= devices;
            else
                addIndexedOffset(static_cast<int>(dim), gather.operandBatchingDims, operand);
        }
    }

    void localizeScatter(const ScatterAttributes& scatter)
    {
        const TensorType& operand = graph_.type(op_.operands[0]);
        for (const int dim : scatter.scatterDimsToOperandDims) {
            const bool isInserted = std::ranges::find(scatter.insertedWindowDims, dim) !=
                                    scatter.insertedWindowDims.end();
            if (isInserted)
                addIndexedOffset(dim, scatter.inputBatchingDims, operand);
        }
    }

    void addIndexedOffset(int dim, const std::vector<int>& batchingDims, const TensorType& operand)
    {
        if (std::ranges::find(batchingDims, dim) == batchingDims.end())
            addOffset(dim, sharding_.operands[0], operand);
    }

    const Graph& graph_;
    const Op& op_;
    const OpSharding& sharding_;
    const DeviceMesh& mesh_;
    LocalOp local_;
};

} // namespace

Result<LocalOp> localOp(const Graph& graph, const Op& op, const OpSharding& sharding,
                        const DeviceMesh& mesh)
{
    return Localizer(graph, op, sharding, mesh).run();
}

TensorType localType(const TensorType& type, const ShardingSpec& spec, const DeviceMesh& mesh)
{
    TensorType local = type;
    for (int dim = 0; dim < type.rank(); ++dim)
        local.dims[static_cast<size_t>(dim)] /= mesh.groupSize(spec.dims[static_cast<size_t>(dim)]);
    return local;
}

} // namespace alpa
