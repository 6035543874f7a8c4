#include "runtime/cuda/kernel_cache.h"

#include "core/base/files.h"
#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>

namespace alpa::cuda
{
namespace
{

/// NVRTC takes about 10 ms a kernel in units of many and 35 ms in units of one.
constexpr size_t kKernelsPerUnit = 12;
constexpr size_t kMostThreads = 12;

/// FNV-1a, 64 bits.
uint64_t hashOf(const std::string& text, uint64_t seed)
{
    uint64_t hash = 14695981039346656037ULL ^ seed;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return hash;
}

} // namespace

std::string kernelCacheFolder()
{
    if (const char* cache = std::getenv("XDG_CACHE_HOME"))
        return std::string(cache) + "/alpa-explorer/kernels";
    if (const char* home = std::getenv("HOME"))
        return std::string(home) + "/.cache/alpa-explorer/kernels";
    return "";
}

KernelCache::KernelCache(LibrariesPtr libraries, std::string architecture, std::string folder)
    : libraries_(std::move(libraries))
    , architecture_(std::move(architecture))
    , folder_(std::move(folder))
{
}

Result<std::string> KernelCache::compileUnit(const std::vector<std::string>& bodies) const
{
    std::string source = kKernelPrelude;
    for (size_t i = 0; i < bodies.size(); ++i)
        source += fmt::format("#define NAME k{}\nextern \"C\" __global__ void {}#undef NAME\n", i,
                              bodies[i]);
    int major = 0;
    int minor = 0;
    libraries_->nvrtcVersion(&major, &minor);
    const std::string key = fmt::format("{} {}.{} {}", architecture_, major, minor, source);
    const std::string file =
        fmt::format("{}/{:016x}{:016x}.cubin", folder_, hashOf(key, 0), hashOf(key, 0x9E3779B9));
    if (!folder_.empty()) {
        Result<std::string> kept = readFile(file);
        if (kept.ok())
            return kept;
    }
    const Libraries& nvrtc = *libraries_;
    nvrtcProgram program = nullptr;
    if (nvrtc.nvrtcCreateProgram(&program, source.c_str(), "kernels.cu", 0, nullptr, nullptr) !=
        NVRTC_SUCCESS)
        return Error(ErrorCode::kDevice, "NVRTC cannot make a program");
    const std::string target = "--gpu-architecture=" + architecture_;
    const char* options[] = {target.c_str(),     "--std=c++17",
                             "-ftz=true",        "-prec-div=false",
                             "-prec-sqrt=false", "--device-as-default-execution-space"};
    const nvrtcResult done = nvrtc.nvrtcCompileProgram(program, 6, options);
    if (done != NVRTC_SUCCESS) {
        size_t size = 0;
        nvrtc.nvrtcGetProgramLogSize(program, &size);
        std::string log(size, '\0');
        nvrtc.nvrtcGetProgramLog(program, log.data());
        nvrtc.nvrtcDestroyProgram(&program);
        return Error(ErrorCode::kDevice,
                     fmt::format("NVRTC: {}: {}\n{}", nvrtc.nvrtcGetErrorString(done),
                                 log.substr(0, 3000),
                                 std::getenv("ALPA_SHOW_KERNELS") != nullptr ? source : ""));
    }
    size_t size = 0;
    nvrtc.nvrtcGetCUBINSize(program, &size);
    std::string image(size, '\0');
    nvrtc.nvrtcGetCUBIN(program, image.data());
    nvrtc.nvrtcDestroyProgram(&program);
    if (!folder_.empty()) {
        std::error_code ignored;
        std::filesystem::create_directories(folder_, ignored);
        // A cache that cannot be written costs time only.
        static_cast<void>(writeFileAtomically(file, image).ok());
    }
    return image;
}

Result<std::vector<std::shared_ptr<const CompiledUnit>>>
KernelCache::compile(const std::vector<std::string>& bodies)
{
    const std::lock_guard lock(mutex_);
    std::vector<std::string> fresh;
    std::set<std::string> seen;
    for (const std::string& body : bodies) {
        if (!unitOf_.contains(body) && seen.insert(body).second)
            fresh.push_back(body);
    }
    // Equal programs make equal units, whatever order their kernels came in.
    std::ranges::sort(fresh);
    std::vector<std::shared_ptr<CompiledUnit>> units;
    for (size_t begin = 0; begin < fresh.size(); begin += kKernelsPerUnit) {
        units.push_back(std::make_shared<CompiledUnit>());
        const size_t end = std::min(begin + kKernelsPerUnit, fresh.size());
        units.back()->bodies.assign(fresh.begin() + static_cast<std::ptrdiff_t>(begin),
                                    fresh.begin() + static_cast<std::ptrdiff_t>(end));
    }
    std::vector<std::optional<Error>> failures(units.size());
    std::atomic<size_t> next{0};
    {
        const size_t threads = std::min<size_t>(
            {kMostThreads, units.size(), std::max(1U, std::thread::hardware_concurrency())});
        std::vector<std::jthread> workers;
        for (size_t t = 0; t < threads; ++t)
            workers.emplace_back([&] {
                for (size_t u = next++; u < units.size(); u = next++) {
                    Result<std::string> image = compileUnit(units[u]->bodies);
                    if (image.ok())
                        units[u]->image = std::move(image).value();
                    else
                        failures[u] = image.error();
                }
            });
    }
    for (const std::optional<Error>& failure : failures) {
        if (failure)
            return *failure;
    }
    for (const auto& unit : units) {
        for (const std::string& body : unit->bodies)
            unitOf_[body] = unit;
    }
    std::set<std::shared_ptr<const CompiledUnit>> wanted;
    for (const std::string& body : bodies)
        wanted.insert(unitOf_.at(body));
    return std::vector<std::shared_ptr<const CompiledUnit>>(wanted.begin(), wanted.end());
}

} // namespace alpa::cuda
