#include "runtime/cuda/kernels.h"

namespace alpa::cuda
{

KernelTexts kernelsOf(const StageGraph& graph, const PlannedLaunch& launch)
{
    if (launch.kind != PlannedLaunch::Kind::kKernels)
        return {};
    const int root = launch.roots.front();
    const Instruction& made = *graph.nodes()[static_cast<size_t>(root)].instruction;
    if (StageGraph::isInlined(graph.stage(), made))
        return loopKernel(graph, launch.roots);
// Every other kind is a loop or never gets here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (made.opKind) {
    case OpKind::kReduce:
        return reduceKernel(graph, launch.roots);
    case OpKind::kDot:
        return plainDotKernel(graph, root);
    case OpKind::kConvolution:
        return convolutionKernel(graph, root);
    case OpKind::kScatter:
        return scatterKernel(graph, root);
    case OpKind::kSort:
        return sortKernel(graph, root);
    default:
        return windowKernel(graph, root);
    }
#pragma GCC diagnostic pop
}

} // namespace alpa::cuda
