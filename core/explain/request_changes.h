// Requests compared and edited piece by piece: what explanations change one at a time, to see what
// each is worth.
#pragma once

#include "core/plan/plan_request.h"

#include <functional>
#include <string>
#include <vector>

namespace alpa
{

/// One piece of a request and how to bring it from its value before to its value after.
struct RequestChange {
    std::string name;          ///< "max TP", "memory", "global batch", "pin wte*={x, -}"
    std::string before, after; ///< "max TP 2", "none"; of lists the entry itself.
    std::function<void(PlanRequest&)> apply;
};

/// What turns `before` into `after`, in a fixed order; cluster, batch, optimizer, layers, strategy,
/// then constraints one by one. The models are not compared.
std::vector<RequestChange> listChanges(const PlanRequest& before, const PlanRequest& after);

/// Each constraint of the request taken away, its strategy included.
std::vector<RequestChange> listRemovals(const PlanRequest& request);

} // namespace alpa
