#include "runtime/cpu/gemm.h"
#include "runtime/cpu/kernel.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <climits>
#include <fmt/format.h>

#include <optional>

namespace alpa::cpu
{
namespace
{

/// Several dimensions of a tensor seen as one.
struct Group {
    int64_t size = 1;
    int64_t stride = 0; ///< Between neighbours; any when the size is 1.
};

/// The dimensions `dims`, the last one innermost, as one; nothing when their strides do not allow
/// that.
std::optional<Group> collapse(const std::vector<int>& dims, const TensorType& type)
{
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    Group group;
    for (size_t i = dims.size(); i-- > 0;) {
        const auto d = static_cast<size_t>(dims[i]);
        if (type.dims[d] == 1)
            continue;
        if (group.size == 1)
            group = {type.dims[d], strides[d]};
        else if (strides[d] == group.stride * group.size)
            group.size *= type.dims[d];
        else
            return std::nullopt;
    }
    return group;
}

std::vector<int> freeDims(const TensorType& type, const std::vector<int>& batch,
                          const std::vector<int>& contracting)
{
    std::vector<int> dims;
    for (int d = 0; d < type.rank(); ++d) {
        if (std::ranges::find(batch, d) == batch.end() &&
            std::ranges::find(contracting, d) == contracting.end())
            dims.push_back(d);
    }
    return dims;
}

int64_t sizeOf(const std::vector<int>& dims, const TensorType& type)
{
    int64_t size = 1;
    for (const int d : dims)
        size *= type.dims[static_cast<size_t>(d)];
    return size;
}

/// One side of a dot as a batch of row-major matrices, or their transposes, where they lie; else
/// packed first.
struct Operand {
    bool isTransposed = false;
    int64_t leading = 1;
    std::vector<int64_t> batches; ///< First element of every matrix.
    std::optional<StridedCopy> pack;
    int64_t elements = 0;
};

std::vector<int64_t> batchStarts(const std::vector<int>& batch, const TensorType& type)
{
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    std::vector<int64_t> starts{0};
    for (const int dim : batch) {
        const auto d = static_cast<size_t>(dim);
        std::vector<int64_t> finer;
        for (const int64_t start : starts) {
            for (int64_t i = 0; i < type.dims[d]; ++i)
                finer.push_back(start + i * strides[d]);
        }
        starts = std::move(finer);
    }
    return starts;
}

/// `rows` and `columns` of each matrix, in this order. `elementBytes`: of the compute type, in
/// which packing happens.
Operand makeOperand(const TensorType& type, const std::vector<int>& batch,
                    const std::vector<int>& rows, const std::vector<int>& columns,
                    int64_t elementBytes)
{
    Operand operand;
    operand.elements = type.elementCount();
    operand.batches = batchStarts(batch, type);
    const int64_t rowCount = sizeOf(rows, type);
    const int64_t columnCount = sizeOf(columns, type);
    const std::optional<Group> row = collapse(rows, type);
    const std::optional<Group> column = collapse(columns, type);
    if (row && column) {
        const int64_t leading = row->size == 1 ? std::max<int64_t>(columnCount, 1) : row->stride;
        if ((column->size == 1 || column->stride == 1) && leading >= columnCount && leading > 0) {
            operand.leading = leading;
            return operand;
        }
        const int64_t across = column->size == 1 ? std::max<int64_t>(rowCount, 1) : column->stride;
        if ((row->size == 1 || row->stride == 1) && across >= rowCount && across > 0) {
            operand.isTransposed = true;
            operand.leading = across;
            return operand;
        }
    }
    std::vector<int64_t> dims;
    std::vector<int64_t> read;
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    for (const std::vector<int>& group : {batch, rows, columns}) {
        for (const int d : group) {
            dims.push_back(type.dims[static_cast<size_t>(d)]);
            read.push_back(strides[static_cast<size_t>(d)]);
        }
    }
    operand.pack = StridedCopy(elementBytes, dims, read, rowMajorStrides(dims));
    operand.leading = std::max<int64_t>(columnCount, 1);
    for (size_t i = 0; i < operand.batches.size(); ++i)
        operand.batches[i] = static_cast<int64_t>(i) * rowCount * columnCount;
    return operand;
}

/// Brings an operand into compute type C and, if need be, packs it. Takes its scratch from the
/// front of `scratch`.
template <typename C>
struct Preparation {
    Operand operand;
    LoadTile<C> load;
    bool direct;

