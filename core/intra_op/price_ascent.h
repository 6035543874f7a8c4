// Climbs the dual function: passes at the present prices, then a step of the prices, with step
// lengths that shrink in cycles. For large cores; small ones branch sooner than this pays.
#pragma once

#include "core/intra_op/lagrangian.h"

#include <vector>

namespace alpa
{

class PriceAscent
{
public:
    /// Assumes that `lagrangian` outlives this.
    explicit PriceAscent(Lagrangian& lagrangian);

    /// Takes note of the bound that the passes gave at the present prices, and moves the prices.
    /// `target`: what the bound cannot exceed; kForbidden if unknown.
    void advance(double now, double target);
    /// Prices of the best bound.
    const std::vector<double>& bestPrices() const { return best_; }
    double bestBound() const { return bound_; }
    /// Whole cycles without gain: more of the same will not help.
    bool isSettled() const { return idleCycles_ >= kMostIdleCycles; }
    void returnToBest();

private:
    static constexpr int kPatience = 12; ///< Steps without gain before shorter ones.
    static constexpr int kMostIdleCycles = 2;
    static constexpr double kFirstStep = 0.3;
    static constexpr double kRestartStep = 0.1;
    static constexpr double kShrink = 0.6;
    void shorten();

    Lagrangian& lagrangian_;
    std::vector<double> best_;
    double bound_ = -kForbidden;
    double length_ = kFirstStep;
    double shortest_ = 1e-3; ///< A cycle ends below this.
    double boundAtCycle_ = -kForbidden;
    int stalls_ = 0;
    int cycles_ = 0;
    int idleCycles_ = 0;
};

} // namespace alpa
