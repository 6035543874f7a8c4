// A sharding asked for, or forbidden, for one decision: the same edit from wherever it is made.
#pragma once

#include "app/session/session.h"

#include <string>

namespace alpa::app
{

/// Can a constraint name it? Parameters and forward ops; not what updates, accumulates and copies
/// are kept as, which follows from them or from the rules for stored tensors.
bool mayPin(const Graph& graph, const Decision& decision);
/// Asks for the sharding of what `label` names, as one undoable edit; a pin forgets what was pinned
/// there before.
void pinSharding(Session* session, const std::string& label, ShardingSpec spec, bool forbids);

} // namespace alpa::app
