#include "app/window/exporter.h"

#include "app/layout/level_dot.h"
#include "app/session/session.h"
#include "app/session/session_report.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_view.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/table_text.h"
#include "core/base/files.h"
#include "core/export/export_plan.h"
#include "core/export/html_report.h"

#include <QBuffer>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// More pixels than viewers open.
constexpr double kMostPixels = 12000;
constexpr double kMostReportPixels = 2400;

/// Rows as objects, by the names of the columns.
QByteArray tablesJson(const std::vector<TableText>& tables)
{
    QJsonArray all;
    for (const TableText& table : tables) {
        QJsonArray rows;
        for (const QStringList& cells : table.rows) {
            QJsonObject row;
            for (qsizetype column = 0; column < cells.size(); ++column)
                row[table.columns[column]] = cells[column];
            rows.append(row);
        }
        all.append(QJsonObject{{u"table"_s, table.name}, {u"rows"_s, rows}});
    }
    return QJsonDocument(all).toJson();
}

} // namespace

QString pageName(const QWidget* page)
{
    const QString name = page->objectName();
    return name.endsWith(u"View"_s) ? name.chopped(4) : name;
}

Exporter::Exporter(Session* session, QTabWidget* pages, GraphView* graph, QWidget* window)
    : QObject(window)
    , session_(session)
    , pages_(pages)
    , graph_(graph)
    , window_(window)
{
}

void Exporter::askForPage()
{
    const QString page = pageName(pages_->currentWidget());
    const QString path = QFileDialog::getSaveFileName(
        window_, tr("Export the page"), u"%1-%2.png"_s.arg(session_->model()->name, page),
        pageFormats().join(u";;"_s));
    if (path.isEmpty())
        return;
    const bool isWritten = writePage(path);
    Q_EMIT said(isWritten ? tr("Exported %1").arg(path)
                          : tr("Not exported: %1 cannot be written").arg(path));
}

void Exporter::copyPage()
{
    QGuiApplication::clipboard()->setPixmap(pages_->currentWidget()->grab());
    Q_EMIT said(tr("Copied the page as a picture"));
}

void Exporter::askForReport()
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    const QString path =
        QFileDialog::getSaveFileName(window_, tr("Export the session"),
                                     session_->model()->name + u".html"_s, tr("Web page (*.html)"));
    if (!path.isEmpty())
        writeReport(path);
}

void Exporter::writeReport(const QString& path)
{
    if (session_->shownPlan() == nullptr || session_->shownPlan()->plan() == nullptr)
        return;
    auto content = std::make_shared<ReportContent>(reportContent(*session_));
    if (graph_->canvas()->isLaidOut()) {
        const QRectF size = graph_->canvas()->contentRect();
        const double scale =
            std::min(1.5, kMostReportPixels / std::max({size.width(), size.height(), 1.0}));
        QImage image((size.size() * scale).toSize(), QImage::Format_ARGB32);
        image.fill(window_->palette().color(QPalette::Window));
        QPainter painter(&image);
        graph_->canvas()->renderTo(painter, QRectF(image.rect()));
        painter.end();
        QByteArray png;
        QBuffer buffer(&png);
        buffer.open(QIODevice::WriteOnly);
        image.save(&buffer, "PNG");
        content->pictures.push_back({fromQt(tr("Graph")), png.toStdString()});
    }
    auto problem = std::make_shared<QString>();
    auto work = [content, path, problem](const JobControl&) {
        const Status written = writeFileAtomically(fromQt(path), htmlReport(*content));
        if (!written.ok())
            *problem = toQt(written.error().message);
    };
    session_->jobs()->start(tr("Write the report"), work, [this, path, problem] {
        Q_EMIT said(problem->isEmpty() ? tr("Exported %1").arg(path)
                                       : tr("Not exported: %1").arg(*problem));
    });
}

QStringList Exporter::pageFormats() const
{
    QStringList formats = {tr("PNG (*.png)"), tr("SVG (*.svg)"), tr("PDF (*.pdf)")};
    if (pages_->currentWidget() == graph_)
        formats << tr("Graphviz (*.dot)");
    if (!tablesIn(*pages_->currentWidget()).empty())
        formats << tr("Tables as CSV (*.csv)") << tr("Tables as JSON (*.json)");
    return formats;
}

