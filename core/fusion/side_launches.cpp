#include "core/fusion/side_launches.h"

#include <algorithm>
#include <map>
#include <set>

namespace alpa::fusion
{
namespace
{

// Rough rates, for judging what hides what: of products, memory and links.
constexpr double kFlopsPerSecond = 7e14;
constexpr double kBytesPerSecond = 3.5e12;
constexpr double kLinkBytesPerSecond = 2e11;
constexpr double kCollectiveSeconds = 20e-6;
/// Work that should stand between a fetch ahead and its reader, in times of the fetch.
constexpr double kAhead = 2;
/// Memory that only the second stream uses is waited for after so much work of the first, when the
/// second has long been done, so that it is free again.
constexpr double kHoldSeconds = 4e-3;
/// With less work than this beside it, the second stream costs more than it hides.
constexpr double kWorthSeconds = 10e-6;

class SideMarker
{
public:
    SideMarker(const StageGraph& graph, std::vector<PlannedLaunch>& launches)
        : graph_(graph)
        , launches_(launches)
        , isOnSide_(launches.size(), false)
    {
        for (const PlannedLaunch& launch : launches)
            seconds_.push_back(secondsOf(launch));
    }

    void run()
    {
        size_t begin = 0;
        while (begin < launches_.size()) {
            size_t end = begin;
            while (end < launches_.size() && segmentOf(end) == segmentOf(begin))
                ++end;
            if (segmentOf(begin) != SegmentKind::kBegin)
                markSegment(begin, end);
            begin = end;
        }
    }

private:
    SegmentKind segmentOf(size_t launch) const
    {
        return graph_.nodes()[static_cast<size_t>(launches_[launch].node)].segment;
    }

    double secondsOf(const PlannedLaunch& launch) const
    {
        double bytes = 0;
        for (const auto* side : {&launch.reads, &launch.writes}) {
            for (const BufferId id : *side)
                bytes += static_cast<double>(graph_.type(id).bytes().count);
        }
        if (launch.kind == PlannedLaunch::Kind::kCollective)
            return kCollectiveSeconds + bytes / kLinkBytesPerSecond;
        if (launch.gemm)
            return launch.gemm->flops() / kFlopsPerSecond;
        return bytes / kBytesPerSecond;
    }

    static bool touches(const std::vector<BufferId>& ids, const std::vector<BufferId>& others)
    {
        return std::ranges::any_of(
            ids, [&](BufferId id) { return std::ranges::find(others, id) != others.end(); });
    }

    static bool conflicts(const PlannedLaunch& a, const PlannedLaunch& b)
    {
        return touches(a.writes, b.reads) || touches(a.writes, b.writes) ||
               touches(a.reads, b.writes);
    }

    /// A loop that reads results of the side and puts them where nothing later in the segment
    /// looks.
    bool isSinkable(size_t index, size_t end, const std::set<BufferId>& sideResults) const
    {
        const PlannedLaunch& launch = launches_[index];
        if (launch.kind != PlannedLaunch::Kind::kKernels || launch.isOncePerStep)
            return false;
        const bool isLoop = std::ranges::all_of(launch.roots, [&](int root) {
            return graph_.isStore(root) &&
                   StageGraph::isInlined(graph_.stage(),
                                         *graph_.nodes()[static_cast<size_t>(root)].instruction);
        });
        if (!isLoop || !std::ranges::all_of(launch.reads, [&](BufferId id) {
                return sideResults.contains(id) ||
                       std::ranges::find(launch.writes, id) != launch.writes.end();
            }))
            return false;
        for (size_t later = index + 1; later < end; ++later) {
            if (touches(launches_[later].reads, launch.writes) ||
                touches(launches_[later].writes, launch.writes))
                return false;
        }
        return true;
    }

    static bool isReduction(const Instruction& made)
    {
        return made.collective == CollectiveKind::kAllReduce ||
               made.collective == CollectiveKind::kReduceScatter;
    }

