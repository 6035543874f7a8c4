#include "core/plan/compute_bound.h"

#include "core/plan/draft_model.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

namespace alpa
{
namespace
{

/// How many layers of the model each layer of the draft model stands for.
std::vector<double> timesOfLayers(const DraftModel& model, const LayeredGraph& layered)
{
    std::vector<double> times(static_cast<size_t>(layered.layerCount), 0);
    for (const int layer : model.layerOfBlock)
        ++times[static_cast<size_t>(layer)];
    return times;
}

/// Does the time per byte never rise with the bytes?
bool isSubadditive(const std::vector<MeasuredCollective>& measured)
{
    std::map<std::pair<CollectiveKind, int>, std::map<int64_t, Seconds>> curves;
    for (const MeasuredCollective& point : measured)
        curves[{point.kind, point.devices}][point.bytes.count] = point.time;
    return std::ranges::all_of(curves, [](const auto& curve) {
        double before = kForever.count;
        for (const auto& [bytes, time] : curve.second) {
            const double perByte = time.count / static_cast<double>(bytes);
            if (perByte > before)
                return false;
            before = perByte;
        }
        return true;
    });
}

/// FLOP/s of the fastest product of this rate that was measured, or that rate.
double fastestRate(const DeviceKind& device, double rate)
{
    if (rate != device.matrixFlops16)
        return rate;
    for (const MeasuredProduct& one : device.products) {
        const double flops = 2.0 * static_cast<double>(one.batch) * static_cast<double>(one.m) *
                             static_cast<double>(one.n) * static_cast<double>(one.k);
        const Seconds time = one.time - device.kernelLaunch;
        rate = std::max(rate, time > Seconds(0) ? flops / time.count : kForever.count);
    }
    return rate;
}

/// Into how many parts can devices that form one of these meshes split the op, compared with their
/// number? An axis splits a dimension that it divides.
double bestSplit(const Graph& graph, const Op& op, const std::vector<std::vector<int>>& meshes)
{
    const auto isSplitBy = [&](int size) {
        const auto divides = [&](ValueId value) {
            return std::ranges::any_of(graph.type(value).dims,
                                       [size](int64_t dim) { return dim % size == 0; });
        };
        return std::ranges::any_of(op.operands, divides) ||
               std::ranges::any_of(op.results, divides);
    };
    double best = 0;
    for (const std::vector<int>& axes : meshes) {
        double share = 1;
        for (const int size : axes)
            share /= isSplitBy(size) ? 1 : size;
        best = std::max(best, share);
    }
    return best;
}

/// Seconds of one microbatch's kernels of the op's to start, if one device starts each.
Seconds launchOf(const LayeredGraph& layered, size_t op)
{
    const int product = layered.productOf[op];
    return product < 0 ? layered.fixed[op]
                       : layered.device.kernelLaunch *
                             layered.products[static_cast<size_t>(product)].launches;
}

/// Seconds of the op on one device, after its launch.
Seconds workOf(const LayeredGraph& layered, size_t op)
{
    const int product = layered.productOf[op];
    if (product < 0)
        return layered.work[op];
    const ProductWork& work = layered.products[static_cast<size_t>(product)];
    const ProductShape whole = work.shape();
    return Seconds(std::max(whole.flops() / fastestRate(layered.device, work.rate),
                            work.bytes(whole) / layered.device.memoryBandwidth));
}

/// Seconds of one op in a step, if all devices were of the first kind, or of the second.
using OpSeconds = std::array<double, 2>;

/// The least time in which devices of two kinds do all ops: each op goes to the kind that suits it
/// better than it suits the others, and one is split so that both kinds take as long.
double shareBest(std::vector<OpSeconds> ops)
{
    std::erase(ops, OpSeconds{0, 0});
    std::ranges::sort(
        ops, [](const OpSeconds& a, const OpSeconds& b) { return a[0] * b[1] < b[0] * a[1]; });
    double first = 0; // So long the first kind computes what it has taken,
    double second = 0;
    for (const OpSeconds& op : ops)
        second += op[1]; // and the second kind what is left.
    for (const OpSeconds& op : ops) {
        if (first + op[0] >= second - op[1]) // The part p of: first + p op0 = second - p op1.
            return first + op[0] * std::max(0.0, second - first) / (op[0] + op[1]);
        first += op[0];
        second -= op[1];
    }
    return first;
}

} // namespace

Seconds leastLaunches(const DraftModel& model)
{
    const LayeredGraph& layered = *model.model->layered;
    const std::vector<double> times = timesOfLayers(model, layered);
    Seconds sum;
    for (size_t op = 0; op < layered.graph->ops.size(); ++op) {
        if (layered.graph->ops[op].phase != Phase::kUpdate)
            sum += launchOf(layered, op) * times[static_cast<size_t>(layered.layerOfOp[op])];
    }
    return sum;
}

Seconds leastCompute(const DraftModel& model, const std::vector<KindShare>& kinds, int microbatches,
                     const std::vector<std::vector<int>>& meshes)
{
    const LayeredGraph& first = *kinds.front().layered;
    const std::vector<double> times = timesOfLayers(model, first);
    std::vector<OpSeconds> ops;
    for (size_t index = 0; index < first.graph->ops.size(); ++index) {
        const Op& op = first.graph->ops[index];
        const double share = 1 / bestSplit(*first.graph, op, meshes);
        const bool isOnce = op.phase == Phase::kUpdate;
        const double count =
            times[static_cast<size_t>(first.layerOfOp[index])] * (isOnce ? 1.0 : microbatches);
        OpSeconds& seconds = ops.emplace_back(OpSeconds{0, 0});
        for (size_t kind = 0; kind < kinds.size(); ++kind) {
            const LayeredGraph& layered = *kinds[kind].layered;
            const Seconds once =
                workOf(layered, index) * share + (isOnce ? Seconds(0) : launchOf(layered, index));
            seconds[kind] = (once * count).count / kinds[kind].devices;
        }
    }
    if (kinds.size() > 1)
        return Seconds(shareBest(std::move(ops)));
    return Seconds(std::accumulate(ops.begin(), ops.end(), 0.0,
                                   [](double sum, const OpSeconds& op) { return sum + op[0]; }));
}

bool smallerSavesNothing(const Cluster& cluster)
{
    for (int kind = 0; kind < cluster.kindCount(); ++kind) {
        const HostRates rates = cluster.ratesOf(kind);
        if (!rates.device.products.empty() || !isSubadditive(rates.measured))
            return false;
    }
    return true;
}

} // namespace alpa
