#include "runtime/cuda/cuda_libraries.h"

#include <fmt/format.h>

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

namespace alpa::cuda
{
namespace
{

#define ALPA_TEXT_OF(name) #name
#define ALPA_TEXT(name) ALPA_TEXT_OF(name)

void addFolders(const char* variable, const char* suffix, std::vector<std::string>& folders)
{
    const char* value = std::getenv(variable);
    if (value == nullptr)
        return;
    std::string rest = value;
    while (!rest.empty()) {
        const size_t colon = rest.find(':');
        folders.push_back(rest.substr(0, colon) + suffix);
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
}

/// Wheels put each library in site-packages/nvidia/NAME/lib.
void addWheels(const std::string& root, std::vector<std::string>& folders)
{
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const fs::directory_entry& python : fs::directory_iterator(root + "/lib", ignored)) {
        const fs::path wheels = python.path() / "site-packages" / "nvidia";
        for (const fs::directory_entry& wheel : fs::directory_iterator(wheels, ignored))
            folders.push_back((wheel.path() / "lib").string());
    }
}

std::vector<std::string> searchFolders()
{
    std::vector<std::string> folders;
    addFolders("ALPA_CUDA_LIBRARIES", "", folders);
    folders.emplace_back(); // The loader's own path.
    addFolders("CUDA_HOME", "/lib64", folders);
    folders.emplace_back("/usr/local/cuda/lib64");
    if (const char* environment = std::getenv("VIRTUAL_ENV"))
        addWheels(environment, folders);
    return folders;
}

/// Nullptr when no folder has it. Libraries stay loaded until the process ends: their threads and
/// exit handlers do not survive unloading.
void* openLibrary(const std::vector<std::string>& folders, const std::vector<std::string>& names)
{
    for (const std::string& folder : folders) {
        for (const std::string& name : names) {
            const std::string path = folder.empty() ? name : folder + "/" + name;
            if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
                return handle;
        }
    }
    return nullptr;
}

template <typename Function>
bool loadFunction(void* handle, const char* name, Function& function)
{
    function = reinterpret_cast<Function>(dlsym(handle, name));
    return function != nullptr;
}

#define ALPA_LOAD(name)                                                                            \
    if (!loadFunction(handle, ALPA_TEXT(name), libraries.name))                                    \
        return Error(                                                                              \
            ErrorCode::kUnsupported,                                                               \
            fmt::format("{} has no {}: it is older than CUDA 12.6", library, ALPA_TEXT(name)));

Status loadDriver(Libraries& libraries, const std::vector<std::string>& folders)
{
    const char* library = "libcuda.so.1";
    void* handle = openLibrary(folders, {"libcuda.so.1"});
    if (handle == nullptr)
        return Error(ErrorCode::kNotFound, "no NVIDIA driver on this machine (libcuda.so.1)");
    ALPA_DRIVER_FUNCTIONS(ALPA_LOAD)
    return {};
}

Status loadNvrtc(Libraries& libraries, const std::vector<std::string>& folders)
{
    const char* library = "libnvrtc";
    void* handle = openLibrary(folders, {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
    if (handle == nullptr)
        return Error(ErrorCode::kNotFound,
                     "libnvrtc.so.13 is not found; name its folder in ALPA_CUDA_LIBRARIES");
    ALPA_NVRTC_FUNCTIONS(ALPA_LOAD)
    return {};
}

Status loadBlas(Libraries& libraries, const std::vector<std::string>& folders)
{
    const char* library = "libcublasLt";
    void* handle =
        openLibrary(folders, {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"});
    if (handle == nullptr)
        return Error(ErrorCode::kNotFound,
                     "libcublasLt.so.13 is not found; name its folder in ALPA_CUDA_LIBRARIES");
    ALPA_CUBLASLT_FUNCTIONS(ALPA_LOAD)
    return {};
}

Status loadNccl(Libraries& libraries, const std::vector<std::string>& folders)
{
    RETURN_IF_ERROR(prepareNccl());
    const char* library = "libnccl";
    void* handle = openLibrary(folders, {"libnccl.so.2", "libnccl.so"});
    if (handle == nullptr)
        return {};
    ALPA_NCCL_FUNCTIONS(ALPA_LOAD)
    libraries.hasNccl = true;
    return {};
}

Status loadCudnn(Libraries& libraries, const std::vector<std::string>& folders)
{
    const char* library = "libcudnn";
    void* handle = openLibrary(folders, {"libcudnn.so.9"});
    if (handle == nullptr)
        return {};
    ALPA_CUDNN_FUNCTIONS(ALPA_LOAD)
    libraries.hasCudnn = true;
    return {};
}

} // namespace

namespace
{

/// What a person can change; empty where nothing is known to help.
const char* adviceFor(CUresult result)
{
    switch (static_cast<int>(result)) {
    case CUDA_ERROR_OUT_OF_MEMORY:
        return "; plan with more microbatches or a smaller --memory, or free the GPU (nvidia-smi "
               "lists who holds it)";
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
        return "; a kernel is at fault: run again with --attention raw and --cuda-graphs off";
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
        return "; the GPU or its links are at fault: choose others by CUDA_VISIBLE_DEVICES";
    default:
        return "";
    }
}

} // namespace

Result<LibrariesPtr> loadLibraries()
{
    const auto libraries = std::make_shared<Libraries>();
    const std::vector<std::string> folders = searchFolders();
    RETURN_IF_ERROR(loadDriver(*libraries, folders));
    const CUresult started = libraries->cuInit(0);
    if (started == CUDA_ERROR_NO_DEVICE || started == CUDA_ERROR_STUB_LIBRARY)
        return Error(ErrorCode::kNotFound, "no NVIDIA GPU on this machine");
    RETURN_IF_ERROR(driverStatus(*libraries, started, "starting the driver"));
    RETURN_IF_ERROR(loadNvrtc(*libraries, folders));
    RETURN_IF_ERROR(loadBlas(*libraries, folders));
    RETURN_IF_ERROR(loadNccl(*libraries, folders));
    RETURN_IF_ERROR(loadCudnn(*libraries, folders));
    return LibrariesPtr(libraries);
}

Result<LibrariesPtr> loadCompiler()
{
    const auto libraries = std::make_shared<Libraries>();
    RETURN_IF_ERROR(loadNvrtc(*libraries, searchFolders()));
    return LibrariesPtr(libraries);
}

Status prepareNccl()
{
    const char* set = std::getenv("NCCL_NVLS_ENABLE");
    if (set != nullptr && std::string(set) != "0")
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("NCCL_NVLS_ENABLE is {}: NVLink multicast can put the GPUs of a "
                                 "host out of service, set it to 0 or not at all",
                                 set));
    setenv("NCCL_NVLS_ENABLE", "0", 1);
    // Collectives of several communicators begin in program order on every device.
    setenv("NCCL_LAUNCH_ORDER_IMPLICIT", "1", 0);
    // Members connect when they join: else the first collective would block its host thread until
    // all have come, where nobody can end a run that hangs.
    setenv("NCCL_RUNTIME_CONNECT", "0", 0);
    return {};
}

Result<LibrariesPtr> loadCollectives()
{
    const auto libraries = std::make_shared<Libraries>();
    RETURN_IF_ERROR(loadNccl(*libraries, searchFolders()));
    if (!libraries->hasNccl)
        return Error(ErrorCode::kNotFound, "libnccl.so.2 is not found");
    return LibrariesPtr(libraries);
}

Result<LibrariesPtr> loadGraphJudge()
{
    const auto libraries = std::make_shared<Libraries>();
    const std::vector<std::string> folders = searchFolders();
    // cuDNN wants some driver; where there is none, the toolkit's stand-in does.
    if (openLibrary(folders, {"libcuda.so.1"}) == nullptr)
        openLibrary({"/usr/local/cuda/lib64/stubs"}, {"libcuda.so"});
    RETURN_IF_ERROR(loadCudnn(*libraries, folders));
    if (!libraries->hasCudnn)
        return Error(ErrorCode::kNotFound, "libcudnn.so.9 is not found");
    return LibrariesPtr(libraries);
}

Status driverStatus(const Libraries& libraries, CUresult result, const std::string& what)
{
    if (result == CUDA_SUCCESS)
        return {};
    const char* text = nullptr;
    libraries.cuGetErrorString(result, &text);
    return Error(result == CUDA_ERROR_OUT_OF_MEMORY ? ErrorCode::kOutOfMemory : ErrorCode::kDevice,
                 fmt::format("CUDA: {} while {}{}", text == nullptr ? "unknown error" : text, what,
                             adviceFor(result)));
}

Status blasStatus(cublasStatus_t result, const std::string& what)
{
    if (result == CUBLAS_STATUS_SUCCESS)
        return {};
    return Error(ErrorCode::kDevice,
                 fmt::format("cuBLASLt: status {} while {}", static_cast<int>(result), what));
}

Status ncclStatus(const Libraries& libraries, ncclResult_t result, const std::string& what)
{
    if (result == ncclSuccess)
        return {};
    return Error(ErrorCode::kDevice,
                 fmt::format("NCCL: {} while {}", libraries.ncclGetErrorString(result), what));
}

Status cudnnStatus(const Libraries& libraries, cudnnStatus_t result, const std::string& what)
{
    if (result == CUDNN_STATUS_SUCCESS)
        return {};
    return Error(ErrorCode::kDevice,
                 fmt::format("cuDNN: {} while {}", libraries.cudnnGetErrorString(result), what));
}

} // namespace alpa::cuda
