// The bound of all plans that a search may return, gathered from bounds of the parts it has looked
// into and of those it leaves out.
#pragma once

#include "core/plan/mesh_shapes.h"
#include "core/plan/step_bound.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace alpa
{

struct DraftModel;
struct LayeredGraph;

class SpaceBound
{
public:
    /// Keeps references.
    SpaceBound(const Cluster& cluster, const PlanConstraints& constraints);

    /// Of plans of these microbatches on these devices. Bounds only rise: the highest given holds.
    void add(int microbatches, const DeviceShare& share, const StepBound& bound);
    /// So many microbatches are tried; their stages may also use devices that are not added. By
    /// kind of device: the layers of `model`.
    void add(int microbatches, std::shared_ptr<const DraftModel> model,
             std::vector<std::shared_ptr<const LayeredGraph>> layered);
    /// Was this number of microbatches, which was added, never drafted although plans may exist?
    void leaveOut(int microbatches) { leftOut_.insert(microbatches); }
    /// These numbers of microbatches, multiples of some that were added, are not tried.
    void leaveOutMultiples(std::vector<int> counts) { multiples_ = std::move(counts); }
    /// Was a number of microbatches added that divides `count`?
    bool hasDivisorOf(int count) const { return divisorOf(count) != tried_.rend(); }

    /// No plan takes less; 0 where nothing is known.
    Seconds step() const;
    /// The same wherever stages are cut.
    Seconds compute() const;

private:
    struct Tried {
        std::shared_ptr<const DraftModel> model;
        std::vector<std::shared_ptr<const LayeredGraph>> layered; ///< By kind of device.
    };
    using TriedCounts = std::map<int, Tried>; ///< By microbatches.
    TriedCounts::const_reverse_iterator divisorOf(int count) const;
    std::set<int> divided() const;
    Seconds ofMultiples(const DeviceShare& share, int microbatches, const Tried& tried) const;
    Seconds leastOn(const DeviceShare& share, int microbatches, const Tried& tried) const;
    Seconds leastWith(const DeviceShare& share, int microbatches, const Tried& tried,
                      const std::vector<SubmeshChoice>& submeshes) const;

    const Cluster& cluster_;
    const PlanConstraints& constraints_;
    std::vector<SubmeshChoice> usual_;                       ///< What all devices offer to stages.
    std::map<std::pair<int, std::string>, StepBound> parts_; ///< By microbatches and devices.
    TriedCounts tried_;
    std::set<int> leftOut_;      ///< Of tried_.
    std::vector<int> multiples_; ///< Not of tried_.
};

} // namespace alpa
