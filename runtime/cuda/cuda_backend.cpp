#include "runtime/cuda/cuda_backend.h"

#include "runtime/cuda/cuda_device.h"
#include "runtime/cuda/make_backend.h"

#include <fmt/format.h>

#include <cstdlib>

namespace alpa
{
namespace
{

using namespace cuda;

class CudaBackend final : public Backend
{
public:
    explicit CudaBackend(std::unique_ptr<Shared> shared)
        : shared_(std::move(shared))
    {
    }

    Result<std::unique_ptr<Device>> load(const Program& program, int stage, int device) override
    {
        auto loaded = std::make_unique<CudaDevice>(*shared_, program, stage, device);
        RETURN_IF_ERROR(loaded->load());
        return std::unique_ptr<Device>(std::move(loaded));
    }
    void abort() override { shared_->hub->abort(); }

private:
    std::unique_ptr<Shared> shared_;
};

Result<int> countDevices(const Libraries& libraries)
{
    int count = 0;
    RETURN_IF_ERROR(
        driverStatus(libraries, libraries.cuDeviceGetCount(&count), "counting the GPUs"));
    if (count == 0)
        return Error(ErrorCode::kNotFound, "no NVIDIA GPU on this machine");
    return count;
}

/// "sm_90a": Hopper's own instructions need the letter.
Result<std::string> architectureOf(const Libraries& libraries)
{
    CUdevice gpu = 0;
    int major = 0;
    int minor = 0;
    RETURN_IF_ERROR(driverStatus(libraries, libraries.cuDeviceGet(&gpu, 0), "finding a GPU"));
    libraries.cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, gpu);
    libraries.cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, gpu);
    return fmt::format("sm_{}{}{}", major, minor, major >= 9 ? "a" : "");
}

} // namespace

Result<int> cudaDeviceCount()
{
    ASSIGN_OR_RETURN(const LibrariesPtr libraries, loadLibraries());
    return countDevices(*libraries);
}

Result<std::unique_ptr<Backend>> makeCudaBackend(const CudaOptions& options)
{
    if (options.isDeterministic) { // Before NCCL is loaded.
        setenv("NCCL_ALGO", "Ring", 1);
        setenv("NCCL_PROTO", "Simple", 1);
    }
    ASSIGN_OR_RETURN(LibrariesPtr libraries, loadLibraries());
    return cuda::makeBackend(std::move(libraries), options, kernelCacheFolder());
}

Result<std::unique_ptr<Backend>>
cuda::makeBackend(LibrariesPtr libraries, const CudaOptions& options, const std::string& folder)
{
    auto shared = std::make_unique<Shared>();
    shared->libraries = std::move(libraries);
    ASSIGN_OR_RETURN(shared->deviceCount, countDevices(*shared->libraries));
    ASSIGN_OR_RETURN(std::string architecture, architectureOf(*shared->libraries));
    shared->options = options;
    shared->kernels =
        std::make_unique<KernelCache>(shared->libraries, std::move(architecture), folder);
    shared->hub = std::make_unique<Hub>(shared->libraries);
    return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(std::move(shared)));
}

} // namespace alpa