QByteArray Exporter::pageText(const QString& ending) const
{
    const GraphCanvas* canvas = graph_->canvas();
    if (ending == "dot"_L1) {
        if (pages_->currentWidget() != graph_ || !canvas->isLaidOut())
            return {};
        return levelDot(session_->model()->name, canvas->rootItem()->level(),
                        [canvas](const QString& key) {
                            const GraphLevelItem* item = canvas->levelItem(key);
                            return item == nullptr ? nullptr : &item->level();
                        });
    }
    const std::vector<TableText> tables = tablesIn(*pages_->currentWidget());
    if (ending == "json"_L1)
        return tables.empty() ? QByteArray() : tablesJson(tables);
    QStringList texts;
    for (const TableText& table : tables)
        texts << separatedText(table, u',');
    return texts.join(u'\n').toUtf8();
}

bool Exporter::writePage(const QString& path)
{
    const QString ending = QFileInfo(path).suffix().toLower();
    if (ending != "dot"_L1 && ending != "csv"_L1 && ending != "json"_L1)
        return writePicture(path);
    const QByteArray text = pageText(ending);
    return !text.isEmpty() && writeFileAtomically(fromQt(path), text.toStdString()).ok();
}

bool Exporter::writePicture(const QString& path)
{
    const bool isGraph = pages_->currentWidget() == graph_;
    const QRectF content =
        isGraph ? graph_->canvas()->contentRect() : QRectF(pages_->currentWidget()->rect());
    const auto paint = [&](QPainter& painter, const QRectF& target) {
        if (isGraph) {
            graph_->canvas()->renderTo(painter, target);
            return;
        }
        painter.scale(target.width() / content.width(), target.height() / content.height());
        pages_->currentWidget()->render(&painter);
    };
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    if (path.endsWith(u".svg"_s)) {
        QSvgGenerator svg;
        svg.setOutputDevice(&file);
        svg.setSize(content.size().toSize());
        svg.setViewBox(QRectF(QPointF(0, 0), content.size()));
        QPainter painter(&svg);
        paint(painter, QRectF(QPointF(0, 0), content.size()));
    } else if (path.endsWith(u".pdf"_s)) {
        QPdfWriter pdf(&file);
        pdf.setTitle(window_->windowTitle().remove(u"[*]"_s));
        // One point a pixel: the page is as large as what is on it.
        pdf.setResolution(72);
        pdf.setPageSize(QPageSize(content.size(), QPageSize::Point));
        pdf.setPageMargins({});
        QPainter painter(&pdf);
        paint(painter, QRectF(QPointF(0, 0), content.size()));
    } else {
        const double scale =
            isGraph ? std::min(1.5, kMostPixels / std::max(content.width(), content.height()))
                    : 1.0;
        QImage image((content.size() * scale).toSize(), QImage::Format_ARGB32);
        image.fill(window_->palette().color(QPalette::Window));
        QPainter painter(&image);
        paint(painter, QRectF(image.rect()));
        painter.end();
        image.save(&file, "PNG");
    }
    return file.commit();
}

void Exporter::fillPlanMenu(QMenu* menu)
{
    for (const ExportFormat& format : exportFormats()) {
        auto* action = menu->addAction(toQt(format.description));
        action->setObjectName(u"actionExport_"_s + toQt(format.name));
        connect(action, &QAction::triggered, this, [this, &format] { exportPlan(format); });
    }
}

void Exporter::exportPlan(const ExportFormat& format)
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    // What cannot be expressed is said before anybody chooses a file.
    struct Written {
        std::string text;
        QString problem;
    };
    auto written = std::make_shared<Written>();
    auto work = [plan = shown->facts->plan, write = format.write, written](const JobControl&) {
        Result<std::string> text = write(*plan);
        if (text.ok())
            written->text = std::move(text.value());
        else
            written->problem = toQt(text.error().message);
    };
    const QString suggestion = session_->model()->name + toQt(format.ending);
    session_->jobs()->start(tr("Export plan"), work, [this, written, suggestion] {
        if (!written->problem.isEmpty()) {
            Q_EMIT said(tr("Not exported: %1").arg(written->problem));
            return;
        }
        const QString path = QFileDialog::getSaveFileName(window_, tr("Export plan"), suggestion);
        if (path.isEmpty())
            return;
        const Status saved = writeFileAtomically(fromQt(path), written->text);
        Q_EMIT said(saved.ok() ? tr("Exported %1").arg(path)
                               : tr("Not exported: %1").arg(toQt(saved.error().message)));
    });
}

} // namespace alpa::app
