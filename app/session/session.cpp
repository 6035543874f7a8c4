#include "app/session/session.h"

#include <algorithm>

#include "app/session/setup_command.h"
#include "app/settings/qt_text.h"
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_file.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Long enough to type "16" into a spin box, short enough to feel immediate.
constexpr int kReplanDelayMs = 300;

constexpr PlanStrategy kBaselines[] = {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
                                       PlanStrategy::kMegatron, PlanStrategy::kPipeline};

/// What the planner answers, turned into an entry on the planning thread.
void answerRequest(PlanEntry& entry, PlanRequest request, PlanCache& cache, const JobControl& control,
                   const IncumbentCallback& onIncumbent)
{
    const Result<Cluster> cluster = plannedCluster(entry.setup);
    if (!cluster.ok()) {
        entry.error = toQt(cluster.error().message);
        return;
    }
    request.cluster = *cluster;
    Result<PlanOutcome> outcome = makePlan(request, control, &cache, onIncumbent);
    if (!outcome.ok()) {
        if (outcome.error().code != ErrorCode::kCancelled)
            entry.error = toQt(outcome.error().message);
        return;
    }
    if (const auto* none = std::get_if<NoPlan>(&outcome.value()))
        entry.noPlan = *none;
    else
        entry.facts = describePlan(std::get<std::shared_ptr<const ParallelPlan>>(outcome.value()));
}

/// SHA-256 in hex; empty if the file cannot be read.
QString contentHash(const QString& path)
{
    QFile file(path);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!file.open(QIODevice::ReadOnly) || !hash.addData(&file))
        return {};
    return QString::fromLatin1(hash.result().toHex());
}

} // namespace

Session::Session(QObject* parent) : QObject(parent)
{
    setup_.cluster = u"h200-x4"_s;
    replanTimer_.setSingleShot(true);
    replanTimer_.setInterval(kReplanDelayMs);
    connect(&replanTimer_, &QTimer::timeout, this, &Session::planNow);
    connect(&jobs_, &JobList::progressed, this, &Session::planningChanged);
    connect(&runs_, &RunQueue::changed, this, &Session::runsChanged);
    connect(&runs_, &RunQueue::finished, this, &Session::plansChanged);
}

Session::~Session() = default;

void Session::openModel(const QString& path, const ImportChoices& choices)
{
    restoring_.reset();
    readModel(path, choices);
}

void Session::readModel(const QString& path, const ImportChoices& choices)
{
    if (importJob_ != nullptr)
        importJob_->cancel();
    struct Imported {
        std::shared_ptr<const Model> model;
        QString error;
    };
    auto imported = std::make_shared<Imported>();
    auto work = [imported, path, choices](const JobControl& control) {
        ImportOptions options;
        options.control = control;
        options.dims = choices.dims;
        options.loss = choices.loss;
        Result<ImportResult> result = importModel(fromQt(path), options);
        if (!result.ok()) {
            imported->error = toQt(result.error().message);
            return;
        }
        const QString sha256 = contentHash(path);
        // What has errors is shown too: as its list of problems.
        ImportResult& found = result.value();
        const std::shared_ptr<Model> model = makeModel(path, found.graph ? std::move(*found.graph) : Graph(),
                                                       std::move(found.diagnostics), found.sourceText, sha256);
        model->choices = choices;
        for (const std::string& name : found.openDims)
            model->openDims.push_back(toQt(name));
        imported->model = model;
    };
    importJob_ = jobs_.start(tr("Import %1").arg(modelNameOf(path)), work, [this, imported] {
        auto* job = importJob_;
        importJob_ = nullptr;
        if (job != nullptr && job->isCancelled())
            return;
        if (imported->model == nullptr) {
            restoring_.reset();
            Q_EMIT importFailed(imported->error);
            return;
        }
        takeModel(imported->model);
        restoreSaved();
        if (!model_->openDims.empty() || model_->needsLoss)
            Q_EMIT importUndecided();
        else if (model_->graph->ops.empty())
            Q_EMIT importFailed(tr("%1 could not be read; Problems says why and where").arg(model_->name));
        else
            planNow();
    });
}

namespace
{

struct LoadedPlan {
    std::shared_ptr<PlanEntry> entry = std::make_shared<PlanEntry>();
    std::shared_ptr<const Model> model;
    QString error;
};

BackgroundJob::Work loadingOf(const QString& path, const std::shared_ptr<LoadedPlan>& loaded)
{
    return [loaded, path](const JobControl&) {
        Result<std::shared_ptr<const ParallelPlan>> plan = loadPlan(fromQt(path));
        if (!plan.ok()) {
            loaded->error = toQt(plan.error().message);
            return;
        }
        loaded->entry->setup.cluster = toQt((*plan)->cluster.name);
        loaded->entry->setup.options = (*plan)->options;
        loaded->model = makeModel(toQt((*plan)->modelPath), *(*plan)->graph, {}, {});
        loaded->entry->facts = describePlan(*plan);
    };
}

} // namespace

