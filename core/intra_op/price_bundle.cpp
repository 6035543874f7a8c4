#include "core/intra_op/price_bundle.h"

#include "core/intra_op/linear_program.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Passes at one set of prices: at none, which tell which times are scarce, and at others.
constexpr int kFirstTurns = 40;
constexpr int kTurns = 8;
/// Where there is one time, its price is found by any choices, and settles while messages do.
constexpr int kTurnsOfOneTime = 4;

constexpr double kScaledCost = 1e6; // |bound| in the units of the master; prices then are near one

} // namespace

PriceBundle::PriceBundle(const IlpCore& core, Lagrangian& lagrangian, Seen seen, IsOver isOver)
    : core_(core)
    , lagrangian_(lagrangian)
    , seen_(std::move(seen))
    , isOver_(std::move(isOver))
{
    for (double capacity : core.capacity)
        unit_ = std::max(unit_, capacity);
}

/// The bound at these prices; appends the choice nearest to attaining it as a cut.
double PriceBundle::evaluate(const std::vector<double>& activePrices, int mostTurns)
{
    constexpr double kClosed = 1e-7;
    constexpr double kSlow = 3e-5;
    std::fill(lagrangian_.multipliers.begin(), lagrangian_.multipliers.end(), 0.0);
    for (size_t a = 0; a < activePrices.size(); ++a)
        lagrangian_.multipliers[at(active_[a])] = activePrices[a];
    lagrangian_.price();
    double bound = -kForbidden;
    double previous = -kForbidden;
    double leastValue = kForbidden;
    Cut best;
    for (int turn = 0; turn < mostTurns; ++turn) {
        ++turns_;
        lagrangian_.messages.forward(false);
        bound = std::max(bound, lagrangian_.messages.backward(true));
        Cut cut{core_.costOf(lagrangian_.messages.choice), core_.useOf(lagrangian_.messages.choice),
                lagrangian_.messages.choice};
        seen_(lagrangian_.messages.choice, cut.cost);
        double value = cut.cost;
        for (size_t a = 0; a < activePrices.size(); ++a)
            value += activePrices[a] * (cut.use[at(active_[a])] - core_.capacity[at(active_[a])]);
        if (value < leastValue) {
            leastValue = value;
            best = std::move(cut);
        }
        if (leastValue - bound < kClosed * std::abs(bound) ||
            (turn >= 2 && bound - previous < kSlow * std::abs(bound)) || isOver_())
            break;
        previous = bound;
    }
    if (leastValue < kForbidden)
        cuts_.push_back(std::move(best));
    return bound;
}

/// Activates the worst time of each run of violated times, a few per round. Returns whether any is
/// new.
bool PriceBundle::activateViolated(const Cut& cut)
{
    constexpr int kMostPerRound = 6;
    int added = 0;
    for (int t = 0; t < core_.timeCount() && added < kMostPerRound;) {
        int worst = t;
        double most = 0;
        for (; t < core_.timeCount() && cut.use[at(t)] > core_.capacity[at(t)]; ++t) {
            if (cut.use[at(t)] - core_.capacity[at(t)] > most) {
                most = cut.use[at(t)] - core_.capacity[at(t)];
                worst = t;
            }
        }
        if (most > 0 && std::find(active_.begin(), active_.end(), worst) == active_.end()) {
            active_.push_back(worst);
            center_.push_back(0);
            ++added;
        }
        if (most == 0)
            ++t;
    }
    return added > 0;
}

/// The choice of least usage bounds the prices from above.
void PriceBundle::addCheapestUsage()
{
    std::vector<int> choice(at(core_.nodeCount), 0);
    for (int i = 0; i < core_.nodeCount; ++i) {
        double least = kForbidden;
        for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
            double use = 0;
            for (int u = core_.usageBegin[at(i)]; u < core_.usageBegin[at(i) + 1]; ++u)
                use += core_.usageBytes[core_.usages[at(u)].bytes + at(s)] *
                       (core_.usages[at(u)].end - core_.usages[at(u)].begin);
            if (use < least) {
                least = use;
                choice[at(i)] = s;
            }
        }
    }
    const double cost = core_.costOf(choice);
    if (cost == kForbidden)
        return;
    seen_(choice, cost);
    cuts_.push_back({cost, core_.useOf(choice), choice});
}

