#include "core/plan/space_bound.h"

#include "core/plan/compute_bound.h"
#include "core/plan/draft_model.h"
#include "core/plan/fewer_devices.h"

#include <algorithm>
#include <iterator>

namespace alpa
{

SpaceBound::SpaceBound(const Cluster& cluster, const PlanConstraints& constraints)
    : cluster_(cluster)
    , constraints_(constraints)
{
    if (auto usual = submeshesOf(cluster, allDevices(cluster), constraints))
        usual_ = std::move(usual).value();
}

void SpaceBound::add(int microbatches, const DeviceShare& share, const StepBound& bound)
{
    StepBound& known = parts_[{microbatches, text(share)}];
    known.step = std::max(known.step, bound.step);
    known.withMore = std::max(known.withMore, bound.withMore);
}

void SpaceBound::add(int microbatches, std::shared_ptr<const DraftModel> model,
                     std::vector<std::shared_ptr<const LayeredGraph>> layered)
{
    tried_[microbatches] = {.model = std::move(model), .layered = std::move(layered)};
}

/// Of numbers of microbatches beyond all that were tried.
Seconds SpaceBound::ofMore() const
{
    if (tried_.empty())
        return Seconds(0);
    const auto& [microbatches, last] = *tried_.rbegin();
    const DeviceShare all = allDevices(cluster_);
    const auto known = parts_.find({microbatches, text(all)});
    return known != parts_.end() && halvingSavesNothing(cluster_)
               ? known->second.withMore
               : leastWith(all, microbatches, last, usual_);
}

/// The computing of stages on any of these submeshes, shared by all devices.
Seconds SpaceBound::leastWith(const DeviceShare& share, int microbatches, const Tried& tried,
                              const std::vector<SubmeshChoice>& submeshes) const
{
    std::vector<std::vector<int>> meshes;
    for (const MeshShape& shape : enumerateShapes(
             submeshes, constraints_, tried.model->model->microbatchSize, tried.model->sizes))
        meshes.push_back(shape.axes);
    std::vector<KindShare> kinds;
    for (size_t kind = 0; kind < tried.layered.size(); ++kind) {
        if (const int devices = share.devices(cluster_, static_cast<int>(kind)); devices > 0)
            kinds.push_back({tried.layered[kind], devices});
    }
    return leastCompute(*tried.model, kinds, microbatches, meshes);
}

/// Of plans with a stage that needs these devices; kForever if none does.
Seconds SpaceBound::leastOn(const DeviceShare& share, int microbatches, const Tried& tried) const
{
    const auto own = submeshesOf(cluster_, share, constraints_);
    if (!own)
        return kForever;
    std::vector<SubmeshChoice> others;
    std::ranges::copy_if(*own, std::back_inserter(others), [&](const SubmeshChoice& submesh) {
        return std::ranges::find(usual_, submesh) == usual_.end();
    });
    const bool isOffered = !enumerateShapes(others, constraints_,
                                            tried.model->model->microbatchSize, tried.model->sizes)
                                .empty();
    return isOffered ? leastWith(share, microbatches, tried, *own) : kForever;
}

Seconds SpaceBound::step() const
{
    if (parts_.empty())
        return Seconds(0);
    Seconds least = isMore_ ? ofMore() : kForever;
    for (const auto& [part, bound] : parts_)
        least = std::min(least, bound.step);
    for (const int microbatches : leftOut_) {
        if (!parts_.contains({microbatches, text(allDevices(cluster_))}))
            least = std::min(least, leastWith(allDevices(cluster_), microbatches,
                                              tried_.at(microbatches), usual_));
    }
    if (constraints_.usesAllDevices)
        return least;
    for (const auto& [microbatches, tried] : tried_) {
        // Perfectly shared compute tells most shares off.
        const Seconds compute =
            leastCompute(*tried.model, {{tried.layered.front(), 1}}, microbatches, {{}});
        for (const DeviceShare& share : sharesOf(cluster_, compute, least)) {
            if (!parts_.contains({microbatches, text(share)}))
                least = std::min(least, leastOn(share, microbatches, tried));
        }
    }
    return least;
}

Seconds SpaceBound::compute() const
{
    Seconds least = tried_.empty() ? Seconds(0) : kForever;
    for (const auto& [microbatches, tried] : tried_)
        least = std::min(least, leastWith(allDevices(cluster_), microbatches, tried, usual_));
    return least;
}

} // namespace alpa
