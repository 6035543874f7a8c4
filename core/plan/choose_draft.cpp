#include "core/plan/choose_draft.h"

#include "core/plan/team.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace alpa
{

void keepReason(NoPlan& kept, const NoPlan& none)
{
    if (kept.reason.empty() ||
        (none.smallestMemory &&
         (!kept.smallestMemory || *none.smallestMemory < *kept.smallestMemory)))
        kept = none;
}

CandidateRequest DraftChooser::request(const Draft& draft) const
{
    return {.context = &context_,
            .model = draft.model.get(),
            .constraints = &constraints_,
            .microbatches = draft.microbatches,
            .share = draft.share,
            .isLean = draft.isLean,
            .threads = threads_};
}

Result<std::shared_ptr<const DraftOutcome>> DraftChooser::outcomeOf(Draft draft) const
{
    NoPlan none;
    ASSIGN_OR_RETURN(const bool isFeasible, makeSet(draft, none));
    const StepBound bound = boundStep(request(draft), *draft.set);
    return std::make_shared<const DraftOutcome>(
        isFeasible ? DraftOutcome{draft.stepTime, draft.optimisticTime, bound}
                   : DraftOutcome{.bound = bound});
}

Result<bool> DraftChooser::makeSet(Draft& draft, NoPlan& none) const
{
    ASSIGN_OR_RETURN(CandidateSet set, makeCandidates(request(draft), control_));
    draft.set = std::make_shared<CandidateSet>(std::move(set));
    if (!draft.set->candidates.empty())
        return choose(draft, none);
    keepReason(none, {.reason = draft.set->problems.empty() ? "no mesh shape obeys the constraints"
                                                            : draft.set->problems.front(),
                      .clashing = {},
                      .smallestMemory = {}});
    return false;
}

/// Chooses stages among the draft's candidates. False: `none` says why there are none.
Result<bool> DraftChooser::choose(Draft& draft, NoPlan& none) const
{
    StageProblem problem = stageProblem(draft, request_.cluster, constraints_);
    problem.explains = explains_;
    draft.chosen.clear();
    std::vector<ScheduleKind> schedules = draftSchedules(constraints_);
    const bool isShared = chunksForCuts(draft, request_.cluster, constraints_) > 1;
    if (isShared)
        schedules.resize(1); // Others reschedule its stages.
    // Side by side, but for what all of them would explain alike.
    std::vector<std::optional<Result<StageOutcome>>> outcomes(schedules.size());
    const auto find = [&](size_t i) {
        StageProblem own = problem;
        own.schedule = schedules[i];
        outcomes[i] = chooseStages(own, control_);
    };
    if (!explains_)
        context_.team().run(schedules.size(), threads_, find);
    for (size_t i = 0; i < schedules.size(); ++i) {
        if (!outcomes[i])
            find(i);
        ASSIGN_OR_RETURN(const StageOutcome outcome, *std::move(outcomes[i]));
        if (const auto* solution = std::get_if<StageSolution>(&outcome)) {
            // One stage has no bubble to fill.
            if (draft.chosen.empty() || solution->best.stages.size() > 1 ||
                !isScheduleAllowed(constraints_, draft.chosen.front().schedule))
                draft.chosen.push_back(
                    {isShared ? ScheduleKind::kInterleaved1f1b : schedules[i], solution->best});
            continue;
        }
        // What memory and devices allow is the same under all of them.
        const NoStagePlan& nothing = std::get<NoStagePlan>(outcome);
        if (explains_)
            keepReason(none,
                       {.reason = nothing.message,
                        .clashing = {},
                        .smallestMemory = nothing.smallestBudget ? nothing.smallestBudget
                                                                 : draft.set->smallestMemory});
        return false;
    }
    std::ranges::stable_sort(draft.chosen, {},
                             [](const DraftChoice& choice) { return choice.stages.stepTime; });
    draft.stepTime = draft.chosen.front().stages.stepTime;
    draft.optimisticTime = optimisticTime(draft, constraints_);
    return true;
}

Result<bool> DraftChooser::refine(Draft& draft, NoPlan& none) const
{
    if (!draft.set)
        RETURN_IF_ERROR(makeSet(draft, none));
    bool isFeasible = !draft.chosen.empty();
    while (true) {
        std::set<int> families;
        for (const DraftChoice& choice : draft.chosen) {
            for (const PlannedStage& stage : choice.stages.stages)
                families.insert(draft.set->familyOf[static_cast<size_t>(stage.candidate)]);
        }
        // Constraints on shardings may save memory, but not beyond what all but minimises it.
        if (!isFeasible && (!draft.isLean || explains_)) {
            for (size_t family = 0; family < draft.set->families.size(); ++family)
                families.insert(static_cast<int>(family));
        }
        std::erase_if(families, [&](int family) {
            return draft.set->families[static_cast<size_t>(family)].isExact;
        });
        draft.isExact = families.empty();
        if (draft.isExact)
            return isFeasible;
        RETURN_IF_ERROR(refineCandidates(request(draft), {families.begin(), families.end()},
                                         *draft.set, control_));
        ASSIGN_OR_RETURN(isFeasible, choose(draft, none));
    }
}

} // namespace alpa
