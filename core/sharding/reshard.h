// Resharding: the cheapest sequence of collectives from one sharding spec to another.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/graph/types.h"
#include "core/mesh/device_mesh.h"

namespace alpa
{

enum class ReshardKind {
    kSlice,         ///< Local: keep the own part of `dim` along `axis`. Free. (Also drops a replica of a partial sum:
                    ///< not allowed, partial axes are only reduced.)
    kAllGather,     ///< `dim` loses `axis`.
    kAllReduce,     ///< Partial over `axis` becomes replicated.
    kReduceScatter, ///< Partial over `axis` becomes split along `dim`.
    kAllToAll,      ///< `axis` moves from dimension `fromDim` to `dim`.
};

/// One step of a resharding; all over a single mesh axis. `before` and `after` are the specs around it.
struct ReshardStep {
    ReshardKind kind = ReshardKind::kSlice;
    int axis = 0;
    int dim = 0;
    int fromDim = 0;
    ShardingSpec before, after;
    Bytes bytes;  ///< Of the full buffer of the collective: what cost and NCCL count.
    Seconds time; ///< By the cost model.
};

/// Steps and their total time; empty when the specs are equal.
struct ReshardPath {
    std::vector<ReshardStep> steps;
    Seconds time;
};

/// Finds and remembers cheapest paths on one mesh. Not thread-safe: one per thread.
class Resharder
{
public:
    explicit Resharder(const Cluster& cluster, const DeviceMesh& mesh);
    ~Resharder();
    Resharder(Resharder&&) noexcept;
    Resharder& operator=(Resharder&&) noexcept;

    /// The cheapest path for a tensor of `type`. Exists whenever both specs divide `type` evenly and `to` is
    /// not partial over an axis that `from` is not; otherwise nullptr. Valid as long as this Resharder.
    const ReshardPath* path(const TensorType& type, const ShardingSpec& from, const ShardingSpec& to);
    /// Its time; kForever when there is no path.
    Seconds time(const TensorType& type, const ShardingSpec& from, const ShardingSpec& to);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "all-reduce over y, 33.55 MB, 172 us".
std::string formatStep(const ReshardStep& step, const DeviceMesh& mesh);

} // namespace alpa
