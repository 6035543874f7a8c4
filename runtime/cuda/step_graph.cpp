#include "runtime/cuda/step_graph.h"

#include "core/base/check.h"

namespace alpa::cuda
{
namespace
{

/// Longer steps gain nothing, and while a graph runs nobody can tell how far it is: the watchdog
/// would take a step of several seconds for a hang.
constexpr std::chrono::milliseconds kLongestStep{1000};

} // namespace

StepGraph::StepGraph(LibrariesPtr libraries, int eagerSteps)
    : libraries_(std::move(libraries))
    , eagerSteps_(eagerSteps)
{
}

StepGraph::~StepGraph()
{
    if (recorded_ != nullptr)
        libraries_->cuGraphExecDestroy(recorded_);
    for (const Staged& staged : staged_)
        libraries_->cuMemFreeHost(staged.memory);
}

Status StepGraph::beginStep(CUstream stream)
{
    isInStep_ = true;
    nextStaged_ = 0;
    begin_ = std::chrono::steady_clock::now();
    if (isGivenUp_ || recorded_ != nullptr || steps_ < eagerSteps_)
        return {};
    isRecording_ = true;
    // Other threads may allocate meanwhile.
    return driverStatus(
        *libraries_, libraries_->cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "beginning to record a step");
}

Status StepGraph::endStep(CUstream stream)
{
    if (isRecording_) {
        isRecording_ = false;
        CUgraph graph = nullptr;
        RETURN_IF_ERROR(driverStatus(*libraries_, libraries_->cuStreamEndCapture(stream, &graph),
                                     "recording a step"));
        const Status made =
            driverStatus(*libraries_, libraries_->cuGraphInstantiate(&recorded_, graph, 0),
                         "preparing a recorded step");
        libraries_->cuGraphDestroy(graph);
        RETURN_IF_ERROR(made);
    }
    if (!isReplaying())
        return {};
    return driverStatus(*libraries_, libraries_->cuGraphLaunch(recorded_, stream),
                        "launching a recorded step");
}

void StepGraph::finishStep()
{
    if (!isInStep_)
        return;
    isInStep_ = false;
    ++steps_;
    if (recorded_ == nullptr && steps_ == eagerSteps_ &&
        std::chrono::steady_clock::now() - begin_ > kLongestStep)
        giveUp();
}

std::byte* StepGraph::stage(size_t bytes)
{
    if (isGivenUp_)
        return nullptr;
    if (nextStaged_ == staged_.size()) {
        CHECK(!isRecording_ && recorded_ == nullptr, "a step writes what no step before it wrote");
        void* memory = nullptr;
        if (libraries_->cuMemHostAlloc(&memory, bytes, 0) != CUDA_SUCCESS) {
            giveUp();
            return nullptr;
        }
        staged_.push_back({static_cast<std::byte*>(memory), bytes});
    }
    const Staged& next = staged_[nextStaged_++];
    CHECK(next.bytes == bytes, "a step writes other sizes than the steps before it");
    return next.memory;
}

} // namespace alpa::cuda
