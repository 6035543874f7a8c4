#include "runtime/cuda/cuda_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace alpa::cuda
{
namespace
{

/// Reads of at most this size go through pinned memory, so that the host does not wait for them.
constexpr size_t kSmallRead = 65536;
/// finish() looks for failures of others once in so many looks.
constexpr int kLooksBetweenChecks = 64;
constexpr size_t kLaunchesPerMark = 256;
/// From any arena: beyond every GPU's memory, for tests.
constexpr int64_t kNowhere = int64_t{1} << 46;

} // namespace

Status CudaDevice::launchKernel(CUfunction function, const KernelText& text, void** arguments,
                                CUstream stream)
{
    return check(driver_.cuLaunchKernel(
                     function, static_cast<unsigned>(text.grid[0]),
                     static_cast<unsigned>(text.grid[1]), static_cast<unsigned>(text.grid[2]),
                     static_cast<unsigned>(text.block[0]), static_cast<unsigned>(text.block[1]),
                     static_cast<unsigned>(text.block[2]), 0, stream, arguments, nullptr),
                 "launching a kernel");
}

Status CudaDevice::launchCopy(CUfunction function, const KernelText& text, CUdeviceptr from,
                              CUdeviceptr to, CUstream stream)
{
    CUdeviceptr none = 0;
    int isFirst = 0;
    void* arguments[] = {&from, &to, &none, &isFirst};
    return launchKernel(function, text, arguments, stream);
}

Status CudaDevice::runKernel(BoundKernel& kernel, int microbatch, bool isFirst, CUstream stream)
{
    const size_t count = kernel.places.size();
    for (size_t i = 0; i < count; ++i) {
        kernel.pointers[i] = at(kernel.places[i], microbatch);
        kernel.arguments[i] = &kernel.pointers[i];
    }
    int first = isFirst ? 1 : 0;
    kernel.pointers[count] = scratch();
    kernel.arguments[count] = &kernel.pointers[count];
    kernel.arguments[count + 1] = &first;
    return launchKernel(kernel.function, *kernel.text, kernel.arguments.data(), stream);
}

/// Waits until the GPU has done what was launched some marks ago.
Status CudaDevice::keepPace()
{
    if (++launchCount_ % kLaunchesPerMark != 0 || (recording_ && recording_->isRecording()))
        return {};
    CUevent& mark = marks_[launchCount_ / kLaunchesPerMark % marks_.size()];
    if (mark == nullptr)
        RETURN_IF_ERROR(
            check(driver_.cuEventCreate(&mark, CU_EVENT_DISABLE_TIMING), "making an event"));
    else
        while (driver_.cuEventQuery(mark) == CUDA_ERROR_NOT_READY) {
            if (shared_.hub->isAborted())
                return Error(ErrorCode::kAborted, "another device failed first");
            std::this_thread::yield();
        }
    return check(driver_.cuEventRecord(mark, stream_), "recording an event");
}

CudaOptions::Fault CudaDevice::faultOf(const BoundLaunch& launch) const
{
    if (!shared_.options.faults)
        return CudaOptions::Fault::kNone;
    return shared_.options.faults(
        stageIndex_, device_,
        *graph_->nodes()[static_cast<size_t>(launch.planned->node)].instruction);
}

Status CudaDevice::runLaunch(BoundLaunch& launch, int microbatch)
{
    if (isLeftOut(launch))
        return {};
    const bool isFirst = isFirstRun(*launch.planned, microbatch);
    switch (launch.planned->kind) {
    case PlannedLaunch::Kind::kKernels:
        if (launch.convolution)
            return runConvolution(launch, microbatch);
        for (BoundKernel& kernel : launch.kernels) {
            if (faultOf(launch) == CudaOptions::Fault::kBadAddress)
                kernel.places.assign(kernel.places.size(), Place{.offset = kNowhere});
            RETURN_IF_ERROR(runKernel(kernel, microbatch, isFirst, stream_));
        }
        return {};
    case PlannedLaunch::Kind::kGemm:
        return launch.gemm->run(at(launch.places[0], microbatch), at(launch.places[1], microbatch),
                                at(launch.places[2], microbatch),
                                launch.planned->accumulates && !isFirst, workspace_, stream_);
    case PlannedLaunch::Kind::kAttention:
        return runAttention(launch, microbatch);
    case PlannedLaunch::Kind::kCollective:
        if (launch.done != nullptr) // Begun on the side: its result is needed now.
            return check(driver_.cuStreamWaitEvent(stream_, launch.done, 0), "waiting");
        return runCollective(launch, microbatch, stream_, scratch());
    case PlannedLaunch::Kind::kSend:
        return runSend(launch, microbatch);
    case PlannedLaunch::Kind::kReceive:
        break;
    }
    return runReceive(launch, microbatch);
}

Status CudaDevice::run(SegmentKind segment, size_t index, int microbatch)
{
    if (shared_.hub->isAborted())
        return Error(ErrorCode::kAborted, "another device failed first");
    hasRun_ = true;
    if (recording_ && recording_->isReplaying())
        return {};
    RETURN_IF_ERROR(awaitCarrier(segment));
    for (const size_t l : launchesAt_[static_cast<size_t>(segment)][index]) {
        BoundLaunch& launch = launches_[l];
        RETURN_IF_ERROR(meetSide(launch, microbatch));
        if (launch.planned->isOnSide)
            continue;
        if (launch.planned->isOncePerStep &&
            firstMicrobatch_[static_cast<size_t>(segment)] != microbatch)
            continue;
        recordLaunch({.launch = launch.done == nullptr ? l : kWaiting, .microbatch = microbatch});
        RETURN_IF_ERROR(runLaunch(launch, microbatch));
        if (!launch.followers.empty() &&
            lastMicrobatch_[static_cast<size_t>(segment)] == microbatch)
            RETURN_IF_ERROR(beginFollowers(launch));
        RETURN_IF_ERROR(keepPace());
    }
    return endSegment(segment, index);
}

Status CudaDevice::meetSide(BoundLaunch& launch, int microbatch)
{
    if (!launch.issues.empty()) {
        RETURN_IF_ERROR(check(driver_.cuEventRecord(ready_, stream_), "recording an event"));
        RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(side_, ready_, 0), "waiting"));
        for (const size_t l : launch.issues) {
            recordSide({.launch = l, .microbatch = microbatch});
            RETURN_IF_ERROR(runOnSide(launches_[l], microbatch));
            recordSide({.launch = l, .microbatch = microbatch});
            const auto segment = static_cast<size_t>(
                graph_->nodes()[static_cast<size_t>(launches_[l].planned->node)].segment);
            if (!launches_[l].followers.empty() && lastMicrobatch_[segment] == microbatch)
                RETURN_IF_ERROR(beginFollowers(launches_[l]));
        }
    }
    if (!launch.joins.empty())
        recordLaunch({.launch = kWaiting});
    for (const size_t l : launch.joins)
        RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(stream_, launches_[l].done, 0), "waiting"));
    return {};
}

