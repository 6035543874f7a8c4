#include "core/graph/op_cost.h"

#include "core/graph/opaque_rule.h"

#include <algorithm>

namespace alpa
{
namespace
{

double elements(const Graph& graph, ValueId id)
{
    return static_cast<double>(graph.type(id).elementCount());
}

double size(const Graph& graph, ValueId id, int dim)
{
    return static_cast<double>(graph.type(id).dims[static_cast<size_t>(dim)]);
}

double dotFlops(const Graph& graph, const Op& op)
{
    double flops = 2 * elements(graph, op.results[0]);
    for (const int dim : std::get<DotAttributes>(op.attributes).lhsContracting)
        flops *= size(graph, op.operands[0], dim);
    return flops;
}

double convolutionFlops(const Graph& graph, const Op& op)
{
    const auto& a = std::get<ConvolutionAttributes>(op.attributes);
    double flops =
        2 * elements(graph, op.results[0]) * size(graph, op.operands[1], a.kernelInputFeature);
    for (const int dim : a.kernelSpatial)
        flops *= size(graph, op.operands[1], dim);
    // Dilating the input puts zeros between its elements, which no implementation multiplies.
    for (const int64_t dilation : a.lhsDilation)
        flops /= static_cast<double>(std::max<int64_t>(dilation, 1));
    return flops;
}

double windowFlops(const Graph& graph, const Op& op)
{
    double flops = elements(graph, op.results[0]);
    for (const int64_t window : std::get<ReduceWindowAttributes>(op.attributes).window)
        flops *= static_cast<double>(window);
    return flops;
}

/// As the person who gave its rule says.
double opaqueFlops(const Graph& graph, const Op& op)
{
    const auto& attributes = std::get<OpaqueAttributes>(op.attributes);
    if (attributes.flops.empty())
        return 0;
    std::vector<TensorType> operands, results;
    for (const ValueId id : op.operands)
        operands.push_back(graph.type(id));
    for (const ValueId id : op.results)
        results.push_back(graph.type(id));
    const Result<OpaqueRule> rule = parseOpaqueRule(attributes.rule);
    if (!rule.ok())
        return 0;
    const auto sizes = opaqueSizes(*rule, operands, results);
    if (!sizes.ok())
        return 0;
    const Result<double> flops = opaqueCost(attributes.flops, *sizes);
    return flops.ok() ? *flops : 0;
}

} // namespace

Flops opFlops(const Graph& graph, const Op& op)
{
    if (op.results.empty())
        return {};
    if (isElementwise(op.kind) || op.kind == OpKind::kAccumulate)
        return Flops(elements(graph, op.results[0]));
// The rest computes nothing.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (op.kind) {
    case OpKind::kDot:
        return Flops(dotFlops(graph, op));
    case OpKind::kConvolution:
        return Flops(convolutionFlops(graph, op));
    case OpKind::kReduce:
        return Flops(elements(graph, op.operands[0]));
    case OpKind::kReduceWindow:
        return Flops(windowFlops(graph, op));
    case OpKind::kScatter:
        return Flops(elements(graph, op.operands[2]));
    case OpKind::kSelectAndScatter:
        return Flops(elements(graph, op.operands[1]));
    case OpKind::kOpaque:
        return Flops(opaqueFlops(graph, op));
    default:
        return {};
    }
#pragma GCC diagnostic pop
}

Bytes opBytes(const Graph& graph, const Op& op)
{
    const bool readsPart =
        op.kind == OpKind::kGather || op.kind == OpKind::kSlice || op.kind == OpKind::kDynamicSlice;
    Bytes bytes;
    for (size_t i = 0; i < op.operands.size(); ++i) {
        const bool isPart = readsPart && i == 0;
        const bool isRepeated =
            std::find(op.operands.begin(), op.operands.begin() + static_cast<std::ptrdiff_t>(i),
                      op.operands[i]) != op.operands.begin() + static_cast<std::ptrdiff_t>(i);
        if (!isRepeated)
            bytes += graph.type(isPart ? op.results[0] : op.operands[i]).bytes();
    }
    for (const ValueId result : op.results)
        bytes += graph.type(result).bytes();
    return bytes;
}

} // namespace alpa
