#include "core/plan/team.h"

#include <algorithm>
#include <atomic>

namespace alpa
{

int threadsFor(int asked)
{
    return asked > 0 ? asked : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

struct Team::Task {
    const std::function<void(size_t)>& work;
    const size_t count;
    int places;   ///< Helpers that may still join; guarded by the team's mutex.
    int busy = 0; ///< Helpers at work; likewise.
    std::atomic<size_t> next{0};

    Task(const std::function<void(size_t)>& turn, size_t turns, int helpers)
        : work(turn)
        , count(turns)
        , places(helpers)
    {
    }

    void takeTurns()
    {
        for (size_t i = next++; i < count; i = next++)
            work(i);
    }
};

void Team::run(size_t count, int threads, const std::function<void(size_t)>& work)
{
    const auto task = std::make_shared<Task>(work, count, threads - 1);
    const bool isShared = threads > 1 && count > 1;
    if (isShared) {
        {
            const std::lock_guard lock(mutex_);
            for (int helper = 1; helpers_.empty() && helper < threadsFor(0); ++helper)
                helpers_.emplace_back([this](const std::stop_token& stop) { help(stop); });
            tasks_.push_back(task);
        }
        // No more than find something to do.
        for (size_t helper = 1; helper < std::min(count, static_cast<size_t>(threads)); ++helper)
            wake_.notify_one();
    }
    task->takeTurns();
    if (!isShared)
        return;
    std::unique_lock lock(mutex_);
    std::erase(tasks_, task); // From now on nobody joins.
    done_.wait(lock, [&] { return task->busy == 0; });
}

void Team::help(const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
        const std::shared_ptr<Task> task = tasks_.front();
        ++task->busy;
        if (--task->places == 0)
            tasks_.pop_front();
        lock.unlock();
        task->takeTurns();
        lock.lock();
        std::erase(tasks_, task); // All turns are taken.
        if (--task->busy == 0)
            done_.notify_all();
    }
}

} // namespace alpa
