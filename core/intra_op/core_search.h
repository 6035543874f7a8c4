// One core of the search and the subtrees that bar labels of it. Internal to the search: include
// ilp_search.h instead.
#pragma once

#include "core/intra_op/choice_search.h"
#include "core/intra_op/ilp_core.h"
#include "core/intra_op/ilp_search.h"
#include "core/intra_op/lagrangian.h"
#include "core/intra_op/local_search.h"
#include "core/intra_op/price_ascent.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace alpa
{

/// Prices per time of a smaller core.
std::vector<double> pricesIn(const CoreWithOrigin& smaller, const std::vector<double>& multipliers);

class CoreSearch
{
public:
    using Lift = std::function<std::vector<int>(const std::vector<int>&)>;
    /// Assumes that `core` and `context` outlive this. `lift` turns a choice of `core` into one of
    /// the whole core.
    CoreSearch(const IlpCore& core, SearchContext& context, Lift lift)
        : core_(core)
        , context_(context)
        , lift_(std::move(lift))
        , lagrangian_(core)
        , local_(core, 7, [this] { return context_.isStopped(); })
        , labelCount_(static_cast<size_t>(
              std::accumulate(core.labelCount.begin(), core.labelCount.end(), 0)))
        , mostRounds_(std::clamp(static_cast<int>(labelCount_ / kLabelsPerRound), 1, kPrimalRounds))
        , primalRounds_(mostRounds_)
    {
    }

    /// Takes over what an earlier search knew. Call before solve.
    void startFrom(const CoreStart& start);
    /// Searches everything under the labels allowed. `bound`: known already.
    void solve(int depth, double bound);

private:
    static constexpr int kNoLabel = CoreStart::kNoLabel;
    /// Lengths of price steps, in parts of the way to the incumbent.
    static constexpr double kFirstStep = 0.5;
    static constexpr double kLastStep = 1e-3;
    static constexpr double kRestartStep = 0.1;
    /// Rounds of tries without success before branching. Branching alone is faster on small cores
    /// and hopeless on large ones.
    static constexpr int kPrimalRounds = 30;
    static constexpr size_t kLabelsPerRound = 300;
    /// Labels left, in percent, below which the core is rebuilt without the others.
    static constexpr size_t kCompactPercent = 60;

    enum class End { kClosed, kOpen };
    struct Proof {
        double bound = -kForbidden;
        bool isComplete = false; ///< Of all that was asked.
    };
    /// The best prices of one run of steps.
    struct PriceState {
        double bound = -kForbidden;
        std::vector<double> multipliers;
        std::vector<double> messages;
        int stalls = 0; ///< Steps since.
    };

    // core_search.cpp
    bool tryElimination(double mostNumbers);
    bool compactAndSolve(int depth, double bound);
    void branch(int depth, double bound);
    std::pair<int, int> branchingLabel() const;
    bool isCompactable() const { return allowedCount() * 100 < labelCount_ * kCompactPercent; }
    size_t allowedCount() const;
    void offer(double cost, const std::vector<int>& choice);
    void offerChoice(const std::vector<int>& choice);
    void spendPasses();
    // core_search_bound.cpp
    double passBothWays(int turn, double& firstBound);
    bool stepPrices(int depth, double now, PriceState& state);
    End iterate(int depth, double& bound, int turns);
    bool fixByReducedCost(double bound);
    bool fixByReducedCostBelow(double bound, double cutoff);
    bool propagate();
    void searchLocally(bool isThorough);
    // core_search_root.cpp
    End searchRoot(double& bound);
    End searchSmallRoot(double& bound);
    double startPrices();
    double continuePrices();
    std::vector<int> completed(std::vector<int> choice) const;
    void searchPrimally();
    ChoiceTask choiceTask() const;
    void remember();
    void notePrices();
    void inherit(const CoreSearch& outer, const CoreWithOrigin& smaller);
    // core_search_fronts.cpp
    End searchFronts(double& bound);
    void crossMixture();
    std::optional<CoreWithOrigin> partBelow(double first, double target);
    Proof proveByFronts(double first, double target);
    // core_search_rounds.cpp
    End searchLargeRoot(double& bound);
    End ascend(PriceAscent& ascent, double& bound, int turns);
    End probe(double& bound);

    const IlpCore& core_;
    SearchContext& context_;
    Lift lift_;
    Lagrangian lagrangian_;
    LocalSearch local_;
    size_t labelCount_;   ///< Without padding.
    bool isWhole_ = true; ///< Not made from another core: its prices speak for all labels.
    std::vector<double> minMarginals_;
    std::vector<float> liking_; ///< By label offset: how often recent passes chose it.
    std::vector<double> bundlePrices_;
    bool isWarm_ = false; ///< Prices of an earlier search are set.
    /// Choices that together use memory best; kNoLabel where that label is gone.
    std::vector<std::vector<int>> mixture_;
    std::vector<int> incumbent_; ///< Best choice of this core so far; may be empty.
    double incumbentCost_ = kForbidden;
    int mostRounds_;
    int primalRounds_; ///< Left to this core and those made from it.
    /// Where the next probe supposes the optimum, from the bound (0) to the incumbent (1), and the
    /// work it may take.
    double probeShare_ = 0.3;
    int64_t probeWork_ = 0;
    double stepLength_ = kFirstStep;
    int64_t passesPaid_ = 0;
    int64_t localPaid_ = 0;
};

} // namespace alpa
