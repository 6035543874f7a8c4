// The window: pages in the middle, lists and forms around them, actions and keys. It holds the
// session and computes nothing itself.
#pragma once

#include "app/session/regret_finder.h"
#include "app/session/session.h"
#include "app/session/session_keeper.h"
#include "app/settings/app_settings.h"

#include <QMainWindow>
#include <QMessageBox>

#include <functional>
#include <vector>

class QDockWidget;
class QLabel;
class QMenu;
class QProgressBar;
class QStackedWidget;
class QTabWidget;
class QToolButton;

namespace alpa
{
struct ExportFormat;
}

namespace alpa::app
{

class CompareView;
class ConstraintsPanel;
class GraphView;
class Inspector;
class PlanBanner;
class PlansModel;
class ProblemsPanel;
class RunsView;
class StartPage;
class Toast;
class Veil;

class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    /// `profile`: folder of the settings; empty for the user's own.
    explicit MainWindow(const QString& profile = {}, QWidget* parent = nullptr);
    ~MainWindow() override;

    Session* session() { return &session_; }
    QTabWidget* pages() { return pages_; }
    /// Constraints as in a published plan (core/explain/published_plan.h), as one undoable edit.
    void followPublishedPlan(const QString& path);
    /// Shardings of the model file as constraints.
    void followAnnotations();
    /// "overview", "graph", "pipeline": the same in every language, for file names.
    QString pageName(int page) const;
    GraphView* graphView() { return graph_; }
    RunsView* runsView() { return runs_; }
    AppSettings* settings() { return &settings_; }
    RegretFinder* regrets() { return &regrets_; }
    SessionKeeper* keeper() { return &keeper_; }
    /// Opens a model, a plan if the file is JSON, or a session. `cluster` empty: the last one used.
    void openFile(const QString& path, const QString& cluster = {});
    /// In the background; the status bar says how that ended.
    void savePlanTo(int planId, const QString& path);
    void writeReportTo(const QString& path); ///< Of the whole session, as one web page.
    /// Who answers what becomes of unsaved edits at the end: a dialog, unless a test answers.
    using AskAboutEdits =
        std::function<QMessageBox::StandardButton(const QString& text, const QString& more)>;
    void setAskAboutEdits(AskAboutEdits ask) { askAboutEdits_ = std::move(ask); }
    /// Start values from the command line; before openFile.
    void setInitialSetup(const Setup& setup) { initial_ = setup; }

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void makePages();
    void makeDocks();
    int withFont(int width) const;
    void makeActions();
    void makeStatusBar();
    QDockWidget* addDock(const QString& title, const QString& name, QWidget* content,
                         Qt::DockWidgetArea area);
    void showDocks(bool on);
    enum class Workspace { kExplore, kTune, kCompare };
    void resetLayout();
    void setLeastDockWidths();
    void fitDocks();
    /// Docks and page for one kind of work; every dock stays within reach in the View menu.
    void applyWorkspace(Workspace workspace);
    void makeWorkspaceActions(QMenu* menu);
    void askForFile();
    void savePlan(int planId);
    void openSession(const QString& path);
    void saveSession(bool asksForPath);
    void offerSessions();
    void offerJournal(const std::shared_ptr<const AbandonedJournal>& journal);
    void offerDiscarded(const std::shared_ptr<const AbandonedJournal>& journal);
    void offerLast(const SavedSession& session);
    void askForImport();
    void askForPublishedPlan();
    /// What constraints from elsewhere make of the options, and what to say about it.
    struct Followed {
        PlanOptions options;
        QString note;
    };
    /// Reads in the background, then takes the options over as one edit.
    void follow(const QString& job, const QString& edit,
                const std::function<Result<Followed>()>& read);
    void openPalette();
    void refreshTitle();
    void exportPage();
    void exportReport();
    void copyPage();
    /// By the ending of `path`: PNG, SVG or PDF. False if it cannot be written.
    bool writePage(const QString& path);
    void makeExportMenu(QMenu* menu);
    void exportPlanAs(const ExportFormat& format);
    void makeHelpMenu();
    void makeLanguageMenu(QMenu* menu);
    void setFontPercent(int percent);
    void showKeys();
    void showAbout();
    void startTour();
    void leaveWhatIf();
    void askForRun();
    void toggleFocusMode();
    std::vector<QWidget*> panes() const;
    void focusPane(int step);
    void makeSelectionMenu();
    void makeGoMenu();
    void makeToolBar(QAction* open, QAction* undo, QAction* redo, QAction* atOnce);
    bool mayClose();
    QMessageBox::StandardButton askAboutEdits(const QString& text, const QString& more);
    void takeModel();
    void takePlanning();
    void takePlan();
    void refreshBanner();
    void setTheme(ThemeChoice choice);
    void updateActions();

    AppSettings settings_;
    Session session_;
    RegretFinder regrets_{&session_};
    SessionKeeper keeper_;
    Setup initial_;
    PlansModel* plans_ = nullptr;
    QStackedWidget* stack_ = nullptr;
    StartPage* start_ = nullptr;
    QTabWidget* pages_ = nullptr;
    PlanBanner* banner_ = nullptr;
    Toast* toast_ = nullptr;
    Veil* veil_ = nullptr;
    GraphView* graph_ = nullptr;
    CompareView* compare_ = nullptr;
    Inspector* inspector_ = nullptr;
    RunsView* runs_ = nullptr;
    ProblemsPanel* problems_ = nullptr;
    std::vector<QDockWidget*> sideDocks_;
    QDockWidget* inspectorDock_ = nullptr;
    QDockWidget* constraintsDock_ = nullptr;
    QDockWidget* problemsDock_ = nullptr;
    QDockWidget* jobsDock_ = nullptr;
    QAction* importAction_ = nullptr;
    QAction* annotatedAction_ = nullptr;
    QAction* publishedAction_ = nullptr;
    QAction* planAction_ = nullptr;
    QAction* stopAction_ = nullptr;
    QAction* runAction_ = nullptr;
    QAction* askRunAction_ = nullptr;
    QAction* stopRunAction_ = nullptr;
    QAction* saveAction_ = nullptr;
    QAction* saveSessionAction_ = nullptr;
    QAction* saveSessionAsAction_ = nullptr;
    QAction* exportAction_ = nullptr;
    QAction* reportAction_ = nullptr;
    QAction* copyAction_ = nullptr;
    QMenu* exportMenu_ = nullptr;
    QAction* findAction_ = nullptr;
    QAction* baselinesAction_ = nullptr;
    QLabel* statusText_ = nullptr;
    QLabel* jobText_ = nullptr;
    QProgressBar* jobBar_ = nullptr;
    QToolButton* jobCancel_ = nullptr;
    bool isFocused_ = false; ///< Only the page is shown.
    bool hasShownDocks_ = false;
    AskAboutEdits askAboutEdits_ = [this](const QString& text, const QString& more) {
        return askAboutEdits(text, more);
    };
    int lastShownId_ = 0;
    Seconds lastStep_{};
};

} // namespace alpa::app
