#include "core/intra_op/neighbourhood_search.h"

#include "core/intra_op/ilp_search.h"

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

NeighbourhoodSearch::NeighbourhoodSearch(const IlpCore& core, uint64_t seed, std::stop_token stop)
    : core_(core)
    , rng_(seed)
    , stop_(std::move(stop))
{
}

/// Frees the node if more than one of its labels is allowed; returns how many are.
int NeighbourhoodSearch::release(int node, const std::vector<uint8_t>& isAllowed)
{
    const uint8_t* labels = isAllowed.data() + core_.labelOffset[at(node)];
    const auto count = std::count(labels, labels + core_.labelCount[at(node)], uint8_t{1});
    if (isFree_[at(node)] || count < 2)
        return 0;
    isFree_[at(node)] = 1;
    free_.push_back(node);
    return static_cast<int>(count);
}

/// Frees nodes of about so many labels from `start` on, in program order.
void NeighbourhoodSearch::growAlong(int start, int labels, const std::vector<uint8_t>& isAllowed)
{
    for (int node = start; node < core_.nodeCount && labels > 0; ++node)
        labels -= release(node, isAllowed);
}

/// Frees nodes of about so many labels around `start`, nearest first.
void NeighbourhoodSearch::growAround(int start, int labels, const std::vector<uint8_t>& isAllowed)
{
    std::vector<int> queue{start};
    std::vector<uint8_t> isSeen(at(core_.nodeCount), 0);
    isSeen[at(start)] = 1;
    for (size_t next = 0; next < queue.size() && labels > 0; ++next) {
        const int node = queue[next];
        labels -= release(node, isAllowed);
        const auto visit = [&](int other) {
            if (!isSeen[at(other)]) {
                isSeen[at(other)] = 1;
                queue.push_back(other);
            }
        };
        for (int q = core_.backwardBegin[at(node)]; q < core_.backwardBegin[at(node) + 1]; ++q)
            visit(core_.edges[at(core_.backwardEdges[at(q)])].from);
        for (int q = core_.forwardBegin[at(node)]; q < core_.forwardBegin[at(node) + 1]; ++q)
            visit(core_.edges[at(core_.forwardEdges[at(q)])].to);
    }
}

/// The labels of a neighbourhood, and those of `choice` elsewhere.
std::vector<uint8_t> NeighbourhoodSearch::freed(const std::vector<uint8_t>& isAllowed,
                                                const std::vector<int>& choice)
{
    isFree_.assign(at(core_.nodeCount), 0);
    free_.clear();
    const int places = rng_.between(1, 3);
    const int share = static_cast<int>(size_) / places;
    for (int place = 0; place < places; ++place) {
        const int start = rng_.below(core_.nodeCount);
        if (rng_.chance(0.3))
            growAlong(start, share, isAllowed);
        else
            growAround(start, share, isAllowed);
    }
    std::vector<uint8_t> labels(core_.labelTotal(), 0);
    for (int i = 0; i < core_.nodeCount; ++i)
        labels[core_.labelOffset[at(i)] + at(choice[at(i)])] = 1;
    for (int node : free_) {
        for (size_t label = core_.labelOffset[at(node)];
             label < core_.labelOffset[at(node)] + at(core_.labelCount[at(node)]); ++label)
            labels[label] |= isAllowed[label];
    }
    return labels;
}

bool NeighbourhoodSearch::improve(const std::vector<uint8_t>& isAllowed,
                                  const std::vector<double>& multipliers, std::vector<int>& choice,
                                  double& cost, const IsStopped& isStopped)
{
    // Enough for some hundred passes over a neighbourhood.
    constexpr int64_t kWork = 8'000'000;
    const CoreWithOrigin part = restrictCore(core_, freed(isAllowed, choice));
    work_ += static_cast<int64_t>(core_.labelTotal()) + 8 * int64_t{core_.edgeCount()} +
             8 * int64_t{core_.timeCount()};
    if (part.core.nodeCount == 0 || isStopped())
        return false;
    IlpOptions options;
    options.control.stop = stop_;
    options.workLimit = kWork;
    options.threads = 1;
    options.gapTolerance = 1e-7;
    SearchContext context(options, false, magnitudeOf(part.core));
    context.upperBound = cost;
    CoreStart start;
    for (int time : part.time)
        start.multipliers.push_back(multipliers[at(time)]);
    searchCore(part.core, context, start);
    const int64_t spent = kWork - context.workLeft();
    work_ += spent;
    if (spent < kWork / 3)
        size_ = std::min(size_ * 1.1, kMost);
    else if (spent >= kWork)
        size_ = std::max(size_ * 0.85, kFewest);
    if (context.best.empty())
        return false;
    choice = part.lift(context.best);
    cost = core_.costOf(choice);
    return true;
}

} // namespace alpa
