#include "core/program/arena_ranges.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace alpa
{
namespace
{

/// Free ranges below an end that grows; best fit.
class FreeList
{
public:
    int64_t take(int64_t bytes)
    {
        auto best = free_.end();
        for (auto range = free_.begin(); range != free_.end(); ++range) {
            if (range->second >= bytes && (best == free_.end() || range->second < best->second))
                best = range;
        }
        if (best == free_.end())
            return grow(bytes);
        const auto [begin, size] = *best;
        free_.erase(best);
        if (size > bytes)
            free_[begin + bytes] = size - bytes;
        return begin;
    }

    void give(int64_t begin, int64_t bytes)
    {
        auto next = free_.lower_bound(begin);
        if (next != free_.end() && begin + bytes == next->first) {
            bytes += next->second;
            next = free_.erase(next);
        }
        if (next != free_.begin()) {
            const auto before = std::prev(next);
            if (before->first + before->second == begin) {
                before->second += bytes;
                return;
            }
        }
        free_[begin] = bytes;
    }

    int64_t end() const { return end_; }

private:
    /// At the end, over a free range that touches it.
    int64_t grow(int64_t bytes)
    {
        int64_t begin = end_;
        if (!free_.empty()) {
            const auto last = std::prev(free_.end());
            if (last->first + last->second == end_) {
                begin = last->first;
                free_.erase(last);
            }
        }
        end_ = begin + bytes;
        return begin;
    }

    std::map<int64_t, int64_t> free_; ///< Begin -> bytes.
    int64_t end_ = 0;
};

} // namespace

int64_t alignedToArena(int64_t bytes)
{
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

SharedRanges placeByLifetime(const std::vector<Lifetime>& lifetimes)
{
    SharedRanges placed;
    placed.offsets.resize(lifetimes.size());
    int moments = 0;
    for (const Lifetime& one : lifetimes)
        moments = std::max(moments, one.last + 1);
    std::vector<std::vector<size_t>> begins(static_cast<size_t>(moments));
    std::vector<std::vector<size_t>> ends(static_cast<size_t>(moments));
    for (size_t i = 0; i < lifetimes.size(); ++i) {
        begins[static_cast<size_t>(lifetimes[i].first)].push_back(i);
        ends[static_cast<size_t>(lifetimes[i].last)].push_back(i);
    }
    FreeList list;
    for (size_t moment = 0; moment < begins.size(); ++moment) {
        for (const size_t i : begins[moment])
            placed.offsets[i] = list.take(lifetimes[i].bytes);
        for (const size_t i : ends[moment])
            list.give(placed.offsets[i], lifetimes[i].bytes);
    }
    placed.bytes = list.end();
    return placed;
}

} // namespace alpa
