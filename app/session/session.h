// The document: a model, what is asked of the planner, the plans made so far and the runs of them.
// Views read it and listen; every change of what is asked goes over the undo stack.
#pragma once

#include "app/session/incumbent.h"
#include "app/session/job_list.h"
#include "app/session/model.h"
#include "app/session/plan_entry.h"
#include "app/session/run_queue.h"
#include "app/session/saved_session.h"
#include "app/session/selection_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_cache.h"

#include <QObject>
#include <QTimer>
#include <QUndoStack>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

class Session : public QObject
{
    Q_OBJECT

public:
    explicit Session(QObject* parent = nullptr);
    ~Session() override;

    SelectionModel* selection() { return &selection_; }
    QUndoStack* undoStack() { return &undoStack_; }
    JobList* jobs() { return &jobs_; }
    /// What earlier plans found out; shared with jobs.
    const std::shared_ptr<PlanCache>& planCache() const { return cache_; }

    /// Reads a model in the background and plans it once it is there. Plans and undo history start
    /// anew.
    void openModel(const QString& path, const ImportChoices& choices = {});
    /// Reads a plan file in the background; its model is the training graph inside.
    void openPlan(const QString& path);
    /// Reads a plan file of the open model, to compare with; planFileRefused says why it is none.
    void addPlan(const QString& path);
    /// What a file or the journal keeps of this session.
    SavedSession saved() const;
    /// Opens the model of `saved` and plans what was planned, the setup's own plan first.
    /// `history`: setups before the saved one with the name of the edit that left each, oldest
    /// first; they become the undo stack.
    void openSaved(const SavedSession& saved,
                   const std::vector<std::pair<Setup, QString>>& history = {});

    const std::shared_ptr<const Model>& model() const
    {
        return model_;
    } ///< Null before the first import.

    const Setup& setup() const { return setup_; }
    /// Undoable. Edits with the same non-negative `mergeId` in a row become one step, as a spin box
    /// makes them. `author`: who asks, if it is not the person at the window.
    void editSetup(const Setup& next, const QString& text, int mergeId = -1,
                   const QString& author = {});
    /// Not undoable: the start values of a new session.
    void setInitialSetup(const Setup& setup);

    /// Everything the planner has answered, oldest first.
    const std::vector<std::shared_ptr<const PlanEntry>>& entries() const { return entries_; }
    const PlanEntry* entry(int id) const;
    const PlanEntry* shownPlan() const { return entry(shownId_); } ///< Null before the first plan.
    const PlanEntry* baseline() const { return entry(baselineId_); }
    void setBaseline(int id);
    /// Takes over the setup of a plan, and with it the plan. Undoable.
    void showPlan(int id);
    void removePlan(int id);
    /// The graph that views draw: the shown plan's, or the model's. Null without a model.
    std::shared_ptr<const GraphFacts> facts() const;
    /// The shown plan is not the answer to the setup.
    bool isStale() const;
    /// The answer to the setup when it is that there is no plan; else null.
    const PlanEntry* obstacle() const;

    /// Who answers requests, on a thread of its own: makePlan, unless a test holds the search.
    using Planner =
        std::function<Result<PlanOutcome>(const PlanRequest& request, const JobControl& control,
                                          PlanCache* cache, const IncumbentCallback& onIncumbent)>;
    void setPlanner(Planner planner) { planner_ = std::move(planner); }
    void planNow();
    void cancelPlanning();
    bool isPlanning() const { return planningJob_ != nullptr; }
    const BackgroundJob* planningJob() const { return planningJob_; }
    /// The best plan that the planning going on has found so far; null if there is none yet.
    std::shared_ptr<const ParallelPlan> incumbent() const
    {
        return incumbent_ == nullptr ? nullptr : incumbent_->plan();
    }
    /// Stops planning and takes the incumbent as the answer; planning again goes on to the end.
    void useBestSoFar();
    void setReplansAtOnce(bool on) { replansAtOnce_ = on; }
    /// An edit plans by itself only if planning took no longer than this the last time.
    void setReplanLimit(Seconds limit) { replanLimit_ = limit; }
    bool waitsToReplan() const { return replansAtOnce_ && lastPlanning_ > replanLimit_; }
    Seconds lastPlanning() const { return lastPlanning_; } ///< Of this model; zero before it.
    /// Plans data parallel, ZeRO-2, ZeRO-3, Megatron grid and pipeline only, one after the other,
    /// in the background.
    void planBaselines();
    /// Plans are made behind the shown one: baselines, or those of a session that was opened.
    bool isPlanningBehind() const { return behindJob_ != nullptr || !behindQueue_.empty(); }

