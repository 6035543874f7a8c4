// Which devices may be left idle, and where a bound says that it may pay.
#pragma once

#include "core/plan/mesh_shapes.h"
#include "core/plan/plan_context.h"

namespace alpa
{

/// Of a step on one device of the first kind, without communication. No plan on n of them takes
/// less than an n-th.
Seconds computeTime(const DraftModel& model, int microbatches);

/// Shares of fewer devices than all that offer what the whole cluster does not: fewer of every
/// host, and one stage on numbers of hosts that are no powers of two. Then a larger cluster offers
/// all that a smaller one does. Leaves out those that cannot do `compute` in less than `best`.
std::vector<DeviceShare> sharesOf(const Cluster& cluster, Seconds compute, Seconds best);

/// What shares of fewer devices may gain, for one model.
class ShareBound
{
public:
    ShareBound(const Cluster& cluster, const PlanConstraints& constraints, const DraftModel& model);
    /// May a plan on these devices take less than `best`? Not if even all compute, perfectly shared
    /// by them, takes more, nor if they cannot hold the model, nor if all devices divide it as
    /// well: if every mesh has one of all devices beside it that is no smaller along either axis
    /// and splits whatever it splits.
    bool maySave(const DeviceShare& share, int microbatches, Seconds best);

private:
    bool canHold(const DeviceShare& share) const;
    bool dividesBetter(const MeshShape& shape, int kind) const;
    std::vector<MeshShape> shapesOn(const DeviceShare& share,
                                    std::vector<SubmeshChoice>& submeshes) const;

    const Cluster& cluster_;
    const PlanConstraints& constraints_;
    const DraftModel& model_;
    std::vector<SubmeshChoice> submeshes_; ///< If all devices are used; once they matter.
    std::vector<MeshShape> shapes_;
};

} // namespace alpa
