// From a partitioned program, as XLA's partitioner leaves it for one device, back to the whole
// program with its shardings: shapes grow by the devices that split them, collectives vanish into
// the shardings that they change.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <vector>

namespace alpa
{

struct WholeProgram {
    /// With the shardings of its inputs. Those of intermediate values follow from them, as far as
    /// the planner splits operations as XLA's partitioner does.
    Graph graph;
    std::vector<int> collectiveLines; ///< Of the operations that only moved data between devices.
};

/// `local` is the program of one device as imported, with the shardings of its inputs in its values
/// and collectives as opaque ops. Every value is followed with the axes that split each of its
/// dimensions and those over which it is a partial sum. Fails with kUnsupported and "line 12: what
/// cannot be followed".
Result<WholeProgram> recoverWholeProgram(const Graph& local);

/// Devices of "num_partitions=8" in the first line of HLO text; 1 without.
int64_t partitionCount(std::string_view hlo);

} // namespace alpa
