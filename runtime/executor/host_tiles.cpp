#include "runtime/executor/host_tiles.h"

#include "core/base/small_float.h"

#include <fmt/format.h>

#include <cstring>

namespace alpa
{
namespace
{

/// Calls visit(wholeOffset, tileOffset, bytes) for every contiguous run of the tile within the
/// whole tensor.
template <typename Visit>
void forEachRow(const std::vector<int64_t>& dims, const Tile& tile, int64_t elementBytes,
                Visit visit)
{
    const size_t rank = dims.size();
    if (rank == 0)
        return visit(int64_t{0}, int64_t{0}, elementBytes);
    std::vector<int64_t> strides(rank, elementBytes);
    int64_t rows = 1;
    for (size_t d = rank - 1; d-- > 0;)
        strides[d] = strides[d + 1] * dims[d + 1];
    for (size_t d = 0; d + 1 < rank; ++d)
        rows *= tile.sizes[d];
    const int64_t rowBytes = tile.sizes[rank - 1] * elementBytes;
    std::vector<int64_t> index(rank, 0);
    for (int64_t row = 0; row < rows; ++row) {
        int64_t offset = tile.offsets[rank - 1] * elementBytes;
        for (size_t d = 0; d + 1 < rank; ++d)
            offset += (tile.offsets[d] + index[d]) * strides[d];
        visit(offset, row * rowBytes, rowBytes);
        for (size_t d = rank - 1; d-- > 0;) {
            if (++index[d] < tile.sizes[d])
                break;
            index[d] = 0;
        }
    }
}

TensorType wholeType(const Program& program, const Buffer& buffer)
{
    TensorType type{buffer.type.dtype, buffer.globalDims};
    if (buffer.kind == BufferKind::kBatch && !type.dims.empty())
        type.dims[0] *= program.microbatches;
    return type;
}

Status checkInput(const Program& program, const Buffer& buffer, const HostBuffers& inputs)
{
    const TensorType expected = wholeType(program, buffer);
    const auto found = inputs.find(buffer.name);
    if (found == inputs.end())
        return Error(ErrorCode::kInvalidInput, fmt::format("input '{}' is missing, expected {}",
                                                           buffer.name, formatType(expected)));
    if (buffer.kind == BufferKind::kBatch && buffer.globalDims.empty())
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("batch input '{}' is a scalar, expected a batch dimension", buffer.name));
    const HostBuffer& input = found->second;
    if (input.type != expected)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("input '{}' is {}, expected {}", buffer.name,
                                 formatType(input.type), formatType(expected)));
    const bool isBatch = buffer.kind == BufferKind::kBatch;
    if ((isBatch || !input.bytes.empty()) &&
        input.bytes.size() != static_cast<size_t>(expected.bytes().count))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("input '{}' has {} bytes, expected {}", buffer.name,
                                 input.bytes.size(), expected.bytes().count));
    return {};
}

} // namespace

Status checkInputs(const Program& program, const HostBuffers& inputs)
{
    for (const StageProgram& stage : program.stages) {
        for (const Buffer& buffer : stage.buffers) {
            if (buffer.kind == BufferKind::kParameter || buffer.kind == BufferKind::kState ||
                buffer.kind == BufferKind::kBatch)
                RETURN_IF_ERROR(checkInput(program, buffer, inputs));
        }
    }
    return {};
}

std::vector<std::byte> cutTile(const StageProgram& stage, const Buffer& buffer, int device,
                               int microbatch, const HostBuffer& whole)
{
    Tile tile = deviceTile(stage.mesh, buffer.spec, buffer.globalDims, device);
    if (buffer.kind == BufferKind::kBatch)
        tile.offsets[0] += microbatch * buffer.globalDims[0];
    std::vector<std::byte> bytes(static_cast<size_t>(buffer.type.bytes().count));
    if (whole.bytes.empty())
        return bytes;
    forEachRow(whole.type.dims, tile, dtypeBytes(buffer.type.dtype),
               [&](int64_t from, int64_t to, int64_t count) {
                   std::memcpy(bytes.data() + to, whole.bytes.data() + from,
                               static_cast<size_t>(count));
               });
    return bytes;
}

void pasteTile(const StageProgram& stage, const Buffer& buffer, int device,
               std::span<const std::byte> tile, HostBuffer& whole)
{
    forEachRow(whole.type.dims, deviceTile(stage.mesh, buffer.spec, buffer.globalDims, device),
               dtypeBytes(buffer.type.dtype), [&](int64_t to, int64_t from, int64_t count) {
                   std::memcpy(whole.bytes.data() + to, tile.data() + from,
                               static_cast<size_t>(count));
               });
}

bool isFirstHolder(const StageProgram& stage, const Buffer& buffer, int device)
{
    for (int axis = 0; axis < static_cast<int>(stage.mesh.axes.size()); ++axis) {
        if (!hasAxis(buffer.spec.splitAxes(), axis) && stage.mesh.coordinate(device, axis) != 0)
            return false;
    }
    return true;
}

double scalarValue(DType dtype, std::span<const std::byte> bytes)
{
    const auto as = [&]<typename T>(T value) {
        std::memcpy(&value, bytes.data(), sizeof(T));
        return value;
    };
    if (dtype == DType::kF64)
        return as(double{});
    if (dtype == DType::kBF16)
        return bfloat16Value(as(uint16_t{}));
    if (dtype == DType::kF16)
        return halfValue(as(uint16_t{}));
    return static_cast<double>(as(float{}));
}

} // namespace alpa
