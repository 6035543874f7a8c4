// Files for others: the page as a picture, the session as a report, the plan in the words of other
// frameworks.
#pragma once

#include <QObject>

class QMenu;
class QTabWidget;

namespace alpa
{
struct ExportFormat;
}

namespace alpa::app
{

class GraphView;
class Session;

/// "overview", "graph", "pipeline": the same in every language, for file names.
QString pageName(const QWidget* page);

class Exporter : public QObject
{
    Q_OBJECT

public:
    /// `window` owns the dialogs.
    Exporter(Session* session, QTabWidget* pages, GraphView* graph, QWidget* window);

    void askForPage();
    /// The page in view, by the ending of `path` as PNG, SVG or PDF. False if it cannot be written.
    bool writePage(const QString& path);
    void copyPage();
    void askForReport();
    /// Of the whole session, as one web page, in the background.
    void writeReport(const QString& path);
    void fillPlanMenu(QMenu* menu);

Q_SIGNALS:
    void said(const QString& text); ///< How it ended.

private:
    void exportPlan(const ExportFormat& format);

    Session* session_;
    QTabWidget* pages_;
    GraphView* graph_;
    QWidget* window_;
};

} // namespace alpa::app
