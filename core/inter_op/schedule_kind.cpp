#include "core/inter_op/schedule_kind.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// How many of the first `count` virtual microbatches belong to the chunk at `place` of a round, in
/// which every chunk in turn sees `groups` microbatches.
int countOfChunk(int count, int groups, int chunks, int place)
{
    const int round = groups * chunks;
    return count / round * groups + std::clamp(count % round - place * groups, 0, groups);
}

/// Forwards and backwards alternate after the warm-up; the difference repeats from round to round.
int interleavedInFlight(int groups, int stage, int microbatches, int chunks)
{
    const int chunk = stage / groups;
    const int total = microbatches * chunks;
    const int warmup = interleavedWarmup(groups, stage % groups, microbatches, chunks);
    int most = countOfChunk(warmup, groups, chunks, chunk);
    const int rounds = 2 * groups * chunks; // The pattern has settled after one round.
    for (int backwards = 0; backwards <= std::min(rounds, total - warmup - 1); ++backwards) {
        const int forward = countOfChunk(warmup + backwards + 1, groups, chunks, chunk);
        const int backward = countOfChunk(backwards, groups, chunks, chunks - 1 - chunk);
        most = std::max(most, forward - backward);
    }
    return most;
}

} // namespace

int interleavedWarmup(int groups, int group, int microbatches, int chunks)
{
    return std::min(microbatches * chunks, 2 * (groups - group - 1) + (chunks - 1) * groups);
}

int inFlightLimit(ScheduleKind kind, int stages, int stage, int microbatches, int chunks)
{
    switch (kind) {
    case ScheduleKind::kGpipe:
        return microbatches;
    case ScheduleKind::kInterleaved1f1b:
        return interleavedInFlight(stages / chunks, stage, microbatches, chunks);
    case ScheduleKind::k1f1b:
    case ScheduleKind::kZeroBubble:
        break;
    }
    return std::min(microbatches, stages - stage);
}

int heldLimit(ScheduleKind kind, int stages, int stage, int microbatches, int chunks)
{
    return kind == ScheduleKind::kZeroBubble
               ? std::min(microbatches, stages)
               : inFlightLimit(kind, stages, stage, microbatches, chunks);
}

int deferredLimit(ScheduleKind kind, int stage, int microbatches)
{
    return kind == ScheduleKind::kZeroBubble ? std::min(microbatches, stage + 1) : 0;
}

} // namespace alpa
