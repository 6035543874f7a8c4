#include "app/session/plan_entry.h"

#include "app/settings/qt_text.h"

namespace alpa::app
{

QString PlanEntry::problem() const
{
    if (facts)
        return {};
    return noPlan ? toQt(noPlan->reason) : error;
}

} // namespace alpa::app
