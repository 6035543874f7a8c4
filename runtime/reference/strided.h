// Walking several tensors at once, each with its own strides: the one loop that most ops of the
// interpreter use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace alpa
{

/// Elements between neighbours along each dimension of a row-major tensor.
inline std::vector<int64_t> rowMajorStrides(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t d = dims.size(); d-- > 1;)
        strides[d - 1] = strides[d] * dims[d];
    return strides;
}

/// One tensor under the walk: its offset at index 0 and its step along each dimension (0:
/// broadcast).
struct Walk {
    int64_t start = 0;
    std::vector<int64_t> strides;
};

/// Calls visit(offset...) with one offset per walk, for every index of `dims` in row-major order.
template <size_t N, typename Visit>
void forEachOffset(const std::vector<int64_t>& dims, const std::array<Walk, N>& walks,
                   Visit&& visit)
{
    std::array<int64_t, N> offsets{};
    for (size_t w = 0; w < N; ++w)
        offsets[w] = walks[w].start;
    for (const int64_t dim : dims) {
        if (dim == 0)
            return;
    }
    const size_t rank = dims.size();
    if (rank == 0) {
        std::apply(visit, offsets);
        return;
    }
    std::vector<int64_t> index(rank, 0);
    const int64_t inner = dims[rank - 1];
    std::array<int64_t, N> innerStrides{};
    for (size_t w = 0; w < N; ++w)
        innerStrides[w] = walks[w].strides[rank - 1];
    while (true) {
        std::array<int64_t, N> row = offsets;
        for (int64_t i = 0; i < inner; ++i) {
            std::apply(visit, row);
            for (size_t w = 0; w < N; ++w)
                row[w] += innerStrides[w];
        }
        size_t d = rank - 1;
        while (true) {
            if (d == 0)
                return;
            --d;
            for (size_t w = 0; w < N; ++w)
                offsets[w] += walks[w].strides[d];
            if (++index[d] < dims[d])
                break;
            for (size_t w = 0; w < N; ++w)
                offsets[w] -= walks[w].strides[d] * dims[d];
            index[d] = 0;
        }
    }
}

} // namespace alpa
