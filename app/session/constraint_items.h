// The constraints of a setup one by one: what the table lists, what is relaxed, switched off and
// priced.
#pragma once

#include "app/session/plan_entry.h"
#include "app/session/setup.h"

#include <QString>

#include <vector>

namespace alpa::app
{

/// One constraint, and the constraints without it.
struct ConstraintItem {
    enum class Kind {
        kMaxTp,
        kMaxDp,
        kMaxPp,
        kFixedTp,
        kFixedDp,
        kFixedPp,
        kContextParallel,
        kMesh,
        kMemory,
        kMicrobatches,
        kSchedule,
        kForbiddenSchedule,
        kChunks,
        kRecomputation,
        kRecomputedLayers,
        kForbiddenRecomputation,
        kParameterStorage,
        kStateStorage,
        kSpec,
        kAllDevices,
        kCut,
        kForbiddenCut,
        kStageMesh
    };
    Kind kind = Kind::kMaxTp;
    int index = 0;    ///< Of lists: which of them.
    std::string text; ///< As the planner names it: "max TP 2".
    QString scope;    ///< "whole plan", "layer 3", the pattern of a pin.
    QString value;    ///< "2", "16 GiB", "{x, -}".
    PlanConstraints without;
    PlanConstraints alone; ///< Nothing but this one.

    /// Does the planner's `text` mean this one? Recomputation has two texts.
    bool isNamed(const std::string& text) const;
};

/// "Max TP", "Pin sharding", "Stage begins".
QString constraintTitle(const ConstraintItem& item);
/// In the order of listConstraints.
std::vector<ConstraintItem> constraintItems(const PlanConstraints& constraints);
/// `base` with all of `added`; where both set a field, `added` wins.
PlanConstraints mergeConstraints(PlanConstraints base, const PlanConstraints& added);
/// The devices of one stage; what was asked for the stage of that layer before is forgotten.
void setStageMesh(PlanConstraints& constraints, const StageMesh& mesh);
/// Is its value one that people type, such as a count, and no choice of a list?
bool hasTypedValue(const ConstraintItem& item);
/// The constraint with another value, as typed; nothing if the text is no such value.
std::optional<PlanConstraints> withValue(const ConstraintItem& item, const PlanConstraints& all,
                                         const QString& value);

/// How a plan stands to a constraint.
enum class ConstraintState {
    kUnknown,     ///< There is no plan.
    kMet,         ///< With room to spare, or without a notion of room.
    kBinding,     ///< Met, at its limit.
    kViolated,    ///< The plan was made before it.
    kConflicting, ///< The planner says that it clashes with others.
};
/// `facts` and `obstacle` may be null.
ConstraintState constraintState(const ConstraintItem& item, const GraphFacts* facts,
                                const PlanEntry* obstacle);
QString constraintStateText(ConstraintState state);
/// "Tensors are split over at most 2 devices."
QString constraintSentence(const ConstraintItem& item);
/// "The plan is at its limit: without it another may be faster."
QString constraintStateSentence(ConstraintState state);

/// No layer, stage or tensor alone.
bool concernsWholePlan(const ConstraintItem& item);

} // namespace alpa::app
