// Resharding: the cheapest sequence of collectives from one sharding spec to another.
#pragma once

#include "core/base/units.h"
#include "core/graph/types.h"
#include "core/mesh/device_mesh.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

enum class ReshardKind {
    kSlice,     ///< Local and free: each device keeps its own part of `dim` along `axis`, which was
                ///< unused.
    kAllGather, ///< `dim` loses `axis`.
    kAllReduce, ///< Partial over `axis` becomes replicated.
    kReduceScatter, ///< Partial over `axis` becomes split along `dim`.
    kAllToAll,      ///< `axis` moves from dimension `fromDim` to `dim`.
};

/// One step of a resharding, over a single mesh axis. `before` and `after` are the specs around it.
///
/// The axes of one dimension split it in axis order, so a step only adds or removes the highest
/// axis of a dimension: {x} -> {x.y} is a slice, but {y} -> {x.y} must first gather y or move it to
/// another dimension, since each device then holds other rows.
struct ReshardStep {
    ReshardKind kind = ReshardKind::kSlice;
    int axis = 0;
    int dim = 0;
    int fromDim = 0;
    ShardingSpec before, after;
    Bytes bytes;    ///< Of the full buffer of the collective: what cost and NCCL count.
    Seconds time;   ///< By the cost model.
    Seconds copies; ///< Part of it: bringing the members' parts into order before and after.
};

/// Steps and their total time. Empty when the specs are equal, or differ only in axes of one
/// device; those axes are left out of the specs between the first and the last.
struct ReshardPath {
    std::vector<ReshardStep> steps;
    Seconds time;
};

/// Finds and remembers cheapest paths on one mesh. Devices whose backend fuses kernels are GPUs,
/// whose collectives take and leave one run of memory for each member: there splitting or joining a
/// dimension that is not the outermost costs a copy. Not thread-safe: one per thread.
class Resharder
{
public:
    explicit Resharder(const Cluster& cluster, const DeviceMesh& mesh);
    ~Resharder();
    Resharder(Resharder&&) noexcept;
    Resharder& operator=(Resharder&&) noexcept;

    /// The cheapest path for a tensor of `type`; of equally fast ones the one with fewest steps.
    /// Exists whenever both specs divide `type` evenly and what `to` is partial over, `from` is
    /// partial over by the same reduction; otherwise nullptr. Valid as long as this Resharder. The
    /// first call for a source costs about 0.1 ms, later ones a hash look-up.
    const ReshardPath* path(const TensorType& type, const ShardingSpec& from,
                            const ShardingSpec& to);
    /// Its time; kForever when there is no path.
    Seconds time(const TensorType& type, const ShardingSpec& from, const ShardingSpec& to);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "all-reduce over y, 33.55 MB, 172.4 us", "all-to-all dimension 0 to 1 over x, 4 KB, 12 us",
/// "slice dimension 1 over x".
std::string formatStep(const ReshardStep& step, const DeviceMesh& mesh);

} // namespace alpa
