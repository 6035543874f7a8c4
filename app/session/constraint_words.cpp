// Constraints in whole sentences: what each asks, and how the plan stands to it.
#include "app/session/constraint_items.h"

#include <QCoreApplication>

namespace alpa::app
{

namespace
{

using Kind = ConstraintItem::Kind;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Constraints)
};

/// Of what concerns one tensor, layer or stage.
QString localSentence(const ConstraintItem& item)
{
    if (item.kind == Kind::kSpec)
        return item.alone.specs.front().forbids
                   ? Texts::tr("What matches %1 must not be sharded %2.")
                   : Texts::tr("What matches %1 must be sharded %2.");
    if (item.kind == Kind::kStageMesh)
        return Texts::tr("The stage of %1 lies on %2.");
    return item.kind == Kind::kCut ? Texts::tr("A stage begins at %1.")
                                   : Texts::tr("No stage begins at %1.");
}

QString planSentence(Kind kind)
{
    switch (kind) {
    case Kind::kMaxTp:
        return Texts::tr("Tensors are split over at most %1 devices.");
    case Kind::kMaxDp:
        return Texts::tr("The batch is split over at most %1 devices.");
    case Kind::kMaxPp:
        return Texts::tr("The layers are cut into at most %1 stages.");
    case Kind::kFixedTp:
        return Texts::tr("Tensors are split over exactly %1 devices.");
    case Kind::kFixedDp:
        return Texts::tr("The batch is split over exactly %1 devices.");
    case Kind::kFixedPp:
        return Texts::tr("The layers are cut into exactly %1 stages.");
    case Kind::kContextParallel:
        return Texts::tr("The sequence is split over exactly %1 devices.");
    case Kind::kMesh:
        return Texts::tr("The devices of every stage form a mesh of %1.");
    case Kind::kMemory:
        return Texts::tr("No device holds more than %1.");
    case Kind::kMicrobatches:
        return Texts::tr("The batch goes through in exactly %1 microbatches.");
    case Kind::kSchedule:
        return Texts::tr("The microbatches run by the schedule %1.");
    case Kind::kForbiddenSchedule:
        return Texts::tr("The microbatches do not run by the schedule %1.");
    case Kind::kChunks:
        return Texts::tr("Each group of devices holds %1 stages.");
    case Kind::kRecomputation:
        return Texts::tr("What the forward pass computed is computed again in the backward pass: "
                         "%1.");
    case Kind::kRecomputedLayers:
        return Texts::tr("Of each stage the first %1 layers are computed again in the backward "
                         "pass.");
    case Kind::kForbiddenRecomputation:
        return Texts::tr("The backward pass does not compute again: %1.");
    case Kind::kParameterStorage:
        return Texts::tr("Parameters are kept %1.");
    case Kind::kStateStorage:
        return Texts::tr("The optimizer's state is kept %1.");
    case Kind::kAllDevices:
        return Texts::tr("No device of the cluster stays idle.");
    case Kind::kSpec:
    case Kind::kCut:
    case Kind::kForbiddenCut:
    case Kind::kStageMesh:
        return {}; // localSentence
    }
    return {};
}

} // namespace

QString constraintSentence(const ConstraintItem& item)
{
    QString sentence = planSentence(item.kind);
    if (!sentence.isEmpty())
        return sentence.contains(QStringLiteral("%1")) ? sentence.arg(item.value) : sentence;
    sentence = localSentence(item);
    return sentence.contains(QStringLiteral("%2")) ? sentence.arg(item.scope, item.value)
                                                   : sentence.arg(item.scope);
}

QString constraintStateSentence(ConstraintState state)
{
    switch (state) {
    case ConstraintState::kUnknown:
        return Texts::tr("There is no plan that was made under it yet.");
    case ConstraintState::kMet:
        return Texts::tr("The plan meets it.");
    case ConstraintState::kBinding:
        return Texts::tr("The plan is at its limit: without it another may be faster.");
    case ConstraintState::kViolated:
        return Texts::tr("The plan in view was made before it and violates it.");
    case ConstraintState::kConflicting:
        return Texts::tr("It clashes with others: together they leave no plan.");
    }
    return {};
}

} // namespace alpa::app
