#include "runtime/profile/profile_device.h"

#include "runtime/cuda/cudnn_attention.h"
#include "runtime/cuda/gemm_runner.h"
#include "runtime/cuda/kernel_cache.h"

#include <algorithm>

namespace alpa::profile
{
namespace
{

using namespace cuda;

/// A generated kernel, as a program's are.
class ProfiledKernel
{
public:
    ProfiledKernel(Bench& bench, const Libraries& driver)
        : bench_(bench)
        , driver_(driver)
    {
    }
    ~ProfiledKernel()
    {
        if (module_ != nullptr)
            driver_.cuModuleUnload(module_);
    }
    ProfiledKernel(const ProfiledKernel&) = delete;
    ProfiledKernel& operator=(const ProfiledKernel&) = delete;

    Status compile(KernelCache& kernels, const std::string& body)
    {
        ASSIGN_OR_RETURN(const auto units, kernels.compile({body}));
        RETURN_IF_ERROR(bench_.check(driver_.cuModuleLoadData(&module_, units[0]->image.data())));
        return bench_.check(driver_.cuModuleGetFunction(&function_, module_, "k0"));
    }
    Status launch(unsigned blocks, void** arguments) const
    {
        return bench_.check(driver_.cuLaunchKernel(function_, blocks, 1, 1, kThreads, 1, 1, 0,
                                                   bench_.stream, arguments, nullptr));
    }

