// Ctrl+C and termination requests as a stop token, so that work ends at its next check and files
// stay whole.
#pragma once

#include <stop_token>
#include <thread>

namespace alpa::cli
{

/// While it lives, SIGINT and SIGTERM request the stop; a second signal ends the program at once.
/// One per program.
class Interrupt
{
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    int pipe_[2] = {-1, -1};
    std::thread watcher_;
};

} // namespace alpa::cli
