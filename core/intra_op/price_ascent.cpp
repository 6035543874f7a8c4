#include "core/intra_op/price_ascent.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

/// Gains below this share of the bound do not count.
constexpr double kGain = 1e-6;
constexpr double kCycleGain = 2e-6;

} // namespace

PriceAscent::PriceAscent(Lagrangian& lagrangian)
    : lagrangian_(lagrangian)
    , best_(lagrangian.multipliers)
{
    lagrangian_.forgetDirection();
}

void PriceAscent::returnToBest()
{
    lagrangian_.multipliers = best_;
    lagrangian_.forgetDirection();
}

void PriceAscent::shorten()
{
    stalls_ = 0;
    length_ *= kShrink;
    // The messages stay as they are: on graphs where they need hundreds of passes to settle, going
    // back to those of the best bound would undo what passes at nearby prices have gained.
    returnToBest();
    // Times beside a scarce one that were violated once or twice would pull along for ever.
    lagrangian_.forgetActive();
    if (length_ >= shortest_)
        return;
    length_ = kRestartStep;
    shortest_ = std::max(0.3 * shortest_, 1e-6);
    ++cycles_;
    idleCycles_ = bound_ > boundAtCycle_ + kCycleGain * std::abs(bound_) ? 0 : idleCycles_ + 1;
    boundAtCycle_ = bound_;
}

void PriceAscent::advance(double now, double target)
{
    // Much damping suits few prices, little suits many: take turns.
    constexpr double kDamping[] = {0.5, 0.7};
    if (now > bound_) {
        if (now > bound_ + kGain * std::abs(now))
            stalls_ = 0;
        bound_ = now;
        best_ = lagrangian_.multipliers;
    }
    if (++stalls_ > kPatience)
        shorten();
    if (target == kForbidden)
        target = now + 0.3 * std::abs(now) + 1e-9;
    lagrangian_.step(now, std::max(target, now + 1e-7 * std::abs(now)), length_,
                     kDamping[cycles_ % 2]);
}

} // namespace alpa