    RunQueue* runQueue() { return &runs_; }
    /// Queues runs of plans; plans that are gone or none are left out. `program` is the command
    /// line program here.
    void queueRuns(const RunOrder& order, const QString& program);
    void stopRun() { runs_.stopCurrent(); }
    bool isRunActive() const { return runs_.isActive(); }
    const std::vector<RunRecord>& runs() const
    {
        return runs_.records();
    } ///< Oldest first; the last may be going on.
    std::optional<Measurement> measurement(int planId) const { return runs_.measurement(planId); }
    /// Its median.
    std::optional<Seconds> measuredStep(int planId) const;

Q_SIGNALS:
    void modelChanged();
    void importFailed(const QString& message);
    /// The file leaves something open that a person can say: model() tells what, openModel takes
    /// the answer.
    void importUndecided();
    void planFileRefused(const QString& message);
    void restored(const QString& warning); ///< A saved session is back; `warning` is empty if all
                                           ///< is as it was.
    void setupChanged();
    void plansChanged();     ///< Entries, baseline or measurements.
    void shownPlanChanged(); ///< Also staleness.
    void planningChanged();  ///< Began, ended, progressed.
    void planningFailed(const QString& message);
    void runsChanged();

private:
    friend class SetupCommand;
    void applySetup(const Setup& setup);
    void takeModel(std::shared_ptr<const Model> model, std::shared_ptr<const GraphFacts> facts);
    /// `name` empty: chosen when the answer is there.
    struct Wanted {
        Setup setup;
        QString name;
    };
    void startPlanning(const Wanted& wanted, bool isBehind);
    void takeOutcome(const std::shared_ptr<PlanEntry>& entry, bool isBehind);
    void startNextBehind();
    void readModel(const QString& path, const ImportChoices& choices);
    void restoreSaved();
    const PlanEntry* answerTo(const Setup& setup) const;
    void show(int id);

    SelectionModel selection_;
    QUndoStack undoStack_;
    JobList jobs_;
    std::shared_ptr<PlanCache> cache_ = std::make_shared<PlanCache>();
    std::shared_ptr<const Model> model_;
    std::shared_ptr<const GraphFacts> modelFacts_;
    Setup setup_;
    std::vector<std::shared_ptr<const PlanEntry>> entries_;
    int nextId_ = 1;
    int nextPlanNumber_ = 1;
    int shownId_ = 0;
    int baselineId_ = 0;
    BackgroundJob* importJob_ = nullptr;
    BackgroundJob* planningJob_ =
        nullptr; ///< The newest; older ones are cancelled and their results dropped.
    std::shared_ptr<Incumbent> incumbent_; ///< Of planningJob_.
    BackgroundJob* behindJob_ = nullptr;
    std::deque<Wanted> behindQueue_;
    struct Restoring {
        SavedSession saved;
        std::vector<std::pair<Setup, QString>> history;
    };
    std::optional<Restoring> restoring_; ///< Set while the model of a saved session is being read.
    QString shownName_; ///< Of the plan that a saved session showed, until it is planned again.
    std::optional<Setup> wantedBaseline_; ///< Of a saved session, until its plan is there.
    Planner planner_ = makePlan;
    QTimer replanTimer_;
    bool replansAtOnce_ = true;
    Seconds replanLimit_{2}; ///< Beyond it a person decides when to wait.
    Seconds lastPlanning_{}; ///< What it took, or how long it went on until it was stopped.
    RunQueue runs_{&jobs_};
    QStringList planFiles_; ///< To be added once the plan that is being opened is there.
    bool isOpeningPlan_ = false;
};

} // namespace alpa::app
