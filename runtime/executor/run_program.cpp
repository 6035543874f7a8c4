#include "runtime/executor/run_program.h"

#include "runtime/cpu/cpu_backend.h"
#include "runtime/executor/host_tiles.h"
#include "runtime/executor/program_run.h"

#include <future>
#include <optional>
#include <thread>

namespace alpa
{

Result<RunResult> runProgram(const Program& program,
                             const std::map<std::string, HostBuffer>& inputs,
                             const RunOptions& options, bool collectState)
{
    const std::unique_ptr<Backend> backend = makeCpuBackend();
    return runProgram(*backend, program, inputs, options, collectState);
}

Result<RunResult> runProgram(Backend& backend, const Program& program,
                             const std::map<std::string, HostBuffer>& inputs,
                             const RunOptions& options, bool collectState)
{
    RETURN_IF_ERROR(checkInputs(program, inputs));
    std::promise<const HostBuffers*> known;
    known.set_value(&inputs);
    return ProgramRun(backend, program, known.get_future().share(), options, collectState).run();
}

Result<RunResult> runProgram(Backend& backend, const Program& program,
                             const InputsMaker& makeInputs, const RunOptions& options)
{
    std::optional<Result<HostBuffers>> inputs;
    std::promise<const HostBuffers*> made;
    std::jthread maker([&] {
        inputs = makeInputs();
        if (inputs->ok()) {
            if (const Status checked = checkInputs(program, **inputs); !checked.ok())
                inputs = checked.error();
        }
        made.set_value(inputs->ok() ? &inputs->value() : nullptr);
    });
    Result<RunResult> result =
        ProgramRun(backend, program, made.get_future().share(), options, false).run();
    maker.join();
    if (!inputs->ok())
        return inputs->error();
    return result;
}

} // namespace alpa
