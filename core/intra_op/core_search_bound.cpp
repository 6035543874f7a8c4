// Bounding and fixing: message passing, price steps, reduced costs, what memory rules out.
#include "core/intra_op/core_search.h"
#include "core/intra_op/range_minimum.h"

#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

/// Bars labels that cannot be part of a better choice. False if a node has none left.
bool CoreSearch::fixByReducedCost(double bound)
{
    return fixByReducedCostBelow(bound, context_.cutoff());
}

bool CoreSearch::fixByReducedCostBelow(double bound, double cutoff)
{
    bool isAnyBarred = false;
    for (int i = 0; i < core_.nodeCount; ++i) {
        bool isAnyLeft = false;
        for (size_t label = core_.labelOffset[at(i)];
             label < core_.labelOffset[at(i)] + at(core_.labelCount[at(i)]); ++label) {
            if (!lagrangian_.isAllowed[label])
                continue;
            if (bound + minMarginals_[label] >= cutoff) {
                lagrangian_.isAllowed[label] = 0;
                isAnyBarred = true;
            } else {
                isAnyLeft = true;
            }
        }
        if (!isAnyLeft)
            return false;
    }
    return !isAnyBarred || propagate();
}

/// Bars labels that use more than is left if all others use their least. False if nothing fits any
/// more.
bool CoreSearch::propagate()
{
    constexpr double kHalfByte = 0.5;
    bool isAnyBarred = core_.timeCount() > 0;
    while (isAnyBarred) {
        isAnyBarred = false;
        std::vector<double> least(core_.capacity.size() + 1, 0.0);
        const auto forEachUsage = [&](auto&& act) {
            for (int i = 0; i < core_.nodeCount; ++i) {
                uint8_t* allowed = lagrangian_.isAllowed.data() + core_.labelOffset[at(i)];
                for (int u = core_.usageBegin[at(i)]; u < core_.usageBegin[at(i) + 1]; ++u) {
                    const double* bytes = core_.usageBytes.data() + core_.usages[at(u)].bytes;
                    double smallest = kForbidden;
                    for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                        if (allowed[s])
                            smallest = std::min(smallest, bytes[s]);
                    }
                    act(core_.usages[at(u)], at(core_.labelCount[at(i)]), allowed, bytes, smallest);
                }
            }
        };
        bool isAnyEmpty = false;
        forEachUsage([&](const IlpCore::Usage& usage, size_t, const uint8_t*, const double*,
                         double smallest) {
            isAnyEmpty |= smallest == kForbidden;
            least[at(usage.begin)] += smallest;
            least[at(usage.end)] -= smallest;
        });
        if (isAnyEmpty)
            return false;
        std::vector<double> slack(core_.capacity.size());
        double sum = 0;
        double tightest = kForbidden;
        for (size_t t = 0; t < slack.size(); ++t) {
            sum += least[t];
            slack[t] = core_.capacity[t] - sum;
            tightest = std::min(tightest, slack[t]);
        }
        if (tightest < -kHalfByte)
            return false;
        const RangeMinimum<double> room(std::move(slack));
        forEachUsage([&](const IlpCore::Usage& usage, size_t count, uint8_t* allowed,
                         const double* bytes, double smallest) {
            double most = -1;
            for (size_t s = 0; s < count; ++s) {
                if (allowed[s] && bytes[s] - smallest > tightest + kHalfByte) {
                    if (most < 0)
                        most = room.minimum(at(usage.begin), at(usage.end)) + kHalfByte;
                    if (bytes[s] - smallest > most) {
                        allowed[s] = 0;
                        isAnyBarred = true;
                    }
                }
            }
        });
    }
    return true;
}

void CoreSearch::searchLocally(bool isThorough)
{
    local_.start(lagrangian_.messages.choice);
    if (!local_.repair(isThorough ? 2000 : 200))
        return;
    local_.descend(isThorough ? 10 : 3);
    if (isThorough && local_.descendPairs())
        local_.descend(5);
    offer(local_.cost(), local_.choice());
}

