#include "app/cli/interrupt.h"

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace alpa::cli
{
namespace
{

/// Where the handler writes: handlers take no argument, so this one place must be static.
volatile std::sig_atomic_t signalPipe = -1;

/// Only calls that are safe in a handler: the byte wakes the watcher.
void onSignal(int)
{
    const int saved = errno;
    const char byte = 's';
    [[maybe_unused]] const ssize_t written = write(signalPipe, &byte, 1);
    errno = saved;
}

void handle(int signal)
{
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

} // namespace

Interrupt::Interrupt()
{
    if (pipe(pipe_) != 0)
        return; // Without a pipe a signal ends the program as usual.
    signalPipe = pipe_[1];
    watcher_ = std::thread([this] {
        char byte = 0;
        while (read(pipe_[0], &byte, 1) == 1 && byte == 's')
            source_.request_stop();
    });
    handle(SIGINT);
    handle(SIGTERM);
}

Interrupt::~Interrupt()
{
    if (!watcher_.joinable())
        return;
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    const char byte = 'q';
    [[maybe_unused]] const ssize_t written = write(pipe_[1], &byte, 1);
    watcher_.join();
    close(pipe_[0]);
    close(pipe_[1]);
}

} // namespace alpa::cli
