#include "core/cost/fused_costs.h"

#include "core/fusion/graph_program.h"
#include "core/fusion/launch_plan.h"
#include "core/graph/op_cost.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace alpa
{
namespace
{

using fusion::PlannedLaunch;
using fusion::StageGraph;

/// Reductions reach this part of the bandwidth of loops: 0.70 to 0.79 of it over the kernels of
/// GPT-125M and 1.3B on an H200 (row sums 0.85, column sums 0.5).
constexpr double kReductionEfficiency = 0.75;
/// Sums over outer dimensions run as two kernels, the second of which takes 1.5 to 2.6 us and the
/// gap before it (H200).
constexpr double kColumnLaunches = 2.4;
/// Scatter-add of embedding gradients: atomics, 3 to 7 times what the rows' bytes would take (14 to
/// 26 % of the bandwidth for GPT-125M and 1.3B, H200); the fresh tensor is filled as loops do.
constexpr double kScatterEfficiency = 0.2;
/// Gaps of 1.6 us between the products of an H200's steps, with what cuBLASLt clears before some of
/// them 2; a launch is 2.5, with the beginning and the end that products' latency holds.
constexpr double kProductLaunches = 0.7;
/// Turns of a unit's tiles that pay the latency: products of 3 to 194 turns lose 10 to 17 us in all
/// (GPT-125M and 1.3B, cuBLASLt's fastest algorithms, H200).
constexpr double kLatentTiles = 4;
/// The device's attention rates are those of this many channels a head; kernels compute on the next
/// power of two, and wider heads keep the matrix units busier, in proportion to the root. (80
/// channels: 268 and 176e12 measured on an H200, 247 and 190e12 by this.)
constexpr double kRatedChannels = 64;

class FusedPricing
{
public:
    FusedPricing(const Graph& graph, const DeviceKind& device)
        : graph_(graph)
        , device_(device)
        , program_(fusion::graphProgram(graph, 2))
        , stage_(program_, 0, 0)
    {
        costs_.times.resize(graph.ops.size());
        costs_.oncePerStep.resize(graph.ops.size());
        costs_.isProduct.assign(graph.ops.size(), 0);
        costs_.isInAttention.assign(graph.ops.size(), 0);
    }

    FusedCosts run()
    {
        const bool fusesAttention = device_.attentionFlops > 0;
        for (const PlannedLaunch& launch : fusion::planLaunches(stage_, fusesAttention)) {
            if (segmentOf(launch) != SegmentKind::kUpdate)
                price(launch);
        }
        for (size_t v = 0; v < graph_.values.size(); ++v) {
            const bool isStored = stage_.isStored(BufferId(v));
            costs_.isStored.push_back(isStored ? 1 : 0);
            costs_.isHeldOnce.push_back(isStored && stage_.isInvariant(BufferId(v)) ? 1 : 0);
        }
        findReadLate();
        holdCastsApart();
        return std::move(costs_);
    }

private:
    const fusion::Node& node(int index) const { return stage_.nodes()[static_cast<size_t>(index)]; }
    OpId opOf(int index) const { return node(index).instruction->op; }
    SegmentKind segmentOf(const PlannedLaunch& launch) const { return node(launch.node).segment; }
    double bytesOf(BufferId id) const { return static_cast<double>(stage_.type(id).bytes().count); }

    /// By the stage's own readers: equal casts of parameters are one there.
    void findReadLate()
    {
        costs_.isReadLate.assign(graph_.values.size(), 0);
        const std::vector<fusion::Node>& nodes = stage_.nodes();
        for (size_t n = nodes.size(); n-- > 0;) {
            if (nodes[n].segment != SegmentKind::kForward)
                continue;
            for (const BufferId made : nodes[n].instruction->outputs)
                costs_.isReadLate[made.index()] = isReadLate(made) ? 1 : 0;
        }
    }

    bool isReadLate(BufferId id) const
    {
        return std::ranges::any_of(stage_.users(id), [&](int user) {
            const fusion::Node& reader = node(user);
            return reader.segment == SegmentKind::kBackward ||
                   (reader.segment == SegmentKind::kForward &&
                    std::ranges::any_of(reader.instruction->outputs, [&](BufferId next) {
                        return !stage_.isStored(next) && costs_.isReadLate[next.index()] != 0;
                    }));
        });
    }

    /// Equal casts of a parameter are one on a device that holds all of them, but of a stage its
    /// own: each is held (which is too much where one stage has several).
    void holdCastsApart()
    {
        std::map<std::pair<ValueId, DType>, ValueId> casts;
        for (const Op& op : graph_.ops) {
            if (op.phase != Phase::kForward || op.kind != OpKind::kConvert ||
                graph_.inputRole(op.operands[0]) != InputRole::kParameter)
                continue;
            const ValueId cast = op.results[0];
            const auto [first, isNew] =
                casts.try_emplace({op.operands[0], graph_.type(cast).dtype}, cast);
            if (isNew)
                continue;
            for (auto* flags : {&costs_.isStored, &costs_.isReadLate, &costs_.isHeldOnce})
                (*flags)[cast.index()] = (*flags)[first->second.index()];
        }
    }

    void price(const PlannedLaunch& launch)
    {
        if (launch.attention)
            return priceAttention(launch);
        if (launch.gemm) {
            costs_.isProduct[opOf(launch.node).index()] = 1;
            return;
        }
        const Op& op = graph_.op(opOf(launch.node));
        if (op.kind == OpKind::kConvolution || op.kind == OpKind::kDot) {
            const OpRoofline roofline = rooflineOf(graph_, op, device_);
            costs_.times[opOf(launch.node).index()] = {
                std::max(roofline.arithmetic, roofline.traffic), device_.kernelLaunch};
            return;
        }
        priceKernels(launch);
    }

    /// The pass's products inside an attention: each bears its share of the price, so that
    /// splitting only some of them does not pay.
    std::vector<OpId> productsOf(const PlannedLaunch& launch) const
    {
        std::vector<OpId> products;
        for (const int replaced : launch.replaced) {
            if (node(replaced).segment == segmentOf(launch) &&
                node(replaced).instruction->opKind == OpKind::kDot)
                products.push_back(opOf(replaced));
        }
        if (products.empty())
            products.push_back(opOf(launch.node));
        return products;
    }

    void priceAttention(const PlannedLaunch& launch)
    {
        const fusion::AttentionShape& shape = *launch.attention;
        const double flops = fusion::attentionFlops(shape, launch.isBackward);
        double width = kRatedChannels;
        while (width < static_cast<double>(shape.channels))
            width *= 2;
        const double rate =
            (launch.isBackward ? device_.attentionGradientFlops : device_.attentionFlops) *
            std::sqrt(width / kRatedChannels) * static_cast<double>(shape.channels) / width;
        const ComputeTime whole{
            Seconds(flops / rate),
            Seconds(fusion::attentionTail(shape, launch.isBackward, device_.matrixUnits) / rate) +
                device_.kernelLaunch * fusion::attentionLaunches(launch.isBackward)};
        const std::vector<OpId> products = productsOf(launch);
        for (const OpId product : products)
            costs_.times[product.index()] = {whole.work / static_cast<double>(products.size()),
                                             whole.fixed / static_cast<double>(products.size())};
        for (const int replaced : launch.replaced)
            costs_.isInAttention[opOf(replaced).index()] = 1;
    }

    /// Is the innermost dimension kept?
    bool isColumnSum(const Op& op) const
    {
        if (op.kind != OpKind::kReduce || graph_.type(op.results[0]).elementCount() == 1)
            return false;
        const std::vector<int>& dims = std::get<ReduceAttributes>(op.attributes).dims;
        const int innermost = graph_.type(op.operands[0]).rank() - 1;
        return std::ranges::find(dims, innermost) == dims.end();
    }

    /// Time that the bytes of a launch's root take, of which it writes `written`.
    Seconds trafficOf(const Op& op, double bytes, double written) const
    {
        if (op.kind == OpKind::kReduce)
            bytes /= kReductionEfficiency;
        if (op.kind == OpKind::kScatter) {
            // Each updated element is read and written beside its update.
            const double rows = bytes - written + 2 * updatedBytes(op);
            bytes = written + rows / kScatterEfficiency;
        }
        return Seconds(bytes / device_.memoryBandwidth);
    }

    double updatedBytes(const Op& op) const
    {
        return static_cast<double>(graph_.type(op.operands[2]).elementCount() *
                                   dtypeBytes(graph_.type(op.results[0]).dtype));
    }

    /// Each root pays for what it writes and for what no root before it has read.
    void priceKernels(const PlannedLaunch& launch)
    {
        std::set<BufferId> known;
        bool isFirst = true;
        for (const int root : launch.roots) {
            const OpId id = opOf(root);
            const Op& op = graph_.op(id);
            double written = 0;
            double elements = 0;
            for (const BufferId output : node(root).instruction->outputs) {
                written += bytesOf(output);
                elements += static_cast<double>(stage_.type(output).elementCount());
            }
            double bytes = written;
            if (op.kind == OpKind::kAccumulate) // Read and written.
                bytes *= 2;
            for (const BufferId input : node(root).instruction->inputs) {
                const double most =
                    std::max(elements, static_cast<double>(stage_.type(input).elementCount()));
                for (const BufferId leaf : stage_.leaves(input, launch.node)) {
                    if (!known.insert(leaf).second)
                        continue;
                    // Of a table from which rows are gathered, only those rows.
                    const auto all = static_cast<double>(stage_.type(leaf).elementCount());
                    bytes += bytesOf(leaf) * (all > 0 ? std::min(1.0, most / all) : 1.0);
                }
            }
            ComputeTime& time =
                (launch.isOncePerStep ? costs_.oncePerStep : costs_.times)[id.index()];
            time.work += trafficOf(op, bytes, written);
            if (isFirst)
                time.fixed += device_.kernelLaunch * (isColumnSum(op) ? kColumnLaunches : 1.0);
            isFirst = false;
        }
    }

    const Graph& graph_;
    const DeviceKind& device_;
    Program program_;
    StageGraph stage_;
    FusedCosts costs_;
};

} // namespace

FusedCosts fusedCosts(const Graph& graph, const DeviceKind& device)
{
    return FusedPricing(graph, device).run();
}

std::vector<uint8_t> attentionOps(const Graph& graph)
{
    std::vector<uint8_t> isInside(graph.ops.size(), 0);
    const Program program = fusion::graphProgram(graph, 2);
    StageGraph stage(program, 0, 0);
    for (const fusion::Attention& found : fusion::findAttentions(stage)) {
        for (const int node : found.replaced)
            isInside[stage.nodes()[static_cast<size_t>(node)].instruction->op.index()] = 1;
    }
    return isInside;
}

std::vector<uint8_t> attentionOps(const Graph& graph, const DeviceKind& device)
{
    if (!device.fusesKernels || device.attentionFlops <= 0)
        return std::vector<uint8_t>(graph.ops.size(), 0);
    return attentionOps(graph);
}

std::optional<ProductWork> fusedProductWork(const Graph& graph, const Op& op,
                                            const DeviceKind& device)
{
    std::optional<ProductWork> work = productWork(graph, op, device);
    if (!work)
        return work;
    const auto bytes = [&](ValueId value) {
        return static_cast<double>(graph.type(value).bytes().count);
    };
    work->launches = kProductLaunches;
    work->latentTiles = kLatentTiles;
    work->lhsBytes = bytes(op.operands[0]);
    work->rhsBytes = op.operands[1] == op.operands[0] ? 0 : bytes(op.operands[1]);
    return work;
}

} // namespace alpa
