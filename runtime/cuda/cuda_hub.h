// What the devices of one backend share while they load and run.
#pragma once

#include "core/program/program.h"
#include "runtime/cuda/cuda_libraries.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

namespace alpa::cuda
{

/// One tile of a transfer: memory on the receiving device for a few messages. The host threads of
/// both ends take turns, so that an event is recorded before anybody waits for it; the data never
/// passes through the host.
class Mailbox
{
public:
    struct Slot {
        CUdeviceptr memory = 0;
        CUcontext context = nullptr; ///< Of the receiving device.
        CUevent posted = nullptr;    ///< Recorded by the sender.
        CUevent taken = nullptr;     ///< Recorded by the receiver.
    };

    /// By the receiver, when it loads.
    void provide(std::vector<Slot> slots);
    /// By the sender: waits for a slot that was taken as often as it was posted. `isReused`: its
    /// `taken` is to be waited for. Fails with kAborted.
    Result<Slot> beginPut(bool& isReused);
    /// Records the slot's `posted`, which is made at its first use and added to `events`, and lets
    /// the receiver go on.
    Status post(const Libraries& driver, CUstream stream, std::vector<CUevent>& events);
    /// By the receiver: waits for a message.
    Result<Slot> beginTake();
    void endTake();
    void abort();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Slot> slots_;
    size_t posted_ = 0, taken_ = 0;
    bool isAborted_ = false;
};

class Hub
{
public:
    explicit Hub(LibrariesPtr libraries)
        : libraries_(std::move(libraries))
    {
    }

    /// The same id for all members of a group.
    Result<ncclUniqueId> communicatorId(int stage, AxisSet axes, int firstMember);
    /// Waits until all `devices` have come so far. Fails with kAborted.
    Status meet(int devices);
    Mailbox& mailbox(uint32_t transfer, size_t tile);
    /// Of the GPU whose context is current, for as long as somebody holds it: stages that share a
    /// GPU run in the order in which their thread launches them.
    Result<std::shared_ptr<CUstream_st>> stream(int gpu);
    void abort();
    bool isAborted() const { return isAborted_.load(std::memory_order_relaxed); }

private:
    LibrariesPtr libraries_;
    std::mutex mutex_;
    std::map<std::tuple<int, AxisSet, int>, ncclUniqueId> ids_;
    std::map<std::pair<uint32_t, size_t>, std::unique_ptr<Mailbox>> mailboxes_;
    std::map<int, std::weak_ptr<CUstream_st>> streams_;
    std::atomic<bool> isAborted_{false};
    std::condition_variable met_;
    int arrived_ = 0, meeting_ = 0;
};

} // namespace alpa::cuda
