// Where lies what the mouse is over: for the charts that outline it.
#pragma once

#include "app/session/selection_place.h"
#include "app/session/session.h"

namespace alpa::app
{

/// Nothing set without a model, or while the mouse is over nothing.
inline SelectionPlace hoveredPlace(Session& session)
{
    const auto facts = session.facts();
    if (facts == nullptr || session.model() == nullptr)
        return {};
    return placeOf(session.selection()->hovered(), *facts, session.model()->scopes);
}

} // namespace alpa::app
