#include "runtime/executor/run_program.h"

#include "runtime/cpu/cpu_backend.h"
#include "runtime/executor/host_tiles.h"
#include "runtime/executor/program_run.h"

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
    return ProgramRun(backend, program, inputs, options, collectState).run();
}

} // namespace alpa