/// Maximises the model in the trust region; returns prices by position in active_.
std::vector<double> PriceBundle::solveMaster(double& predicted)
{
    const double scale = kScaledCost / std::max(std::abs(bound_), 1e-300);
    const double priceUnit = kScaledCost / (scale * unit_);
    LinearProgram program;
    program.columns.push_back({-1, -kForbidden, kForbidden, false});
    for (double center : center_) {
        const double scaled = center / priceUnit;
        if (radius_ < kForbidden)
            program.columns.push_back(
                {0, std::max(0.0, scaled - radius_), scaled + radius_, false});
        else
            program.columns.push_back({0, 0, 1e6, false});
    }
    for (const Cut& cut : cuts_) {
        LinearRow row{RowKind::kAtMost, cut.cost * scale, {{0, 1}}};
        for (size_t a = 0; a < active_.size(); ++a) {
            const double excess =
                (cut.use[at(active_[a])] - core_.capacity[at(active_[a])]) / unit_;
            if (excess != 0)
                row.terms.emplace_back(static_cast<int>(a) + 1, -excess * kScaledCost);
        }
        program.rows.push_back(std::move(row));
    }
    const LinearSolution solution = solveLinearProgram(program);
    if (solution.status != LinearStatus::kOptimal)
        return {};
    predicted = solution.values[0] / scale;
    weights_ = solution.duals;
    std::vector<double> prices;
    for (size_t a = 0; a < active_.size(); ++a)
        prices.push_back(std::max(0.0, solution.values[a + 1] * priceUnit));
    return prices;
}

std::vector<std::vector<int>> PriceBundle::mixture() const
{
    constexpr double kPresent = 1e-6;
    constexpr size_t kLatest = 3; // not in the last master, but made at nearly the best prices
    std::vector<std::vector<int>> choices;
    for (size_t k = 0; k < cuts_.size(); ++k) {
        const bool isLate = k + kLatest >= cuts_.size();
        if (isLate || (k < weights_.size() && std::abs(weights_[k]) > kPresent))
            choices.push_back(cuts_[k].choice);
    }
    return choices;
}

double PriceBundle::run()
{
    constexpr int kMostRounds = 60;
    constexpr double kSlowGain = 2e-4;
    addCheapestUsage();
    const bool isOneTime = core_.timeCount() == 1;
    bound_ = evaluate({}, isOneTime ? kTurnsOfOneTime : kFirstTurns);
    if (cuts_.empty() || !activateViolated(cuts_.back()))
        return bound_;
    int slowRounds = 0;
    int nullRounds = 0;
    for (int round = 0; round < kMostRounds && !isOver_(); ++round) {
        double predicted = 0;
        const std::vector<double> prices = solveMaster(predicted);
        if (prices.empty())
            break;
        const double expected = predicted - bound_;
        const double bound = evaluate(prices, isOneTime ? kTurnsOfOneTime : kTurns);
        const bool isNew = activateViolated(cuts_.back());
        const double priceUnit = std::abs(bound_) / unit_;
        const double largest =
            *std::max_element(prices.begin(), prices.end()) / std::max(priceUnit, 1e-300);
        if (radius_ == kForbidden)
            radius_ = std::max(0.5 * largest, 1e-3);
        else if (bound <= bound_)
            radius_ *= 0.5;
        else if (bound - bound_ > 0.3 * expected)
            radius_ *= 1.5;
        if (bound > bound_) {
            slowRounds =
                bound - bound_ < kSlowGain * std::abs(bound) && !isNew ? slowRounds + 1 : 0;
            bound_ = bound;
            std::copy(prices.begin(), prices.end(), center_.begin());
            nullRounds = 0;
        } else {
            slowRounds += !isNew;
            ++nullRounds;
        }
        if (slowRounds >= 4 || nullRounds > 8 || expected < 1e-5 * std::abs(bound_))
            break;
    }
    std::fill(lagrangian_.multipliers.begin(), lagrangian_.multipliers.end(), 0.0);
    for (size_t a = 0; a < active_.size(); ++a)
        lagrangian_.multipliers[at(active_[a])] = center_[a];
    return bound_;
}

} // namespace alpa
