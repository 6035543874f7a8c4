// What the window's benchmark measures with: wall and CPU time, stalls, and the table of rows
// against their targets.
#pragma once

#include <QElapsedTimer>
#include <QFile>
#include <QObject>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace alpa::app
{

inline double cpuMs()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval& time) {
        return double(time.tv_sec) * 1e3 + double(time.tv_usec) / 1e3;
    };
    return ms(usage.ru_utime) + ms(usage.ru_stime);
}

inline double residentMb()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    return file.readAll().split(' ').value(1).toDouble() * 4096 / 1e6;
}

/// Wall and CPU time since it was made.
class Stopwatch
{
public:
    Stopwatch()
        : cpu_(cpuMs())
    {
        clock_.start();
    }
    double wall() const { return double(clock_.nsecsElapsed()) / 1e6; }
    double cpu() const { return cpuMs() - cpu_; }

private:
    QElapsedTimer clock_;
    double cpu_;
};

struct Row {
    const char* name;
    double targetMs;
    double wallMs;
    double cpuMs;
    std::string note;
};

class Table
{
public:
    explicit Table(std::string wanted)
        : wanted_(std::move(wanted))
    {
    }
    bool wants(const char* name) const
    {
        return std::string(name).find(wanted_) != std::string::npos;
    }
    void add(const Row& row)
    {
        const char* verdict = row.wallMs <= row.targetMs  ? "ok"
                              : row.cpuMs <= row.targetMs ? "ok by CPU"
                                                          : "MISSED";
        std::printf("%-38s %9.1f %9.1f %9.1f  %-9s %s\n", row.name, row.targetMs, row.wallMs,
                    row.cpuMs, verdict, row.note.c_str());
        std::fflush(stdout);
    }

private:
    std::string wanted_;
};

inline double p95(std::vector<double> times)
{
    std::ranges::sort(times);
    return times.empty() ? 0 : times[std::min(times.size() - 1, times.size() * 95 / 100)];
}

/// Longest time that the event loop did not come round, while it lives.
class Watchdog : public QObject
{
public:
    Watchdog()
    {
        clock_.start();
        startTimer(0);
    }
    double longest() const { return longest_; }
    int over(double limit) const
    {
        return int(std::ranges::count_if(stalls_, [&](double stall) { return stall > limit; }));
    }
    void restart() { clock_.restart(); }

protected:
    void timerEvent(QTimerEvent*) override
    {
        const double gap = double(clock_.nsecsElapsed()) / 1e6;
        longest_ = std::max(longest_, gap);
        if (gap > 50)
            stalls_.push_back(gap);
        clock_.restart();
    }

private:
    QElapsedTimer clock_;
    double longest_ = 0;
    std::vector<double> stalls_;
};

} // namespace alpa::app
