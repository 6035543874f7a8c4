// Work shared out to threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace alpa
{

/// What "one per core", 0 threads asked, means here.
inline int threadsFor(int asked)
{
    return asked > 0 ? asked : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// Calls work(0), ..., work(count - 1), each taken by whoever of `threads` is free. Results are
/// read in order afterwards, so threads never show.
template <typename Work>
void runInTurns(size_t count, int threads, const Work& work)
{
    std::atomic<size_t> next{0};
    const auto takeTurns = [&] {
        for (size_t i = next++; i < count; i = next++)
            work(i);
    };
    std::vector<std::jthread> helpers;
    for (int thread = 1; thread < threads && static_cast<size_t>(thread) < count; ++thread)
        helpers.emplace_back(takeTurns);
    takeTurns();
}

} // namespace alpa
