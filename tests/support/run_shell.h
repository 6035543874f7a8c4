// Runs a command line as a user would.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace alpa
{

struct FinishedCommand {
    std::string output; ///< Of both streams, as they came.
    int exitCode = -1;  ///< -1: could not start, or was ended by a signal.
};

/// Without input; returns when it ends.
inline FinishedCommand runShell(const std::string& command)
{
    FinishedCommand finished;
    FILE* pipe = popen((command + " 2>&1 < /dev/null").c_str(), "r");
    if (pipe == nullptr)
        return finished;
    std::array<char, 4096> block;
    size_t count = 0;
    while ((count = fread(block.data(), 1, block.size(), pipe)) > 0)
        finished.output.append(block.data(), count);
    const int status = pclose(pipe);
    finished.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return finished;
}

} // namespace alpa
