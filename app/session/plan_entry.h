// One answer of the planner in the list of plans: a plan, or why there is none. Immutable.
#pragma once

#include "app/session/graph_facts.h"
#include "app/session/setup.h"

#include <QString>

#include <memory>
#include <optional>

namespace alpa::app
{

struct PlanEntry {
    int id = 0;   ///< Counts from 1 in a session.
    QString name; ///< "Plan 3", "ZeRO-3".
    Setup setup;
    std::shared_ptr<const GraphFacts> facts; ///< Null if there is no plan.
    std::optional<NoPlan> noPlan;            ///< Set if the constraints clash.
    Seconds planningTime{};                  ///< Zero if it was read from a file.
    bool isUnfinished = false;               ///< Taken before the search was over.
    QString error;                           ///< Set if the planner failed.

    const ParallelPlan* plan() const { return facts ? facts->plan.get() : nullptr; }
    bool isBaseline() const { return setup.options.strategy != PlanStrategy::kAuto; }
    /// Made for a cluster that nobody has.
    bool isHypothetical() const { return !setup.whatIf.isNone(); }
    /// Why there is no plan; empty if there is one.
    QString problem() const;
};

} // namespace alpa::app
