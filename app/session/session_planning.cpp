// The session's planning: requests go to jobs, and what they answer becomes entries.
#include "app/session/session.h"
#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr PlanStrategy kBaselines[] = {PlanStrategy::kDataParallel, PlanStrategy::kZero2,
                                       PlanStrategy::kZero3, PlanStrategy::kMegatron,
                                       PlanStrategy::kPipeline};

/// What the planner answers, turned into an entry on the planning thread.
void answerRequest(PlanEntry& entry, PlanRequest request, const Session::Planner& planner,
                   PlanCache& cache, const JobControl& control,
                   const IncumbentCallback& onIncumbent)
{
    const Result<Cluster> cluster = plannedCluster(entry.setup);
    if (!cluster.ok()) {
        entry.error = coreText(cluster.error().message);
        return;
    }
    request.cluster = *cluster;
    Result<PlanOutcome> outcome = planner(request, control, &cache, onIncumbent);
    if (!outcome.ok()) {
        if (outcome.error().code != ErrorCode::kCancelled)
            entry.error = coreText(outcome.error().message);
        return;
    }
    if (const auto* none = std::get_if<NoPlan>(&outcome.value()))
        entry.noPlan = *none;
    else
        entry.facts = describePlan(std::get<std::shared_ptr<const ParallelPlan>>(outcome.value()));
}

Seconds elapsedOf(const BackgroundJob& job) { return Seconds(double(job.elapsedMs()) * 1e-3); }

} // namespace

void Session::planNow()
{
    replanTimer_.stop();
    if (model_ == nullptr || model_->graph->ops.empty())
        return;
    if (const PlanEntry* known = answerTo(setup_);
        known != nullptr && known->facts != nullptr && !known->isUnfinished) {
        show(known->id);
        return;
    }
    cancelPlanning();
    startPlanning({setup_, std::exchange(shownName_, {})}, false);
    startNextBehind();
}

void Session::useBestSoFar()
{
    const std::shared_ptr<const ParallelPlan> best = incumbent();
    if (best == nullptr || planningJob_ == nullptr)
        return;
    auto entry = std::make_shared<PlanEntry>();
    entry->setup = setup_;
    entry->planningTime = elapsedOf(*planningJob_);
    entry->isUnfinished = true;
    cancelPlanning();
    jobs_.start(
        tr("Take the best plan so far"),
        [entry, best](const JobControl&) { entry->facts = describePlan(best); },
        [this, entry] {
            if (asksTheSame(entry->setup, setup_))
                takeOutcome(entry, false);
        });
}

void Session::cancelPlanning()
{
    replanTimer_.stop();
    incumbent_.reset();
    if (planningJob_ == nullptr)
        return;
    lastPlanning_ = std::max(lastPlanning_, elapsedOf(*planningJob_));
    planningJob_->cancel();
    planningJob_ = nullptr;
    Q_EMIT planningChanged();
}

void Session::startPlanning(const Wanted& wanted, bool isBehind)
{
    auto entry = std::make_shared<PlanEntry>();
    entry->setup = wanted.setup;
    entry->name = wanted.name;
    PlanRequest request;
    request.model = model_->graph;
    request.modelPath = fromQt(model_->path);
    request.options = wanted.setup.options;
    auto found = isBehind ? nullptr : std::make_shared<Incumbent>();
    if (!isBehind)
        incumbent_ = found;
    auto work = [this, entry, request, planner = planner_, cache = cache_,
                 found](const JobControl& control) {
        answerRequest(*entry, request, planner, *cache, control,
                      [&](const std::shared_ptr<const ParallelPlan>& plan) {
                          if (found == nullptr)
                              return;
                          found->set(plan);
                          // The search may report nothing more for a while.
                          QMetaObject::invokeMethod(this, &Session::planningChanged,
                                                    Qt::QueuedConnection);
                      });
    };
    const QString title =
        !isBehind ? tr("Plan %1 on %2").arg(model_->name, wanted.setup.cluster)
        : wanted.name.isEmpty()
            ? tr("Plan baseline %1").arg(strategyTitle(wanted.setup.options.strategy))
            : tr("Plan %1 again").arg(wanted.name);
    BackgroundJob*& slot = isBehind ? behindJob_ : planningJob_;
    // The newest job is the one whose answer counts: `mine` tells them apart after another took the
    // slot.
    auto mine = std::make_shared<BackgroundJob*>(nullptr);
    slot = jobs_.start(title, work, [this, entry, isBehind, mine] {
        BackgroundJob*& current = isBehind ? behindJob_ : planningJob_;
        const bool isCurrent = current == *mine;
        const bool isCancelled = (*mine)->isCancelled();
        if (isCurrent)
            current = nullptr;
        if (isCurrent && !isBehind)
            incumbent_.reset();
        entry->planningTime = elapsedOf(**mine);
        if (!isCancelled && !isBehind)
            lastPlanning_ = entry->planningTime;
        if (!isCancelled)
            takeOutcome(entry, isBehind);
        Q_EMIT planningChanged();
        if (isBehind)
            startNextBehind();
    });
    *mine = slot;
    Q_EMIT planningChanged();
}

void Session::takeOutcome(const std::shared_ptr<PlanEntry>& entry, bool isBehind)
{
    std::erase_if(entries_, [&](const auto& old) {
        const bool isReplaced =
            old->facts == nullptr || (old->isUnfinished && old->id != baselineId_);
        return isReplaced && asksTheSame(old->setup, entry->setup);
    });
    entry->id = nextId_++;
    const bool isNumbered =
        entry->setup.options.strategy == PlanStrategy::kAuto ||
        entry->setup.options.constraints !=
            baselineSetup(entry->setup, entry->setup.options.strategy).options.constraints;
    if (entry->name.isEmpty())
        entry->name = !isNumbered || entry->facts == nullptr
                          ? strategyTitle(entry->setup.options.strategy)
                      : entry->isHypothetical() ? tr("What if %1").arg(nextPlanNumber_++)
                      : entry->isUnfinished     ? tr("Plan %1, best so far").arg(nextPlanNumber_++)
                                                : tr("Plan %1").arg(nextPlanNumber_++);
    entries_.push_back(entry);
    if (wantedBaseline_ && *wantedBaseline_ == entry->setup) {
        baselineId_ = entry->id;
        wantedBaseline_.reset();
    }
    Q_EMIT plansChanged();
    if (isBehind)
        return;
    if (entry->facts != nullptr)
        show(entry->id);
    else
        Q_EMIT shownPlanChanged();
    if (!entry->error.isEmpty())
        Q_EMIT planningFailed(entry->error);
}

void Session::planBaselines()
{
    if (model_ == nullptr || isPlanningBehind())
        return;
    for (const PlanStrategy strategy : kBaselines) {
        const Setup setup = baselineSetup(setup_, strategy);
        if (answerTo(setup) == nullptr)
            behindQueue_.push_back({setup, {}});
    }
    startNextBehind();
}

void Session::startNextBehind()
{
    if (behindQueue_.empty() || behindJob_ != nullptr || model_ == nullptr) {
        Q_EMIT planningChanged();
        return;
    }
    const Wanted next = behindQueue_.front();
    behindQueue_.pop_front();
    startPlanning(next, true);
}

} // namespace alpa::app
