#include "core/lowering/assign_buffers.h"

#include "core/program/arena_ranges.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// The segment that uses a buffer, and its first and last instruction that does.
struct Uses {
    int segment = -1;
    int first = -1;
    int last = -1;
};

std::vector<Uses> findUses(const StageProgram& stage)
{
    std::vector<Uses> uses(stage.buffers.size());
    for (int segment = 0; segment < kSegmentKinds; ++segment) {
        const auto& instructions = stage.segments[segment].instructions;
        for (size_t i = 0; i < instructions.size(); ++i) {
            for (const auto* side : {&instructions[i].inputs, &instructions[i].outputs}) {
                for (const BufferId buffer : *side) {
                    Uses& use = uses[buffer.index()];
                    use.segment = segment;
                    if (use.first < 0)
                        use.first = static_cast<int>(i);
                    use.last = static_cast<int>(i);
                }
            }
        }
    }
    return uses;
}

} // namespace

void assignBuffers(StageProgram& stage)
{
    int64_t lasting = 0;
    for (Buffer& buffer : stage.buffers) {
        buffer.slotBytes = alignedToArena(std::max<int64_t>(buffer.type.bytes().count, 1));
        if (buffer.kind == BufferKind::kTemporary)
            continue;
        buffer.offset = lasting;
        lasting += buffer.slotBytes * buffer.slots;
    }
    const std::vector<Uses> uses = findUses(stage);
    int64_t shared = 0;
    for (int segment = 0; segment < kSegmentKinds; ++segment) {
        std::vector<size_t> temporaries;
        std::vector<Lifetime> lifetimes;
        for (size_t b = 0; b < stage.buffers.size(); ++b) {
            const Buffer& buffer = stage.buffers[b];
            if (buffer.kind != BufferKind::kTemporary || uses[b].segment != segment)
                continue;
            temporaries.push_back(b);
            lifetimes.push_back({buffer.slotBytes, uses[b].first, uses[b].last});
        }
        const SharedRanges placed = placeByLifetime(lifetimes);
        for (size_t i = 0; i < temporaries.size(); ++i)
            stage.buffers[temporaries[i]].offset = lasting + placed.offsets[i];
        shared = std::max(shared, placed.bytes);
    }
    stage.arenaBytes = lasting + shared;
}

} // namespace alpa
