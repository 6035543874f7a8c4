#include "core/plan/fewer_devices.h"

#include "core/plan/stage_candidates.h"

#include <algorithm>

namespace alpa
{
namespace
{

bool isPowerOfTwo(int number) { return (number & (number - 1)) == 0; }

/// The compute is that of devices of the first kind; those of a second one may be faster.
bool maySuffice(const DeviceShare& share, const Cluster& cluster, Seconds compute, Seconds best)
{
    return share.devices(cluster, 1) > 0 || compute / share.devices(cluster) < best;
}

} // namespace

Seconds computeTime(const DraftModel& model, int microbatches)
{
    return model.computePerMicrobatch * microbatches + model.computePerStep;
}

std::vector<DeviceShare> sharesOf(const Cluster& cluster, Seconds compute, Seconds best)
{
    std::vector<DeviceShare> shares;
    const auto add = [&](const DeviceShare& share) {
        if (maySuffice(share, cluster, compute, best))
            shares.push_back(share);
    };
    for (int devices = cluster.devicesPerHost; devices >= 1; --devices) {
        if (devices > 1 && devices < cluster.devicesPerHost)
            add({.devicesPerHost = devices, .only = {}});
        for (int kind = 0; kind < cluster.kindCount(); ++kind) {
            for (int hosts = cluster.hostsOf(kind) - 1; hosts > 2; --hosts) {
                if (!isPowerOfTwo(hosts))
                    add({.devicesPerHost = devices,
                         .only = SubmeshChoice{
                             .hosts = hosts, .devicesPerHost = devices, .kind = kind}});
            }
        }
    }
    return shares;
}

ShareBound::ShareBound(const Cluster& cluster, const PlanConstraints& constraints,
                       const DraftModel& model)
    : cluster_(cluster)
    , constraints_(constraints)
    , model_(model)
{
}

std::vector<MeshShape> ShareBound::shapesOn(const DeviceShare& share,
                                            std::vector<SubmeshChoice>& submeshes) const
{
    auto found = submeshesOf(cluster_, share, constraints_);
    if (!found.ok())
        return {};
    submeshes = std::move(*found);
    return enumerateShapes(submeshes, constraints_, model_.model->microbatchSize, model_.sizes);
}

bool ShareBound::canHold(const DeviceShare& share) const
{
    Bytes all;
    for (int kind = 0; kind < cluster_.kindCount(); ++kind)
        all += memoryLimit(cluster_, constraints_, kind) * int64_t{share.devices(cluster_, kind)};
    return model_.least.total(allowedRecomputations(constraints_)) <= all;
}

bool ShareBound::dividesBetter(const MeshShape& shape, int kind) const
{
    return std::ranges::none_of(shapes_, [&](const MeshShape& other) {
        return submeshes_[static_cast<size_t>(other.submesh)].kind == kind &&
               other.dp() >= shape.dp() && other.tp() >= shape.tp() && other.cp >= shape.cp &&
               std::ranges::all_of(model_.sizes, [&](int64_t size) {
                   return size % shape.tp() != 0 || size % other.tp() == 0;
               });
    });
}

bool ShareBound::maySave(const DeviceShare& share, int microbatches, Seconds best)
{
    if (!maySuffice(share, cluster_, computeTime(model_, microbatches), best) || !canHold(share))
        return false;
    std::vector<SubmeshChoice> submeshes;
    const std::vector<MeshShape> shapes = shapesOn(share, submeshes);
    if (!shapes.empty() && shapes_.empty())
        shapes_ = shapesOn(allDevices(cluster_), submeshes_);
    return std::ranges::any_of(shapes, [&](const MeshShape& shape) {
        return dividesBetter(shape, submeshes[static_cast<size_t>(shape.submesh)].kind);
    });
}

} // namespace alpa
