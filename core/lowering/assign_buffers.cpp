#include "core/lowering/assign_buffers.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

struct Lifetime {
    int segment = -1;
    int first = -1;
    int last = -1;
};

int64_t aligned(int64_t bytes)
{
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

std::vector<Lifetime> findLifetimes(const StageProgram& stage)
{
    std::vector<Lifetime> lifetimes(stage.buffers.size());
    for (int segment = 0; segment < kSegmentKinds; ++segment) {
        const auto& instructions = stage.segments[segment].instructions;
        for (size_t i = 0; i < instructions.size(); ++i) {
            for (const auto* side : {&instructions[i].inputs, &instructions[i].outputs}) {
                for (const BufferId buffer : *side) {
                    Lifetime& lifetime = lifetimes[buffer.index()];
                    lifetime.segment = segment;
                    if (lifetime.first < 0)
                        lifetime.first = static_cast<int>(i);
                    lifetime.last = static_cast<int>(i);
                }
            }
        }
    }
    return lifetimes;
}

/// Free ranges of the part of the arena that temporaries share; best fit.
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
        if (best == free_.end()) {
            // Grow at the end, over a free range that touches it.
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
        const int64_t begin = best->first;
        const int64_t rest = best->second - bytes;
        free_.erase(best);
        if (rest > 0)
            free_[begin + bytes] = rest;
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
    std::map<int64_t, int64_t> free_; ///< Begin -> bytes.
    int64_t end_ = 0;
};

} // namespace

void assignBuffers(StageProgram& stage)
{
    int64_t lasting = 0;
    for (Buffer& buffer : stage.buffers) {
        buffer.slotBytes = aligned(std::max<int64_t>(buffer.type.bytes().count, 1));
        if (buffer.kind == BufferKind::kTemporary)
            continue;
        buffer.offset = lasting;
        lasting += buffer.slotBytes * buffer.slots;
    }
    const std::vector<Lifetime> lifetimes = findLifetimes(stage);
    int64_t shared = 0;
    for (int segment = 0; segment < kSegmentKinds; ++segment) {
        std::vector<std::vector<size_t>> begins(stage.segments[segment].instructions.size());
        std::vector<std::vector<size_t>> ends(begins.size());
        for (size_t b = 0; b < stage.buffers.size(); ++b) {
            if (stage.buffers[b].kind != BufferKind::kTemporary || lifetimes[b].segment != segment)
                continue;
            begins[static_cast<size_t>(lifetimes[b].first)].push_back(b);
            ends[static_cast<size_t>(lifetimes[b].last)].push_back(b);
        }
        FreeList list;
        for (size_t i = 0; i < begins.size(); ++i) {
            for (const size_t b : begins[i])
                stage.buffers[b].offset = lasting + list.take(stage.buffers[b].slotBytes);
            for (const size_t b : ends[i])
                list.give(stage.buffers[b].offset - lasting, stage.buffers[b].slotBytes);
        }
        shared = std::max(shared, list.end());
    }
    stage.arenaBytes = lasting + shared;
}

} // namespace alpa
