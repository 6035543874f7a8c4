#include "runtime/cuda/cudnn_attention.h"

#include "core/program/arena_ranges.h"
#include "runtime/cuda/cudnn_graph.h"

#include <limits>

namespace alpa::cuda
{
namespace
{

/// Names of the tensors that a call binds to memory.
enum Id : int64_t {
    kQ = 1,
    kK,
    kV,
    kO,
    kStatistics,
    kScale,
    kMinusInfinity,
    kOne,
    kGradO,
    kGradQ,
    kGradK,
    kGradV,
    kSum,
    kGradQSum,
    kFirstVirtual = 100
};

using Dims = std::array<int64_t, 4>;
using Descriptor = cudnnBackendDescriptor_t;

} // namespace

struct CudnnAttention::Graph : CudnnGraph {
    using CudnnGraph::CudnnGraph;
    int64_t nextVirtual = kFirstVirtual;

    static Dims packed(const Dims& d) { return {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1}; }
    Descriptor inner(cudnnDataType_t type, const Dims& dims)
    {
        return tensor(nextVirtual++, type, dims, packed(dims), {});
    }
    Descriptor scalar(int64_t id)
    {
        constexpr Dims ones{1, 1, 1, 1};
        return tensor(id, CUDNN_DATA_FLOAT, ones, ones, {false, true});
    }

