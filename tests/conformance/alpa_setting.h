// The setting of Alpa's tests for its intra-operator pass, as a cluster for the whole planner:
// alpha-beta collectives without units, and computing that is never cheaper when it is repeated.
//
//   AR(b, i) = alpha + 2 beta_i (n_i - 1) / n_i b
#pragma once

#include "core/graph/graph.h"
#include "core/mesh/cluster.h"

#include <memory>

namespace alpa
{

struct AlpaMesh {
    int n0 = 1, n1 = 1;
    double alpha = 1;
    double beta0 = 1, beta1 = 1;
};

/// AR and A2A of `bytes`, unsharded, over one axis. Alpa's A2A has another factor n / 2, which
/// stands for the NVLink of V100 and not for the traffic.
double allReduce(const AlpaMesh& mesh, double bytes, int axis);
double allToAll(const AlpaMesh& mesh, double bytes, int axis);

/// Which axes may split the batch; kFirst is Alpa's force_batch_dim_to_mesh_dim = 0.
enum class BatchAxes { kAny, kFirst };

struct AlpaSetting {
    BatchAxes batch = BatchAxes::kAny;
    bool recomputes = false;
};

/// What the optimum communicates in one step.
struct Communication {
    double total = 0, forward = 0;
    int reductions = 0; ///< All-reduces of more than 1 KiB: no scalars, no biases.
    int allToAlls = 0;
    int others = 0; ///< Collectives that are neither.
};

/// What the planner's optimum on this mesh communicates. Expects that there is one, with its proof.
Communication plan(std::shared_ptr<const Graph> model, const AlpaMesh& mesh,
                   const AlpaSetting& setting = {});

} // namespace alpa
