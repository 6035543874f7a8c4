// A session as what the HTML report takes.
#pragma once

#include "app/session/session.h"
#include "core/export/html_report.h"

namespace alpa::app
{

/// All plans with what was measured of them, the shown one in full. Assumes that a plan is shown.
ReportContent reportContent(const Session& session);

} // namespace alpa::app