void Session::openPlan(const QString& path)
{
    planFiles_.clear();
    auto loaded = std::make_shared<LoadedPlan>();
    jobs_.start(tr("Open plan"), loadingOf(path, loaded), [this, loaded] {
        if (loaded->model == nullptr) {
            isOpeningPlan_ = false;
            Q_EMIT importFailed(loaded->error);
            return;
        }
        isOpeningPlan_ = false;
        takeModel(loaded->model);
        setInitialSetup(loaded->entry->setup);
        takeOutcome(loaded->entry, false);
        for (const QString& other : std::exchange(planFiles_, {}))
            addPlan(other);
    });
    isOpeningPlan_ = true;
}

void Session::addPlan(const QString& path)
{
    // While the first of several is read, the others wait for its model.
    if (model_ == nullptr || isOpeningPlan_) {
        planFiles_ << path;
        return;
    }
    auto loaded = std::make_shared<LoadedPlan>();
    jobs_.start(tr("Open plan"), loadingOf(path, loaded), [this, loaded, path] {
        const auto facts = loaded->entry->facts;
        if (facts == nullptr || model_ == nullptr || toQt(facts->plan->modelName) != model_->name) {
            Q_EMIT planFileRefused(facts == nullptr ? loaded->error : tr("%1 is a plan of another model").arg(path));
            return;
        }
        loaded->entry->name = QFileInfo(path).completeBaseName();
        takeOutcome(loaded->entry, true);
    });
}

void Session::takeModel(std::shared_ptr<const Model> model)
{
    cancelPlanning();
    behindQueue_.clear();
    wantedBaseline_.reset();
    if (behindJob_ != nullptr)
        behindJob_->cancel();
    runs_.clear();
    model_ = std::move(model);
    modelFacts_ = describeGraph(model_->graph, model_->layers);
    entries_.clear();
    nextPlanNumber_ = 1;
    shownId_ = 0;
    baselineId_ = 0;
    undoStack_.clear();
    selection_.clear();
    setup_.options.globalBatch.reset();
    Q_EMIT modelChanged();
    Q_EMIT setupChanged();
    Q_EMIT plansChanged();
    Q_EMIT shownPlanChanged();
}

void Session::editSetup(const Setup& next, const QString& text, int mergeId)
{
    if (next == setup_)
        return;
    undoStack_.push(new SetupCommand(this, next, text, mergeId));
}

void Session::setInitialSetup(const Setup& setup)
{
    setup_ = setup;
    undoStack_.clear();
    Q_EMIT setupChanged();
}

void Session::applySetup(const Setup& setup)
{
    setup_ = setup;
    cancelPlanning();
    Q_EMIT setupChanged();
    const PlanEntry* known = answerTo(setup_);
    if (known != nullptr && known->facts != nullptr)
        show(known->id);
    else
        Q_EMIT shownPlanChanged();
    if (known == nullptr && replansAtOnce_ && model_ != nullptr)
        replanTimer_.start();
}

const PlanEntry* Session::entry(int id) const
{
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry->id == id; });
    return found == entries_.end() ? nullptr : found->get();
}

const PlanEntry* Session::answerTo(const Setup& setup) const
{
    const auto found = std::ranges::find_if(
        entries_, [&](const auto& entry) { return entry->error.isEmpty() && asksTheSame(entry->setup, setup); });
    return found == entries_.end() ? nullptr : found->get();
}

bool Session::isStale() const
{
    const PlanEntry* shown = shownPlan();
    return shown != nullptr && !asksTheSame(shown->setup, setup_);
}

const PlanEntry* Session::obstacle() const
{
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return asksTheSame(entry->setup, setup_); });
    return found == entries_.end() || (*found)->facts != nullptr ? nullptr : found->get();
}

std::shared_ptr<const GraphFacts> Session::facts() const
{
    const PlanEntry* shown = shownPlan();
    return shown != nullptr ? shown->facts : modelFacts_;
}

void Session::setBaseline(int id)
{
    baselineId_ = baselineId_ == id ? 0 : id;
    Q_EMIT plansChanged();
}

void Session::showPlan(int id)
{
    const PlanEntry* wanted = entry(id);
    if (wanted != nullptr)
        editSetup(wanted->setup, tr("Show %1").arg(wanted->name), SetupCommand::kShowPlanMerge);
}

void Session::removePlan(int id)
{
    if (id == shownId_)
        return;
    std::erase_if(entries_, [&](const auto& entry) { return entry->id == id; });
    if (baselineId_ == id)
        baselineId_ = 0;
    Q_EMIT plansChanged();
}

void Session::show(int id)
{
    shownId_ = id;
    Q_EMIT shownPlanChanged();
}

