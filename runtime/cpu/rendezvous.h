// Where the devices of one group meet for a collective: a barrier that carries what each brings,
// and that can be broken.
#pragma once

#include "core/base/result.h"
#include "core/program/program.h"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

namespace alpa::cpu
{

/// What a device brings: its buffers, and which instruction it believes everybody is at.
struct Arrival {
    SegmentKind segment = SegmentKind::kForward;
    size_t instruction = 0;
    int microbatch = 0;
    const std::byte* input = nullptr;
    const std::byte* scratch = nullptr;
};

class Rendezvous
{
public:
    explicit Rendezvous(int members)
        : arrivals_(static_cast<size_t>(members))
    {
    }

    /// Waits until all members have come here; then everybody's arrival can be read until the next
    /// meeting. Fails with kAborted once abort() was called.
    Status meet(int member, const Arrival& arrival);
    /// The same, with everybody's arrival as it was.
    Status meetAgain();
    const std::vector<Arrival>& arrivals() const { return arrivals_; }
    void abort();

private:
    Status wait(std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Arrival> arrivals_;
    size_t waiting_ = 0;
    uint64_t meeting_ = 0;
    bool isAborted_ = false;
};

} // namespace alpa::cpu
