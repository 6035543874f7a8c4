#include "app/cli/cluster_run.h"

#include "core/base/files.h"
#include "core/lowering/lower_plan.h"
#include "core/lowering/predict_times.h"
#include "core/trace/trace.h"
#include "runtime/cpu/cpu_backend.h"
#include "runtime/cuda/cuda_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>

namespace alpa::cli
{
namespace
{

/// "cuda" takes as many GPUs as the plan has devices; "cuda:N" must say that number.
Status checkGpus(const ParallelPlan& plan, const std::string& devices)
{
    const int wanted = plan.cluster.deviceCount();
    const auto count = cudaDeviceCount();
    if (!count.ok())
        return count.error().in(fmt::format("devices '{}'", devices));
    if (devices != "cuda" && devices != fmt::format("cuda:{}", wanted))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("devices '{}': the plan is for {} devices ({}), use cuda:{}",
                                 devices, wanted, plan.cluster.name, wanted));
    if (*count < wanted)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("devices '{}': the plan is for {} GPUs, this machine has {}; plan "
                                 "for --cluster h200-x{}",
                                 devices, wanted, *count, *count));
    return {};
}

/// Per device of the cluster: the arenas of its stages.
std::vector<int64_t> deviceBytes(const Program& program, int devices)
{
    std::vector<int64_t> bytes(static_cast<size_t>(devices), 0);
    for (const StageProgram& stage : program.stages) {
        for (const DeviceId device : stage.mesh.devices) {
            if (device.number < bytes.size())
                bytes[device.number] += stage.arenaBytes;
        }
    }
    return bytes;
}

} // namespace

Status checkDevices(const ParallelPlan& plan, const std::string& devices)
{
    const size_t colon = devices.find(':');
    const std::string kind = devices.substr(0, colon);
    if (kind == "cuda")
        return checkGpus(plan, devices);
    int count = 0;
    const char* end = devices.data() + devices.size();
    const char* begin = colon == std::string::npos ? end : devices.data() + colon + 1;
    const auto [stop, code] = std::from_chars(begin, end, count);
    if (kind != "cpu" || code != std::errc() || stop != end || count < 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("devices '{}': expected cpu:N or cuda, for example cpu:{}",
                                 devices, plan.cluster.deviceCount()));
    if (count != plan.cluster.deviceCount())
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("devices '{}': the plan is for {} devices ({}), use cpu:{} or "
                                 "plan for --cluster cpu-x{}",
                                 devices, plan.cluster.deviceCount(), plan.cluster.name,
                                 plan.cluster.deviceCount(), count));
    return {};
}

Result<RunResult> runPlanOn(const ParallelPlan& plan, const RunRequest& request,
                            const JobControl& control)
{
    RETURN_IF_ERROR(checkDevices(plan, request.devices));
    const double rate = request.learningRate.value_or(plan.options.optimizer.learningRate);
    // Parameters are made while the plan is lowered and the devices load.
    std::future<Result<HostInputs>> inputs =
        std::async(std::launch::async, [&plan, &request, rate] {
            return loadInputs(*plan.graph, {.file = request.inputs,
                                            .views = plan.views,
                                            .microbatches = plan.microbatches,
                                            .learningRate = rate});
        });
    if (request.inputs) { // A file may be refused, which comes before anything else.
        ASSIGN_OR_RETURN(HostInputs given, inputs.get());
        std::promise<Result<HostInputs>> known;
        known.set_value(std::move(given));
        inputs = known.get_future();
    }
    control.report("lowering the plan", -1);
    ASSIGN_OR_RETURN(Program program, lowerPlan(plan));
    if (request.onStart)
        request.onStart(deviceBytes(program, plan.cluster.deviceCount()));
    RunOptions options;
    options.steps = request.steps;
    // The host stays near the GPU: seconds without progress mean that something hangs.
    const bool isCuda = request.devices.starts_with("cuda");
    if (isCuda)
        options.watchdog = Seconds(8.0);
    options.watchdog = request.watchdog.value_or(options.watchdog);
    options.recordTrace = request.traceFile || request.onTrace;
    options.tracedLaunches = request.tracedLaunches;
    options.control = control;
    options.onStep = request.onStep;
    std::unique_ptr<Backend> backend;
    if (isCuda || options.recordTrace)
        predictTimes(plan, program);
    if (isCuda) {
        const DeviceKind device = pricedCluster(plan.cluster, plan.options.constraints).device;
        const bool isPlannedRaw = device.fusesKernels && device.attentionFlops <= 0;
        ASSIGN_OR_RETURN(backend,
                         makeCudaBackend({.times = request.times,
                                          .isDeterministic = request.isDeterministic,
                                          .fusesAttention = request.fusesAttention && !isPlannedRaw,
                                          .recordsSteps = request.recordsSteps}));
    } else {
        backend = makeCpuBackend();
    }
    const InputsMaker takeInputs = [&inputs] { return inputs.get(); };
    ASSIGN_OR_RETURN(RunResult result, runProgram(*backend, program, takeInputs, options));
    if (options.recordTrace) {
        const std::string json = traceToChromeJson(result.trace, program);
        if (request.traceFile)
            RETURN_IF_ERROR(writeFileAtomically(*request.traceFile, json));
        if (request.onTrace)
            request.onTrace(json);
    }
    return result;
}

Seconds medianStep(const std::vector<StepReport>& steps)
{
    std::vector<double> times;
    for (size_t i = steps.size() > 1 ? 1 : 0; i < steps.size(); ++i)
        times.push_back(steps[i].time.count);
    if (times.empty())
        return Seconds(0);
    std::ranges::sort(times);
    const size_t middle = times.size() / 2;
    return Seconds(times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2);
}

} // namespace alpa::cli
