// Messages from one device to another, kept until they are taken: sends never wait.
#pragma once

#include "core/base/result.h"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace alpa::cpu
{

/// Of one tile of one transfer. Message buffers are reused; their number grows to the most that
/// were ever under way.
class Mailbox
{
public:
    explicit Mailbox(int64_t bytes)
        : bytes_(static_cast<size_t>(bytes))
    {
    }

    /// Calls fill(message) with an empty buffer, then posts it under `key`.
    void put(int key, const std::function<void(std::byte*)>& fill);
    /// Waits for a message under `key` and calls take(message). Fails with kAborted after abort().
    Status take(int key, const std::function<void(const std::byte*)>& take);
    void abort();

private:
    enum class SlotState { kFree, kBusy, kFull };
    struct Slot {
        SlotState state = SlotState::kFree;
        int key = 0;
        std::vector<std::byte> bytes;
    };
    Slot* find(SlotState state, int key);

    std::mutex mutex_;
    std::condition_variable posted_;
    std::vector<std::unique_ptr<Slot>> slots_;
    size_t bytes_;
    bool isAborted_ = false;
};

} // namespace alpa::cpu
