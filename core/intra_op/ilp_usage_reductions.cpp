// The reductions that look at memory over time.
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/range_minimum.h"

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Least usages go to fixedUse; intervals that no longer differ between strategies vanish.
void moveLeastUsage(IlpGraph& graph)
{
    for (GraphNode& node : graph.nodes) {
        if (!node.isAlive)
            continue;
        for (IlpUsage& usage : node.usages) {
            const int64_t least = *std::min_element(usage.bytes.begin(), usage.bytes.end());
            graph.addToFixedUse(usage, least);
            for (int64_t& bytes : usage.bytes)
                bytes -= least;
        }
        const auto erased = std::erase_if(node.usages, [](const IlpUsage& usage) {
            return std::all_of(usage.bytes.begin(), usage.bytes.end(),
                               [](int64_t bytes) { return bytes == 0; });
        });
        node.isChanged |= erased > 0;
    }
}

/// For each time: the most that the nodes could use beyond fixedUse.
std::vector<int64_t> mostUse(const IlpGraph& graph)
{
    std::vector<int64_t> most(graph.times.size() + 1, 0);
    for (const GraphNode& node : graph.nodes) {
        for (const IlpUsage& usage : node.usages) {
            const int64_t largest = *std::max_element(usage.bytes.begin(), usage.bytes.end());
            most[at(usage.begin)] += largest;
            most[at(usage.end)] -= largest;
        }
    }
    for (size_t t = 1; t < most.size(); ++t)
        most[t] += most[t - 1];
    most.pop_back();
    return most;
}

/// Intervals of one node over the same times become one.
void joinEqualIntervals(GraphNode& node)
{
    const auto isBefore = [](const IlpUsage& a, const IlpUsage& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    };
    std::stable_sort(node.usages.begin(), node.usages.end(), isBefore);
    size_t kept = 0;
    for (size_t i = 0; i < node.usages.size(); ++i) {
        IlpUsage& usage = node.usages[i];
        if (kept > 0 && node.usages[kept - 1].begin == usage.begin &&
            node.usages[kept - 1].end == usage.end) {
            for (size_t s = 0; s < usage.bytes.size(); ++s)
                node.usages[kept - 1].bytes[s] += usage.bytes[s];
        } else {
            if (kept != i)
                node.usages[kept] = std::move(usage);
            ++kept;
        }
    }
    node.usages.resize(kept);
}

/// Shrinks usages to [first, last] of the times that `isTight`; those without one vanish.
void forgetSlackTimes(IlpGraph& graph, const std::vector<uint8_t>& isTight)
{
    const int count = static_cast<int>(isTight.size());
    std::vector<int> nextTight(at(count) + 1, count);
    std::vector<int> lastTight(at(count) + 1, -1);
    for (int t = count - 1; t >= 0; --t)
        nextTight[at(t)] = isTight[at(t)] ? t : nextTight[at(t) + 1];
    for (int t = 0; t < count; ++t)
        lastTight[at(t)] = isTight[at(t)] ? t : (t > 0 ? lastTight[at(t) - 1] : -1);
    for (GraphNode& node : graph.nodes) {
        if (node.usages.empty())
            continue;
        for (IlpUsage& usage : node.usages) {
            const int begin = nextTight[at(usage.begin)];
            usage.end = lastTight[at(usage.end) - 1] + 1;
            usage.begin = begin;
        }
        const size_t before = node.usages.size();
        std::erase_if(node.usages, [](const IlpUsage& usage) { return usage.begin >= usage.end; });
        joinEqualIntervals(node);
        node.isChanged |= node.usages.size() < before;
    }
}

/// Strategies that use more than is left even if all other nodes use their least.
int64_t removeOversized(IlpGraph& graph, const RangeMinimum<int64_t>& slack)
{
    int64_t removed = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        GraphNode& node = graph.nodes[i];
        if (node.usages.empty())
            continue;
        std::vector<uint8_t> isKept(node.costs.size(), 1);
        bool isAnyRemoved = false;
        for (const IlpUsage& usage : node.usages) {
            const int64_t room = slack.minimum(at(usage.begin), at(usage.end));
            for (size_t s = 0; s < isKept.size(); ++s) {
                if (usage.bytes[s] > room) {
                    isKept[s] = 0;
                    isAnyRemoved = true;
                }
            }
        }
        if (!isAnyRemoved)
            continue;
        std::vector<int> keep;
        for (size_t s = 0; s < isKept.size(); ++s) {
            if (isKept[s])
                keep.push_back(static_cast<int>(s));
        }
        removed += static_cast<int64_t>(isKept.size() - keep.size());
        graph.select(static_cast<int>(i), std::move(keep));
        if (graph.isInfeasible)
            return removed;
    }
    return removed;
}

} // namespace

