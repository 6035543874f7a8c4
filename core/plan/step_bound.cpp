#include "core/plan/step_bound.h"

#include "core/plan/compute_bound.h"
#include "core/plan/draft_model.h"
#include "core/plan/microbatch_counts.h"
#include "core/plan/stage_candidates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace alpa
{
namespace
{

/// Devices are counted in at most so many parts: more take long and tell little.
constexpr int kMostParts = 128;

/// One kind of submesh, with the best of all its shapes.
struct SubmeshBounds {
    SubmeshChoice submesh;
    std::vector<double> least;             ///< Seconds of a step, as RunBounds::least.
    std::vector<double> forward, backward; ///< Seconds of a microbatch, per layer.
    int parts = 0;                         ///< Of the devices, at least.
};

class BoundWork
{
public:
    BoundWork(const CandidateRequest& request, const CandidateSet& set)
        : request_(request)
        , constraints_(*request.constraints)
        , layers_(request.model->layerCount())
        , cuts_(forcedCuts(constraints_))
    {
        for (size_t s = 0; s < set.submeshes.size(); ++s) {
            SubmeshBounds bounds;
            bounds.submesh = set.submeshes[s];
            bounds.least.assign(static_cast<size_t>(layers_ * layers_), kForever.count);
            bounds.forward.assign(static_cast<size_t>(layers_), kForever.count);
            bounds.backward = bounds.forward;
            for (const FamilyOfShape& family : set.families) {
                const MeshShape& shape = set.shapes[static_cast<size_t>(family.config)];
                if (shape.submesh == static_cast<int>(s) && family.found->bounds)
                    takeBest(*family.found->bounds, shape, bounds);
            }
            if (bounds.forward.front() < kForever.count)
                submeshes_.push_back(std::move(bounds));
        }
        shareOut();
        launchSeconds_ = set.families.empty() || request.context->cluster().second
                             ? 0.0
                             : leastLaunches(*request.model).count;
    }

    StepBound run() const
    {
        if (submeshes_.empty())
            return {.step = kForever, .withMore = kForever};
        // Rounding may differ in the last digits.
        constexpr double kRounding = 1 - 1e-9;
        StepBound bound{
            .step = Seconds(kRounding * std::min(std::max(leastAverage(), leastOfChain(true)),
                                                 leastInterleaved(1))),
            .withMore = kForever};
        const double unfilled = leastOfChain(false);
        for (const int more : microbatchCounts(request_.model->model->microbatchSize)) {
            if (more == 1)
                continue;
            const double average =
                leastAverage() + launches(more) * launchSeconds_ /
                                     request_.share.devices(request_.context->cluster());
            const double least = std::min(std::max(average, unfilled), leastInterleaved(more));
            bound.withMore = std::min(bound.withMore, Seconds(kRounding * least));
        }
        return bound;
    }

private:
    size_t at(int first, int end) const { return static_cast<size_t>(first * layers_ + end - 1); }

    void takeBest(const RunBounds& found, const MeshShape& shape, SubmeshBounds& best)
    {
        isChain_ = isChain_ && found.isChain;
        for (int first = 0; first < layers_; ++first) {
            const auto layer = static_cast<size_t>(first);
            best.forward[layer] = std::min(best.forward[layer], found.leastForward[layer]);
            best.backward[layer] = std::min(best.backward[layer], found.leastBackward[layer]);
            if (!fitsStageMeshes(constraints_, best.submesh, shape, first))
                continue;
            for (int end = first + 1; end <= layers_; ++end)
                best.least[at(first, end)] = std::min(
                    best.least[at(first, end)], found.of(first, end).count * request_.microbatches);
        }
    }

    /// Counts devices in parts of equal use: those of a faster kind are more of them.
    void shareOut()
    {
        const Cluster& cluster = request_.context->cluster();
        std::array<double, 2> slowness{kForever.count, kForever.count};
        for (const SubmeshBounds& bounds : submeshes_) {
            double& least = slowness[static_cast<size_t>(bounds.submesh.kind)];
            least = std::min(least, bounds.submesh.devices() * pathOf(bounds));
        }
        const double best = std::min(slowness[0], slowness[1]);
        for (int kind = 0; kind < cluster.kindCount(); ++kind) {
            double& weight = weights_[static_cast<size_t>(kind)];
            weight = best < kForever.count ? best / slowness[static_cast<size_t>(kind)] : 1.0;
            capacity_ += weight * request_.share.devices(cluster, kind);
        }
        parts_ = std::min(kMostParts, request_.share.devices(cluster));
        constexpr double kRounding = 1 + 1e-12; // Of what is a whole number.
        for (SubmeshBounds& bounds : submeshes_)
            bounds.parts =
                static_cast<int>(std::floor(shareOf(bounds.submesh) * parts_ * kRounding));
    }

    /// Of the devices.
    double shareOf(const SubmeshChoice& submesh) const
    {
        return weights_[static_cast<size_t>(submesh.kind)] * submesh.devices() / capacity_;
    }

    bool mayCutBefore(int layer) const
    {
        return layer == 0 || std::ranges::find(constraints_.forbiddenCuts, layer) ==
                                 constraints_.forbiddenCuts.end();
    }
    /// Where a run from `first` must end at the latest.
    int nextForcedCut(int first) const
    {
        const auto cut = std::ranges::upper_bound(cuts_, first);
        return cut == cuts_.end() ? layers_ : std::min(*cut, layers_);
    }

    /// The least sum over stages that cover the layers, each counted `weight(submesh)` times.
    template <typename Weight>
    double leastPath(std::span<const SubmeshBounds> among, const Weight& weight) const
    {
        std::vector<double> upTo(static_cast<size_t>(layers_) + 1, kForever.count);
        upTo[0] = 0;
        for (int first = 0; first < layers_; ++first) {
            if (!mayCutBefore(first))
                continue;
            for (int end = first + 1; end <= nextForcedCut(first); ++end) {
                double& least = upTo[static_cast<size_t>(end)];
                for (const SubmeshBounds& bounds : among)
                    least =
                        std::min(least, upTo[static_cast<size_t>(first)] +
                                            weight(bounds.submesh) * bounds.least[at(first, end)]);
            }
        }
        return upTo.back();
    }
    double pathOf(const SubmeshBounds& bounds) const
    {
        return leastPath({&bounds, 1}, [](const SubmeshChoice&) { return 1.0; });
    }

    /// No device is busy for longer than a step, so the step is no shorter than their average.
    double leastAverage() const
    {
        return leastPath(submeshes_,
                         [&](const SubmeshChoice& submesh) { return shareOf(submesh); });
    }

    /// Stages with devices of their own. From the last layer to the first: a run of stages takes as
    /// long as its first one is busy, or until that has passed on the first microbatch and those
    /// after it are done.
    double leastOfChain(bool fills) const
    {
        const auto width = static_cast<size_t>(parts_) + 1;
        const bool counts = constraints_.fixedPp || constraints_.maxPp;
        const int most = counts ? std::min({layers_, constraints_.fixedPp.value_or(layers_),
                                            constraints_.maxPp.value_or(layers_)})
                                : 0;
        const auto row = [&](int level, int layer) {
            return (static_cast<size_t>(level) * static_cast<size_t>(layers_ + 1) +
                    static_cast<size_t>(layer)) *
                   width;
        };
        // Per stages so far (if they count), first layer, and parts of the devices taken.
        std::vector<double> least(row(most, layers_) + width, kForever.count);
        least[row(0, layers_)] = 0;
        for (int first = layers_ - 1; first >= 0; --first) {
            if (!mayCutBefore(first))
                continue;
            // Every stage has a layer: so many stages can follow, and so many must.
            const int fewest = std::max(constraints_.fixedPp.value_or(0) - 1 - first, 0);
            const int after = std::min(most - 1, layers_ - first - 1);
            for (int level = counts ? fewest : 0; level <= (counts ? after : 0); ++level)
                prepend(first, least.data() + row(level, 0),
                        least.data() + row(counts ? level + 1 : 0, 0), fills);
        }
        double best = kForever.count;
        for (int level = counts ? constraints_.fixedPp.value_or(1) : 0; level <= most; ++level) {
            const double* all = least.data() + row(level, 0);
            best = std::min(best, *std::min_element(all, all + width));
        }
        return best;
    }

    /// Adds the stages that begin with layer `first` to those of `from`.
    void prepend(int first, const double* from, double* to, bool fills) const
    {
        const auto width = static_cast<size_t>(parts_) + 1;
        double* here = to + static_cast<size_t>(first) * width;
        for (const SubmeshBounds& bounds : submeshes_) {
            double forward = 0;
            for (int end = first + 1; end <= nextForcedCut(first); ++end) {
                const double busy = bounds.least[at(first, end)];
                forward += fills && isChain_ ? bounds.forward[static_cast<size_t>(end) - 1] : 0.0;
                const double* after = from + static_cast<size_t>(end) * width;
                const auto taken = static_cast<size_t>(bounds.parts);
                for (size_t parts = 0; parts + taken < width; ++parts)
                    here[parts + taken] =
                        std::min(here[parts + taken], std::max(busy, forward + after[parts]));
            }
        }
    }

    /// Of so many times the request's microbatches: how often a kernel is launched beyond what the
    /// request's are known to.
    double launches(int times) const
    {
        return static_cast<double>(times - 1) * request_.microbatches;
    }

    /// Stages that share devices, in groups of equal size, with so many times the microbatches.
    double leastInterleaved(int times) const
    {
        if (!isScheduleAllowed(constraints_, ScheduleKind::kInterleaved1f1b))
            return kForever.count;
        double least = kForever.count;
        for (const SubmeshBounds& bounds : submeshes_) {
            const int devices =
                request_.share.devices(request_.context->cluster(), bounds.submesh.kind);
            const int most = std::min({devices / bounds.submesh.devices(),
                                       layers_ / constraints_.chunks.value_or(2),
                                       constraints_.maxPp.value_or(layers_)});
            const double work = pathOf(bounds);
            for (int groups = 2; groups <= most; ++groups) {
                const bool isAllowed = groups == constraints_.fixedPp.value_or(groups) &&
                                       int64_t{request_.microbatches} * times % groups == 0;
                if (isAllowed)
                    least = std::min(least, leastOfGroups(bounds, work, groups, times));
            }
        }
        return least;
    }

    /// A group's devices do their part of all layers. They begin when the first microbatch has
    /// passed the groups before, each with a layer at least, and end when the last one has gone
    /// back through them (or with what is paid once per step, but not both). And a microbatch takes
    /// its way through all layers, after or before the first layer's passes of all others.
    double leastOfGroups(const SubmeshBounds& bounds, double work, int groups, int times) const
    {
        const double busy = (work + launches(times) * launchSeconds_) / groups;
        if (!isChain_)
            return busy;
        double forward = 0; // Before a group begins, on the average,
        double both = 0;    // and after it has ended as well.
        for (int group = 1; group < groups; ++group) {
            const auto layer = static_cast<size_t>(group) - 1;
            const double share = static_cast<double>(groups - group) / (groups * times);
            forward += bounds.forward[layer] * share;
            both += (bounds.forward[layer] + bounds.backward[layer]) * share;
        }
        const double way = (std::accumulate(bounds.forward.begin(), bounds.forward.end(), 0.0) +
                            std::accumulate(bounds.backward.begin(), bounds.backward.end(), 0.0));
        const double others = (static_cast<double>(times) * request_.microbatches - 1) / times *
                              std::max(bounds.forward.front(), bounds.backward.front());
        return std::max(
            {busy + forward, way * request_.microbatches / groups + both, way / times + others});
    }

    const CandidateRequest& request_;
    const PlanConstraints& constraints_;
    int layers_;
    std::vector<int> cuts_;
    std::vector<SubmeshBounds> submeshes_;
    bool isChain_ = true;                 ///< Every layer waits for the one before it.
    std::array<double, 2> weights_{1, 1}; ///< Of a device, by kind.
    double capacity_ = 0;                 ///< Weights of all devices.
    int parts_ = 1;
    double launchSeconds_ = 0; ///< Of all layers, for a microbatch: what smaller ones do not save.
};

} // namespace

StepBound boundStep(const CandidateRequest& request, const CandidateSet& set)
{
    return BoundWork(request, set).run();
}

} // namespace alpa
