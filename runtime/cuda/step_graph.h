// A device's step as one CUDA graph: recorded while the host enqueues it, launched whole from then
// on.
#pragma once

#include "core/base/units.h"
#include "runtime/cuda/cuda_libraries.h"

#include <chrono>
#include <cstddef>
#include <vector>

namespace alpa::cuda
{

class StepGraph
{
public:
    /// `eagerSteps`: so many run launch by launch before one is recorded.
    StepGraph(LibrariesPtr libraries, int eagerSteps);
    ~StepGraph();
    StepGraph(const StepGraph&) = delete;
    StepGraph& operator=(const StepGraph&) = delete;

    /// From now on steps are not recorded: one of them does what no graph can repeat.
    void giveUp() { isGivenUp_ = true; }

    Status beginStep(CUstream stream);
    /// Launches what was recorded, if anything. What lies between beginStep and endStep belongs to
    /// the step.
    Status endStep(CUstream stream);
    /// Says that the step has run.
    void finishStep();

    bool isInStep() const { return isInStep_; }
    /// Is what the host enqueues recorded and not run?
    bool isRecording() const { return isInStep_ && isRecording_; }
    /// Is there nothing to enqueue, since a recorded step stands for it?
    bool isReplaying() const { return isInStep_ && recorded_ != nullptr; }

    /// Pinned memory for the next bytes that the host writes in this step, the same in every step.
    /// Null if there is none to be had: then the graph is given up.
    std::byte* stage(size_t bytes);

private:
    struct Staged {
        std::byte* memory = nullptr;
        size_t bytes = 0;
    };

    LibrariesPtr libraries_;
    int eagerSteps_;
    int steps_ = 0;
    bool isGivenUp_ = false, isInStep_ = false, isRecording_ = false;
    std::chrono::steady_clock::time_point begin_;
    CUgraphExec recorded_ = nullptr;
    std::vector<Staged> staged_;
    size_t nextStaged_ = 0;
};

} // namespace alpa::cuda
