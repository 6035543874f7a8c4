#include "core/plan/ahead.h"

#include <utility>

namespace alpa
{

void Ahead::run(Job job)
{
    {
        const std::lock_guard lock(mutex_);
        next_ = std::move(job);
    }
    wake_.notify_one();
    if (!thread_.joinable())
        thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Ahead::work(const std::stop_token& stop)
{
    const JobControl control{.stop = stop, .progress = {}};
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return next_.has_value(); }) && !stop.stop_requested()) {
        const Job job = *std::exchange(next_, std::nullopt);
        lock.unlock();
        job(control);
        lock.lock();
    }
}

} // namespace alpa
