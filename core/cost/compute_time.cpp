#include "core/cost/compute_time.h"

#include "core/graph/op_cost.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Convolutions reach this part of the rate of matrix products: Wide-ResNet on one V100 runs
/// at 8.27e12 FLOP/s in Alpa's intra-operator ablation (f32, batch 32), where products reach 14e12
/// and this model gives 8.26e12.
constexpr double kConvolutionEfficiency = 0.6;

/// How an op reaches memory when a compiler fuses loops as XLA, TorchInductor or our own code
/// generator do.
enum class Traffic {
    kView,   ///< Reshape, transpose, slice: consumers read through it.
    kLoop,   ///< Computed where it is used, inside the loop of its consumer.
    kKernel, ///< Has a kernel of its own: reads its operands from memory and writes its results.
};

Traffic trafficOf(OpKind kind)
{
    if (isElementwise(kind))
        return Traffic::kLoop;
// Everything else has a kernel.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (kind) {
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kSlice:
    case OpKind::kReverse:
        return Traffic::kView;
    case OpKind::kConstant:
    case OpKind::kIota:
    case OpKind::kBroadcast:
    case OpKind::kConcatenate:
    case OpKind::kPad:
    case OpKind::kDynamicSlice:
    case OpKind::kDynamicUpdateSlice:
    case OpKind::kAccumulate:
        return Traffic::kLoop;
    default:
        return Traffic::kKernel;
    }
#pragma GCC diagnostic pop
}

/// The op whose result `value` shows, behind any views; nullptr for graph inputs.
const Op* sourceOf(const Graph& graph, ValueId value)
{
    while (graph.value(value).producer.isValid()) {
        const Op& producer = graph.op(graph.value(value).producer);
        if (trafficOf(producer.kind) != Traffic::kView)
            return &producer;
        value = producer.operands[0];
    }
    return nullptr;
}

double bytesOf(const Graph& graph, ValueId value)
{
    return static_cast<double>(graph.type(value).bytes().count);
}

/// Is `value` made without reading anything of its size (a constant, a count, a mask of counts, a
/// broadcast)? The walk is cut off: what is deeper than a few ops has been computed from data.
bool isComputedFromLittle(const Graph& graph, ValueId value, int depth = 4)
{
    const Op* source = sourceOf(graph, value);
    if (source == nullptr || depth == 0)
        return false;
    if (source->kind == OpKind::kConstant || source->kind == OpKind::kIota ||
        source->kind == OpKind::kBroadcast)
        return true;
    return isElementwise(source->kind) &&
           std::ranges::all_of(source->operands, [&](ValueId operand) {
               return isComputedFromLittle(graph, operand, depth - 1);
           });
}

/// Is `value` a row's maximum, mean or the like, spread over the row again? Whoever uses it beside
/// the row itself can only do so in a second pass over the row.
bool isSpreadReduction(const Graph& graph, ValueId value)
{
    const Op* broadcast = sourceOf(graph, value);
    if (broadcast == nullptr || broadcast->kind != OpKind::kBroadcast)
        return false;
    // Behind a few small element-wise ops: mean = sum / n, rsqrt(variance + epsilon).
    ValueId small = broadcast->operands[0];
    for (int depth = 0; depth < 6; ++depth) {
        const Op* source = sourceOf(graph, small);
        if (source == nullptr)
            return false;
        if (source->kind == OpKind::kReduce)
            return true;
        if (source->kind == OpKind::kBroadcast) {
            small = source->operands[0];
            continue;
        }
        if (!isElementwise(source->kind))
            return false;
        const auto next = std::ranges::find_if(source->operands, [&](ValueId operand) {
            return !isComputedFromLittle(graph, operand);
        });
        if (next == source->operands.end())
            return false;
        small = *next;
    }
    return false;
}

/// Behind views: the value whose producer is sourceOf(value).
ValueId viewed(const Graph& graph, ValueId value)
{
    while (graph.value(value).producer.isValid()) {
        const Op& producer = graph.op(graph.value(value).producer);
        if (trafficOf(producer.kind) != Traffic::kView)
            break;
        value = producer.operands[0];
    }
    return value;
}

