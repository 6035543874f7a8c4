// Where the CPU devices of one backend meet: rendezvous of collectives, mailboxes of transfers.
#pragma once

#include "core/mesh/device_mesh.h"
#include "runtime/cpu/mailbox.h"
#include "runtime/cpu/rendezvous.h"

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

namespace alpa::cpu
{

/// What the devices share: made on demand while they load, then only read.
class Hub
{
public:
    Rendezvous& rendezvous(int stage, AxisSet axes, int firstMember, int members)
    {
        const std::lock_guard lock(mutex_);
        std::unique_ptr<Rendezvous>& found = meetings_[{stage, axes, firstMember}];
        if (!found) {
            found = std::make_unique<Rendezvous>(members);
            if (isAborted_)
                found->abort();
        }
        return *found;
    }
    Mailbox& mailbox(uint32_t transfer, size_t tile, int64_t bytes)
    {
        const std::lock_guard lock(mutex_);
        std::unique_ptr<Mailbox>& found = mailboxes_[{transfer, tile}];
        if (!found) {
            found = std::make_unique<Mailbox>(bytes);
            if (isAborted_)
                found->abort();
        }
        return *found;
    }
    void abort()
    {
        const std::lock_guard lock(mutex_);
        isAborted_ = true;
        for (const auto& [key, meeting] : meetings_)
            meeting->abort();
        for (const auto& [key, mailbox] : mailboxes_)
            mailbox->abort();
    }

private:
    std::mutex mutex_;
    std::map<std::tuple<int, AxisSet, int>, std::unique_ptr<Rendezvous>> meetings_;
    std::map<std::pair<uint32_t, size_t>, std::unique_ptr<Mailbox>> mailboxes_;
    bool isAborted_ = false;
};

} // namespace alpa::cpu
