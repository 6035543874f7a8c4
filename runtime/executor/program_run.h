// One run of a program: a thread a device, started and watched by the calling thread. A device that
// several stages share runs them in turn, each with an arena of its own.
#pragma once

#include "runtime/device/device.h"
#include "runtime/executor/host_tiles.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace alpa
{

class ProgramRun
{
public:
    /// What the run begins with, when it is there; null if it could not be made.
    using PendingInputs = std::shared_future<const HostBuffers*>;

    ProgramRun(Backend& backend, const Program& program, PendingInputs inputs,
               const RunOptions& options, bool collectState);

    /// Runs all steps. Called once.
    Result<RunResult> run();

private:
    using Clock = std::chrono::steady_clock;

    /// Where a device is; written by its thread, read by the watching one.
    struct Position {
        enum Phase : uint32_t { kLoading, kBetweenSteps, kRunning, kCollecting, kDone };
        std::atomic<uint32_t> phase{kLoading};
        std::atomic<uint32_t> part{0}; ///< Into Worker::parts.
        std::atomic<uint32_t> entry{0};
        std::atomic<uint32_t> instruction{0};
        std::atomic<uint64_t> progress{0}; ///< Grows with every instruction.
    };
    /// One stage on one device.
    struct Part {
        int stage = 0;
        int device = 0; ///< In the stage's mesh.
        std::unique_ptr<Device> loaded;
        /// [batch buffer, in the order of the stage's buffers][microbatch]
        std::vector<std::vector<std::vector<std::byte>>> batches;
        std::vector<BufferId> batchBuffers, gradients;
        std::vector<std::vector<std::byte>>
            losses;          ///< [microbatch]; empty unless this device reports the loss.
        Seconds clockOffset; ///< From the device's clock to the run's.
    };
    struct TimedRun { ///< Time slots of one queue entry.
        size_t start = 0, end = 0;
        std::vector<std::pair<size_t, size_t>> communication;
    };
    struct Worker {
        std::vector<Part> parts;
        std::vector<size_t> turns; ///< Whose next queue entry runs, in order.
        Position position;
        std::vector<TraceEvent> events;
        std::vector<TraceLaunch> launches;
    };
    /// Where a part is within a step.
    struct Progress {
        size_t entry = 0;
        size_t slot = 1; ///< Slot 0 ties the clocks together.
        std::vector<TimedRun> times;
    };

    // On a device's thread.
    void work(Worker& worker);
    Status loadDevice(Part& part);
    Status fillState(Part& part, const HostBuffers& inputs);
    Status runStep(Worker& worker, int step);
    Status runEntry(Worker& worker, size_t part, Progress& progress);
    Status fillBatch(Part& part, const QueueEntry& entry);
    Status collect(Worker& worker);
    Status collectPart(Part& part);
    void takeTimes(Worker& worker, const Part& part, int step, const std::vector<TimedRun>& times);
    bool timesLaunches(int step) const
    {
        return options_.recordTrace && options_.tracedLaunches > 0 && step + 1 == options_.steps;
    }
    void takeLaunches(Worker& worker, const Part& part, int step);
    /// Waits for the next phase; false when the run ends first.
    bool arriveAndWait();
    void fail(const Worker& worker, const Error& error);

    // On the calling thread.
    Status waitForAll(Seconds limit);
    void release();
    void stop(std::optional<Error> reason);
    std::string positions() const;
    void addWorkers(const SharedDevices& devices);
    std::string positionOf(const Worker& worker) const;
    double meanLoss() const;
    Seconds sinceStart() const;
    Result<RunResult> runSteps();

    Backend& backend_;
    const Program& program_;
    PendingInputs inputs_;
    const RunOptions& options_;
    bool collectState_;
    std::vector<std::unique_ptr<Worker>> workers_;
    HostBuffers collected_; ///< Every buffer is there before the workers paste into it.
    Clock::time_point start_;

    std::mutex mutex_;
    std::condition_variable changed_;
    int arrived_ = 0;
    int phase_ = 0;
    std::optional<Error> failure_; ///< The first.
    std::atomic<bool> isStopped_{false};
};

} // namespace alpa
