// Loops over two tensors at once, each with its own strides, with dimensions merged where both are
// contiguous.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alpa::cpu
{

/// Elements between neighbours along each dimension of a row-major tensor.
std::vector<int64_t> rowMajorStrides(const std::vector<int64_t>& dims);

/// The index space `dims` with the strides, in elements, of a tensor that is read and one that is
/// written. Strides may be 0 (broadcast, reduction) or negative (reverse).
class StridedPair
{
public:
    StridedPair() = default;
    /// `order`: which tensor's innermost dimension the runs follow.
    enum class Order { kRead, kWrite };
    StridedPair(const std::vector<int64_t>& dims, const std::vector<int64_t>& readStrides,
                const std::vector<int64_t>& writeStrides, Order order = Order::kWrite);

    struct Dim {
        int64_t size = 1;
        int64_t read = 0;
        int64_t write = 0;
    };
    const std::vector<Dim>& outer() const { return outer_; }
    const Dim& inner() const { return inner_; }
    bool isEmpty() const { return isEmpty_; }

    /// Calls visit(readOffset, writeOffset) for the start of every innermost run, in order.
    template <typename Visit>
    void forEachRun(Visit&& visit) const
    {
        if (!isEmpty_)
            walk(outer_, visit);
    }

private:
    template <typename Visit>
    static void walk(const std::vector<Dim>& dims, Visit&& visit)
    {
        constexpr size_t kMostDims = 24;
        std::array<int64_t, kMostDims> index{};
        int64_t read = 0;
        int64_t write = 0;
        while (true) {
            visit(read, write);
            size_t d = dims.size();
            while (true) {
                if (d == 0)
                    return;
                --d;
                read += dims[d].read;
                write += dims[d].write;
                if (++index[d] < dims[d].size)
                    break;
                read -= dims[d].read * dims[d].size;
                write -= dims[d].write * dims[d].size;
                index[d] = 0;
            }
        }
    }

    std::vector<Dim> outer_;
    Dim inner_;
    bool isEmpty_ = false;
};

/// Copies elements of 1, 2, 4 or 8 bytes between strided tensors that do not overlap (or are the
/// same, run by run).
class StridedCopy
{
public:
    StridedCopy() = default;
    StridedCopy(int64_t elementBytes, const std::vector<int64_t>& dims,
                const std::vector<int64_t>& readStrides, const std::vector<int64_t>& writeStrides);

    /// Both point at the element of index 0.
    void run(const std::byte* from, std::byte* to) const;

private:
    StridedPair pair_;
    int64_t elementBytes_ = 1;
};

} // namespace alpa::cpu
