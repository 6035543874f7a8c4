// Runs a verified Program on devices of one backend, step by step.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/program/program.h"
#include "core/trace/trace.h"
#include "runtime/device/device.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace alpa
{

/// A whole tensor on the host, row-major, in its dtype's bytes (bf16 as 2 bytes, pred as 1). No
/// bytes of a parameter or state stand for zeros: optimizer states need no memory on the host.
struct HostBuffer {
    TensorType type;
    std::vector<std::byte> bytes;
};

struct StepReport {
    int step = 0;
    double loss = 0;
    Seconds time;
};

struct RunOptions {
    int steps = 1;
    bool recordTrace = true;
    /// Of the last step the trace also holds each launch: so many at most, shared by the devices.
    size_t tracedLaunches = 0;
    /// When no device begins another instruction for so long, the run ends with every device's
    /// position.
    Seconds watchdog{60.0};
    JobControl control;
    std::function<void(const StepReport&)> onStep; ///< After each step, from the calling thread.
};

struct RunResult {
    std::vector<StepReport> steps;
    Trace trace;
    /// Parameters and optimizer state after the last step, whole, by input name (only when
    /// `collectState`).
    std::map<std::string, HostBuffer> state;
};

/// `inputs`: whole tensors by input name: all parameters, states, and batch inputs of the whole
/// global batch (dimension 0 = microbatch size x microbatches; microbatch m takes rows [m * size,
/// (m + 1) * size)). The same batch is used in every step. Fails with kInvalidInput naming a
/// missing or misshapen input, kDevice or kAborted with positions if a device fails or hangs,
/// kCancelled.
Result<RunResult> runProgram(const Program& program,
                             const std::map<std::string, HostBuffer>& inputs,
                             const RunOptions& options, bool collectState = false);
/// The same on the devices of `backend`, which serves one run only. Without it: on CPU devices in
/// this process.
Result<RunResult> runProgram(Backend& backend, const Program& program,
                             const std::map<std::string, HostBuffer>& inputs,
                             const RunOptions& options, bool collectState = false);
/// The same with inputs that `makeInputs` yields, called once from a thread of its own while the
/// devices load. Fails as it does.
using InputsMaker = std::function<Result<std::map<std::string, HostBuffer>>()>;
Result<RunResult> runProgram(Backend& backend, const Program& program,
                             const InputsMaker& makeInputs, const RunOptions& options);

} // namespace alpa
