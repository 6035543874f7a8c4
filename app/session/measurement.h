// What was measured of a plan: the median step and how sure that is.
#pragma once

#include "core/base/units.h"

#include <QString>

#include <optional>
#include <vector>

namespace alpa::app
{

struct Measurement {
    Seconds median;
    Seconds low, high;                 ///< 95 % interval of the median.
    Seconds lowQuartile, highQuartile; ///< Where the middle half of the steps lies.
    int steps = 0;
    int runs = 0;
};

/// Of step times, in any order, without those that warm up; nothing of fewer than two. The interval
/// is that of order statistics (binomial, no assumption about the distribution); below six steps it
/// is the whole range.
std::optional<Measurement> measure(std::vector<double> seconds);

/// "Plan 7 is 8.1 % faster (95 %: 6.9 to 9.2 %)" if the intervals lie apart, else that there is no
/// measurable difference. Names are of the plans.
QString verdictText(const QString& name, const Measurement& measured, const QString& otherName,
                    const Measurement& other);

} // namespace alpa::app