    /// How early the launch at `index` may begin. Reductions and what adds them up: as soon as they
    /// can, which frees memory. Others not much earlier than they must to be done in time, since
    /// their results take memory from then on.
    size_t issueOf(size_t index, size_t reader, size_t begin) const
    {
        const PlannedLaunch& launch = launches_[index];
        const Instruction& made = *graph_.nodes()[static_cast<size_t>(launch.node)].instruction;
        const bool isEager = launch.kind != PlannedLaunch::Kind::kCollective || isReduction(made);
        double between = 0;
        for (size_t at = index + 1; at < reader; ++at)
            between += isOnSide_[at] ? 0 : seconds_[at];
        size_t issue = index;
        size_t least = begin; // The side runs in order: behind what is needed from it.
        while (issue > begin && (isEager || between < kAhead * seconds_[index])) {
            const size_t before = issue - 1;
            const bool isInTheWay = conflicts(launches_[before], launch);
            if (isInTheWay && !isOnSide_[before])
                break;
            if (isInTheWay)
                least = std::max(least, static_cast<size_t>(launches_[before].issueBefore));
            if (!isOnSide_[before])
                between += seconds_[before];
            --issue;
        }
        return std::max(issue, least);
    }

    /// The launch before which so much work has passed since `issue` that the one at `index` is
    /// done.
    size_t holdUntil(size_t index, size_t issue, size_t end) const
    {
        const double enough = std::max(kHoldSeconds, 4 * seconds_[index]);
        double passed = 0;
        size_t at = issue;
        for (; at < end && passed < enough; ++at)
            passed += isOnSide_[at] || at == index ? 0 : seconds_[at];
        return std::max(at, issue + 1);
    }

    void markSegment(size_t begin, size_t end)
    {
        std::set<BufferId> sideResults;
        for (size_t index = begin; index < end; ++index) {
            PlannedLaunch& launch = launches_[index];
            if (launch.kind != PlannedLaunch::Kind::kCollective) {
                if (isSinkable(index, end, sideResults)) {
                    const size_t issue = issueOf(index, end, begin);
                    setSide(index, issue, holdUntil(index, issue, end));
                }
                continue;
            }
            if (launch.beginsAfter >= 0)
                continue;
            for (const BufferId id : launch.writes)
                sideResults.insert(id);
            size_t reader = index + 1;
            double between = 0;
            while (reader < end &&
                   !(touches(launches_[reader].reads, launch.writes) &&
                     !isSinkable(reader, end, sideResults)) &&
                   !touches(launches_[reader].writes, launch.reads) &&
                   !touches(launches_[reader].writes, launch.writes)) {
                between += launches_[reader].kind == PlannedLaunch::Kind::kCollective
                               ? 0
                               : seconds_[reader];
                ++reader;
            }
            const size_t issue = issueOf(index, reader, begin);
            for (size_t at = issue; at < index; ++at)
                between += isOnSide_[at] ? 0 : seconds_[at];
            if (between >= kWorthSeconds) {
                setSide(index, issue, std::min(reader, holdUntil(index, issue, end)));
            } else {
                for (const BufferId id : launch.writes)
                    sideResults.erase(id);
            }
        }
    }

    void setSide(size_t index, size_t issue, size_t join)
    {
        isOnSide_[index] = true;
        launches_[index].isOnSide = true;
        launches_[index].issueBefore = static_cast<int>(issue);
        launches_[index].joinBefore = static_cast<int>(join);
    }

    const StageGraph& graph_;
    std::vector<PlannedLaunch>& launches_;
    std::vector<bool> isOnSide_;
    std::vector<double> seconds_;
};

} // namespace

void markSideLaunches(const StageGraph& graph, std::vector<PlannedLaunch>& launches)
{
    SideMarker(graph, launches).run();
}

} // namespace alpa::fusion