/// What a later loop reads in order to have `value` again: the narrowest value that it follows from
/// by element-wise steps with constants, such as the bf16 result of a product below its f32
/// conversion, scale and mask.
ValueId storedForm(const Graph& graph, ValueId value)
{
    value = viewed(graph, value);
    ValueId best = value;
    for (int depth = 0; depth < 8; ++depth) {
        const Op* source = sourceOf(graph, value);
        if (source == nullptr || !isElementwise(source->kind))
            break;
        std::optional<ValueId> only;
        for (const ValueId operand : source->operands) {
            if (isComputedFromLittle(graph, operand))
                continue;
            if (only)
                return best;
            only = viewed(graph, operand);
        }
        if (!only)
            break;
        value = *only;
        if (bytesOf(graph, value) <= bytesOf(graph, best))
            best = value;
    }
    return best;
}

/// Bytes that a loop (or a reduction, into which its producers are fused) reads. Results of kernels
/// and graph inputs are read; results of loops only where the fused loop is interrupted: between
/// forward and backward, and by a second pass.
double loopReads(const Graph& graph, const Op& op)
{
    const bool isSecondPass = std::ranges::any_of(
        op.operands, [&](ValueId operand) { return isSpreadReduction(graph, operand); });
    double bytes = 0;
    std::vector<ValueId> readOnce;
    for (const ValueId operand : op.operands) {
        const Op* source = sourceOf(graph, operand);
        const bool isInMemory = source == nullptr || trafficOf(source->kind) == Traffic::kKernel;
        const bool isInterrupted = source != nullptr &&
                                   (isSecondPass || source->phase != op.phase) &&
                                   !isComputedFromLittle(graph, operand);
        if (!isInMemory && !isInterrupted)
            continue;
        const ValueId stored = storedForm(graph, operand);
        if (std::ranges::find(readOnce, stored) != readOnce.end())
            continue;
        readOnce.push_back(stored);
        bytes += std::min(bytesOf(graph, stored), bytesOf(graph, operand));
        // The update phase replaces parameters and state in place.
        if (source == nullptr && op.phase == Phase::kUpdate)
            bytes += bytesOf(graph, operand);
    }
    return bytes;
}

/// An operand of a kernel: read, and written before if a loop computes it.
double kernelOperandBytes(const Graph& graph, const Op& op, ValueId operand)
{
    const Op* source = sourceOf(graph, operand);
    const bool isWritten =
        source != nullptr && trafficOf(source->kind) == Traffic::kLoop && source->phase == op.phase;
    return bytesOf(graph, operand) * (isWritten ? 2 : 1);
}

/// Bytes of a kernel: operands and results once; an operand that a loop computes is also written by
/// that loop.
double kernelBytes(const Graph& graph, const Op& op)
{
    if (op.kind == OpKind::kReduce) {
        double bytes = loopReads(graph, op);
        for (const ValueId result : op.results)
            bytes += bytesOf(graph, result);
        return bytes;
    }
    if (op.kind == OpKind::kScatter) {
        // Updates are read, and the places they go to read and written; a fresh tensor is also
        // written once.
        const Op* target = sourceOf(graph, op.operands[0]);
        const bool isFresh = target != nullptr && trafficOf(target->kind) == Traffic::kLoop;
        return bytesOf(graph, op.operands[1]) + 3 * bytesOf(graph, op.operands[2]) +
               (isFresh ? bytesOf(graph, op.results[0]) : 0.0);
    }
    double bytes = static_cast<double>(opBytes(graph, op).count);
    if (op.kind == OpKind::kGather)
        return bytes; // the loop that computes its operand runs for the gathered rows only
    for (const ValueId operand : op.operands)
        bytes += kernelOperandBytes(graph, op, operand) - bytesOf(graph, operand);
    return bytes;
}

double matrixRate(const Graph& graph, const Op& op, const DeviceKind& device)
{
    return isProductOf16Bits(graph, op) ? device.matrixFlops16 : device.matrixFlops32;
}

} // namespace

bool isProductOf16Bits(const Graph& graph, const Op& op)
{
    return std::ranges::all_of(op.operands, [&](ValueId operand) {
        const DType dtype = graph.type(operand).dtype;
        return dtype == DType::kBF16 || dtype == DType::kF16;
    });
}