    struct Pointwise {
        cudnnPointwiseMode_t mode;
        cudnnDataType_t precision = CUDNN_DATA_FLOAT;
        int64_t axis = -1;
    };
    Descriptor pointwise(const Pointwise& what, Descriptor x, Descriptor b, Descriptor y,
                         Descriptor predicate = nullptr)
    {
        Descriptor mode = make(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
        set(mode, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, what.mode);
        set(mode, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, what.precision);
        if (what.axis >= 0)
            set(mode, CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64, what.axis);
        finalize(mode);
        Descriptor made = make(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
        const auto part = [&](cudnnBackendAttributeName_t name, Descriptor value) {
            if (value != nullptr)
                set(made, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value);
        };
        part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode);
        part(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
        part(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
        part(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, predicate);
        part(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
        finalize(made);
        operations.push_back(made);
        return y;
    }
    Descriptor matmul(Descriptor a, Descriptor b, Descriptor c)
    {
        Descriptor how = make(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
        set(how, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
        finalize(how);
        Descriptor made = make(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
        set(made, CUDNN_ATTR_OPERATION_MATMUL_ADESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, a);
        set(made, CUDNN_ATTR_OPERATION_MATMUL_BDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, b);
        set(made, CUDNN_ATTR_OPERATION_MATMUL_CDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, c);
        set(made, CUDNN_ATTR_OPERATION_MATMUL_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, how);
        finalize(made);
        operations.push_back(made);
        return c;
    }
    Descriptor reduce(cudnnReduceTensorOp_t kind, Descriptor x, Descriptor y)
    {
        Descriptor how = make(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
        set(how, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, kind);
        set(how, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
        finalize(how);
        Descriptor made = make(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
        set(made, CUDNN_ATTR_OPERATION_REDUCTION_XDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, x);
        set(made, CUDNN_ATTR_OPERATION_REDUCTION_YDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, y);
        set(made, CUDNN_ATTR_OPERATION_REDUCTION_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, how);
        finalize(made);
        operations.push_back(made);
        return y;
    }
    Descriptor reshape(Descriptor x, Descriptor y)
    {
        Descriptor made = make(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
        set(made, CUDNN_ATTR_OPERATION_RESHAPE_XDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, x);
        set(made, CUDNN_ATTR_OPERATION_RESHAPE_YDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, y);
        finalize(made);
        operations.push_back(made);
        return y;
    }
    /// Scores whose key comes after their query become minus infinity.
    Descriptor maskCausal(Descriptor scores, const Dims& dims)
    {
        Descriptor row = pointwise({CUDNN_POINTWISE_GEN_INDEX, CUDNN_DATA_INT32, 2}, scores,
                                   nullptr, inner(CUDNN_DATA_INT32, dims));
        Descriptor column = pointwise({CUDNN_POINTWISE_GEN_INDEX, CUDNN_DATA_INT32, 3}, scores,
                                      nullptr, inner(CUDNN_DATA_INT32, dims));
        Descriptor mask = pointwise({CUDNN_POINTWISE_CMP_GE, CUDNN_DATA_BOOLEAN}, row, column,
                                    inner(CUDNN_DATA_BOOLEAN, dims));
        return pointwise({CUDNN_POINTWISE_BINARY_SELECT}, scores, scalar(kMinusInfinity),
                         inner(CUDNN_DATA_FLOAT, dims), mask);
    }
};

CudnnAttention::CudnnAttention(LibrariesPtr libraries, cudnnHandle_t handle,
                               const AttentionShape& shape, bool isBackward, SumOrder order)
    : libraries_(std::move(libraries))
    , handle_(handle)
    , shape_(shape)
    , isBackward_(isBackward)
    , order_(order)
    , scale_(static_cast<float>(shape.scale))
    , minusInfinity_(-std::numeric_limits<float>::infinity())
{
}

CudnnAttention::~CudnnAttention()
{
    for (size_t i = descriptors_.size(); i-- > 0;)
        libraries_->cudnnBackendDestroyDescriptor(descriptors_[i]);
}

Status CudnnAttention::buildForward(Graph& graph)
{
    const AttentionShape& s = shape_;
    const cudnnDataType_t type = s.dtype == DType::kF16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16;
    const Dims queries{s.batch, s.heads, s.queries, s.channels};
    const Dims keys{s.batch, s.heads, s.keys, s.channels};
    const Dims scoreDims{s.batch, s.heads, s.queries, s.keys};
    const Dims rowDims{s.batch, s.heads, s.queries, 1};
    const auto f = CUDNN_DATA_FLOAT;
    Descriptor q = graph.tensor(kQ, type, queries, s.q, {false, false});
    // K transposed: dimensions and strides exchanged.
    Descriptor k = graph.tensor(kK, type, Dims{s.batch, s.heads, s.channels, s.keys},
                                Dims{s.k[0], s.k[1], s.k[3], s.k[2]}, {false, false});
    Descriptor v = graph.tensor(kV, type, keys, s.v, {false, false});
    Descriptor o = graph.tensor(kO, type, queries, s.o, {false, false});
    Descriptor statistics =
        graph.tensor(kStatistics, f, rowDims, Graph::packed(rowDims), {false, false});
    Descriptor scores = graph.matmul(q, k, graph.inner(f, scoreDims));
    scores = graph.pointwise({CUDNN_POINTWISE_MUL}, scores, graph.scalar(kScale),
                             graph.inner(f, scoreDims));
    if (s.isCausal)
        scores = graph.maskCausal(scores, scoreDims);
    Descriptor largest = graph.reduce(CUDNN_REDUCE_TENSOR_MAX, scores, graph.inner(f, rowDims));
    Descriptor shifted =
        graph.pointwise({CUDNN_POINTWISE_SUB}, scores, largest, graph.inner(f, scoreDims));
    Descriptor exponential =
        graph.pointwise({CUDNN_POINTWISE_EXP}, shifted, nullptr, graph.inner(f, scoreDims));
    Descriptor sum = graph.reduce(CUDNN_REDUCE_TENSOR_ADD, exponential, graph.inner(f, rowDims));
    Descriptor logarithm =
        graph.pointwise({CUDNN_POINTWISE_LOG}, sum, nullptr, graph.inner(f, rowDims));
    graph.pointwise({CUDNN_POINTWISE_ADD}, largest, logarithm, statistics);
    Descriptor weights =
        graph.pointwise({CUDNN_POINTWISE_DIV}, exponential, sum, graph.inner(type, scoreDims));
    graph.matmul(weights, v, o);
    return graph.status;
}

Status CudnnAttention::buildBackward(Graph& graph)
{
    const AttentionShape& s = shape_;
    const cudnnDataType_t type = s.dtype == DType::kF16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16;
    const Dims queries{s.batch, s.heads, s.queries, s.channels};
    const Dims keys{s.batch, s.heads, s.keys, s.channels};
    const Dims keysTransposed{s.batch, s.heads, s.channels, s.keys};
    const Dims scoreDims{s.batch, s.heads, s.queries, s.keys};
    const Dims flipped{s.batch, s.heads, s.keys, s.queries};
    const Dims flippedStrides{s.heads * s.queries * s.keys, s.queries * s.keys, 1, s.keys};
    const Dims rowDims{s.batch, s.heads, s.queries, 1};
    const auto f = CUDNN_DATA_FLOAT;
    const Graph::Kind real{false, false};
    const auto exchanged = [](const Dims& d) { return Dims{d[0], d[1], d[3], d[2]}; };
    Descriptor q = graph.tensor(kQ, type, queries, s.q, real);
    Descriptor kTransposed = graph.tensor(kK, type, keysTransposed, exchanged(s.k), real);
    Descriptor vTransposed = graph.tensor(kV, type, keysTransposed, exchanged(s.v), real);
    Descriptor o = graph.tensor(kO, type, queries, s.o, real);
    Descriptor gradO = graph.tensor(kGradO, type, queries, s.gradO, real);
    Descriptor statistics = graph.tensor(kStatistics, f, rowDims, Graph::packed(rowDims), real);
    Descriptor rowSum = graph.tensor(kSum, f, rowDims, Graph::packed(rowDims), real);
    // Row sums of grad O * O.
    Descriptor product = graph.pointwise({CUDNN_POINTWISE_MUL}, gradO, o, graph.inner(f, queries));
    Descriptor reduced = graph.reduce(CUDNN_REDUCE_TENSOR_ADD, product, graph.inner(f, rowDims));
    graph.pointwise({CUDNN_POINTWISE_MUL}, reduced, graph.scalar(kOne), rowSum);
    // P again, from the statistics.
    Descriptor scores = graph.matmul(q, kTransposed, graph.inner(f, scoreDims));
    scores = graph.pointwise({CUDNN_POINTWISE_MUL}, scores, graph.scalar(kScale),
                             graph.inner(f, scoreDims));
    if (s.isCausal)
        scores = graph.maskCausal(scores, scoreDims);
    Descriptor shifted =
        graph.pointwise({CUDNN_POINTWISE_SUB}, scores, statistics, graph.inner(f, scoreDims));
    Descriptor weights =
        graph.pointwise({CUDNN_POINTWISE_EXP}, shifted, nullptr, graph.inner(type, scoreDims));
    Descriptor weightsFlipped = graph.reshape(
        weights, graph.tensor(graph.nextVirtual++, type, flipped, flippedStrides, {}));
    graph.matmul(weightsFlipped, gradO, graph.tensor(kGradV, type, keys, s.gradV, real));
    // grad S.
    Descriptor gradWeights = graph.matmul(gradO, vTransposed, graph.inner(f, scoreDims));
    Descriptor centred =
        graph.pointwise({CUDNN_POINTWISE_SUB}, gradWeights, rowSum, graph.inner(f, scoreDims));
    Descriptor weighted =
        graph.pointwise({CUDNN_POINTWISE_MUL}, centred, weights, graph.inner(f, scoreDims));
    Descriptor gradScores = graph.pointwise({CUDNN_POINTWISE_MUL}, weighted, graph.scalar(kScale),
                                            graph.inner(type, scoreDims));
    Descriptor gradFlipped = graph.reshape(
        gradScores, graph.tensor(graph.nextVirtual++, type, flipped, flippedStrides, {}));
    graph.matmul(gradFlipped, q, graph.tensor(kGradK, type, keys, s.gradK, real));
    Descriptor k = graph.tensor(graph.nextVirtual++, type, keys, s.k, {});
    graph.reshape(kTransposed, k);
    Descriptor gradQ = graph.tensor(kGradQ, type, queries, s.gradQ, real);
    if (order_ == SumOrder::kFixed) { // Slower, with room for all scores.
        graph.matmul(gradScores, k, gradQ);
        return graph.status;
    }
    Descriptor gradQSum = graph.tensor(kGradQSum, f, queries, Graph::packed(queries), real);
    graph.matmul(gradScores, k, gradQSum);
    graph.pointwise({CUDNN_POINTWISE_IDENTITY}, gradQSum, nullptr, gradQ);
    return graph.status;
}

Status CudnnAttention::prepare()
{
    Graph graph(*libraries_, descriptors_);
    RETURN_IF_ERROR(isBackward_ ? buildBackward(graph) : buildForward(graph));
    ASSIGN_OR_RETURN(const CudnnGraph::Plan chosen,
                     graph.choosePlan(handle_, {}, "this attention"));
    plan_ = chosen.plan;
    workspaceBytes_ = chosen.workspaceBytes;
    scratchBytes_ = alignedToArena(workspaceBytes_);
    if (isBackward_) {
        const int64_t rows = shape_.batch * shape_.heads * shape_.queries;
        scratchBytes_ += alignedToArena(rows * 4);
        if (order_ == SumOrder::kAny)
            scratchBytes_ += alignedToArena(rows * shape_.channels * 4);
    }
    return {};
}

Status CudnnAttention::run(const AttentionPointers& p)
{
    const auto pointer = [](CUdeviceptr address) { return reinterpret_cast<void*>(address); };
    const int64_t rows = shape_.batch * shape_.heads * shape_.queries;
    const CUdeviceptr sum = p.scratch + static_cast<CUdeviceptr>(alignedToArena(workspaceBytes_));
    const CUdeviceptr gradQSum = sum + static_cast<CUdeviceptr>(alignedToArena(rows * 4));
    std::vector<CudnnBinding> bindings{{kQ, pointer(p.q)},
                                       {kK, pointer(p.k)},
                                       {kV, pointer(p.v)},
                                       {kO, pointer(p.o)},
                                       {kStatistics, pointer(p.statistics)},
                                       {kScale, &scale_}};
    if (shape_.isCausal)
        bindings.emplace_back(kMinusInfinity, &minusInfinity_);
    if (isBackward_) {
        bindings.insert(bindings.end(), {{kOne, &one_},
                                         {kGradO, pointer(p.gradO)},
                                         {kGradQ, pointer(p.gradQ)},
                                         {kGradK, pointer(p.gradK)},
                                         {kGradV, pointer(p.gradV)},
                                         {kSum, pointer(sum)}});
        if (order_ == SumOrder::kAny)
            bindings.emplace_back(kGradQSum, pointer(gradQSum));
    }
    return runCudnnPlan(*libraries_, handle_, plan_, bindings, p.scratch, "running an attention");
}

} // namespace alpa::cuda
