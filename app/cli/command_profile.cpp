// alpa profile --devices cuda: measures this machine's GPUs and writes them as a cluster file, which
// every command takes as --cluster.
#include "app/cli/commands.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "runtime/cuda/cuda_backend.h"
#include "runtime/profile/profile_devices.h"

#include <fmt/format.h>

#include <memory>

namespace alpa::cli
{
namespace
{

struct ProfileArguments {
    std::string devices;
    std::string output;
};

Result<int> deviceCount(const std::string& devices)
{
    ASSIGN_OR_RETURN(const int there, cudaDeviceCount());
    if (devices == "cuda")
        return there;
    for (int count = 1; count <= there; ++count) {
        if (devices == fmt::format("cuda:{}", count))
            return count;
    }
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("devices '{}': expected cuda or cuda:N with N up to {}", devices,
                             there));
}

void printProfile(const Cluster& cluster)
{
    print(fmt::format("{} x {}: {} each\n  products  {} TFLOP/s in bf16, {} in f32\n  copies    {} "
                      "TB/s read and written\n  launch    {}\n",
                      cluster.deviceCount(), cluster.device.name,
                      formatMemory(cluster.device.memory),
                      formatNumber(cluster.device.matrixFlops16 / 1e12),
                      formatNumber(cluster.device.matrixFlops32 / 1e12),
                      formatNumber(cluster.device.memoryBandwidth / 1e12),
                      formatSeconds(cluster.device.kernelLaunch)));
    for (const MeasuredCollective& one : cluster.measured)
        print(fmt::format("  {:<16} {} devices  {:>10}  {:>10}\n", collectiveName(one.kind),
                          one.devices, formatBytes(one.bytes), formatSeconds(one.time)));
}

ExitCode runProfile(const Console& console, const ProfileArguments& arguments)
{
    const Result<int> devices = deviceCount(arguments.devices);
    if (!devices.ok())
        return console.fail(devices.error());
    const Result<Cluster> cluster =
        profileCudaDevices(*devices, {.stop = console.stop, .progress = {}});
    if (!cluster.ok())
        return console.fail(cluster.error());
    if (const Status written = writeFileAtomically(arguments.output, clusterToJson(*cluster));
        !written.ok())
        return console.fail(written.error());
    if (!console.json)
        printProfile(*cluster);
    return ExitCode::kOk;
}

} // namespace

Command addProfile(CLI::App& app)
{
    const auto arguments = std::make_shared<ProfileArguments>();
    CLI::App* command =
        app.add_subcommand("profile", "Measure this machine's GPUs, for plans that fit them");
    command->add_option("-d,--devices", arguments->devices, "cuda, or cuda:N for the first N")
        ->required();
    command
        ->add_option("-o,--output", arguments->output, "The cluster file to write, for --cluster")
        ->required();
    command->footer("Example: alpa profile --devices cuda -o machine.json\n"
                    "         alpa plan MODEL --cluster machine.json");
    return [arguments](const Console& console) { return runProfile(console, *arguments); };
}

} // namespace alpa::cli
