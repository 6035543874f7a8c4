#include "core/intra_op/choice_search.h"

#include "core/intra_op/primal_search.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

ChoiceSearch::ChoiceSearch(const IlpCore& core, uint64_t seed, IsStopped isStopped,
                           std::stop_token stop)
    : core_(core)
    , rng_(seed)
    , isStopped_(std::move(isStopped))
    , local_(core, seed + 1, isStopped_)
    , neighbourhoods_(core, seed + 2, std::move(stop))
{
}

bool ChoiceSearch::isOver() const { return work_ >= end_ || isStopped_(); }

void ChoiceSearch::take(double cost, const std::vector<int>& choice)
{
    if (!(cost < upperBound_))
        return;
    upperBound_ = cost;
    found_ = {cost, choice};
    misses_ = 0;
}

/// Makes what the passes chose last fit, and improves it.
void ChoiceSearch::repairDecoded()
{
    const int64_t before = local_.work();
    local_.start(task_->decoded);
    if (local_.repair(400)) {
        local_.descend(4);
        take(local_.cost(), local_.choice());
    }
    work_ += local_.work() - before;
}

/// Changes both ends of edges of the best choice.
void ChoiceSearch::polish()
{
    const std::vector<int>& best = found_.choice.empty() ? task_->incumbent : found_.choice;
    if (best.empty())
        return;
    const int64_t before = local_.work();
    local_.start(best);
    if (local_.descendPairs())
        local_.descend(4);
    if (local_.fits())
        take(local_.cost(), local_.choice());
    work_ += local_.work() - before;
}

/// Searches neighbourhoods of the best choice for the rest of the round.
void ChoiceSearch::exploreIncumbent()
{
    std::vector<int> choice = found_.choice.empty() ? task_->incumbent : found_.choice;
    double cost = core_.costOf(choice);
    const int64_t base = work_ - neighbourhoods_.work();
    while (!isOver() && misses_ < kMostMisses) {
        ++misses_;
        if (neighbourhoods_.improve(task_->isAllowed, task_->multipliers, choice, cost, isStopped_))
            take(cost, choice);
        work_ = base + neighbourhoods_.work();
    }
}

/// The same from a choice made without regard to the best one: it may lead past it.
void ChoiceSearch::exploreOther()
{
    constexpr int kFewPatterns = 4;
    if (other_.choice.empty() || otherMisses_ >= kMostMisses / 2) {
        other_ = {};
        otherMisses_ = 0;
        tryPatterns(kFewPatterns, kForbidden, [this](double cost, const std::vector<int>& choice) {
            other_ = {cost, choice};
        });
        if (other_.choice.empty()) {
            work_ += core_.passWork();
            return;
        }
        take(other_.cost, other_.choice);
    }
    // Labels barred since may be part of it, so they are let in again.
    const int64_t base = work_ - neighbourhoods_.work();
    while (!isOver() && otherMisses_ < kMostMisses / 2) {
        ++otherMisses_;
        if (neighbourhoods_.improve(task_->isAllowed, task_->multipliers, other_.choice,
                                    other_.cost, isStopped_)) {
            otherMisses_ = 0;
            take(other_.cost, other_.choice);
        }
        work_ = base + neighbourhoods_.work();
    }
}

/// Labels that recent passes chose, and those of the incumbent.
std::vector<uint8_t> ChoiceSearch::likedLabels(float share) const
{
    std::vector<uint8_t> labels(core_.labelTotal(), 0);
    for (int i = 0; i < core_.nodeCount; ++i) {
        const float* liking = task_->liking.data() + core_.labelOffset[at(i)];
        const uint8_t* isAllowed = task_->isAllowed.data() + core_.labelOffset[at(i)];
        const float all = std::accumulate(liking, liking + core_.labelCount[at(i)], 0.0f);
        uint8_t* liked = labels.data() + core_.labelOffset[at(i)];
        for (int s = 0; s < core_.labelCount[at(i)]; ++s)
            liked[s] = isAllowed[s] && liking[s] > share * all;
        for (const std::vector<int>& choice : task_->mixture) {
            if (choice[at(i)] >= 0)
                liked[choice[at(i)]] = 1;
        }
        liked[task_->decoded[at(i)]] = 1;
        if (!task_->incumbent.empty())
            liked[task_->incumbent[at(i)]] = 1;
    }
    return labels;
}

/// Tries on the labels that the passes liked.
void ChoiceSearch::tryPatterns(int patterns, double upperBound, const PrimalSearch::Offer& offer)
{
    constexpr float kShares[] = {0.02f, 0.05f, 0.15f};
    ++tries_;
    // Few prices leave the tries more freedom than the polished ones: take turns.
    const bool usesBundle = tries_ % 3 == 0 && !task_->bundlePrices.empty();
    PrimalSearch primal(core_, rng_.next(), isStopped_);
    primal.run(likedLabels(usesBundle ? 2.0f : kShares[tries_ % 3]),
               usesBundle ? task_->bundlePrices : task_->multipliers, patterns, end_ - work_,
               upperBound, offer);
    work_ += primal.work();
}

/// One bout of tries for a better choice.
void ChoiceSearch::disturb()
{
    constexpr int kPatterns = 40;
    ++disturbMisses_;
    tryPatterns(kPatterns, upperBound_, [this](double cost, const std::vector<int>& choice) {
        take(cost, choice);
        disturbMisses_ = 0;
    });
}

void ChoiceSearch::begin(const ChoiceTask& task)
{
    task_ = &task;
    found_ = {};
    upperBound_ = task.upperBound;
    end_ = work_ + task.work;
}

FoundChoice ChoiceSearch::run(const ChoiceTask& task)
{
    if (task.upperBound < lastBound_)
        misses_ = 0; // found by the other half
    begin(task);
    if (!isOver())
        repairDecoded();
    ++rounds_;
    const bool hasChoice = !(found_.choice.empty() && task.incumbent.empty());
    while (!isOver()) {
        if (!hasChoice || (rounds_ % 3 == 0 && disturbMisses_ < kMostDisturbMisses))
            disturb();
        else if (rounds_ % 3 != 2 && misses_ < kMostMisses)
            exploreIncumbent();
        else
            exploreOther();
    }
    if (!found_.choice.empty() && !isStopped_())
        polish();
    lastBound_ = upperBound_;
    return std::exchange(found_, {});
}

FoundChoice ChoiceSearch::runOnce(const ChoiceTask& task)
{
    begin(task);
    disturb();
    return std::exchange(found_, {});
}

} // namespace alpa
