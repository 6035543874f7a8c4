// The half of a search that looks for cheap choices while the other half raises the bound. Works in
// rounds: each starts from a snapshot of what the other half knows and ends after so much work, so
// that the result does not depend on how the two interleave.
#pragma once

#include "core/base/rng.h"
#include "core/intra_op/ilp_core.h"
#include "core/intra_op/local_search.h"
#include "core/intra_op/neighbourhood_search.h"
#include "core/intra_op/primal_search.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace alpa
{

/// What the bounding half knows at the beginning of a round.
struct ChoiceTask {
    std::vector<uint8_t> isAllowed;   ///< By label offset: labels that a better choice may take.
    std::vector<float> liking;        ///< By label offset: how often recent passes chose it.
    std::vector<double> multipliers;  ///< Per time.
    std::vector<double> bundlePrices; ///< Per time, few above zero; may be empty.
    std::vector<std::vector<int>> mixture; ///< Choices that together use memory best.
    std::vector<int> decoded;              ///< What the last pass chose.
    std::vector<int> incumbent;            ///< May be empty.
    double upperBound = kForbidden;
    int64_t work = 0; ///< Entries that the round may visit.
};

/// The best choice of a round; empty if none costs less than asked.
struct FoundChoice {
    double cost = kForbidden;
    std::vector<int> choice;
};

class ChoiceSearch
{
public:
    using IsStopped = std::function<bool()>;
    /// Assumes `core` outlives this. `isStopped` is asked often and from the thread that runs; it
    /// should say yes once `stop` does, which searches of neighbourhoods are given.
    ChoiceSearch(const IlpCore& core, uint64_t seed, IsStopped isStopped, std::stop_token stop);

    FoundChoice run(const ChoiceTask& task);
    /// One bout of tries only.
    FoundChoice runOnce(const ChoiceTask& task);
    /// Entries visited in all rounds.
    int64_t work() const { return work_; }

private:
    static constexpr int kMostMisses = 120;
    static constexpr int kMostDisturbMisses = 8; ///< Bouts of tries in a row without gain.
    void begin(const ChoiceTask& task);
    bool isOver() const;
    void take(double cost, const std::vector<int>& choice);
    void repairDecoded();
    void disturb();
    void tryPatterns(int patterns, double upperBound, const PrimalSearch::Offer& offer);
    void polish();
    void exploreIncumbent();
    void exploreOther();
    std::vector<uint8_t> likedLabels(float share) const;

    const IlpCore& core_;
    Rng rng_;
    IsStopped isStopped_;
    LocalSearch local_;
    NeighbourhoodSearch neighbourhoods_;
    const ChoiceTask* task_ = nullptr; ///< Of the round that runs.
    FoundChoice found_;
    double upperBound_ = kForbidden;
    double lastBound_ = kForbidden; ///< At the end of the round before.
    int64_t work_ = 0;
    int64_t end_ = 0; ///< Work at which the round ends.
    int tries_ = 0;
    int rounds_ = 0;
    int disturbMisses_ = 0;
    int misses_ = 0;    ///< Neighbourhoods of the best choice searched in vain since it was found.
    FoundChoice other_; ///< A second choice, from elsewhere, that is improved as well.
    int otherMisses_ = 0;
};

} // namespace alpa
