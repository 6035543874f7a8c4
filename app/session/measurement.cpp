#include "app/session/measurement.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Measurement)
};

double quantile(const std::vector<double>& sorted, double share)
{
    const double at = share * double(sorted.size() - 1);
    const auto below = static_cast<size_t>(at);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - double(below)) * (sorted[above] - sorted[below]);
}

/// Largest k such that order statistics k and n-1-k (from 0) enclose the median with 95 %: P(X < k)
/// <= 0.025 for X binomial over n halves. -1 if even the whole range does not.
int medianRank(size_t count)
{
    const auto n = double(count);
    double below = 0;
    for (int k = 0; k <= int(count) / 2; ++k) {
        const double term = std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                                     std::lgamma(n - k + 1) - n * std::log(2.0));
        below += term;
        if (below > 0.025)
            return k - 1;
    }
    return int(count) / 2;
}

} // namespace

std::optional<Measurement> measure(std::vector<double> seconds)
{
    if (seconds.size() < 2)
        return std::nullopt;
    std::ranges::sort(seconds);
    const auto rank = static_cast<size_t>(std::max(0, medianRank(seconds.size())));
    return Measurement{.median = Seconds(quantile(seconds, 0.5)),
                       .low = Seconds(seconds[rank]),
                       .high = Seconds(seconds[seconds.size() - 1 - rank]),
                       .lowQuartile = Seconds(quantile(seconds, 0.25)),
                       .highQuartile = Seconds(quantile(seconds, 0.75)),
                       .steps = int(seconds.size()),
                       .runs = 1};
}

QString verdictText(const QString& name, const Measurement& measured, const QString& otherName,
                    const Measurement& other)
{
    const bool isFaster = measured.high < other.low;
    const bool isSlower = other.high < measured.low;
    if (!isFaster && !isSlower)
        return Texts::tr("no measurable difference between %1 and %2").arg(name, otherName);
    const Measurement& fast = isFaster ? measured : other;
    const Measurement& slow = isFaster ? other : measured;
    return Texts::tr("%1 is %2 faster than %3 (95 % between %4 and %5)")
        .arg(isFaster ? name : otherName, percentText(slow.median / fast.median - 1),
             isFaster ? otherName : name, percentText(slow.low / fast.high - 1),
             percentText(slow.high / fast.low - 1));
}

} // namespace alpa::app
