// A session or some plans as one HTML page that needs nothing else: tables, drawings, every number
// with its unit.
#pragma once

#include "core/explain/show_plan.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// A picture that goes into the page, such as a view of the window.
struct ReportPicture {
    std::string title;
    std::string png; ///< The file's bytes.
};

/// What was measured of a plan, if it ran.
struct ReportMeasurement {
    Seconds median, low, high; ///< With the 95 % interval of the median.
    int steps = 0;
};

struct ReportPlan {
    ComparedPlan compared;
    std::optional<ReportMeasurement> measured;
};

struct ReportContent {
    std::string title;
    std::string note; ///< One paragraph below the title; may be empty.
    std::vector<ReportPlan> plans;
    size_t shown = 0; ///< Index of the plan that is shown in full.
    std::vector<ReportPicture> pictures;
};

/// The page, in UTF-8. Assumes that plan `shown` is there and planned if there are plans at all.
std::string htmlReport(const ReportContent& content);

} // namespace alpa
