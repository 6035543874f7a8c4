// The session's document: models, plans and saved sessions are read in the background and taken
// over here.
#include "app/session/session.h"
#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "core/import/import_model.h"
#include "core/plan/plan_file.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

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
        std::shared_ptr<const GraphFacts> facts;
        QString error;
    };
    auto imported = std::make_shared<Imported>();
    auto work = [imported, path, choices](const JobControl& control) {
        ImportOptions options;
        options.control = control;
        options.dims = choices.dims;
        options.loss = choices.loss;
        if (!choices.rules.isEmpty()) {
            Result<std::vector<UserRule>> rules = loadUserRules(fromQt(choices.rules));
            if (!rules.ok()) {
                imported->error = coreText(rules.error().message);
                return;
            }
            options.rules = std::move(rules.value());
        }
        Result<ImportResult> result = importModel(fromQt(path), options);
        if (!result.ok()) {
            imported->error = coreText(result.error().message);
            return;
        }
        const QString sha256 = contentHash(path);
        // What has errors is shown too: as its list of problems.
        ImportResult& found = result.value();
        const std::shared_ptr<Model> model =
            makeModel(path, found.graph ? std::move(*found.graph) : Graph(),
                      std::move(found.diagnostics), found.sourceText, sha256);
        model->choices = choices;
        for (const std::string& name : found.openDims)
            model->openDims.push_back(toQt(name));
        imported->facts = describeGraph(model->graph, model->layers);
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
        takeModel(imported->model, imported->facts);
        restoreSaved();
        if (!model_->openDims.empty() || model_->needsLoss)
            Q_EMIT importUndecided();
        else if (model_->graph->ops.empty())
            Q_EMIT importFailed(
                tr("%1 could not be read; Problems says why and where").arg(model_->name));
        else
            planNow();
    });
}

namespace
{

struct LoadedPlan {
    std::shared_ptr<PlanEntry> entry = std::make_shared<PlanEntry>();
    std::shared_ptr<const Model> model;
    std::shared_ptr<const GraphFacts> modelFacts;
    QString error;
};

BackgroundJob::Work loadingOf(const QString& path, const std::shared_ptr<LoadedPlan>& loaded)
{
    return [loaded, path](const JobControl&) {
        Result<std::shared_ptr<const ParallelPlan>> plan = loadPlan(fromQt(path));
        if (!plan.ok()) {
            loaded->error = coreText(plan.error().message);
            return;
        }
        loaded->entry->setup.cluster = toQt((*plan)->cluster.name);
        loaded->entry->setup.options = (*plan)->options;
        loaded->model = makeModel(toQt((*plan)->modelPath), *(*plan)->graph, {}, {});
        loaded->modelFacts = describeGraph(loaded->model->graph, loaded->model->layers);
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
        takeModel(loaded->model, loaded->modelFacts);
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
            Q_EMIT planFileRefused(
                facts == nullptr ? loaded->error : tr("%1 is a plan of another model").arg(path));
            return;
        }
        loaded->entry->name = QFileInfo(path).completeBaseName();
        takeOutcome(loaded->entry, true);
    });
}

void Session::takeModel(std::shared_ptr<const Model> model, std::shared_ptr<const GraphFacts> facts)
{
    cancelPlanning();
    behindQueue_.clear();
    wantedBaseline_.reset();
    if (behindJob_ != nullptr)
        behindJob_->cancel();
    runs_.clear();
    model_ = std::move(model);
    modelFacts_ = std::move(facts);
    entries_.clear();
    lastPlanning_ = {};
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

void Session::openSaved(const SavedSession& saved,
                        const std::vector<std::pair<Setup, QString>>& history)
{
    restoring_ = Restoring{saved, history};
    readModel(saved.modelPath, saved.choices);
}

/// After the model was read: its undo stack and setup as they were, and its plans queued for
/// planning.
void Session::restoreSaved()
{
    if (!restoring_)
        return;
    const Restoring was = *std::exchange(restoring_, std::nullopt);
    const bool replans = std::exchange(replansAtOnce_, false);
    setInitialSetup(was.history.empty() ? was.saved.setup : was.history.front().first);
    for (size_t i = 0; i < was.history.size(); ++i)
        editSetup(i + 1 < was.history.size() ? was.history[i + 1].first : was.saved.setup,
                  was.history[i].second);
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
        Q_EMIT restored(
            tr("%1 is not the file that the session was saved with: its plans are made anew")
                .arg(model_->name));
    else
        Q_EMIT restored({});
}

} // namespace alpa::app