void Session::planNow()
{
    replanTimer_.stop();
    if (model_ == nullptr || model_->graph->ops.empty())
        return;
    if (const PlanEntry* known = answerTo(setup_); known != nullptr && known->facts != nullptr && !known->isUnfinished) {
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
    entry->isUnfinished = true;
    cancelPlanning();
    jobs_.start(tr("Take the best plan so far"), [entry, best](const JobControl&) { entry->facts = describePlan(best); },
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
    auto work = [entry, request, cache = cache_, found](const JobControl& control) {
        answerRequest(*entry, request, *cache, control, [&](const std::shared_ptr<const ParallelPlan>& plan, Seconds bound) {
            if (found != nullptr)
                found->set(plan, bound);
        });
    };
    const QString title = !isBehind             ? tr("Plan %1 on %2").arg(model_->name, wanted.setup.cluster)
                          : wanted.name.isEmpty() ? tr("Plan baseline %1").arg(strategyTitle(wanted.setup.options.strategy))
                                                  : tr("Plan %1 again").arg(wanted.name);
    BackgroundJob*& slot = isBehind ? behindJob_ : planningJob_;
    // The newest job is the one whose answer counts: `mine` tells them apart after another took the slot.
    auto mine = std::make_shared<BackgroundJob*>(nullptr);
    slot = jobs_.start(title, work, [this, entry, isBehind, mine] {
        BackgroundJob*& current = isBehind ? behindJob_ : planningJob_;
        const bool isCurrent = current == *mine;
        const bool isCancelled = (*mine)->isCancelled();
        if (isCurrent)
            current = nullptr;
        if (isCurrent && !isBehind)
            incumbent_.reset();
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
        const bool isReplaced = old->facts == nullptr || (old->isUnfinished && old->id != baselineId_);
        return isReplaced && asksTheSame(old->setup, entry->setup);
    });
    entry->id = nextId_++;
    const bool isNumbered = entry->setup.options.strategy == PlanStrategy::kAuto ||
                            entry->setup.options.constraints !=
                                baselineSetup(entry->setup, entry->setup.options.strategy).options.constraints;
    if (entry->name.isEmpty())
        entry->name = !isNumbered || entry->facts == nullptr ? strategyTitle(entry->setup.options.strategy)
                      : entry->isHypothetical()             ? tr("What if %1").arg(nextPlanNumber_++)
                      : entry->isUnfinished                 ? tr("Plan %1, best so far").arg(nextPlanNumber_++)
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

SavedSession Session::saved() const
{
    SavedSession saved;
    if (model_ == nullptr)
        return saved;
    saved.modelPath = QFileInfo(model_->path).absoluteFilePath();
    saved.modelSha256 = model_->sha256;
    saved.choices = model_->choices;
    saved.setup = setup_;
    saved.nextPlanNumber = nextPlanNumber_;
    for (const auto& entry : entries_) {
        if (entry->facts == nullptr)
            continue;
        if (entry->id == baselineId_)
            saved.baseline = static_cast<int>(saved.plans.size());
        saved.plans.push_back({entry->name, entry->setup, entry->plan()->stepTime.count});
    }
    return saved;
}

void Session::openSaved(const SavedSession& saved, const std::vector<std::pair<Setup, QString>>& history)
{
    restoring_ = Restoring{saved, history};
    readModel(saved.modelPath, saved.choices);
}

/// After the model was read: its undo stack and setup as they were, and its plans queued for planning.
void Session::restoreSaved()
{
    if (!restoring_)
        return;
    const Restoring was = *std::exchange(restoring_, std::nullopt);
    const bool replans = std::exchange(replansAtOnce_, false);
    setInitialSetup(was.history.empty() ? was.saved.setup : was.history.front().first);
    for (size_t i = 0; i < was.history.size(); ++i)
        editSetup(i + 1 < was.history.size() ? was.history[i + 1].first : was.saved.setup, was.history[i].second);
    replansAtOnce_ = replans;
    nextPlanNumber_ = was.saved.nextPlanNumber;
    if (was.saved.baseline >= 0)
        wantedBaseline_ = was.saved.plans[static_cast<size_t>(was.saved.baseline)].setup;
    for (const SavedPlan& plan : was.saved.plans) {
        if (asksTheSame(plan.setup, setup_))
            shownName_ = plan.name;
        else
            behindQueue_.push_back({plan.setup, plan.name});
    }
    if (!was.saved.modelSha256.isEmpty() && was.saved.modelSha256 != model_->sha256)
        Q_EMIT restored(tr("%1 is not the file that the session was saved with: its plans are made anew").arg(model_->name));
    else
        Q_EMIT restored({});
}

void Session::queueRuns(const RunOrder& order, const QString& program)
{
    std::vector<std::shared_ptr<const PlanEntry>> plans;
    for (const int id : order.planIds) {
        for (const auto& entry : entries_) {
            if (entry->id == id && entry->facts != nullptr)
                plans.push_back(entry);
        }
    }
    if (!plans.empty())
        runs_.add(order, plans, program);
}

std::optional<Seconds> Session::measuredStep(int planId) const
{
    const std::optional<Measurement> measured = runs_.measurement(planId);
    return measured ? std::optional(measured->median) : std::nullopt;
}

} // namespace alpa::app
