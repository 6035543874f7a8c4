#include "runtime/reference/evaluate_op.h"

#include "core/graph/op.h"
#include "runtime/reference/kernels.h"
#include "runtime/reference/strided.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

void evaluateConstant(const ConstantAttributes& attributes, HostTensor& out)
{
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = attributes.values[attributes.values.size() == 1 ? 0 : i];
}

void evaluateIota(const IotaAttributes& attributes, HostTensor& out)
{
    const auto dim = static_cast<size_t>(attributes.dim);
    const int64_t stride = rowMajorStrides(out.type.dims)[dim];
    for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] = static_cast<double>(static_cast<int64_t>(i) / stride % out.type.dims[dim]);
}

/// Everything that is not element-wise and has a result; the attributes' type tells most kinds
/// apart.
void evaluateStructured(const Op& op, Operands in, std::vector<HostTensor>& results)
{
    HostTensor& out = results[0];
    if (evaluateShape(op, in, out))
        return;
    if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes))
        return evaluateConstant(*constant, out);
    if (const auto* iota = std::get_if<IotaAttributes>(&op.attributes))
        return evaluateIota(*iota, out);
    if (const auto* dot = std::get_if<DotAttributes>(&op.attributes))
        return evaluateDot(*dot, in, out);
    if (const auto* convolution = std::get_if<ConvolutionAttributes>(&op.attributes))
        return evaluateConvolution(*convolution, in, out);
    if (const auto* reduce = std::get_if<ReduceAttributes>(&op.attributes))
        return evaluateReduce(*reduce, in, out);
    if (const auto* window = std::get_if<ReduceWindowAttributes>(&op.attributes))
        return op.kind == OpKind::kReduceWindow ? evaluateReduceWindow(*window, in, out)
                                                : evaluateSelectAndScatter(*window, in, out);
    if (const auto* gather = std::get_if<GatherAttributes>(&op.attributes))
        return evaluateGather(*gather, in, out);
    if (const auto* scatter = std::get_if<ScatterAttributes>(&op.attributes))
        return evaluateScatter(*scatter, in, out);
    if (const auto* sort = std::get_if<SortAttributes>(&op.attributes))
        return evaluateSort(*sort, in, results);
    CHECK(false, "every kind has a kernel");
}

} // namespace

Result<std::vector<HostTensor>> evaluateOp(const Graph& graph, const Op& op,
                                           std::span<const HostTensor* const> operands,
                                           const InterpretOptions& options)
{
    if (op.kind == OpKind::kOpaque)
        return Error(ErrorCode::kUnsupported,
                     fmt::format("line {}: {} cannot be evaluated, its meaning is not known",
                                 op.sourceLine, std::get<OpaqueAttributes>(op.attributes).name));
    std::vector<HostTensor> results;
    for (const ValueId result : op.results)
        results.push_back(filledTensor(graph.type(result), 0.0));
    if (isElementwise(op.kind))
        evaluateElementwise(op, operands, results[0]);
    else
        evaluateStructured(op, operands, results);
    for (HostTensor& result : results) {
        if (options.roundToDtype || !isFloating(result.type.dtype))
            roundValues(result.values, result.type.dtype);
    }
    return results;
}

} // namespace alpa
