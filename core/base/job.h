// What a long computation is given: how to learn that nobody wants it any more, and whom to tell
// how far it is. Every call that can exceed 100 ms takes a JobControl.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace alpa
{

/// `fraction` in [0, 1], or negative when unknown.
using ProgressCallback = std::function<void(std::string_view phase, double fraction)>;

struct JobControl {
    std::stop_token stop;
    ProgressCallback progress; ///< May be empty. Called from the thread that does the work.

    bool isCancelled() const { return stop.stop_requested(); }
    void report(std::string_view phase, double fraction) const
    {
        if (progress)
            progress(phase, fraction);
    }
};

} // namespace alpa
