// A sharding asked for, or forbidden, for one decision: the same edit from wherever it is made.
#pragma once

#include "app/session/session.h"

#include <string>

namespace alpa::app
{

/// Asks for the sharding of what `label` names, as one undoable edit; a pin forgets what was pinned
/// there before.
void pinSharding(Session* session, const std::string& label, ShardingSpec spec, bool forbids);

} // namespace alpa::app
