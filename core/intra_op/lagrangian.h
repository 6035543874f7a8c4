// Prices usage: multipliers (cost per byte and time) turn the limit into node costs, so that
// message passing bounds the problem with memory. Any multipliers >= 0 give a valid bound.
#pragma once

#include "core/intra_op/ilp_core.h"
#include "core/intra_op/trws.h"

#include <cstdint>
#include <vector>

namespace alpa
{

class Lagrangian
{
public:
    /// Assumes `core` outlives this.
    explicit Lagrangian(const IlpCore& core);

    std::vector<double> multipliers; ///< Per time, cost per byte.
    std::vector<uint8_t> isAllowed;  ///< By label offset.
    Trws messages;

    /// Puts priced node costs into `messages`; call after changing multipliers or labels.
    void price();
    /// A step along the averaged subgradient at the last choice, scaled by the distance from
    /// `bound` to `target` (Polyak). `damping` in [0, 1) is the weight of the past. Only times that
    /// were the worst of a run of violated times take part: their neighbours would pull in the same
    /// direction again and again.
    void step(double bound, double target, double length, double damping);
    void forgetDirection();
    /// Lets only times with a price take part, until others are violated again.
    void forgetActive();
    /// Cost of all usage of `node` from least to most demanding label, at the present prices.
    double priceSpread(int node) const;

private:
    void activateViolated(const std::vector<double>& use);
    const IlpCore& core_;
    std::vector<double> prefix_; ///< Sum of multipliers before each time.
    std::vector<double> direction_;
    std::vector<uint8_t> isActive_; ///< Per time.
    double unit_ = 1;               ///< Bytes that count as one in the length of a step.
};

} // namespace alpa
