#include "runtime/cpu/rendezvous.h"

namespace alpa::cpu
{

Status Rendezvous::meet(int member, const Arrival& arrival)
{
    std::unique_lock lock(mutex_);
    arrivals_[static_cast<size_t>(member)] = arrival;
    return wait(lock);
}

Status Rendezvous::meetAgain()
{
    std::unique_lock lock(mutex_);
    return wait(lock);
}

Status Rendezvous::wait(std::unique_lock<std::mutex>& lock)
{
    if (++waiting_ == arrivals_.size()) {
        waiting_ = 0;
        ++meeting_;
        changed_.notify_all();
    } else {
        const uint64_t mine = meeting_;
        changed_.wait(lock, [&] { return meeting_ != mine || isAborted_; });
    }
    if (isAborted_)
        return Error(ErrorCode::kAborted, "another device ended the run");
    return {};
}

void Rendezvous::abort()
{
    const std::lock_guard lock(mutex_);
    isAborted_ = true;
    changed_.notify_all();
}

} // namespace alpa::cpu
