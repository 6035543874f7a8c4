// What of a request can be refused before anything is searched.
#pragma once

#include "core/plan/plan_request.h"

namespace alpa
{

/// Fails with kInvalidInput naming the constraint, what it is and what was expected. `constraints`
/// are those of the request with what its strategy adds.
Status checkRequest(const PlanRequest& request, const PlanConstraints& constraints,
                    int64_t globalBatch);

} // namespace alpa
