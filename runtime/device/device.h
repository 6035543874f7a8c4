// What the executor needs of a backend: devices that load a program once and then run its
// instructions one after another. A device whose work runs asynchronously (a GPU stream) may return
// from `run` as soon as it is enqueued.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/program/program.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace alpa
{

/// What one launch of a device took, on its own clock (that of Device::recordedTime).
struct TimedLaunch {
    SegmentKind segment = SegmentKind::kForward;
    size_t instruction = 0;      ///< That it ran with, in the segment.
    std::vector<size_t> covered; ///< Others of the segment whose results it computes as well.
    int microbatch = 0;
    bool isBeside = false; ///< On a queue of its own, at the same time as what follows.
    Seconds start, end;
};

/// One device of a program: its arena, and every instruction bound to a kernel. All calls come from
/// one thread.
class Device
{
public:
    virtual ~Device() = default;

    /// Begins a step. The calls from here to the next finish() are the same in every step, and so
    /// are the host's buffers behind them, so that a device may record them once and repeat them.
    virtual Status beginStep() { return {}; }
    /// Runs instruction `index` of `segment` for `microbatch`, after everything before it.
    /// Allocates nothing once every instruction has run. Fails with kDevice, or with kAborted after
    /// Backend::abort.
    virtual Status run(SegmentKind segment, size_t index, int microbatch) = 0;

    /// Sets a buffer (all its slots) to zero.
    virtual Status zero(BufferId buffer) = 0;
    /// Copies the buffer's bytes of `microbatch` from or to the host. The host's bytes must stay
    /// valid, and those read are there, only after finish().
    virtual Status write(BufferId buffer, int microbatch, std::span<const std::byte> bytes) = 0;
    virtual Status read(BufferId buffer, int microbatch, std::span<std::byte> bytes) = 0;
    /// Waits until everything so far is done.
    virtual Status finish() = 0;

    /// Remembers in `slot` when everything so far is done; the table grows at its first use.
    virtual void recordTime(size_t slot) = 0;
    /// Since the backend was made; valid after finish().
    virtual Seconds recordedTime(size_t slot) const = 0;

    /// Times each launch from here to the next finish(), the first `most` of them.
    virtual void timeLaunches(size_t most) = 0;
    /// Those that were timed, valid after finish(): each on one queue begins where the one before
    /// has ended, or later.
    virtual std::vector<TimedLaunch> takeLaunches() = 0;
};

/// All devices of one run in this process, and what they share (communicators, mailboxes).
class Backend
{
public:
    virtual ~Backend() = default;

    /// Allocates the arena of `device` of `stage` and binds all instructions. Called once for each
    /// device of the program, each from its own thread, at the same time; the program outlives the
    /// device. Fails with kUnsupported naming an op that has no kernel, kOutOfMemory, kDevice.
    virtual Result<std::unique_ptr<Device>> load(const Program& program, int stage, int device) = 0;

    /// Makes every call that waits for another device, now and from now on, return kAborted. From
    /// any thread.
    virtual void abort() = 0;
};

} // namespace alpa