    int64_t scratchBytes() const
    {
        const int64_t once = alignScratch(operand.elements * static_cast<int64_t>(sizeof(C)));
        return (direct ? 0 : once) + (operand.pack ? once : 0);
    }
    const C* prepare(const std::byte* base, std::byte* scratch) const
    {
        const C* values = reinterpret_cast<const C*>(base);
        if (!direct) {
            auto* converted = reinterpret_cast<C*>(scratch);
            load(base, 0, operand.elements, converted);
            values = converted;
            scratch += alignScratch(operand.elements * static_cast<int64_t>(sizeof(C)));
        }
        if (!operand.pack)
            return values;
        operand.pack->run(reinterpret_cast<const std::byte*>(values), scratch);
        return reinterpret_cast<const C*>(scratch);
    }
};

template <typename C>
Kernel dotKernel(const KernelRequest& request)
{
    const auto& dot = request.as<DotAttributes>();
    const TensorType& lhs = request.inputs[0];
    const TensorType& rhs = request.inputs[1];
    const TensorType& out = request.outputs[0];
    const std::vector<int> lhsFree = freeDims(lhs, dot.lhsBatch, dot.lhsContracting);
    const std::vector<int> rhsFree = freeDims(rhs, dot.rhsBatch, dot.rhsContracting);
    constexpr auto kBytes = static_cast<int64_t>(sizeof(C));
    const Preparation<C> left{makeOperand(lhs, dot.lhsBatch, lhsFree, dot.lhsContracting, kBytes),
                              loadTile<C>(lhs.dtype), isDirect<C>(lhs.dtype)};
    const Preparation<C> right{makeOperand(rhs, dot.rhsBatch, dot.rhsContracting, rhsFree, kBytes),
                               loadTile<C>(rhs.dtype), isDirect<C>(rhs.dtype)};
    const int64_t rows = sizeOf(lhsFree, lhs);
    const int64_t columns = sizeOf(rhsFree, rhs);
    const int64_t depth = sizeOf(dot.lhsContracting, lhs);
    const bool outDirect = isDirect<C>(out.dtype);
    const int64_t outCount = out.elementCount();
    Kernel kernel;
    kernel.scratchBytes = left.scratchBytes() + right.scratchBytes() +
                          (outDirect ? 0 : alignScratch(outCount * kBytes));
    kernel.run = [=, store = storeTile<C>(out.dtype)](const KernelCall& call) {
        std::byte* scratch = call.scratch;
        const C* a = left.prepare(call.inputs[0], scratch);
        scratch += left.scratchBytes();
        const C* b = right.prepare(call.inputs[1], scratch);
        scratch += right.scratchBytes();
        C* c = reinterpret_cast<C*>(outDirect ? call.outputs[0] : scratch);
        for (size_t i = 0; i < left.operand.batches.size(); ++i)
            multiplyMatrices<C>(
                {.rows = rows, .columns = columns, .depth = depth},
                {a + left.operand.batches[i], left.operand.leading, left.operand.isTransposed},
                {b + right.operand.batches[i], right.operand.leading, right.operand.isTransposed},
                c + static_cast<int64_t>(i) * rows * columns);
        if (!outDirect)
            store(c, outCount, call.outputs[0], 0);
    };
    return kernel;
}

} // namespace

Result<Kernel> makeDotKernel(const KernelRequest& request)
{
    for (const std::vector<TensorType>& types : {request.inputs, request.outputs}) {
        for (const TensorType& type : types) {
            if (type.elementCount() > INT_MAX)
                return Error(
                    ErrorCode::kUnsupported,
                    fmt::format("dot of {}: the matrix library takes at most 2^31 - 1 elements",
                                formatType(type)));
        }
    }
    const bool isDouble = request.inputs[0].dtype == DType::kF64 ||
                          request.inputs[1].dtype == DType::kF64 ||
                          request.outputs[0].dtype == DType::kF64;
    if (isDouble)
        return dotKernel<double>(request);
    return withComputeType(request.inputs[0].dtype,
                           [&](auto element) { return dotKernel<decltype(element)>(request); });
}

} // namespace alpa::cpu
