// alpa run PLAN --devices cpu:N or cuda: trains for some steps, and compares the measured step with
// the predicted one. The window runs this with --json and reads the lines as they come.
#include "app/cli/cluster_run.h"
#include "app/cli/commands.h"
#include "core/base/text.h"
#include "core/plan/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace alpa::cli
{
namespace
{

constexpr const char* kTraceToOutput = "-";

struct RunArguments {
    std::string plan;
    std::string devices;
    int steps = 10;
    std::string inputs;
    std::string trace;
    size_t traceInstructions = 100000;
    std::string attention = "fused";
    std::string graphs = "on";
    bool isDeterministic = false;
    double learningRate = -1;
    double watchdogSeconds = 0;
};

using Clock = std::chrono::steady_clock;

/// When what a run begins with was done.
struct Beginning {
    Clock::time_point start = Clock::now();
    Clock::time_point lowered = start, stepped = start;
    static Seconds between(Clock::time_point from, Clock::time_point to)
    {
        return Seconds(std::chrono::duration<double>(to - from).count());
    }
    Seconds lowering() const { return between(start, lowered); }
    Seconds firstStep() const { return between(start, stepped); }
};

double milliseconds(Seconds time) { return time.count * 1e3; }

/// Failures in the form that the window reads.
ExitCode failRun(const Console& console, const Error& error)
{
    if (console.json && error.code != ErrorCode::kCancelled)
        printJson({{"event", "error"}, {"message", error.message}});
    return Console{.stop = console.stop, .json = false}.fail(error);
}

void reportStart(const Console& console, const ParallelPlan& plan, const std::string& kind,
                 int steps, const std::vector<int64_t>& deviceBytes)
{
    const int devices = plan.cluster.deviceCount();
    if (console.json)
        printJson({{"event", "start"},
                   {"devices", devices},
                   {"microbatches", plan.microbatches},
                   {"steps", steps},
                   {"predicted_ms", milliseconds(plan.stepTime)},
                   {"device_bytes", deviceBytes}});
    else
        print(fmt::format(
            "{}: {} on {} {} {}, batch {} in {} {}\n\n{:>6}  {:>12}  {:>10}  {:>10}\n",
            plan.modelName, plan.cluster.name, devices, kind.starts_with("cuda") ? "CUDA" : "CPU",
            devices == 1 ? "device" : "devices", plan.globalBatch(), plan.microbatches,
            plan.microbatches == 1 ? "microbatch" : "microbatches", "step", "loss", "time",
            "samples/s"));
}

void reportStep(const Console& console, const ParallelPlan& plan, const StepReport& step)
{
    const double samplesPerSecond =
        step.time.count > 0 ? static_cast<double>(plan.globalBatch()) / step.time.count : 0;
    if (console.json)
        printJson({{"event", "step"},
                   {"step", step.step},
                   {"loss", step.loss},
                   {"ms", milliseconds(step.time)},
                   {"samples_per_second", samplesPerSecond}});
    else
        print(fmt::format("{:>6}  {:>12.6f}  {:>10}  {:>10}\n", step.step, step.loss,
                          formatSeconds(step.time), formatNumber(samplesPerSecond)));
}

void reportDone(const Console& console, const ParallelPlan& plan, const RunResult& result,
                const Beginning& beginning)
{
    const Seconds median = medianStep(result.steps);
    if (console.json) {
        printJson({{"event", "done"},
                   {"median_ms", milliseconds(median)},
                   {"first_step_after_ms", milliseconds(beginning.firstStep())},
                   {"steps", result.steps.size()}});
        return;
    }
    print(fmt::format("\nmedian step {} measured, {} predicted for {} (ratio {})\n",
                      formatSeconds(median), formatSeconds(plan.stepTime), plan.cluster.device.name,
                      formatNumber(median / plan.stepTime)));
}

/// Compiling, tuning and joining make a first step on GPUs long.
void reportBeginning(const Beginning& beginning, Seconds step)
{
    print(fmt::format("first step done after {}: plan and program {}, loading {}, the step {}\n",
                      formatSeconds(beginning.firstStep()), formatSeconds(beginning.lowering()),
                      formatSeconds(beginning.firstStep() - beginning.lowering() - step),
                      formatSeconds(step)));
}

/// What the planned device would need for it at its best sustained rates.
Seconds floorOf(const LaunchClass& one, const DeviceKind& device)
{
    return Seconds(std::max(one.bytes / device.memoryBandwidth, one.flops / device.matrixFlops16));
}

void printClass(const std::string& name, const LaunchClass& one, const DeviceKind& device)
{
    const Seconds floor = floorOf(one, device);
    print(fmt::format("{:<44}  {:>8}  {:>9}  {:>9}  {:>9}  {:>7}\n", name, one.launches,
                      formatSeconds(one.time), formatSeconds(one.predicted), formatSeconds(floor),
                      formatNumber(floor.count > 0 ? one.time / floor : 0)));
}

/// Where one step of the first GPU went; the longest launches below the classes.
void reportTimes(const LaunchTimes& times, const ParallelPlan& plan)
{
    if (times.classes.empty())
        return;
    const DeviceKind& device = plan.cluster.device;
    print(fmt::format("\n{:<44}  {:>8}  {:>9}  {:>9}  {:>9}  {:>7}\n", "class", "launches",
                      "measured", "predicted", "floor", "ratio"));
    for (const auto& [name, one] : times.classes)
        printClass(name, one, device);
    for (const auto& [name, one] : times.beside)
        printClass(name + ", beside the others", one, device);
    std::vector<std::pair<std::string, LaunchClass>> longest(times.launches.begin(),
                                                             times.launches.end());
    std::ranges::sort(longest, {}, [](const auto& entry) { return -entry.second.time.count; });
    print("\n");
    for (size_t i = 0; i < std::min<size_t>(16, longest.size()); ++i)
        printClass(longest[i].first, longest[i].second, device);
    print(fmt::format("\narena {} of the first GPU, {} predicted, {} without fusion\n",
                      formatMemory(Bytes(times.arenaBytes)),
                      formatMemory(plan.stages.front().memory.total()),
                      formatMemory(Bytes(times.plannedBytes))));
}

/// As one of the run's lines: no text within it has line breaks.
void reportTrace(const std::string& json)
{
    std::string line = json;
    std::erase(line, '\n');
    print("{\"event\": \"trace\", " + line.substr(1) + "\n");
}

RunRequest requestOf(const RunArguments& arguments)
{
    RunRequest request;
    request.devices = arguments.devices;
    request.steps = arguments.steps;
    request.isDeterministic = arguments.isDeterministic;
    request.fusesAttention = arguments.attention == "fused";
    request.recordsSteps = arguments.graphs == "on";
    if (arguments.watchdogSeconds > 0)
        request.watchdog = Seconds(arguments.watchdogSeconds);
    if (!arguments.inputs.empty())
        request.inputs = arguments.inputs;
    if (arguments.trace == kTraceToOutput)
        request.onTrace = reportTrace;
    else if (!arguments.trace.empty())
        request.traceFile = arguments.trace;
    request.tracedLaunches = arguments.traceInstructions;
    if (arguments.learningRate >= 0)
        request.learningRate = arguments.learningRate;
    return request;
}

ExitCode runRun(const Console& console, const RunArguments& arguments)
{
    if (arguments.trace == kTraceToOutput && !console.json)
        return console.fail(
            Error(ErrorCode::kInvalidInput,
                  "--trace - writes among the lines of --json, which is not given"));
    Beginning beginning;
    const auto plan = loadPlan(arguments.plan);
    if (!plan.ok())
        return failRun(console, plan.error());
    if (const Status devices = checkDevices(**plan, arguments.devices); !devices.ok())
        return failRun(console, devices.error());
    LaunchTimes times;
    RunRequest request = requestOf(arguments);
    request.times = &times;
    request.onStart = [&](const std::vector<int64_t>& bytes) {
        beginning.lowered = Clock::now();
        reportStart(console, **plan, arguments.devices, arguments.steps, bytes);
    };
    request.onStep = [&](const StepReport& step) {
        if (step.step == 0)
            beginning.stepped = Clock::now();
        reportStep(console, **plan, step);
    };
    const Result<RunResult> result =
        runPlanOn(**plan, request, {.stop = console.stop, .progress = {}});
    if (!result.ok()) {
        const ExitCode code = failRun(console, result.error());
        // Handlers at exit would wait for a GPU that hangs, or whose peers wait for one that
        // failed.
        if (arguments.devices.starts_with("cuda") && (result.error().code == ErrorCode::kAborted ||
                                                      result.error().code == ErrorCode::kDevice)) {
            std::fflush(nullptr);
            std::_Exit(static_cast<int>(code));
        }
        return code;
    }
    reportDone(console, **plan, *result, beginning);
    if (console.json || !arguments.devices.starts_with("cuda"))
        return ExitCode::kOk;
    reportBeginning(beginning, result->steps.front().time);
    reportTimes(times, **plan);
    return ExitCode::kOk;
}

} // namespace

Command addRun(CLI::App& app)
{
    const auto arguments = std::make_shared<RunArguments>();
    CLI::App* command = app.add_subcommand("run", "Train with a plan on devices of this machine");
    command->add_option("PLAN", arguments->plan, "Plan file")->required();
    command->add_option("-d,--devices", arguments->devices, "cpu:N, one thread per device, or cuda")
        ->required();
    command->add_option("-n,--steps", arguments->steps, "Training steps, all on the same batch")
        ->check(CLI::Range(1, 1000000));
    command->add_option("-i,--inputs", arguments->inputs,
                        "Safetensors file with 'param:NAME' and 'batch:NAME'; else random values");
    command->add_option("--learning-rate", arguments->learningRate, "Else the plan's")
        ->check(CLI::Range(0.0, 1e6));
    command
        ->add_option("--attention", arguments->attention,
                     "fused, or raw: products and a softmax, also where a GPU has a kernel for it")
        ->check(CLI::IsMember({"fused", "raw"}));
    command
        ->add_option("--cuda-graphs", arguments->graphs,
                     "on: a GPU alone launches a recorded step as a whole; or off")
        ->check(CLI::IsMember({"on", "off"}));
    command
        ->add_option(
            "--watchdog", arguments->watchdogSeconds,
            "End the run when no device gets further for so many seconds (8 on GPUs, 60 on "
            "the CPU)")
        ->check(CLI::Range(0.1, 1e6));
    command->add_flag("--deterministic", arguments->isDeterministic,
                      "The same bits in every run, also on GPUs, which are slower so");
    command->add_option("--trace", arguments->trace,
                        "Write what ran when, for Perfetto; -: as one of the lines of --json");
    command
        ->add_option("--trace-instructions", arguments->traceInstructions,
                     "With --trace: up to so many instructions of the last step one by one, shared "
                     "by the devices (100000)")
        ->check(CLI::Range(0, 10000000));
    command->footer("Example: alpa run plan.json --devices cpu:4 --steps 5");
    return [arguments](const Console& console) { return runRun(console, *arguments); };
}

} // namespace alpa::cli