    static constexpr unsigned kThreads = 256; ///< A block's, which bodies name too.

private:
    Bench& bench_;
    const Libraries& driver_;
    CUmodule module_ = nullptr;
    CUfunction function_ = nullptr;
};

/// Fills both buffers with values that differ: constant ones flatter matrix products.
Status scramble(Bench& bench, const Libraries& driver, KernelCache& kernels)
{
    ProfiledKernel kernel(bench, driver);
    RETURN_IF_ERROR(kernel.compile(
        kernels,
        "__launch_bounds__(256) NAME(u32* p0, unsigned n)\n{\n"
        "for (unsigned i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) {\n"
        "unsigned x = i * 2654435761u; x ^= x >> 15; x *= 2246822519u; x ^= x >> 13;\n"
        // Two bf16 of magnitude one half to two, any sign.
        "p0[i] = (x & 0x807f807fu) | 0x3f003f00u;\n}\n}\n"));
    auto count = static_cast<unsigned>(kBufferBytes / 4);
    for (CUdeviceptr memory : {bench.a, bench.b}) {
        void* arguments[] = {&memory, &count};
        RETURN_IF_ERROR(kernel.launch(1056, arguments));
    }
    while (driver.cuStreamQuery(bench.stream) == CUDA_ERROR_NOT_READY)
        std::this_thread::yield();
    return {};
}

/// Longer than the host takes to launch a kernel: some 10 us.
constexpr unsigned kCycles = 20000;
constexpr int kSpins = 500;
/// Until a loop moves its bytes at full rate, and behind that: 0.7 to 1.2 us in steps of GPT-125M
/// and 1.3B on an H200.
constexpr Seconds kRamp{0.9e-6};

/// What element-wise kernels reach, which is less than a plain copy: two operands, one result. And
/// what a kernel takes that has nothing to do.
Status profileLoops(Bench& bench, const Libraries& driver, KernelCache& kernels, DeviceKind& device)
{
    ProfiledKernel kernel(bench, driver);
    RETURN_IF_ERROR(kernel.compile(
        kernels, "__launch_bounds__(256) NAME(float* p0, const float* p1, const float* p2, "
                 "unsigned n)\n{\nconst unsigned i = blockIdx.x * 256 + threadIdx.x;\n"
                 "if (i < n)\np0[i] = p1[i] * 0.5f + p2[i];\n}\n"));
    constexpr int64_t kBytes = kBufferBytes / 2;
    CUdeviceptr result = bench.b;
    CUdeviceptr left = bench.a;
    CUdeviceptr right = bench.a + static_cast<CUdeviceptr>(kBytes);
    auto count = static_cast<unsigned>(kBytes / 4);
    void* arguments[] = {&result, &left, &right, &count};
    const unsigned blocks = count / ProfiledKernel::kThreads;
    ASSIGN_OR_RETURN(const Seconds loop,
                     bench.time([&] { return kernel.launch(blocks, arguments); }));
    device.memoryBandwidth = 3.0 * static_cast<double>(kBytes) / loop.count;
    // What lies between two kernels: two take it twice, and one that is twice as long once.
    ProfiledKernel spin(bench, driver);
    RETURN_IF_ERROR(spin.compile(
        kernels, "__launch_bounds__(256) NAME(unsigned cycles)\n{\n"
                 "const long long begin = clock64();\nwhile (clock64() - begin < cycles) {}\n}\n"));
    const auto spinning = [&](unsigned cycles) {
        void* argument[] = {&cycles};
        return bench.time([&] { return spin.launch(1, argument); }, kSpins);
    };
    ASSIGN_OR_RETURN(const Seconds once, spinning(kCycles));
    ASSIGN_OR_RETURN(const Seconds twice, spinning(2 * kCycles));
    device.kernelLaunch = std::max(once * 2.0 - twice, Seconds(1e-7)) + kRamp;
    return {};
}

constexpr size_t kWorkspace = size_t{64} << 20;
/// Fitted to cuBLASLt's products on an H200, as the rate of its preset is: a tile's start and end,
/// and the rate without them over that of large products.
constexpr double kTileLatency = 4e-6;
constexpr double kWithoutTileLatency = 820.0 / 795.0;

/// Until clocks are those of a GPU at work.
constexpr Seconds kWarmUp{2.0};

/// Rate of the median of several large products, as transformers have them.
Result<double> productRate(Bench& bench, const LibrariesPtr& libraries, DType dtype)
{
    constexpr int64_t kShapes[][3] = {
        {8192, 2048, 2048}, {8192, 8192, 2048}, {8192, 2048, 8192}, {4096, 4096, 4096}};
    cublasLtHandle_t handle = nullptr;
    RETURN_IF_ERROR(blasStatus(libraries->cublasLtCreate(&handle), "starting cuBLASLt"));
    std::vector<double> rates;
    for (const auto& [m, n, k] : kShapes) {
        GemmShape shape;
        shape.typeA = shape.typeD = dtype;
        shape.m = m;
        shape.n = n;
        shape.k = k;
        shape.strideAm = k;
        shape.strideBk = n;
        Gemm gemm(libraries, handle, shape);
        RETURN_IF_ERROR(gemm.prepare(kWorkspace));
        const auto half = static_cast<CUdeviceptr>(kBufferBytes / 2);
        const CUdeviceptr workspace = bench.b + half;
        RETURN_IF_ERROR(gemm.tune(bench.a, bench.a + half, bench.b, workspace, bench.stream));
        if (rates.empty())
            RETURN_IF_ERROR(bench.timeSustained(
                [&] {
                    return gemm.run(bench.a, bench.a + half, bench.b, false, workspace,
                                    bench.stream);
                },
                kWarmUp));
        ASSIGN_OR_RETURN(const Seconds time, bench.timeInStep([&] {
            return gemm.run(bench.a, bench.a + half, bench.b, false, workspace, bench.stream);
        }));
        rates.push_back(shape.flops() / time.count);
    }
    libraries->cublasLtDestroy(handle);
    std::ranges::sort(rates);
    return (rates[1] + rates[2]) / 2;
}

/// FLOP/s of causal attention of a GPT's shape, or 0 if cuDNN has no kernel for it.
Result<double> attentionRate(Bench& bench, const LibrariesPtr& libraries, bool isBackward,
                             const DeviceKind& device)
{
    if (!libraries->hasCudnn)
        return 0.0;
    cudnnHandle_t handle = nullptr;
    RETURN_IF_ERROR(cudnnStatus(*libraries, libraries->cudnnCreate(&handle), "starting cuDNN"));
    RETURN_IF_ERROR(cudnnStatus(
        *libraries, libraries->cudnnSetStream(handle, reinterpret_cast<cudaStream_t>(bench.stream)),
        "starting cuDNN"));
    AttentionShape shape;
    shape.batch = 8;
    shape.heads = 32;
    shape.queries = shape.keys = 1024;
    shape.channels = 64;
    shape.isCausal = true;
    shape.scale = 0.125;
    const int64_t width = shape.heads * shape.channels;
    shape.q = {shape.queries * width, shape.channels, width, 1};
    for (auto* strides :
         {&shape.k, &shape.v, &shape.o, &shape.gradO, &shape.gradQ, &shape.gradK, &shape.gradV})
        *strides = shape.q;
    double rate = 0;
    {
        CudnnAttention attention(libraries, handle, shape, isBackward);
        if (attention.prepare().ok()) {
            const auto part = static_cast<CUdeviceptr>(kBufferBytes / 16);
            AttentionPointers at;
            CUdeviceptr next = bench.a;
            for (CUdeviceptr* pointer : {&at.q, &at.k, &at.v, &at.o, &at.gradO, &at.gradQ,
                                         &at.gradK, &at.gradV, &at.statistics}) {
                *pointer = next;
                next += part;
            }
            at.scratch = bench.b;
            ASSIGN_OR_RETURN(const Seconds time,
                             bench.timeInStep([&] { return attention.run(at); }));
            rate = (fusion::attentionFlops(shape, isBackward) +
                    fusion::attentionTail(shape, isBackward, device.matrixUnits)) /
                   (time - device.kernelLaunch * fusion::attentionLaunches(isBackward)).count;
        }
    }
    libraries->cudnnDestroy(handle);
    return rate;
}

} // namespace

Status profileDevice(Bench& bench, const LibrariesPtr& libraries, DeviceKind& device)
{
    const Libraries& driver = *libraries;
    size_t freeBytes = 0;
    size_t allBytes = 0;
    RETURN_IF_ERROR(bench.check(driver.cuMemGetInfo(&freeBytes, &allBytes)));
    ASSIGN_OR_RETURN(device.name, bench.deviceName());
    device.memory = Bytes(static_cast<int64_t>(allBytes));
    KernelCache kernels(libraries, "sm_90", "");
    RETURN_IF_ERROR(scramble(bench, driver, kernels));
    RETURN_IF_ERROR(profileLoops(bench, driver, kernels, device));
    ASSIGN_OR_RETURN(device.matrixFlops16, productRate(bench, libraries, DType::kBF16));
    ASSIGN_OR_RETURN(device.matrixFlops32, productRate(bench, libraries, DType::kF32));
    device.matrixFlops16 *= kWithoutTileLatency;
    device.tileLatency = Seconds(kTileLatency);
    RETURN_IF_ERROR(bench.check(driver.cuDeviceGetAttribute(
        &device.matrixUnits, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, bench.gpu())));
    ASSIGN_OR_RETURN(device.attentionFlops, attentionRate(bench, libraries, false, device));
    ASSIGN_OR_RETURN(device.attentionGradientFlops, attentionRate(bench, libraries, true, device));
    if (device.attentionGradientFlops <= 0)
        device.attentionFlops = 0;
    device.fusesKernels = true;
    return {};
}

Result<std::vector<MeasuredProduct>> timeProducts(Bench& bench, const LibrariesPtr& libraries,
                                                  const std::vector<MeasuredProduct>& wanted)
{
    cublasLtHandle_t handle = nullptr;
    RETURN_IF_ERROR(blasStatus(libraries->cublasLtCreate(&handle), "starting cuBLASLt"));
    const Libraries& driver = *libraries;
    constexpr int64_t kResultBytes = int64_t{4} << 30;
    CUdeviceptr result = 0;
    RETURN_IF_ERROR(
        bench.check(driver.cuMemAlloc(&result, static_cast<size_t>(kResultBytes) + kWorkspace)));
    const CUdeviceptr workspace = result + static_cast<CUdeviceptr>(kResultBytes);
    std::vector<MeasuredProduct> measured;
    for (MeasuredProduct one : wanted) {
        if (2 * one.batch * one.m * one.k > kBufferBytes ||
            2 * one.batch * one.k * one.n > kBufferBytes ||
            2 * one.batch * one.m * one.n > kResultBytes)
            continue;
        GemmShape shape;
        shape.typeA = shape.typeD = DType::kBF16;
        shape.m = one.m;
        shape.n = one.n;
        shape.k = shape.strideAm = one.k;
        shape.strideBk = one.n;
        shape.batch = {one.batch, one.m * one.k, one.k * one.n, one.m * one.n};
        Gemm gemm(libraries, handle, shape);
        if (!gemm.prepare(kWorkspace).ok())
            continue;
        RETURN_IF_ERROR(gemm.tune(bench.a, bench.b, result, workspace, bench.stream));
        ASSIGN_OR_RETURN(one.time, bench.timeInStep([&] {
            return gemm.run(bench.a, bench.b, result, false, workspace, bench.stream);
        }));
        measured.push_back(one);
    }
    libraries->cublasLtDestroy(handle);
    RETURN_IF_ERROR(bench.check(driver.cuMemFree(result)));
    return measured;
}

} // namespace alpa::profile