Status CudaDevice::runOnSide(BoundLaunch& launch, int microbatch)
{
    if (isLeftOut(launch))
        return {};
    if (launch.planned->kind == PlannedLaunch::Kind::kCollective)
        RETURN_IF_ERROR(runCollective(launch, microbatch, side_, sideScratch_));
    const bool isFirst = isFirstRun(*launch.planned, microbatch);
    for (BoundKernel& kernel : launch.kernels)
        RETURN_IF_ERROR(runKernel(kernel, microbatch, isFirst, side_));
    return launch.done == nullptr
               ? Status()
               : check(driver_.cuEventRecord(launch.done, side_), "recording an event");
}

/// The memory of a segment's temporaries may be used anew after it.
Status CudaDevice::endSegment(SegmentKind segment, size_t index)
{
    const auto which = static_cast<size_t>(segment);
    if (index + 1 != launchesAt_[which].size())
        return {};
    recordLaunch({.launch = joinsAtEnd_[which] ? kWaiting : kNothing});
    if (!joinsAtEnd_[which])
        return {};
    RETURN_IF_ERROR(check(driver_.cuEventRecord(sideDone_, side_), "recording an event"));
    return check(driver_.cuStreamWaitEvent(stream_, sideDone_, 0), "waiting");
}

/// Small ones travel together.
Status CudaDevice::beginFollowers(BoundLaunch& launch)
{
    const bool isGroup =
        launch.followers.size() > 1 && std::ranges::all_of(launch.followers, [&](size_t l) {
            return launches_[l].collective.pack == nullptr &&
                   launches_[l].collective.unpack == nullptr && !isLeftOut(launches_[l]);
        });
    RETURN_IF_ERROR(check(driver_.cuEventRecord(ready_, stream_), "recording an event"));
    RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(side_, ready_, 0), "waiting"));
    const Mark mark{.launch = launch.followers.back(), .group = &launch.followers};
    recordSide(mark);
    if (isGroup)
        driver_.ncclGroupStart();
    for (const size_t follower : launch.followers)
        RETURN_IF_ERROR(runCollective(launches_[follower], 0, side_, sideScratch_));
    if (isGroup)
        RETURN_IF_ERROR(
            ncclStatus(driver_, driver_.ncclGroupEnd(), "starting a group of collectives"));
    for (const size_t follower : launch.followers)
        RETURN_IF_ERROR(
            check(driver_.cuEventRecord(launches_[follower].done, side_), "recording an event"));
    recordSide(mark);
    return {};
}

