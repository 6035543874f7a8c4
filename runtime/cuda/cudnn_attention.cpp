#include "runtime/cuda/cudnn_attention.h"

#include "core/program/arena_ranges.h"

#include <fmt/format.h>

#include <limits>

namespace alpa::cuda
{
namespace
{

/// What an H200 says of itself: lets cuDNN judge a graph on a machine without one.
constexpr const char* kH200Properties =
    R"({"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64],
"regsPerBlock": 65536, "multiProcessorCount": 132, "warpSize": 32, "maxSharedMemoryPerBlock": 49152,
"maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024,
"maxRegistersPerSM": 65536, "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024,
"maxThreadsPerSM": 2048, "pciDeviceId": 9013, "isTccDriver": 0, "supportCoopLaunch": 1,
"smClockRateKHz": 1980000, "memClockRateKHz": 3201000, "l2CacheSize": 62914560,
"deviceName": "NVIDIA H200", "deviceVer": 900, "driverVer": 13000, "cudaDeviceId": 0,
"totalGlobalMem": 150000000000, "smVersion": 900})";

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

struct CudnnAttention::Graph {
    const Libraries& cudnn;
    std::vector<Descriptor>& all;
    std::vector<Descriptor> operations;
    Status status;
    int64_t nextVirtual = kFirstVirtual;

    Descriptor make(cudnnBackendDescriptorType_t type)
    {
        Descriptor made = nullptr;
        keep(cudnn.cudnnBackendCreateDescriptor(type, &made), "making a descriptor");
        if (made != nullptr)
            all.push_back(made);
        return made;
    }
    void keep(cudnnStatus_t result, const char* what)
    {
        if (status.ok())
            status = cudnnStatus(cudnn, result, what);
    }
    template <typename T>
    void set(Descriptor to, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
             const T& value)
    {
        keep(cudnn.cudnnBackendSetAttribute(to, name, type, 1, &value), "setting an attribute");
    }
    void finalize(Descriptor descriptor)
    {
        keep(cudnn.cudnnBackendFinalize(descriptor), "finishing a descriptor");
    }

    struct Kind {
        bool isVirtual = true;
        bool isByValue = false;
    };
    Descriptor tensor(int64_t id, cudnnDataType_t type, const Dims& dims, const Dims& strides,
                      Kind kind)
    {
        Descriptor made = make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
        set(made, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id);
        set(made, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type);
        const int64_t alignment = 16;
        set(made, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment);
        keep(cudnn.cudnnBackendSetAttribute(made, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4,
                                            dims.data()),
             "setting dimensions");
        keep(cudnn.cudnnBackendSetAttribute(made, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4,
                                            strides.data()),
             "setting strides");
        set(made, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, kind.isVirtual);
        set(made, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, kind.isByValue);
        finalize(made);
        return made;
    }
    static Dims packed(const Dims& d) { return {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1}; }
    Descriptor inner(cudnnDataType_t type, const Dims& dims)
    {
        return tensor(nextVirtual++, type, dims, packed(dims), {});
    }
    Descriptor scalar(int64_t id)
    {
        return tensor(id, CUDNN_DATA_FLOAT, {1, 1, 1, 1}, {1, 1, 1, 1}, {false, true});
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
    Descriptor k = graph.tensor(kK, type, {s.batch, s.heads, s.channels, s.keys},
                                {s.k[0], s.k[1], s.k[3], s.k[2]}, {false, false});
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

Status CudnnAttention::choosePlan(Graph& graph)
{
    Descriptor operations = graph.make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.keep(libraries_->cudnnBackendSetAttribute(
                   operations, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                   static_cast<int64_t>(graph.operations.size()), graph.operations.data()),
               "setting operations");
    if (handle_ != nullptr)
        graph.set(operations, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle_);
    graph.finalize(operations);
    Descriptor heuristics = graph.make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    graph.set(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR,
              operations);
    graph.set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
    if (handle_ == nullptr) {
        Descriptor device = graph.make(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
        const std::string properties = kH200Properties;
        graph.keep(libraries_->cudnnBackendSetAttribute(
                       device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                       static_cast<int64_t>(properties.size()), properties.data()),
                   "describing a device");
        graph.finalize(device);
        graph.set(heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                  device);
    }
    graph.finalize(heuristics);
    RETURN_IF_ERROR(graph.status);
    constexpr int64_t kMost = 8;
    Descriptor configurations[kMost];
    for (Descriptor& configuration : configurations)
        configuration = graph.make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    int64_t count = 0;
    const cudnnStatus_t found = libraries_->cudnnBackendGetAttribute(
        heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, kMost, &count,
        static_cast<void*>(configurations));
    if (found != CUDNN_STATUS_SUCCESS || count == 0)
        return Error(ErrorCode::kUnsupported, "cuDNN has no engine for this attention");
    if (handle_ == nullptr)
        return {};
    for (int64_t i = 0; i < std::min(count, kMost); ++i) {
        Descriptor plan = graph.make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        graph.set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle_);
        graph.set(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                  configurations[i]);
        if (libraries_->cudnnBackendFinalize(plan) != CUDNN_STATUS_SUCCESS)
            continue;
        int64_t elements = 0;
        graph.keep(
            libraries_->cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                                 CUDNN_TYPE_INT64, 1, &elements, &workspaceBytes_),
            "asking for the workspace");
        plan_ = plan;
        return graph.status;
    }
    return Error(ErrorCode::kUnsupported, "no engine of cuDNN can be compiled for this attention");
}

Status CudnnAttention::prepare()
{
    Graph graph{*libraries_, descriptors_, {}, {}, kFirstVirtual};
    RETURN_IF_ERROR(isBackward_ ? buildBackward(graph) : buildForward(graph));
    RETURN_IF_ERROR(choosePlan(graph));
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
    std::vector<int64_t> ids{kQ, kK, kV, kO, kStatistics, kScale};
    std::vector<void*> pointers{pointer(p.q), pointer(p.k),          pointer(p.v),
                                pointer(p.o), pointer(p.statistics), &scale_};
    if (shape_.isCausal) {
        ids.push_back(kMinusInfinity);
        pointers.push_back(&minusInfinity_);
    }
    if (isBackward_) {
        ids.insert(ids.end(), {kOne, kGradO, kGradQ, kGradK, kGradV, kSum});
        pointers.insert(pointers.end(), {&one_, pointer(p.gradO), pointer(p.gradQ),
                                         pointer(p.gradK), pointer(p.gradV), pointer(sum)});
        if (order_ == SumOrder::kAny) {
            ids.push_back(kGradQSum);
            pointers.push_back(pointer(gradQSum));
        }
    }
    const Libraries& cudnn = *libraries_;
    Descriptor pack = nullptr;
    RETURN_IF_ERROR(cudnnStatus(
        cudnn, cudnn.cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack),
        "binding memory"));
    void* workspace = pointer(p.scratch);
    const auto count = static_cast<int64_t>(ids.size());
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64,
                                   count, ids.data());
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                                   count, static_cast<const void*>(pointers.data()));
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                                   static_cast<const void*>(&workspace));
    cudnnStatus_t done = cudnn.cudnnBackendFinalize(pack);
    if (done == CUDNN_STATUS_SUCCESS)
        done = cudnn.cudnnBackendExecute(handle_, plan_, pack);
    cudnn.cudnnBackendDestroyDescriptor(pack);
    return cudnnStatus(cudnn, done, "running an attention");
}

} // namespace alpa::cuda
