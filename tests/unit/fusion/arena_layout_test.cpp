#include "core/fusion/arena_layout.h"
#include "core/fusion/side_launches.h"
#include "tests/support/property.h"
#include "tests/unit/fusion/random_programs.h"

namespace alpa::fusion
{
namespace
{

struct Held {
    BufferId buffer;
    int first = 0, last = 0; ///< Launches, of one segment.
};

/// Temporaries of one segment and the launches during which somebody needs them.
std::vector<Held> heldBuffers(const StageGraph& graph, const std::vector<PlannedLaunch>& launches)
{
    std::vector<Held> held;
    for (size_t b = 0; b < graph.stage().buffers.size(); ++b) {
        Held one{BufferId(b), -1, -1};
        for (size_t l = 0; l < launches.size(); ++l) {
            const PlannedLaunch& launch = launches[l];
            const bool isUsed = std::ranges::find(launch.reads, one.buffer) != launch.reads.end() ||
                                std::ranges::find(launch.writes, one.buffer) != launch.writes.end();
            if (!isUsed)
                continue;
            const int begin = launch.isOnSide ? launch.issueBefore : static_cast<int>(l);
            const int end = launch.isOnSide ? launch.joinBefore - 1 : static_cast<int>(l);
            one.first = one.first < 0 ? begin : std::min(one.first, begin);
            one.last = std::max(one.last, end);
        }
        if (one.first >= 0)
            held.push_back(one);
    }
    return held;
}

TEST(ArenaLayout, WhatIsNeededAtOnceNeverOverlaps)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const Program program = randomTwoDeviceProgram(rng, size);
        StageGraph graph(program, 0, 0);
        std::vector<PlannedLaunch> launches = planLaunches(graph);
        markSideLaunches(graph, launches);
        const ArenaLayout layout = layOutArena(graph, launches, 0, 0);
        const std::vector<Held> held = heldBuffers(graph, launches);
        for (size_t i = 0; i < held.size(); ++i) {
            for (size_t j = 0; j < i; ++j) {
                const Place& a = layout.places[held[i].buffer.index()];
                const Place& b = layout.places[held[j].buffer.index()];
                if (held[i].last < held[j].first || held[j].last < held[i].first)
                    continue;
                const bool isShared = a.offset == b.offset; // A sum reduced in place.
                EXPECT_TRUE(isShared || a.offset + a.slotBytes * a.slots <= b.offset ||
                            b.offset + b.slotBytes * b.slots <= a.offset)
                    << "buffers " << held[i].buffer.number << " and " << held[j].buffer.number;
                if (isShared) {
                    EXPECT_TRUE(graph.kind(held[i].buffer) == BufferKind::kGradient ||
                                graph.kind(held[j].buffer) == BufferKind::kGradient);
                }
            }
        }
    });
}

} // namespace
} // namespace alpa::fusion
