#include "core/intra_op/primal_search.h"

#include "core/intra_op/local_search.h"
#include "core/intra_op/trws.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Cost of each label's usage at the given prices, by label offset.
std::vector<double> pricesOf(const IlpCore& core, const std::vector<double>& multipliers)
{
    std::vector<double> before(multipliers.size() + 1, 0.0);
    for (size_t t = 0; t < multipliers.size(); ++t)
        before[t + 1] = before[t] + multipliers[t];
    std::vector<double> prices(core.labelTotal(), 0.0);
    for (int i = 0; i < core.nodeCount; ++i) {
        for (int u = core.usageBegin[at(i)]; u < core.usageBegin[at(i) + 1]; ++u) {
            const IlpCore::Usage& usage = core.usages[at(u)];
            const double price = before[at(usage.end)] - before[at(usage.begin)];
            for (size_t s = 0; s < at(core.labelCount[at(i)]); ++s)
                prices[core.labelOffset[at(i)] + s] += price * core.usageBytes[usage.bytes + s];
        }
    }
    return prices;
}

/// One core of few labels and the tries on it.
class Disturber
{
public:
    Disturber(const IlpCore& core, const std::vector<double>& multipliers, Rng& rng,
              const PrimalSearch::IsOver& isOver)
        : core_(core)
        , rng_(rng)
        , isOver_(isOver)
        , messages_(core)
        , local_(core, rng.next(), isOver)
        , prices_(pricesOf(core, multipliers))
    {
    }

    void tryPattern(double& upperBound, const PrimalSearch::Offer& offer);
    int64_t work() const { return messages_.work() + local_.work(); }

private:
    void improve(double& upperBound, const PrimalSearch::Offer& offer, int passes);
    /// Largest usage beyond its capacity.
    double excess(const std::vector<int>& choice) const;

    const IlpCore& core_;
    Rng& rng_;
    const PrimalSearch::IsOver& isOver_;
    Trws messages_;
    LocalSearch local_;
    std::vector<double> prices_;
};

/// A factor per node: the same for runs of the program, mirrored in half the cases since the
/// backward pass mirrors the forward pass; white noise now and then.
std::vector<double> drawNoise(Rng& rng, int count)
{
    constexpr int kMostSegments = 32;
    const double size = std::pow(10.0, -2.8 + 2.6 * rng.uniform());
    const int segments = rng.between(1, kMostSegments);
    const bool isMirrored = rng.chance(0.5);
    const bool isWhite = rng.chance(0.25);
    std::vector<double> ofSegment;
    for (int i = 0; i < segments; ++i)
        ofSegment.push_back(2 * rng.uniform() - 1);
    std::vector<double> noise;
    for (int i = 0; i < count; ++i) {
        double place = (i + 0.5) / count;
        if (isMirrored)
            place = 2 * std::abs(place - 0.5);
        const int segment = std::min(segments - 1, static_cast<int>(place * segments));
        noise.push_back(1 + size * (isWhite ? 2 * rng.uniform() - 1 : ofSegment[at(segment)]));
    }
    return noise;
}

double Disturber::excess(const std::vector<int>& choice) const
{
    const std::vector<double> use = core_.useOf(choice);
    double most = 0;
    for (size_t t = 0; t < use.size(); ++t)
        most = std::max(most, use[t] - core_.capacity[t]);
    return most;
}

void Disturber::improve(double& upperBound, const PrimalSearch::Offer& offer, int passes)
{
    local_.descend(passes);
    if (local_.cost() < upperBound) {
        upperBound = local_.cost();
        offer(upperBound, local_.choice());
    }
}

/// Halves the interval of a global price factor to land just inside the limit.
void Disturber::tryPattern(double& upperBound, const PrimalSearch::Offer& offer)
{
    constexpr int kHalvings = 8;
    const std::vector<double> noise = drawNoise(rng_, core_.nodeCount);
    double low = 0.5;
    double high = 2;
    double factor = 1;
    std::vector<int> nearMiss;
    double nearMissExcess = kForbidden;
    for (int step = 0; step < kHalvings && high - low > 2e-4 && !isOver_(); ++step) {
        for (int i = 0; i < core_.nodeCount; ++i) {
            const double scale = factor * noise[at(i)];
            for (size_t label = core_.labelOffset[at(i)]; label < core_.labelOffset[at(i) + 1];
                 ++label)
                messages_.nodeCosts[label] = core_.costs[label] + scale * prices_[label];
        }
        const int turns = step == 0 ? 4 : 2;
        for (int turn = 0; turn < turns; ++turn) {
            messages_.forward(turn == turns - 1);
            messages_.backward(false);
        }
        const double over = excess(messages_.choice);
        if (over <= 0) {
            high = factor;
            if (core_.costOf(messages_.choice) < upperBound + 0.01 * std::abs(upperBound)) {
                local_.start(messages_.choice);
                improve(upperBound, offer, 2);
            }
        } else {
            low = factor;
            if (over < nearMissExcess) {
                nearMissExcess = over;
                nearMiss = messages_.choice;
            }
        }
        factor = step == 0 ? (over <= 0 ? 0.93 : 1.07) : 0.5 * (low + high);
    }
    if (nearMiss.empty() || core_.costOf(nearMiss) >= upperBound)
        return;
    local_.start(nearMiss);
    if (local_.repair(60))
        improve(upperBound, offer, 3);
}

} // namespace

void PrimalSearch::run(const std::vector<uint8_t>& labels, const std::vector<double>& multipliers,
                       int patterns, int64_t mostWork, double upperBound, const Offer& offer)
{
    const CoreWithOrigin few = restrictCore(core_, labels);
    work_ += core_.passWork();
    if (few.core.nodeCount == 0)
        return;
    std::vector<double> prices;
    for (int time : few.time)
        prices.push_back(multipliers[at(time)]);
    Disturber disturber(few.core, prices, rng_, isOver_);
    std::vector<int> best;
    double bestCost = upperBound;
    const auto take = [&](double cost, const std::vector<int>& choice) {
        bestCost = cost;
        best = choice;
    };
    for (int pattern = 0; pattern < patterns && disturber.work() < mostWork && !isOver_();
         ++pattern)
        disturber.tryPattern(bestCost, take);
    work_ += disturber.work();
    if (best.empty())
        return;
    // Polish with all labels.
    LocalSearch local(core_, rng_.next(), isOver_);
    local.start(few.lift(best));
    local.descend(4);
    if (local.descendPairs())
        local.descend(4);
    work_ += local.work();
    offer(local.cost(), local.choice());
}

} // namespace alpa
