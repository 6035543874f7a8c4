// How many cores a process keeps busy: its CPU time over wall time, from one sample to the next.
#pragma once

#include <QByteArray>
#include <QElapsedTimer>

#include <optional>

namespace alpa::app
{

/// CPU seconds of all threads of a process so far, from the text of /proc/PID/stat, whose times
/// count in `ticksPerSecond`. Nothing if that is not its form.
std::optional<double> cpuSeconds(const QByteArray& stat, double ticksPerSecond);

class ProcessLoad
{
public:
    /// Cores busy since the sample before, at least half a second ago; what was known if that is
    /// not over, or if the process is gone.
    std::optional<double> sample(qint64 processId);

private:
    QElapsedTimer clock_;
    std::optional<double> before_; ///< CPU seconds at the last sample.
    std::optional<double> busy_;
};

} // namespace alpa::app
