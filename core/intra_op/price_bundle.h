// Finds good multipliers fast: a cutting-plane model of the dual function over the few times at
// which memory is scarce, maximised by a linear programme inside a trust region (Kelley's method,
// stabilised).
#pragma once

#include "core/intra_op/ilp_core.h"
#include "core/intra_op/lagrangian.h"

#include <functional>
#include <vector>

namespace alpa
{

class PriceBundle
{
public:
    /// Told of each choice that the passes make, with its cost.
    using Seen = std::function<void(const std::vector<int>& choice, double cost)>;
    /// Asked between rounds.
    using IsOver = std::function<bool()>;

    /// Assumes that `core` and `lagrangian` outlive this.
    PriceBundle(const IlpCore& core, Lagrangian& lagrangian, Seen seen, IsOver isOver);

    /// Starts from no prices. Leaves the best multipliers found in the Lagrangian; returns their
    /// bound.
    double run();
    int turns() const { return turns_; }
    /// The choices whose mixture attains the model's maximum: together they tell where choices have
    /// to differ.
    std::vector<std::vector<int>> mixture() const;

private:
    /// A choice as a cut: the dual function is at most cost + multipliers . (use - capacity).
    struct Cut {
        double cost = 0;
        std::vector<double> use; ///< Per time.
        std::vector<int> choice;
    };
    double evaluate(const std::vector<double>& activePrices, int mostTurns);
    bool activateViolated(const Cut& cut);
    std::vector<double> solveMaster(double& predicted);
    void addCheapestUsage();

    const IlpCore& core_;
    Lagrangian& lagrangian_;
    Seen seen_;
    IsOver isOver_;
    std::vector<Cut> cuts_;
    std::vector<int> active_;     ///< Times with a price, in order of activation.
    std::vector<double> center_;  ///< Best prices so far, by position in active_.
    std::vector<double> weights_; ///< Of the cuts in the last master's optimum.
    double bound_ = -kForbidden;
    double radius_ = kForbidden; ///< Of the trust region, in scaled prices.
    double unit_ = 1;            ///< Bytes; scales usage to about one.
    int turns_ = 0;
};

} // namespace alpa
