// Team: threads that share out work and are never waited for before they have begun.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace alpa
{

/// What "one per core", 0 threads asked, means here.
int threadsFor(int asked);

/// One thread a core but the caller's, begun when first asked for. Safe to use from several
/// threads, and from inside its own work.
class Team
{
public:
    /// Calls work(0), ..., work(count - 1), each taken by whoever of at most `threads` is free, the
    /// caller among them. Results are read in order afterwards, so threads never show. Most work
    /// takes less than a busy machine takes to wake a thread: who comes late finds nothing to do.
    void run(size_t count, int threads, const std::function<void(size_t)>& work);

private:
    struct Task;
    void help(const std::stop_token& stop);

    std::mutex mutex_; ///< Guards tasks_, what tasks say they guard by it, and helpers_.
    std::condition_variable_any wake_;
    std::condition_variable_any done_;
    std::deque<std::shared_ptr<Task>> tasks_; ///< That may be helped with.
    std::vector<std::jthread> helpers_;       ///< Last: joined before what they use is gone.
};

} // namespace alpa
