// How a plan stands to each constraint.
#include "app/session/constraint_items.h"

#include <QCoreApplication>

#include <algorithm>

namespace alpa::app
{

namespace
{

using Kind = ConstraintItem::Kind;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Constraints)
};

ConstraintState limitState(double value, double limit)
{
    return value > limit    ? ConstraintState::kViolated
           : value == limit ? ConstraintState::kBinding
                            : ConstraintState::kMet;
}

ConstraintState fixedState(int value, int wanted)
{
    return value == wanted ? ConstraintState::kBinding : ConstraintState::kViolated;
}

ConstraintState memoryState(const ParallelPlan& plan, Bytes limit)
{
    bool isBinding = false;
    for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
        if (plan.deviceMemory(stage) > limit)
            return ConstraintState::kViolated;
        isBinding = isBinding || plan.stages[stage].certificate.memoryBinds;
    }
    return isBinding ? ConstraintState::kBinding : ConstraintState::kMet;
}

bool beginsAt(const ParallelPlan& plan, int layer)
{
    return std::ranges::any_of(plan.stages,
                               [&](const PlanStage& stage) { return stage.firstLayer == layer; });
}

} // namespace

ConstraintState constraintState(const ConstraintItem& item, const GraphFacts* facts,
                                const PlanEntry* obstacle)
{
    const ParallelPlan* plan = facts == nullptr ? nullptr : facts->plan.get();
    if (obstacle != nullptr && obstacle->noPlan &&
        std::ranges::any_of(obstacle->noPlan->clashing,
                            [&](const std::string& text) { return item.isNamed(text); }))
        return ConstraintState::kConflicting;
    if (plan == nullptr)
        return ConstraintState::kUnknown;
    const PlanConstraints& asked = item.alone;
    const auto metIf = [](bool isMet) {
        return isMet ? ConstraintState::kMet : ConstraintState::kViolated;
    };
    switch (item.kind) {
    case Kind::kMaxTp:
        return limitState(facts->tensorParallel, *asked.maxTp);
    case Kind::kMaxDp:
        return limitState(facts->dataParallel, *asked.maxDp);
    case Kind::kMaxPp:
        return limitState(plan->pipelineParallel(), *asked.maxPp);
    case Kind::kFixedTp:
        return fixedState(facts->tensorParallel, *asked.fixedTp);
    case Kind::kFixedDp:
        return fixedState(facts->dataParallel, *asked.fixedDp);
    case Kind::kFixedPp:
        return fixedState(plan->pipelineParallel(), *asked.fixedPp);
    case Kind::kMicrobatches:
        return fixedState(plan->microbatches, *asked.microbatches);
    case Kind::kChunks:
        return fixedState(plan->chunks, *asked.chunks);
    case Kind::kMemory:
        return memoryState(*plan, *asked.memoryPerDevice);
    case Kind::kSchedule:
        return metIf(plan->schedule == *asked.schedule);
    case Kind::kForbiddenSchedule:
        return metIf(plan->schedule != asked.forbiddenSchedules.front());
    case Kind::kCut:
        return metIf(beginsAt(*plan, asked.cuts.front()));
    case Kind::kForbiddenCut:
        return metIf(!beginsAt(*plan, asked.forbiddenCuts.front()));
    case Kind::kMesh:
    case Kind::kContextParallel:
    case Kind::kRecomputedLayers:
    case Kind::kForbiddenRecomputation:
    case Kind::kAllDevices:
    case Kind::kStageMesh:
    case Kind::kRecomputation:
    case Kind::kParameterStorage:
    case Kind::kStateStorage:
    case Kind::kSpec: {
        // The planner obeys what it was asked; a plan made before the constraint says nothing.
        const std::vector<std::string> obeyed = listConstraints(plan->options.constraints);
        return std::ranges::find(obeyed, item.text) != obeyed.end() ? ConstraintState::kMet
                                                                    : ConstraintState::kUnknown;
    }
    }
    return ConstraintState::kUnknown;
}

QString constraintStateText(ConstraintState state)
{
    switch (state) {
    case ConstraintState::kUnknown:
        return Texts::tr("not planned");
    case ConstraintState::kMet:
        return Texts::tr("met");
    case ConstraintState::kBinding:
        return Texts::tr("at its limit");
    case ConstraintState::kViolated:
        return Texts::tr("violated");
    case ConstraintState::kConflicting:
        return Texts::tr("clashes");
    }
    return {};
}

} // namespace alpa::app
