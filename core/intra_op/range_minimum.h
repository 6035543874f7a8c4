// Numbers over time with quick minima of ranges and updates of ranges.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace alpa
{

/// Minima of blocks of 64: short ranges are the rule, and this beats a tree on them.
template <typename Number>
class RangeMinimum
{
public:
    RangeMinimum() = default;
    explicit RangeMinimum(std::vector<Number> values)
        : values_(std::move(values))
    {
        blocks_.resize((values_.size() + kBlock - 1) / kBlock);
        for (size_t block = 0; block < blocks_.size(); ++block)
            refresh(block);
    }

    size_t size() const { return values_.size(); }
    Number operator[](size_t index) const { return values_[index]; }

    /// Over [begin, end); the largest number if empty.
    Number minimum(size_t begin, size_t end) const
    {
        Number least = std::numeric_limits<Number>::max();
        for (size_t i = begin; i < end;) {
            if (i % kBlock == 0 && i + kBlock <= end) {
                least = std::min(least, blocks_[i / kBlock]);
                i += kBlock;
            } else {
                least = std::min(least, values_[i++]);
            }
        }
        return least;
    }

    /// Adds `amount` on [begin, end).
    void add(size_t begin, size_t end, Number amount)
    {
        if (begin >= end)
            return;
        for (size_t i = begin; i < end; ++i)
            values_[i] += amount;
        for (size_t block = begin / kBlock; block <= (end - 1) / kBlock; ++block)
            refresh(block);
    }

    /// The first index with the least value of all. Assumes size() > 0.
    size_t whereLeast() const
    {
        const size_t block =
            static_cast<size_t>(std::min_element(blocks_.begin(), blocks_.end()) - blocks_.begin());
        const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(block * kBlock);
        const auto end = values_.begin() + static_cast<std::ptrdiff_t>(
                                               std::min(values_.size(), (block + 1) * kBlock));
        return static_cast<size_t>(std::min_element(begin, end) - values_.begin());
    }

private:
    static constexpr size_t kBlock = 64;
    void refresh(size_t block)
    {
        const size_t end = std::min(values_.size(), (block + 1) * kBlock);
        Number least = std::numeric_limits<Number>::max();
        for (size_t i = block * kBlock; i < end; ++i)
            least = std::min(least, values_[i]);
        blocks_[block] = least;
    }

    std::vector<Number> values_;
    std::vector<Number> blocks_;
};

} // namespace alpa
