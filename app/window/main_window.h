// The window: pages in the middle, lists and forms around them, actions and keys. It holds the
// session and computes nothing itself.
#pragma once

#include "app/session/regret_finder.h"
#include "app/session/session.h"
#include "app/session/session_keeper.h"
#include "app/settings/app_settings.h"
#include "app/settings/log_file.h"
#include "app/window/window_actions.h"

#include <QMainWindow>
#include <QMessageBox>

#include <functional>

class QLabel;
class QStackedWidget;
class QTabWidget;

namespace alpa::app
{

class CompareView;
class Exporter;
class GraphView;
class Inspector;
class JobBar;
class PlanBanner;
class PlanFollower;
class PlansModel;
class ProblemsPanel;
class RunsView;
class SessionOffers;
class StartPage;
class Toast;
class Veil;
class WindowDocks;

class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    /// `profile`: folder of the settings; empty for the user's own.
    explicit MainWindow(const QString& profile = {}, QWidget* parent = nullptr);
    ~MainWindow() override;

    Session* session() { return &session_; }
    QTabWidget* pages() { return pages_; }
    GraphView* graphView() { return graph_; }
    RunsView* runsView() { return runs_; }
    AppSettings* settings() { return &settings_; }
    RegretFinder* regrets() { return &regrets_; }
    SessionKeeper* keeper() { return &keeper_; }
    const LogFile& log() const { return log_; }
    Exporter* exporter() { return exporter_; }
    PlanFollower* follower() { return follower_; }
    /// Opens a model, a plan if the file is JSON, or a session. `cluster` empty: the last one used.
    void openFile(const QString& path, const QString& cluster = {});
    /// In the background; the status bar says how that ended.
    void savePlanTo(int planId, const QString& path);
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
    void makeHelpers();
    void makeActions();
    void makeFileMenu();
    void makeEditMenu();
    void makePlanMenu();
    void makeRunMenu();
    void makeSelectionMenu();
    void makeGoMenu();
    void makeViewMenu();
    void makeHelpMenu();
    void makeToolBar();
    void makeStatusBar();
    void say(const QString& text); ///< In the status line.
    void askForFile();
    void savePlan(int planId);
    void openSession(const QString& path);
    void saveSession(bool asksForPath);
    void askForImport();
    void openPalette();
    void keepView();
    void refreshTitle();
    void showKeys();
    void showLog();
    void showAbout();
    void startTour();
    void leaveWhatIf();
    void askForRun();
    bool mayClose();
    QMessageBox::StandardButton askAboutEdits(const QString& text, const QString& more);
    void takeModel();
    void takePlanning();
    void takePlan();
    void refreshBanner();
    void updateActions();

    AppSettings settings_;
    LogFile log_;
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
    WindowDocks* docks_ = nullptr;
    Exporter* exporter_ = nullptr;
    PlanFollower* follower_ = nullptr;
    SessionOffers* offers_ = nullptr;
    WindowActions actions_;
    QLabel* statusText_ = nullptr;
    JobBar* jobBar_ = nullptr;
    AskAboutEdits askAboutEdits_ = [this](const QString& text, const QString& more) {
        return askAboutEdits(text, more);
    };
    int lastShownId_ = 0;
    Seconds lastStep_{};
};

} // namespace alpa::app
