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

/// The largest number tried that divides `count`: what it is known to take says most.
SpaceBound::TriedCounts::const_reverse_iterator SpaceBound::divisorOf(int count) const
{
    return std::find_if(tried_.rbegin(), tried_.rend(),
                        [count](const auto& tried) { return count % tried.first == 0; });
}

/// The numbers tried whose multiples were not.
std::set<int> SpaceBound::divided() const
{
    std::set<int> divisors;
    for (const int count : multiples_)
        divisors.insert(divisorOf(count)->first);
    return divisors;
}

/// Of multiples of a number of microbatches that was tried, on these devices.
Seconds SpaceBound::ofMultiples(const DeviceShare& share, int microbatches,
                                const Tried& tried) const
{
    const auto known = parts_.find({microbatches, text(share)});
    if (known != parts_.end() && smallerSavesNothing(cluster_))
        return known->second.withMore;
    const bool isAll = !share.only && share.devices(cluster_) == cluster_.deviceCount();
    return isAll ? leastWith(share, microbatches, tried, usual_)
                 : leastOn(share, microbatches, tried);
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
    const DeviceShare all = allDevices(cluster_);
    const std::set<int> divisors = divided();
    Seconds least = kForever;
    for (const auto& [part, bound] : parts_)
        least = std::min(least, bound.step);
    for (const int microbatches : leftOut_) {
        if (!parts_.contains({microbatches, text(all)}))
            least = std::min(least, leastWith(all, microbatches, tried_.at(microbatches), usual_));
    }
    for (const int microbatches : divisors)
        least = std::min(least, ofMultiples(all, microbatches, tried_.at(microbatches)));
    if (constraints_.usesAllDevices)
        return least;
    for (const auto& [microbatches, tried] : tried_) {
        // Perfectly shared compute tells most shares off.
        const Seconds compute =
            leastCompute(*tried.model, {{tried.layered.front(), 1}}, microbatches, {{}});
        for (const DeviceShare& share : sharesOf(cluster_, compute, least)) {
            if (!parts_.contains({microbatches, text(share)}))
                least = std::min(least, leastOn(share, microbatches, tried));
            else if (divisors.contains(microbatches))
                least = std::min(least, ofMultiples(share, microbatches, tried));
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