Status CudaDevice::zero(BufferId buffer)
{
    const Place& where = place(buffer);
    if (where.offset < 0 || isReplaced_[buffer.index()] ||
        (recording_ && recording_->isReplaying()))
        return {};
    return check(driver_.cuMemsetD8Async(
                     at(where, 0), 0, static_cast<size_t>(where.slots * where.slotBytes), stream_),
                 "clearing a buffer");
}

Status CudaDevice::write(BufferId buffer, int microbatch, std::span<const std::byte> bytes)
{
    const std::byte* source = bytes.data();
    if (recording_ && recording_->isInStep()) {
        if (std::byte* staged = recording_->stage(bytes.size())) {
            std::memcpy(staged, bytes.data(), bytes.size());
            source = staged;
        }
        if (recording_->isReplaying())
            return {};
    }
    return check(
        driver_.cuMemcpyHtoDAsync(at(place(buffer), microbatch), source, bytes.size(), stream_),
        "writing to the GPU");
}

Status CudaDevice::read(BufferId buffer, int microbatch, std::span<std::byte> bytes)
{
    std::byte* target = bytes.data();
    const size_t rounded = (bytes.size() + 15) / 16 * 16;
    if (rounded <= kSmallRead && pinnedUsed_ + rounded <= pinnedBytes_) {
        target = pinned_ + pinnedUsed_;
        reads_.push_back({pinnedUsed_, bytes});
        pinnedUsed_ += rounded;
    } else if (recording_ && recording_->isInStep()) {
        recording_->giveUp();
    }
    if (recording_ && recording_->isReplaying())
        return {};
    return check(
        driver_.cuMemcpyDtoHAsync(target, at(place(buffer), microbatch), bytes.size(), stream_),
        "reading from the GPU");
}

/// Whole steps of a device that needs no other are recorded, after those that warm up or are timed.
void CudaDevice::allowRecording()
{
    const bool communicates = std::ranges::any_of(planned_, [](const PlannedLaunch& planned) {
        return planned.kind == PlannedLaunch::Kind::kCollective ||
               planned.kind == PlannedLaunch::Kind::kSend ||
               planned.kind == PlannedLaunch::Kind::kReceive;
    });
    if (shared_.options.recordsSteps && !communicates && program_.deviceCount() == 1)
        recording_ = std::make_unique<StepGraph>(
            shared_.libraries, shared_.options.times == nullptr ? kWarmSteps : kTimedStep + 1);
}

Status CudaDevice::beginStep() { return recording_ ? recording_->beginStep(stream_) : Status(); }

Status CudaDevice::finish()
{
    if (recording_)
        RETURN_IF_ERROR(recording_->endStep(stream_));
    recordLaunch({.launch = kNothing});
    CUresult state = driver_.cuStreamQuery(stream_);
    for (int look = 0; state == CUDA_ERROR_NOT_READY; ++look) {
        if (look % kLooksBetweenChecks == 0) {
            if (shared_.hub->isAborted())
                return Error(ErrorCode::kAborted, "another device failed first");
            for (const auto& [axes, communicator] : communicators_) {
                ncclResult_t problem = ncclSuccess;
                driver_.ncclCommGetAsyncError(communicator, &problem);
                RETURN_IF_ERROR(ncclStatus(driver_, problem, "waiting for collectives"));
            }
        }
        std::this_thread::yield();
        state = driver_.cuStreamQuery(stream_);
    }
    RETURN_IF_ERROR(check(state, "waiting for the GPU"));
    for (const PendingRead& read : reads_)
        std::memcpy(read.target.data(), pinned_ + read.offset, read.target.size());
    reads_.clear();
    pinnedUsed_ = 0;
    if (recording_)
        recording_->finishStep();
    // A finish ends a step, but for those of loading.
    collectLaunches();
    takeLaunchTimes();
    timed_.clear();
    timedSide_.clear();
    return {};
}

void CudaDevice::recordTime(size_t slot)
{
    if (recording_ && recording_->isInStep())
        recording_->giveUp(); // Only what is launched by itself can be timed.
    while (slot >= times_.size()) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        times_.push_back(event);
    }
    driver_.cuEventRecord(times_[slot], stream_);
}

Seconds CudaDevice::recordedTime(size_t slot) const { return between(base_, times_[slot]); }

} // namespace alpa::cuda
