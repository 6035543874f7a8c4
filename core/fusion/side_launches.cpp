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

    /// May the collective be issued before launch `at`?
    bool isReadyBefore(const PlannedLaunch& collective, size_t at) const
    {
        const PlannedLaunch& before = launches_[at];
        return touches(before.writes, collective.reads) ||
                       touches(before.writes, collective.writes) ||
                       touches(before.reads, collective.writes)
                   ? false
                   : true;
    }

    /// A loop that reads results of the side and puts them where nothing later in the segment looks.
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
        if (!isLoop ||
            !std::ranges::all_of(launch.reads, [&](BufferId id) {
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

    /// How early the collective at `index` may begin: as soon as it can, but not much earlier than
    /// it must to be done in time, since its result takes memory from then on.
    size_t issueOf(size_t index, size_t reader, size_t begin) const
    {
        double between = 0;
        for (size_t at = index; at < reader; ++at)
            between += isOnSide_[at] || at == index ? 0 : seconds_[at];
        size_t issue = index;
        while (issue > begin && isReadyBefore(launches_[index], issue - 1) &&
               between < kAhead * seconds_[index]) {
            --issue;
            // The side runs in order: nothing overtakes what it waits for.
            if (!isOnSide_[issue])
                between += seconds_[issue];
        }
        return issue;
    }

    void markSegment(size_t begin, size_t end)
    {
        std::set<BufferId> sideResults;
        for (size_t index = begin; index < end; ++index) {
            PlannedLaunch& launch = launches_[index];
            if (launch.kind != PlannedLaunch::Kind::kCollective) {
                if (isSinkable(index, end, sideResults))
                    setSide(index, index, end);
                continue;
            }
            if (launch.beginsAfter >= 0)
                continue;
            for (const BufferId id : launch.writes)
                sideResults.insert(id);
            size_t reader = index + 1;
            double between = 0;
            while (reader < end && !(touches(launches_[reader].reads, launch.writes) &&
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
                setSide(index, issue, reader);
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
