// Runs two independent pieces of work, at once where two threads are allowed.
#pragma once

#include <functional>
#include <thread>

namespace alpa
{

/// Returns when both are done. With one thread, `first` runs before `second`; they may not depend
/// on each other, so the results are the same.
inline void runSideBySide(int threads, const std::function<void()>& first,
                          const std::function<void()>& second)
{
    if (threads < 2) {
        first();
        second();
        return;
    }
    const std::jthread other(second);
    first();
}

} // namespace alpa
