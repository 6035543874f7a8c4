// What the step is made of: the chain of tasks and transfers that leads to its end.
#include "core/explain/explain_costs.h"

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

enum PathTerm : size_t {
    kForwardCompute,
    kForwardCommunication,
    kRecomputation,
    kBackwardCompute,
    kBackwardCommunication,
    kTransfer,
    kGradientSync,
    kUpdate,
    kWaiting,
    kPathTerms
};
constexpr std::array<const char*, kPathTerms> kPathNames{"forward compute",
                                                         "forward communication",
                                                         "recomputation",
                                                         "backward compute",
                                                         "backward communication",
                                                         "transfer between stages",
                                                         "gradient sync",
                                                         "update",
                                                         "waiting"};

/// A task or a transfer, by when it ends.
struct Ending {
    Seconds end;
    const TimelineTask* task = nullptr;
    const TimelineTransfer* transfer = nullptr;
};

class PathWalk
{
public:
    PathWalk(const ParallelPlan& plan, const std::vector<StageLink>& links)
        : plan_(plan)
        , links_(links)
        , tolerance_(plan.stepTime.count * 1e-9)
    {
        for (const StageTimeline& stage : plan.timeline.stages) {
            for (const TimelineTask& task : stage.tasks) {
                if (task.end > task.start)
                    endings_.push_back({.end = task.end, .task = &task, .transfer = nullptr});
            }
        }
        for (const TimelineTransfer& transfer : plan.timeline.transfers) {
            if (transfer.end > transfer.start)
                endings_.push_back({.end = transfer.end, .task = nullptr, .transfer = &transfer});
        }
        std::ranges::stable_sort(endings_, {}, &Ending::end);
    }

    std::array<double, kPathTerms> walk()
    {
        double now = plan_.stepTime.count;
        while (now > tolerance_) {
            const Ending* before = findBefore(now);
            if (before == nullptr) {
                sums_[kWaiting] += now;
                break;
            }
            sums_[kWaiting] += std::max(0.0, now - before->end.count);
            const double end = std::min(now, before->end.count);
            if (before->task != nullptr) {
                addTask(*before->task, end - before->task->start.count);
                stage_ = before->task->task.stage;
                now = before->task->start.count;
            } else {
                sums_[kTransfer] += end - before->transfer->start.count;
                stage_ = -1; // Whichever stage sent it.
                now = before->transfer->start.count;
            }
        }
        return sums_;
    }

private:
    /// What ended when the present task began: on the same stage if possible, else what arrived
    /// there, else any; if nothing ended just then, the last thing before.
    const Ending* findBefore(double now) const
    {
        const auto after =
            std::ranges::upper_bound(endings_, Seconds(now + tolerance_), {}, &Ending::end);
        const Ending* best = nullptr;
        int bestRank = -1;
        for (auto place = after; place != endings_.begin();) {
            --place;
            if (best != nullptr && place->end.count < now - tolerance_)
                break;
            const int rank = rankOf(*place);
            if (rank > bestRank) {
                best = &*place;
                bestRank = rank;
            }
        }
        return best;
    }

    int rankOf(const Ending& ending) const
    {
        if (ending.task != nullptr)
            return ending.task->task.stage == stage_ ? 3 : 1;
        const auto link = static_cast<size_t>(ending.transfer->link);
        const bool touches =
            link < links_.size() && (links_[link].to == stage_ || links_[link].from == stage_);
        return touches ? 2 : 0;
    }

    /// Splits the time of a task by what its stage's passes are made of.
    void addTask(const TimelineTask& task, double time)
    {
        using Phase = ScheduledTask::Phase;
        const StageCost& cost = plan_.stages[static_cast<size_t>(task.task.stage)].cost;
        const auto share = [&](PathTerm term, Seconds part, Seconds whole) {
            if (whole.count > 0)
                sums_[term] += time * (part / whole);
        };
        if (task.task.phase == Phase::kGradientSync) {
            sums_[kGradientSync] += time;
        } else if (task.task.phase == Phase::kUpdate) {
            sums_[kUpdate] += time;
        } else if (task.task.phase == Phase::kForward) {
            share(kForwardCompute, cost.forwardCompute, cost.forward());
            share(kForwardCommunication, cost.forwardCommunication, cost.forward());
        } else { // Backward passes, whole or in parts.
            share(kRecomputation, cost.recomputation, cost.backward());
            share(kBackwardCompute, cost.backwardCompute, cost.backward());
            share(kBackwardCommunication, cost.backwardCommunication, cost.backward());
        }
    }

    const ParallelPlan& plan_;
    const std::vector<StageLink>& links_;
    double tolerance_;
    std::vector<Ending> endings_;
    int stage_ = -1; ///< Where the present task runs; -1: anywhere.
    std::array<double, kPathTerms> sums_{};
};

} // namespace

std::vector<CriticalTerm> criticalPath(const ParallelPlan& plan,
                                       const std::vector<StageLink>& links)
{
    const std::array<double, kPathTerms> sums = PathWalk(plan, links).walk();
    std::vector<CriticalTerm> path;
    for (size_t term = 0; term < kPathTerms; ++term) {
        if (sums[term] > plan.stepTime.count * 1e-12)
            path.push_back({.name = kPathNames[term], .time = Seconds(sums[term])});
    }
    return path;
}

} // namespace alpa