int64_t leastPeak(IlpGraph& graph)
{
    moveLeastUsage(graph);
    int64_t peak = 0;
    for (int64_t use : graph.fixedUse)
        peak = std::max(peak, use);
    return peak;
}

int64_t tightenUsage(IlpGraph& graph)
{
    int64_t removed = 0;
    while (graph.limit) {
        if (leastPeak(graph) > *graph.limit) {
            graph.isInfeasible = true;
            return removed;
        }
        const std::vector<int64_t> most = mostUse(graph);
        std::vector<uint8_t> isTight(graph.times.size());
        std::vector<int64_t> slack(graph.times.size());
        bool isAnyTight = false;
        for (size_t t = 0; t < slack.size(); ++t) {
            slack[t] = *graph.limit - graph.fixedUse[t];
            isTight[t] = most[t] > slack[t];
            isAnyTight |= isTight[t] != 0;
        }
        if (!isAnyTight) {
            for (GraphNode& node : graph.nodes) {
                node.isChanged |= !node.usages.empty();
                node.usages.clear();
            }
            graph.limit.reset();
            break;
        }
        forgetSlackTimes(graph, isTight);
        const int64_t oversized = removeOversized(graph, RangeMinimum<int64_t>(std::move(slack)));
        removed += oversized;
        if (oversized == 0 || graph.isInfeasible)
            break;
    }
    return removed;
}

void keepEssentialTimes(IlpGraph& graph)
{
    const int count = static_cast<int>(graph.times.size());
    if (!graph.limit) {
        graph.times.clear();
        graph.fixedUse.clear();
        return;
    }
    // startsUpTo[t + 1]: intervals that begin at or before t. No start in (p, t] means what is
    // active at t is active at p as well, so t is implied if it has no less room.
    std::vector<int> startsUpTo(at(count) + 2, 0);
    std::vector<int> endsUpTo(at(count) + 2, 0);
    for (const GraphNode& node : graph.nodes) {
        for (const IlpUsage& usage : node.usages) {
            ++startsUpTo[at(usage.begin) + 1];
            ++endsUpTo[at(usage.end) + 1];
        }
    }
    for (size_t t = 1; t < startsUpTo.size(); ++t) {
        startsUpTo[t] += startsUpTo[t - 1];
        endsUpTo[t] += endsUpTo[t - 1];
    }
    const std::vector<int64_t> most = mostUse(graph);
    std::vector<int> kept;
    for (int t = 0; t < count; ++t) {
        if (graph.fixedUse[at(t)] + most[at(t)] <= *graph.limit)
            continue;
        bool isImplied = false;
        while (!kept.empty()) {
            const int p = kept.back();
            const bool startsBetween = startsUpTo[at(t) + 1] != startsUpTo[at(p) + 1];
            const bool endsBetween = endsUpTo[at(t) + 1] != endsUpTo[at(p) + 1];
            if (!startsBetween && graph.fixedUse[at(t)] <= graph.fixedUse[at(p)]) {
                isImplied = true;
                break;
            }
            if (endsBetween || graph.fixedUse[at(p)] > graph.fixedUse[at(t)])
                break;
            kept.pop_back();
        }
        if (!isImplied)
            kept.push_back(t);
    }
    std::vector<int> keptBefore(at(count) + 1, 0);
    for (int t : kept)
        ++keptBefore[at(t) + 1];
    for (size_t t = 1; t < keptBefore.size(); ++t)
        keptBefore[t] += keptBefore[t - 1];
    for (GraphNode& node : graph.nodes) {
        for (IlpUsage& usage : node.usages) {
            usage.begin = keptBefore[at(usage.begin)];
            usage.end = keptBefore[at(usage.end)];
        }
        std::erase_if(node.usages, [](const IlpUsage& usage) { return usage.begin >= usage.end; });
        joinEqualIntervals(node);
    }
    std::vector<int> times;
    std::vector<int64_t> fixedUse;
    for (int t : kept) {
        times.push_back(graph.times[at(t)]);
        fixedUse.push_back(graph.fixedUse[at(t)]);
    }
    graph.times = std::move(times);
    graph.fixedUse = std::move(fixedUse);
}

} // namespace alpa
