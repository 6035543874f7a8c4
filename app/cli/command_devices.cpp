// alpa devices: what this machine can run plans on. The window asks this of every machine that it
// may run on.
#include "app/cli/commands.h"
#include "runtime/cuda/cuda_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace alpa::cli
{
namespace
{

ExitCode runDevices(const Console& console)
{
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const Result<int> gpus = cudaDeviceCount();
    // Without a GPU there is still the CPU: a note, no failure.
    const std::string note = gpus.ok() ? std::string() : gpus.error().message;
    if (console.json) {
        Json json = {{"cores", cores}, {"gpus", gpus.ok() ? *gpus : 0}};
        if (!note.empty())
            json["note"] = note;
        printJson(json);
        return ExitCode::kOk;
    }
    print(fmt::format("cpu   {} core{}; --devices cpu:N runs one thread a device\n", cores,
                      cores == 1 ? "" : "s"));
    if (gpus.ok())
        print(fmt::format("cuda  {} GPU{}; --devices cuda:{}\n", *gpus, *gpus == 1 ? "" : "s",
                          *gpus));
    else
        print(fmt::format("cuda  none: {}\n", note));
    return ExitCode::kOk;
}

} // namespace

Command addDevices(CLI::App& app)
{
    app.add_subcommand("devices", "Show what this machine can run plans on");
    return [](const Console& console) { return runDevices(console); };
}

} // namespace alpa::cli
