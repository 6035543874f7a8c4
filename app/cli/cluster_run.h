// Running a plan on local devices: shared by `alpa run` and `alpa compare --run`.
#pragma once

#include "app/cli/load_inputs.h"
#include "core/plan/parallel_plan.h"
#include "runtime/cuda/launch_times.h"

#include <functional>

namespace alpa::cli
{

struct RunRequest {
    std::string devices; ///< "cpu:4"
    int steps = 5;
    std::optional<std::string> inputs;
    std::optional<double> learningRate; ///< Unset: the plan's.
    std::optional<std::string> traceFile;
    size_t tracedLaunches = 0;                              ///< Of the last step, in the trace.
    std::function<void(const std::string& json)> onTrace{}; ///< Beside the file, at the end.
    LaunchTimes* times = nullptr;                           ///< Of GPUs: filled if given.
    bool isDeterministic = false; ///< Of GPUs: the same bits in every run.
    bool fusesAttention = true;   ///< Of GPUs: runs attention by a kernel of its own.
    bool recordsSteps = true;     ///< Of a GPU alone: launches a recorded step.
    /// Without progress for so long the run ends; unset: as long as suits the devices.
    std::optional<Seconds> watchdog{};
    /// When everything is there and lowered; bytes that each device sets aside.
    std::function<void(const std::vector<int64_t>& deviceBytes)> onStart;
    std::function<void(const StepReport&)> onStep;
};

/// Can the plan run on `devices`? Fails with kInvalidInput or kUnsupported saying what would do.
Status checkDevices(const ParallelPlan& plan, const std::string& devices);

/// Lowers the plan and runs it. Fails as lowering, reading the inputs and running do.
Result<RunResult> runPlanOn(const ParallelPlan& plan, const RunRequest& request,
                            const JobControl& control);

/// Median over the steps after the first, which warms up; of the only step if there is one.
Seconds medianStep(const std::vector<StepReport>& steps);

} // namespace alpa::cli
