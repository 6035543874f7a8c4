#include "runtime/cpu/strided.h"

#include "core/base/check.h"

#include <algorithm>
#include <cstring>

namespace alpa::cpu
{
namespace
{

int64_t magnitude(int64_t stride) { return stride < 0 ? -stride : stride; }

template <typename T>
void copyRun(const T* from, int64_t readStride, T* to, int64_t writeStride, int64_t count)
{
    if (readStride == 1 && writeStride == 1) {
        if (from != to)
            std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else if (readStride == 0 && writeStride == 1) {
        std::fill_n(to, count, *from);
    } else {
        for (int64_t i = 0; i < count; ++i)
            to[i * writeStride] = from[i * readStride];
    }
}

/// A transpose of the two innermost dimensions: rows are contiguous where they are read, columns
/// where they are written. Blocks keep both sides' cache lines in use.
template <typename T>
void transposeBlocks(const T* from, T* to, const StridedPair::Dim& row,
                     const StridedPair::Dim& column)
{
    constexpr int64_t kBlock = 16;
    for (int64_t r0 = 0; r0 < row.size; r0 += kBlock) {
        const int64_t r1 = std::min(r0 + kBlock, row.size);
        for (int64_t c0 = 0; c0 < column.size; c0 += kBlock) {
            const int64_t c1 = std::min(c0 + kBlock, column.size);
            for (int64_t r = r0; r < r1; ++r) {
                for (int64_t c = c0; c < c1; ++c)
                    to[r * row.write + c * column.write] = from[r * row.read + c * column.read];
            }
        }
    }
}

template <typename T>
void copyAll(const StridedPair& pair, const std::byte* from, std::byte* to)
{
    const T* source = reinterpret_cast<const T*>(from);
    T* target = reinterpret_cast<T*>(to);
    const StridedPair::Dim& inner = pair.inner();
    const bool isTranspose =
        !pair.outer().empty() && pair.outer().back().read == 1 && inner.read > 1;
    if (!isTranspose) {
        pair.forEachRun([&](int64_t read, int64_t write) {
            copyRun(source + read, inner.read, target + write, inner.write, inner.size);
        });
        return;
    }
    // The last outer dimension belongs to the block; its runs after the first are skipped.
    const StridedPair::Dim row = pair.outer().back();
    int64_t run = 0;
    pair.forEachRun([&](int64_t read, int64_t write) {
        if (run++ % row.size == 0)
            transposeBlocks(source + read, target + write, row, inner);
    });
}

} // namespace

std::vector<int64_t> rowMajorStrides(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t d = dims.size(); d-- > 1;)
        strides[d - 1] = strides[d] * dims[d];
    return strides;
}

StridedPair::StridedPair(const std::vector<int64_t>& dims, const std::vector<int64_t>& readStrides,
                         const std::vector<int64_t>& writeStrides, Order order)
{
    std::vector<Dim> sorted;
    for (size_t d = 0; d < dims.size(); ++d) {
        isEmpty_ = isEmpty_ || dims[d] == 0;
        if (dims[d] != 1)
            sorted.push_back({dims[d], readStrides[d], writeStrides[d]});
    }
    std::ranges::stable_sort(sorted, std::ranges::greater{}, [order](const Dim& dim) {
        return magnitude(order == Order::kWrite ? dim.write : dim.read);
    });
    for (const Dim& dim : sorted) {
        if (!outer_.empty() && outer_.back().read == dim.read * dim.size &&
            outer_.back().write == dim.write * dim.size)
            outer_.back() = {outer_.back().size * dim.size, dim.read, dim.write};
        else
            outer_.push_back(dim);
    }
    if (outer_.empty())
        return;
    inner_ = outer_.back();
    outer_.pop_back();
    // Bring the dimension that the other tensor runs along next to the innermost, for blocked
    // transposes.
    if (order == Order::kWrite && inner_.read > 1) {
        const auto row = std::ranges::find(outer_, 1, &Dim::read);
        if (row != outer_.end())
            std::rotate(row, row + 1, outer_.end());
    }
}

StridedCopy::StridedCopy(int64_t elementBytes, const std::vector<int64_t>& dims,
                         const std::vector<int64_t>& readStrides,
                         const std::vector<int64_t>& writeStrides)
    : pair_(dims, readStrides, writeStrides)
    , elementBytes_(elementBytes)
{
}

void StridedCopy::run(const std::byte* from, std::byte* to) const
{
    switch (elementBytes_) {
    case 1:
        return copyAll<uint8_t>(pair_, from, to);
    case 2:
        return copyAll<uint16_t>(pair_, from, to);
    case 4:
        return copyAll<uint32_t>(pair_, from, to);
    case 8:
        return copyAll<uint64_t>(pair_, from, to);
    default:
        CHECK(false, "elements have 1, 2, 4 or 8 bytes");
    }
}

} // namespace alpa::cpu
