// alpa profile --devices cuda: measures this machine's GPUs and writes them as a cluster file,
// which every command takes as --cluster.
#include "app/cli/commands.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/cost/fused_costs.h"
#include "core/cost/product_shapes.h"
#include "core/training/rebatch.h"
#include "core/training/training_step.h"
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
    std::string model;
    int64_t globalBatch = 0;
};

/// The products of the model's training step, split as up to so many devices may.
Result<std::vector<MeasuredProduct>> productsOf(const Console& console,
                                                const ProfileArguments& arguments, int devices)
{
    std::vector<MeasuredProduct> products;
    if (arguments.model.empty())
        return products;
    ASSIGN_OR_RETURN(Graph graph, loadModel(console, arguments.model, {}));
    if (arguments.globalBatch > 0) {
        ASSIGN_OR_RETURN(graph, rebatch(graph, arguments.globalBatch));
    }
    ASSIGN_OR_RETURN(const TrainingStep step, makeTrainingStep(graph, {}));
    // Attentions are measured apart.
    for (const ProductShape& shape : productShapes(step.graph, attentionOps(step.graph), devices))
        products.push_back({static_cast<int64_t>(shape.batch), static_cast<int64_t>(shape.m),
                            static_cast<int64_t>(shape.n), static_cast<int64_t>(shape.k),
                            Seconds(0)});
    return products;
}

Result<int> deviceCount(const std::string& devices)
{
    ASSIGN_OR_RETURN(const int there, cudaDeviceCount());
    if (devices == "cuda")
        return there;
    for (int count = 1; count <= there; ++count) {
        if (devices == fmt::format("cuda:{}", count))
            return count;
    }
    return Error(
        ErrorCode::kInvalidInput,
        fmt::format("devices '{}': expected cuda or cuda:N with N up to {}", devices, there));
}

void printProfile(const Cluster& cluster)
{
    print(fmt::format("{} x {}: {} each\n  products  {} TFLOP/s in bf16, {} in f32\n  loops     {} "
                      "TB/s read and written\n  launch    {}\n",
                      cluster.deviceCount(), cluster.device.name,
                      formatMemory(cluster.device.memory),
                      formatNumber(cluster.device.matrixFlops16 / 1e12),
                      formatNumber(cluster.device.matrixFlops32 / 1e12),
                      formatNumber(cluster.device.memoryBandwidth / 1e12),
                      formatSeconds(cluster.device.kernelLaunch)));
    if (cluster.device.attentionFlops > 0)
        print(fmt::format("  attention {} TFLOP/s forward, {} backward\n",
                          formatNumber(cluster.device.attentionFlops / 1e12),
                          formatNumber(cluster.device.attentionGradientFlops / 1e12)));
    if (!cluster.device.products.empty())
        print(
            fmt::format("  products  {} of the model measured\n", cluster.device.products.size()));
    if (!cluster.measured.empty())
        print(
            fmt::format("  hidden    {} % of reductions beside computation, {} % of gathers beside "
                        "updates\n",
                        formatNumber(100 * cluster.device.reductionOverlap),
                        formatNumber(100 * cluster.device.gatherOverlap)));
    for (const MeasuredCollective& one : cluster.measured)
        print(fmt::format("  {:<16} {} devices  {:>10}  {:>10}\n", collectiveName(one.kind),
                          one.devices, formatBytes(one.bytes), formatSeconds(one.time)));
}

ExitCode runProfile(const Console& console, const ProfileArguments& arguments)
{
    const Result<int> devices = deviceCount(arguments.devices);
    if (!devices.ok())
        return console.fail(devices.error());
    const auto products = productsOf(console, arguments, *devices);
    if (!products.ok())
        return console.fail(products.error());
    const Result<Cluster> cluster =
        profileCudaDevices(*devices, *products, {.stop = console.stop, .progress = {}});
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
    command->add_option("--model", arguments->model,
                        "Also measure the matrix products of this model's plans");
    command
        ->add_option("-b,--global-batch", arguments->globalBatch,
                     "Samples of one step of the model; else the file's")
        ->check(CLI::Range(1, 1 << 30));
    command->footer("Example: alpa profile --devices cuda --model MODEL -b 16 -o machine.json\n"
                    "         alpa plan MODEL --cluster machine.json");
    return [arguments](const Console& console) { return runProfile(console, *arguments); };
}

} // namespace alpa::cli
