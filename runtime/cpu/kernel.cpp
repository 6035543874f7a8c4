#include "runtime/cpu/kernel.h"

#include <fmt/format.h>

namespace alpa::cpu
{

Result<Kernel> makeKernel(const KernelRequest& request)
{
    if (isElementwise(request.kind))
        return makeElementwiseKernel(request);
// Element-wise kinds are handled above.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (request.kind) {
    case OpKind::kAccumulate:
        return makeAccumulateKernel(request);
    case OpKind::kBroadcast:
    case OpKind::kConcatenate:
    case OpKind::kConstant:
    case OpKind::kDynamicSlice:
    case OpKind::kDynamicUpdateSlice:
    case OpKind::kIota:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kReverse:
    case OpKind::kSlice:
    case OpKind::kTranspose:
        return makeShapeKernel(request);
    case OpKind::kDot:
        return makeDotKernel(request);
    case OpKind::kConvolution:
        return makeConvolutionKernel(request);
    case OpKind::kReduce:
        return makeReduceKernel(request);
    case OpKind::kGather:
        return makeGatherKernel(request);
    case OpKind::kScatter:
        return makeScatterKernel(request);
    case OpKind::kReduceWindow:
    case OpKind::kSelectAndScatter:
        return makeWindowKernel(request);
    case OpKind::kSort:
        return makeSortKernel(request);
    default:
        break;
    }
#pragma GCC diagnostic pop
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{} has no kernel on CPU devices", opKindName(request.kind)));
}

} // namespace alpa::cpu
