// The button of a place that is empty until there is a plan.
#pragma once

#include "app/session/session.h"
#include "app/widgets/cards.h"

namespace alpa::app
{

/// Plans, or stops while a plan is made; disabled without a model.
QPushButton* addPlanButton(EmptyState* place, Session* session);

} // namespace alpa::app