std::string_view boundName(ComputeBound bound)
{
    switch (bound) {
    case ComputeBound::kNothing:
        break;
    case ComputeBound::kArithmetic:
        return "arithmetic";
    case ComputeBound::kMemory:
        return "memory";
    case ComputeBound::kLaunch:
        return "launch";
    }
    return "nothing";
}

ComputeBound OpRoofline::bound() const
{
    const Seconds work = std::max(arithmetic, traffic);
    if (work.count == 0 && launch.count == 0)
        return ComputeBound::kNothing;
    if (launch > work)
        return ComputeBound::kLaunch;
    return arithmetic > traffic ? ComputeBound::kArithmetic : ComputeBound::kMemory;
}

std::optional<ProductWork> productWork(const Graph& graph, const Op& op, const DeviceKind& device)
{
    if (op.kind != OpKind::kDot)
        return std::nullopt;
    const auto& dot = std::get<DotAttributes>(op.attributes);
    const auto roles = [](size_t rank, const std::vector<int>& batch, const std::vector<int>& sum) {
        std::vector<ProductWork::Role> found(rank, ProductWork::Role::kFree);
        for (const int dim : batch)
            found[static_cast<size_t>(dim)] = ProductWork::Role::kBatch;
        for (const int dim : sum)
            found[static_cast<size_t>(dim)] = ProductWork::Role::kSum;
        return found;
    };
    ProductWork work;
    work.lhsDims = graph.type(op.operands[0]).dims;
    work.rhsDims = graph.type(op.operands[1]).dims;
    work.lhsRoles = roles(work.lhsDims.size(), dot.lhsBatch, dot.lhsContracting);
    work.rhsRoles = roles(work.rhsDims.size(), dot.rhsBatch, dot.rhsContracting);
    work.lhsBytes = kernelOperandBytes(graph, op, op.operands[0]);
    work.rhsBytes =
        op.operands[1] == op.operands[0] ? 0 : kernelOperandBytes(graph, op, op.operands[1]);
    work.resultBytes = bytesOf(graph, op.results[0]);
    work.rate = matrixRate(graph, op, device);
    return work;
}

OpRoofline rooflineOf(const ProductWork& product, const ProductShape& part,
                      const DeviceKind& device)
{
    OpRoofline roofline;
    roofline.flops = Flops(part.flops());
    roofline.bytes = product.bytes(part);
    roofline.arithmetic = productArithmetic(part, product.rate, device, product.latentTiles);
    roofline.traffic = Seconds(roofline.bytes / device.memoryBandwidth);
    roofline.launch = device.kernelLaunch * product.launches;
    return roofline;
}

OpRoofline rooflineOf(const Graph& graph, const Op& op, const DeviceKind& device)
{
    if (const std::optional<ProductWork> product = productWork(graph, op, device))
        return rooflineOf(*product, product->shape(), device);
    OpRoofline roofline;
    roofline.flops = opFlops(graph, op);
    switch (trafficOf(op.kind)) {
    case Traffic::kView:
        break;
    case Traffic::kLoop:
        // A gradient is accumulated in the epilogue of the contraction that makes it: the sum is
        // read and written.
        roofline.bytes = op.kind == OpKind::kAccumulate ? 2 * bytesOf(graph, op.results[0])
                                                        : loopReads(graph, op);
        break;
    case Traffic::kKernel:
        roofline.launch = device.kernelLaunch;
        roofline.bytes = kernelBytes(graph, op);
        if (op.kind == OpKind::kConvolution)
            roofline.arithmetic = Seconds(roofline.flops.count /
                                          (matrixRate(graph, op, device) * kConvolutionEfficiency));
        if (op.kind == OpKind::kOpaque)
            roofline.arithmetic = Seconds(roofline.flops.count / matrixRate(graph, op, device));
        break;
    }
    roofline.traffic = Seconds(roofline.bytes / device.memoryBandwidth);
    return roofline;
}

ComputeTime computeTime(const Graph& graph, const Op& op, const DeviceKind& device)
{
    const OpRoofline roofline = rooflineOf(graph, op, device);
    return {.work = std::max(roofline.arithmetic, roofline.traffic), .fixed = roofline.launch};
}

} // namespace alpa
