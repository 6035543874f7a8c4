// Devices that hold numbers: resharding steps are carried out literally, piece by piece, without
// any notion of sharding specs, so that the layouts they leave can be compared with the ones that
// specs promise.
#pragma once

#include "core/base/rng.h"
#include "core/mesh/device_mesh.h"
#include "core/sharding/reshard.h"

#include <vector>

namespace alpa
{

/// Row-major numbers with their sizes.
struct LocalTensor {
    std::vector<int64_t> dims;
    std::vector<int64_t> values;
    friend bool operator==(const LocalTensor&, const LocalTensor&) = default;
};

/// What each device of a mesh holds, by position in the mesh.
using Holdings = std::vector<LocalTensor>;

LocalTensor numberedTensor(const std::vector<int64_t>& dims);
LocalTensor partOf(const LocalTensor& tensor, const std::vector<int64_t>& offsets,
                   const std::vector<int64_t>& sizes);
/// Addition wraps nowhere: values stay small. Assumes add, maximum or minimum.
int64_t combine(ReduceKind kind, int64_t a, int64_t b);

/// Lays `whole` out by `spec`: every device gets its tile; over partial axes the tile's values are
/// divided at random.
Holdings layOut(const DeviceMesh& mesh, const ShardingSpec& spec, const LocalTensor& whole,
                Rng& rng);
/// Do the devices hold `whole` laid out by `spec`? Partial values are combined first.
bool isLaidOut(const DeviceMesh& mesh, const ShardingSpec& spec, const LocalTensor& whole,
               const Holdings& holdings);

/// One step on all devices. `kind` reductions combine with `reduction`. Sizes must divide: false if
/// they do not.
bool applyStep(const DeviceMesh& mesh, ReshardKind kind, int axis, int dim, int fromDim,
               ReduceKind reduction, Holdings& holdings);

} // namespace alpa
