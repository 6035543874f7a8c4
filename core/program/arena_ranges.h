// Sharing memory by lifetime: how lowering and the GPU backend place temporaries in an arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alpa
{

constexpr int64_t kArenaAlignment = 256; ///< Bytes; what GPU kernels and vectorised loads ask for.

/// The next multiple of kArenaAlignment.
int64_t alignedToArena(int64_t bytes);

/// A buffer that needs `bytes` from moment `first` to moment `last`, both included, from 0.
struct Lifetime {
    int64_t bytes = 0;
    int first = 0;
    int last = 0;
};

struct SharedRanges {
    std::vector<int64_t> offsets; ///< By lifetime, from the ranges' common start.
    int64_t bytes = 0;            ///< What all of them take.
};

/// Buffers whose lifetimes meet never overlap. Best fit, in the order in which the lifetimes begin;
/// those that begin together in the order given.
SharedRanges placeByLifetime(const std::vector<Lifetime>& lifetimes);

} // namespace alpa
