#include "app/session/plan_entry.h"

#include "app/settings/core_texts.h"

namespace alpa::app
{

QString PlanEntry::problem() const
{
    if (facts)
        return {};
    return noPlan ? coreText(noPlan->reason) : error;
}

} // namespace alpa::app
