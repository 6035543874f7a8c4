#include "core/plan/finish_plan.h"

#include "core/base/text.h"
#include "core/plan/drafted_step.h"
#include "core/plan/fit_stages.h"
#include "core/plan/interleave_stages.h"
#include "core/plan/stage_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace alpa
{
namespace
{

/// How often the stage choice is repeated with corrected memory needs before the plan counts as too
/// large.
constexpr int kMemoryRounds = 8;

constexpr double kAlternativeSlack = 1.10; ///< Runners-up of the stage choice within this factor.

/// Interleaved drafts that are finished, if they come so near to the best plan.
constexpr int kInterleavedTries = 2;
constexpr double kInterleavedSlack = 1.05;

class Finisher
{
public:
    Finisher(const Draft& draft, const PlanRequest& request, const PlanConstraints& constraints,
             PlanContext& context, Seconds cutoff, StageFitter& fitter, const JobControl& control,
             const AttemptCallback& onBetter)
        : draft_(draft)
        , request_(request)
        , constraints_(constraints)
        , context_(context)
        , cutoff_(cutoff)
        , fitter_(fitter)
        , effort_(effortFor(*request.model))
        , control_(control)
        , onBetter_(onBetter)
    {
    }

    /// The fastest over the schedules that the constraints allow; where two take the same time, the
    /// simpler one.
    Result<Attempt> run()
    {
        RETURN_IF_ERROR(finishChoices());
        if (isScheduleAllowed(constraints_, ScheduleKind::kInterleaved1f1b))
            RETURN_IF_ERROR(finishInterleaved());
        return std::move(attempt_);
    }

private:
    enum class Trial {
        kFits,
        kTooLarge, ///< Some stage has no sharding that fits.
        kTooSlow,  ///< Nothing that fits takes less than what is known.
    };

    /// The choices, best first. Of large models, whose stages take long to shard, the plainest
    /// first: it needs the least memory.
    std::vector<DraftChoice> inTurn() const
    {
        std::vector<DraftChoice> choices = draft_.chosen;
        if (!effort_.isThorough)
            std::ranges::stable_sort(choices, {}, &DraftChoice::schedule);
        return choices;
    }

    /// Large models leave what promises no more than the best so far alone.
    bool isWorthwhile(const StageProblem& problem, const DraftChoice& choice) const
    {
        return isNear(problem, choice.stages) &&
               (effort_.isThorough || choice.stages.stepTime < bestTime()) &&
               std::ranges::find(judged_, judgedAs(choice.schedule, choice.stages)) ==
                   judged_.end();
    }

    using Judged = std::pair<ScheduleKind, std::vector<int>>; ///< Candidates under a schedule.
    static Judged judgedAs(ScheduleKind schedule, const StagePlan& stages)
    {
        Judged judged{schedule, {}};
        for (const PlannedStage& stage : stages.stages)
            judged.second.push_back(stage.candidate);
        return judged;
    }

    /// May the plan of these stages be faster than the best so far?
    bool isNear(const StageProblem& problem, const StagePlan& stages) const
    {
        const Seconds useful = std::min(bestTime(), cutoff_ * (1 / draft_.gain)) * effort_.slack;
        if (leastTimeOf(problem, stages) > useful)
            return false;
        return std::ranges::any_of(draftSchedules(constraints_), [&](ScheduleKind schedule) {
            return stepTimeOf(stages, schedule, draft_.microbatches,
                              draft_.model->weightGradientShare) <= useful;
        });
    }

    /// What stages with devices of their own take at least by the costs of drafts: the way to a
    /// stage and back, where weight gradients may wait, and all microbatches there.
    Seconds leastTimeOf(const StageProblem& problem, const StagePlan& stages) const
    {
        Seconds least, wayThere;
        for (const PlannedStage& stage : stages.stages) {
            const auto& candidate = problem.candidates[static_cast<size_t>(stage.candidate)];
            least = std::max(least, wayThere + candidate.perMicrobatch *
                                                   static_cast<double>(draft_.microbatches));
            wayThere += candidate.perMicrobatch * (1 - draft_.model->weightGradientShare);
        }
        return least;
    }

    Status finishChoices()
    {
        for (const DraftChoice& choice : inTurn()) {
            const bool isOwn = isScheduleAllowed(constraints_, choice.schedule) ||
                               isScheduleAllowed(constraints_, ScheduleKind::kZeroBubble);
            if (choice.schedule != ScheduleKind::kInterleaved1f1b && isOwn)
                RETURN_IF_ERROR(finishChoice(choice));
        }
        return {};
    }

    /// Shards stages that have devices of their own.
    Status finishChoice(const DraftChoice& choice)
    {
        StageProblem problem = stageProblem(draft_, request_.cluster, constraints_);
        problem.schedule = choice.schedule;
        if (!isWorthwhile(problem, choice))
            return {};
        StageProblem drafted = problem;
        const bool hadPlan = attempt_.plan != nullptr;
        ASSIGN_OR_RETURN(const Trial first, tryStages(problem, choice.stages, 1));
        if (first == Trial::kFits || first == Trial::kTooSlow)
            return hadPlan ? Status() : tryAlternatives(problem);
        // The first choice does not fit: its runners-up may, then those under corrected needs. What
        // takes far longer than they promise is sharded as nobody wants it.
        bool isFound = false;
        for (int round = 0; round < kMemoryRounds && (!isFound || effort_.isThorough); ++round) {
            StageProblem& asked = round == 0 ? drafted : problem;
            asked.alternatives = effort_.alternatives;
            ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(asked, control_));
            if (const auto* none = std::get_if<NoStagePlan>(&outcome)) {
                if (attempt_.none.reason.empty())
                    attempt_.none.reason = none->message;
                if (none->smallestBudget)
                    attempt_.none.smallestMemory = none->smallestBudget;
                return {};
            }
            StageSolution solution = std::get<StageSolution>(outcome);
            if (leastTimeOf(asked, solution.best) >= bestTime())
                return {};
            if (round > 0)
                solution.alternatives.insert(solution.alternatives.begin(), solution.best);
            ASSIGN_OR_RETURN(const std::optional<Trial> trial, tryRunnersUp(problem, solution));
            isFound = isFound || (trial == Trial::kFits &&
                                  bestTime() <= solution.best.stepTime * kAlternativeSlack);
            if (!trial && round > 0)
                return {}; // Nothing was learnt.
            if (attempt_.plan)
                continue;
            const Bytes limit = memoryLimit(request_.cluster, constraints_);
            attempt_.none.reason =
                fmt::format("the stages need more than {} per device", formatMemory(limit));
            attempt_.none.smallestMemory = attempt_.none.smallestMemory.value_or(limit);
        }
        return {};
    }

    /// kFits if one of them does. Nothing: none comes near.
    Result<std::optional<Trial>> tryRunnersUp(StageProblem& problem, const StageSolution& solution)
    {
        std::optional<Trial> tried;
        for (const StagePlan& other : solution.alternatives) {
            if (other.stepTime > solution.best.stepTime * kAlternativeSlack ||
                !isNear(problem, other))
                continue;
            ASSIGN_OR_RETURN(const Trial trial, tryStages(problem, other, 1));
            tried = tried == Trial::kFits ? tried : trial;
        }
        return tried;
    }

    /// The objective only estimates the simulated step: of the runners-up, those that drafts
    /// simulate best are finished too.
    Status tryAlternatives(StageProblem& problem)
    {
        std::vector<StagePlan> others;
        RETURN_IF_ERROR(addBest(problem, others));
        if (!effort_.isThorough)
            return others.empty() ? Status() : tryNear(problem, {others.begin() + 1, others.end()});
        RETURN_IF_ERROR(addOfCounts(problem, others));
        keepQuickest(problem, 2 * effort_.alternatives, others);
        for (size_t i = 0, count = others.size(); i < count; ++i)
            others.push_back(exchangeCandidates(problem, others[i]));
        keepQuickest(problem, 2 * effort_.alternatives, others);
        return tryNear(problem, others);
    }

    /// Adds those of every number of stages that the constraints leave, on all hosts and on one:
    /// where stages lie, which only finished plans know, weighs the more the more of them there
    /// are.
    Status addOfCounts(StageProblem problem, std::vector<StagePlan>& plans) const
    {
        problem.explains = false;
        const std::optional<int> demanded = problem.constraints.stageCount;
        const int all = problem.deviceCount + problem.secondDeviceCount;
        const int most =
            std::min({problem.layerCount, all, problem.constraints.maxStages.value_or(all)});
        for (int count = demanded.value_or(1); count <= demanded.value_or(most); ++count) {
            problem.constraints.stageCount = count;
            RETURN_IF_ERROR(addBest(problem, plans));
            StageProblem onOneHost = problem;
            onOneHost.deviceCount = std::min(problem.deviceCount, draft_.share.devicesPerHost);
            onOneHost.secondDeviceCount = 0;
            if (onOneHost.deviceCount < all && problem.constraints.allowIdleDevices)
                RETURN_IF_ERROR(addBest(onOneHost, plans));
        }
        return {};
    }

    /// Adds the best stages, then their runners-up.
    Status addBest(StageProblem problem, std::vector<StagePlan>& plans) const
    {
        problem.alternatives = effort_.alternatives;
        ASSIGN_OR_RETURN(const StageOutcome outcome, chooseStages(problem, control_));
        if (const auto* solution = std::get_if<StageSolution>(&outcome)) {
            plans.push_back(solution->best);
            plans.insert(plans.end(), solution->alternatives.begin(), solution->alternatives.end());
        }
        return {};
    }

    Status tryNear(StageProblem& problem, const std::vector<StagePlan>& plans)
    {
        for (const StagePlan& plan : plans) {
            if (isNear(problem, plan))
                RETURN_IF_ERROR(tryStages(problem, plan, 1));
        }
        return {};
    }

    /// The sharded stages under the other schedules that suit them: cheap, since shardings stay.
    /// Where a faster schedule keeps more than fits, they are sharded once more for it.
    Status reschedule(const StageProblem& problem, const StagePlan& chosen,
                      const AssemblyRequest& sharded)
    {
        for (const ScheduleKind schedule : draftSchedules(constraints_)) {
            if (schedule == sharded.schedule || !isScheduleAllowed(constraints_, schedule))
                continue;
            AssemblyRequest assembly = sharded;
            assembly.schedule = schedule;
            ASSIGN_OR_RETURN(auto plan, assessPlan(assembly, context_, bestTime()));
            if (plan->stepTime >= bestTime()) {
                judged_.push_back(judgedAs(schedule, chosen));
                continue;
            }
            StageProblem corrected = problem;
            corrected.schedule = schedule;
            if (fitter_.correctNeeds(corrected, chosen, *plan)) {
                keepBest(std::move(plan), std::move(assembly));
                judged_.push_back(judgedAs(schedule, chosen));
                continue;
            }
            isRescheduling_ = true;
            RETURN_IF_ERROR(tryStages(corrected, chosen, 1));
            isRescheduling_ = false;
        }
        return {};
    }

    /// Slower interleaved drafts are left alone.
    Seconds interleavedCutoff() const { return std::min(bestTime(), cutoff_) * kInterleavedSlack; }

    Status finishInterleaved()
    {
        // Chunks share a device's memory: first hoping that they leave each other enough, then with
        // equal shares.
        for (const bool sharesEqually : {false, true}) {
            ASSIGN_OR_RETURN(std::vector<InterleavedStages> all,
                             interleaveStages(draft_, request_.cluster, constraints_,
                                              sharesEqually ? 2 : 1, interleavedCutoff(),
                                              control_));
            int tried = 0;
            for (InterleavedStages& stages : all) {
                if (stages.stepTime > interleavedCutoff() || tried++ == kInterleavedTries)
                    break;
                fitter_.shareMemory(sharesEqually ? stages.chunks : 1);
                RETURN_IF_ERROR(tryStages(stages.problem, stages.chosen, stages.chunks));
            }
            if (attempt_.plan)
                break;
        }
        fitter_.shareMemory(1);
        if (!attempt_.plan && constraints_.schedule)
            attempt_.none.reason = whyNotInterleaved(draft_, request_.cluster, constraints_);
        return {};
    }

    Seconds bestTime() const { return attempt_.plan ? attempt_.plan->stepTime : kForever; }

    void keepBest(std::shared_ptr<const ParallelPlan> plan, AssemblyRequest assembly)
    {
        if (plan->stepTime >= bestTime())
            return;
        attempt_.plan = std::move(plan);
        attempt_.assembly = std::move(assembly);
        if (onBetter_)
            onBetter_(attempt_);
    }

    /// Keeps the plan of `chosen`, every stage sharded under its exact memory limit, if it is the
    /// best so far. If a stage does not fit after all, `problem` learns what such stages need.
    Result<Trial> tryStages(StageProblem& problem, const StagePlan& chosen, int chunks)
    {
        ASSIGN_OR_RETURN(const FittedStages fitted,
                         fitter_.shard(problem, chosen, chunks, std::min(bestTime(), cutoff_)));
        if (fitted.fit == Fit::kTooLarge)
            return Trial::kTooLarge;
        if (fitted.fit == Fit::kTooSlow) {
            attempt_.isBeaten = true;
            return Trial::kTooSlow;
        }
        const AssemblyRequest& assembly = fitted.assembly;
        ASSIGN_OR_RETURN(auto plan, assessPlan(assembly, context_, bestTime()));
        if (!fitter_.correctNeeds(problem, chosen, *plan))
            return Trial::kTooLarge;
        if (isScheduleAllowed(constraints_, assembly.schedule))
            keepBest(std::move(plan), assembly);
        if (chunks == 1 && chosen.stages.size() > 1 && !isRescheduling_)
            RETURN_IF_ERROR(reschedule(problem, chosen, assembly));
        return Trial::kFits;
    }

    const Draft& draft_;
    const PlanRequest& request_;
    const PlanConstraints& constraints_;
    PlanContext& context_;
    const Seconds cutoff_;
    StageFitter& fitter_;
    const SearchEffort effort_;
    const JobControl& control_;
    const AttemptCallback& onBetter_;
    bool isRescheduling_ = false;
    std::vector<Judged> judged_; ///< What other choices were rescheduled to.
    Attempt attempt_;
};

} // namespace

Result<Attempt> finishDraft(const Draft& draft, const PlanRequest& request,
                            const PlanConstraints& constraints, PlanContext& context,
                            Seconds cutoff, int threads, const JobControl& control,
                            const AttemptCallback& onBetter)
{
    ASSIGN_OR_RETURN(auto model, context.fullModel(draft.model->model->microbatchSize,
                                                   draft.layersAsked, control));
    StageFitter fitter(draft, request, constraints, context, std::move(model), threads, control);
    return Finisher(draft, request, constraints, context, cutoff, fitter, control, onBetter).run();
}

} // namespace alpa
