// Ahead: a thread that finds out what will be asked for next, while the search is at something
// else.
#pragma once

#include "core/base/job.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace alpa
{

/// What it finds is remembered by the PlanContext, so whether it came that far never shows in a
/// plan.
class Ahead
{
public:
    using Job = std::function<void(const JobControl&)>;

    /// Begins `job` when what is at hand is done; one that has not begun gives way to it. The
    /// thread begins with the first. Jobs are told to stop when this is destroyed.
    void run(Job job);

private:
    void work(const std::stop_token& stop);

    std::mutex mutex_; ///< Guards next_.
    std::condition_variable_any wake_;
    std::optional<Job> next_;
    std::jthread thread_; ///< Last: joined before what it uses is gone.
};

} // namespace alpa
