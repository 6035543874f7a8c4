// The docks around the pages, and workspaces: which docks and which page stand together for one
// kind of work.
#pragma once

#include <QObject>

#include <vector>

class QDockWidget;
class QMainWindow;
class QMenu;
class QTabWidget;
class QWidget;

namespace alpa::app
{

class Session;

/// What the docks hold.
struct DockContents {
    QWidget* outline;
    QWidget* plans;
    QWidget* history;
    QWidget* constraints;
    QWidget* inspector;
    QWidget* problems;
    QWidget* jobs;
};

class WindowDocks : public QObject
{
    Q_OBJECT

public:
    WindowDocks(const DockContents& contents, Session* session, QTabWidget* pages,
                QMainWindow* window);

    void showProblems();
    void raiseConstraints();
    void raiseInspector();
    bool isInspectorVisible() const;
    /// All as they stood at first.
    void reset();
    void show(bool on);
    /// Once, for the first model: as `state`, QMainWindow's, says if it is not empty.
    void showFirst(const QByteArray& state);
    void setLeastWidths();
    void fit();
    bool isFocusMode() const { return !setAside_.isEmpty(); } ///< Only the page is shown.
    /// Sets every dock aside, or brings those back.
    void toggleFocusMode();
    /// Into the page or dock `step` places further.
    void focusPane(int step);
    void makeWorkspaceActions(QMenu* menu);

private:
    enum class Workspace { kExplore, kTune, kCompare };

    QDockWidget* add(const QString& title, const QString& name, QWidget* content,
                     Qt::DockWidgetArea area);
    int withFont(int width) const;
    int leastWidth(const QDockWidget* dock) const;
    /// Where a page would not keep its width between two sides, all docks stand on one, as tabs.
    void stackWhereNarrow();
    std::vector<QDockWidget*> sides() const;
    std::vector<QWidget*> panes() const;
    /// Docks and page for one kind of work; every dock stays within reach in the View menu.
    void apply(Workspace workspace);

    Session* session_;
    QTabWidget* pages_;
    QMainWindow* window_;
    QDockWidget* outline_;
    QDockWidget* plans_;
    QDockWidget* history_;
    QDockWidget* constraints_;
    QDockWidget* inspector_;
    QDockWidget* problems_;
    QDockWidget* jobs_;
    QList<QDockWidget*> setAside_; ///< By the focus mode; empty: it is off.
    bool hasShown_ = false;
};

} // namespace alpa::app
