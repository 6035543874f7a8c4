// Where the programs that the window starts are found.
#pragma once

#include <QString>

namespace alpa::app
{

/// Full path of `name` ("alpa", "alpa-layoutd"): beside this program, else on the search path.
/// Empty if there is none.
QString findProgram(const QString& name);

} // namespace alpa::app
