// Looks for cheap choices that fit: on the few labels that message passing has liked, with prices
// of usage disturbed by noise along the program, so that equal layers need not all choose alike.
#pragma once

#include "core/base/rng.h"
#include "core/intra_op/ilp_core.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace alpa
{

class PrimalSearch
{
public:
    /// Takes (cost, choice of the core); told only of choices that fit and cost less than all
    /// before.
    using Offer = std::function<void(double, const std::vector<int>&)>;

    /// Asked before each try.
    using IsOver = std::function<bool()>;

    /// Assumes `core` outlives this.
    PrimalSearch(const IlpCore& core, uint64_t seed, IsOver isOver)
        : core_(core)
        , rng_(seed)
        , isOver_(std::move(isOver))
    {
    }

    /// Tries `patterns` disturbances on the labels set in `labels` (by label offset, at least one
    /// per node), fewer if that would visit more than `mostWork` entries.
    void run(const std::vector<uint8_t>& labels, const std::vector<double>& multipliers,
             int patterns, int64_t mostWork, double upperBound, const Offer& offer);

    /// Entries visited.
    int64_t work() const { return work_; }

private:
    const IlpCore& core_;
    Rng rng_;
    IsOver isOver_;
    int64_t work_ = 0;
};

} // namespace alpa
