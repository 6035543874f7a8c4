// Layer clustering: cuts a straight line of ops into layers of balanced cost that exchange few
// bytes. Alpa's dynamic programme (alpa/pipeline_parallel/layer_construction.py), on plain numbers
// so that any graph can feed it.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"

#include <cstdint>
#include <vector>

namespace alpa
{

/// A value made by one op and read by later ones.
struct ClusteringValue {
    int producer = 0;      ///< Op index.
    std::vector<int> uses; ///< Indices of the ops that read it, ascending, all after the producer.
    double bytes = 0;
};

/// Ops 0..n-1 in execution order.
struct ClusteringProblem {
    std::vector<double> cost;     ///< Per op, in forward flops; counts only where the op is heavy.
    std::vector<uint8_t> isHeavy; ///< Per op, 1 for dots and convolutions.
    std::vector<ClusteringValue> values; ///< Graph inputs and parameters are left out, as in Alpa.
};

struct ClusteringOptions {
    int layerCount = 1;
    double imbalance = 0.5; ///< A layer may cost (1 + imbalance) times the mean before it must end.
};

struct LayerClustering {
    std::vector<int>
        begins; ///< begins[q] is the first op of layer q; begins[0] == 0, strictly ascending.
    double objective = 0;  ///< The most bytes that one layer receives from the layers before it.
    double totalBytes = 0; ///< Bytes received, summed over the layers.

    /// One past the last op of layer q, of `opCount` ops.
    int end(int layer, int opCount) const
    {
        const auto next = static_cast<size_t>(layer) + 1;
        return next < begins.size() ? begins[next] : opCount;
    }
};

/// Minimises the most bytes a layer receives, subject to Alpa's balance rule: a layer has at least
/// lb = min(3, heavy / layerCount) heavy ops (fewer only once its cost reaches the bound), and ends
/// before a heavy op that would be beyond both the bound, (1 + imbalance) * total / layerCount, and
/// lb. Ties within 1e-4 go to the smaller sum of bytes, then to the more even op counts. O(n * w *
/// layerCount) for n ops, w the most ops in a layer. Fails with kInvalidInput on malformed
/// problems, on fewer heavy ops than layers, and when the balance rule admits no clustering (the
/// message says which layer counts it does admit nearby); with kCancelled when asked to stop.
Result<LayerClustering> clusterLayers(const ClusteringProblem& problem,
                                      const ClusteringOptions& options, const JobControl& job = {});

/// The most layers that cost no more communication than two do, for those who set no layer count:
/// the largest count, up to a third of the heavy ops, whose objective is at most (1 + slack) times
/// that of two layers. Alpa's search_layer_num bisects for it; but the balance rule makes some
/// counts bad between good ones, so all are tried here, largest first. Returns 1 if two layers
/// admit no clustering. Fails as clusterLayers does on malformed problems and cancellation.
Result<int> searchLayerCount(const ClusteringProblem& problem, double imbalance = 0.5,
                             double slack = 0.0, const JobControl& job = {});

} // namespace alpa
