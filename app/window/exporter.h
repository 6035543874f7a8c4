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
    /// The page in view, by the ending of `path`: as a picture (PNG, SVG, PDF), the graph also for
    /// Graphviz (.dot), its tables as CSV or JSON. False if it cannot be written or has no such
    /// content.
    bool writePage(const QString& path);
    QStringList pageFormats() const; ///< Filters of a file dialog, the usual one first.
    void copyPage();
    void askForReport();
    /// Of the whole session, as one web page, in the background.
    void writeReport(const QString& path);
    void fillPlanMenu(QMenu* menu);

Q_SIGNALS:
    void said(const QString& text); ///< How it ended.

private:
    bool writePicture(const QString& path);
    /// Empty where the page has no such text.
    QByteArray pageText(const QString& ending) const;
    void exportPlan(const ExportFormat& format);

    Session* session_;
    QTabWidget* pages_;
    GraphView* graph_;
    QWidget* window_;
};

} // namespace alpa::app