/// Passes both ways at the present prices; offers what they choose. Returns the better bound and
/// leaves the first, which the min-marginals go with, in `firstBound`.
double CoreSearch::passBothWays(int turn, double& firstBound)
{
    // Rounding on every pass pays only where choices need no repair.
    const bool hasTimes = core_.timeCount() > 0;
    lagrangian_.price();
    firstBound = lagrangian_.messages.forward(turn % 2 == 0 || !hasTimes);
    if (!hasTimes)
        offerChoice(lagrangian_.messages.choice);
    const double second = lagrangian_.messages.backward(turn % 2 == 1 || !hasTimes, minMarginals_);
    if (!hasTimes || core_.fits(lagrangian_.messages.choice))
        offerChoice(lagrangian_.messages.choice);
    ++context_.trwsIterations;
    spendPasses();
    return std::max(firstBound, second);
}

/// A step of the prices, or back to the best ones and shorter steps after too many in vain. False
/// if the steps have become too short to matter.
bool CoreSearch::stepPrices(int depth, double now, PriceState& state)
{
    const bool isRoot = depth == 0;
    const int patience = isRoot ? 12 : 30;
    if (++state.stalls > patience) {
        state.stalls = 0;
        stepLength_ *= 0.6;
        lagrangian_.multipliers = state.multipliers;
        lagrangian_.messages.messages = state.messages;
        lagrangian_.forgetDirection();
        if (stepLength_ < kLastStep) {
            stepLength_ = kRestartStep;
            return false;
        }
    }
    const double target =
        context_.upperBound < kForbidden ? context_.upperBound : now + 0.3 * std::abs(now) + 1e-9;
    lagrangian_.step(now, std::max(target, now + 1e-7 * std::abs(now)), stepLength_,
                     isRoot ? 0.7 : 0.5);
    return true;
}

/// Message passing, price steps and fixing; ends when the bound closes this part, stalls, or its
/// turns are used up.
CoreSearch::End CoreSearch::iterate(int depth, double& bound, int turns)
{
    const bool isRoot = depth == 0;
    const bool hasTimes = core_.timeCount() > 0;
    if (!isRoot)
        stepLength_ = kFirstStep;
    PriceState state{-kForbidden, lagrangian_.multipliers, lagrangian_.messages.messages, 0};
    double earlierBound = -kForbidden;
    lagrangian_.forgetDirection();
    for (int turn = 0; turn < turns && !context_.isOver(); ++turn) {
        double first = 0;
        const double now = passBothWays(turn, first);
        if (now > state.bound) {
            state.stalls = now > state.bound + 1e-6 * std::abs(now) ? 0 : state.stalls;
            state.bound = now;
            state.multipliers = lagrangian_.multipliers;
            if (isRoot && hasTimes)
                state.messages = lagrangian_.messages.messages;
        }
        bound = std::max(bound, now);
        if (isRoot && context_.raiseRootBound(std::min(now, context_.cutoff())))
            notePrices();
        if (hasTimes && isRoot)
            remember();
        if (hasTimes && (isRoot ? turn % 10 == 0 : turn % 4 == 3))
            searchLocally(isRoot && turn % 50 == 0);
        if (context_.isClosedBy(bound) || !fixByReducedCost(first)) {
            context_.closedBy("bound");
            return End::kClosed;
        }
        if (hasTimes && !stepPrices(depth, now, state))
            break;
        if (!hasTimes && turn % 10 == 9) {
            if (state.bound - earlierBound < 0.02 * (context_.upperBound - state.bound))
                break;
            earlierBound = state.bound;
        }
        if (turn % 5 == 4 && isCompactable())
            break;
    }
    lagrangian_.multipliers = state.multipliers;
    return End::kOpen;
}

} // namespace alpa
