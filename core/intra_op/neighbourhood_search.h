// Improves a choice by freeing a few nodes at a time, in one to three places, and searching all
// their labels exactly. Several places let memory move from one part of the program to another.
#pragma once

#include "core/base/rng.h"
#include "core/intra_op/ilp_core.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace alpa
{

class NeighbourhoodSearch
{
public:
    using IsStopped = std::function<bool()>;
    /// Assumes `core` outlives this. `stop` ends the search of a neighbourhood.
    NeighbourhoodSearch(const IlpCore& core, uint64_t seed, std::stop_token stop);

    /// Frees one neighbourhood of `choice`, which fits and costs `cost`, within the labels set in
    /// `isAllowed`. Returns whether a cheaper choice was found, in `choice` and `cost`.
    bool improve(const std::vector<uint8_t>& isAllowed, const std::vector<double>& multipliers,
                 std::vector<int>& choice, double& cost, const IsStopped& isStopped);

    /// Entries visited.
    int64_t work() const { return work_; }

private:
    static constexpr double kFewest = 100; ///< Labels freed.
    /// The search treats cores of so few labels as small: it branches on them.
    static constexpr double kMost = 3500;
    std::vector<uint8_t> freed(const std::vector<uint8_t>& isAllowed,
                               const std::vector<int>& choice);
    void growAround(int start, int labels, const std::vector<uint8_t>& isAllowed);
    void growAlong(int start, int labels, const std::vector<uint8_t>& isAllowed);
    int release(int node, const std::vector<uint8_t>& isAllowed);

    const IlpCore& core_;
    Rng rng_;
    std::stop_token stop_;
    double size_ = 500; ///< Labels to free: more after easy searches, fewer after hard ones.
    std::vector<uint8_t> isFree_;
    std::vector<int> free_;
    int64_t work_ = 0;
};

} // namespace alpa
