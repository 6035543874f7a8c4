#include "runtime/cuda/cuda_hub.h"

namespace alpa::cuda
{
namespace
{

Error abortedError() { return Error(ErrorCode::kAborted, "another device failed first"); }

} // namespace

void Mailbox::provide(std::vector<Slot> slots)
{
    const std::lock_guard lock(mutex_);
    slots_ = std::move(slots);
    changed_.notify_all();
}

Result<Mailbox::Slot> Mailbox::beginPut(bool& isReused)
{
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [&] { return isAborted_ || (!slots_.empty() && posted_ - taken_ < slots_.size()); });
    if (isAborted_)
        return abortedError();
    isReused = posted_ >= slots_.size();
    return slots_[posted_ % slots_.size()];
}

Status Mailbox::post(const Libraries& driver, CUstream stream, std::vector<CUevent>& events)
{
    const std::lock_guard lock(mutex_);
    CUevent& posted = slots_[posted_ % slots_.size()].posted;
    if (posted == nullptr) {
        RETURN_IF_ERROR(driverStatus(driver, driver.cuEventCreate(&posted, CU_EVENT_DISABLE_TIMING),
                                     "making an event"));
        events.push_back(posted);
    }
    RETURN_IF_ERROR(driverStatus(driver, driver.cuEventRecord(posted, stream), "recording"));
    ++posted_;
    changed_.notify_all();
    return {};
}

Result<Mailbox::Slot> Mailbox::beginTake()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return isAborted_ || posted_ > taken_; });
    if (isAborted_)
        return abortedError();
    return slots_[taken_ % slots_.size()];
}

void Mailbox::endTake()
{
    const std::lock_guard lock(mutex_);
    ++taken_;
    changed_.notify_all();
}

void Mailbox::abort()
{
    const std::lock_guard lock(mutex_);
    isAborted_ = true;
    changed_.notify_all();
}

Result<ncclUniqueId> Hub::communicatorId(int stage, AxisSet axes, int firstMember)
{
    const std::lock_guard lock(mutex_);
    const auto [found, isNew] = ids_.try_emplace({stage, axes, firstMember});
    if (isNew)
        RETURN_IF_ERROR(ncclStatus(*libraries_, libraries_->ncclGetUniqueId(&found->second),
                                   "naming a communicator"));
    return found->second;
}

Status Hub::meet(int devices)
{
    std::unique_lock lock(mutex_);
    const int mine = meeting_;
    if (++arrived_ == devices) {
        arrived_ = 0;
        ++meeting_;
        met_.notify_all();
    }
    met_.wait(lock, [&] { return meeting_ != mine || isAborted(); });
    if (meeting_ == mine)
        return abortedError();
    return {};
}

Mailbox& Hub::mailbox(uint32_t transfer, size_t tile)
{
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Mailbox>& found = mailboxes_[{transfer, tile}];
    if (!found) {
        found = std::make_unique<Mailbox>();
        if (isAborted())
            found->abort();
    }
    return *found;
}

Result<std::shared_ptr<CUstream_st>> Hub::stream(int gpu)
{
    const std::lock_guard lock(mutex_);
    if (std::shared_ptr<CUstream_st> found = streams_[gpu].lock())
        return found;
    CUstream made = nullptr;
    RETURN_IF_ERROR(driverStatus(
        *libraries_, libraries_->cuStreamCreateWithPriority(&made, CU_STREAM_NON_BLOCKING, 0),
        "making a stream"));
    std::shared_ptr<CUstream_st> stream(
        made, [libraries = libraries_](CUstream old) { libraries->cuStreamDestroy(old); });
    streams_[gpu] = stream;
    return stream;
}

void Hub::abort()
{
    const std::lock_guard lock(mutex_);
    isAborted_ = true;
    met_.notify_all();
    for (const auto& [key, mailbox] : mailboxes_)
        mailbox->abort();
}

} // namespace alpa::cuda
