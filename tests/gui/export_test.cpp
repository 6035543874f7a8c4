// Pages as files for others: pictures, the graph for Graphviz, tables as CSV and JSON.
#include "app/layout/level_dot.h"
#include "app/widgets/graph_level_item.h"
#include "app/window/exporter.h"
#include "tests/gui/interface_test.h"

#include <QFile>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTableWidget>
#include <QTemporaryDir>
#include <graphviz/cgraph.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>

namespace alpa::app
{
namespace
{

using ExportTest = InterfaceTest;

// Every view can be given to others as it is.
TEST_F(ExportTest, EveryPageIsWrittenInEveryFormat)
{
    const QTemporaryDir folder;
    const std::map<QString, QByteArray> beginnings = {{QStringLiteral("png"), "\x89PNG"},
                                                      {QStringLiteral("svg"), "<?xml"},
                                                      {QStringLiteral("pdf"), "%PDF-"}};
    showGraph();
    for (int page = 0; page < window_->pages()->count(); ++page) {
        window_->pages()->setCurrentIndex(page);
        QCoreApplication::processEvents();
        const QString name = pageName(window_->pages()->widget(page));
        std::map<QString, QByteArray> contents;
        for (const auto& [ending, beginning] : beginnings) {
            const QString path = folder.filePath(name + u'.' + ending);
            ASSERT_TRUE(window_->exporter()->writePage(path)) << path.toStdString();
            QFile file(path);
            ASSERT_TRUE(file.open(QIODevice::ReadOnly));
            contents[ending] = file.readAll();
            EXPECT_TRUE(contents[ending].startsWith(beginning)) << path.toStdString();
        }
        const QImage image = QImage::fromData(contents[QStringLiteral("png")]);
        std::set<QRgb> colors;
        for (int y = 0; y < image.height(); y += 7) {
            for (int x = 0; x < image.width(); x += 7)
                colors.insert(image.pixel(x, y));
        }
        EXPECT_GT(colors.size(), 2u) << name.toStdString() << " is empty";
        EXPECT_TRUE(contents[QStringLiteral("svg")].contains("<text")) << name.toStdString();
        EXPECT_TRUE(contents[QStringLiteral("pdf")].contains("%%EOF")) << name.toStdString();
    }
    EXPECT_FALSE(window_->exporter()->writePage(folder.filePath(QStringLiteral("none/graph.png"))));
}

/// What Graphviz itself says of a graph: its boxes and arrows, or why it is none.
std::string graphvizCounts(const QString& path)
{
    FILE* file = std::fopen(path.toLocal8Bit().constData(), "r");
    if (file == nullptr)
        return "cannot be read";
    Agraph_t* graph = agread(file, nullptr);
    std::fclose(file);
    if (graph == nullptr)
        return "not understood";
    int clusters = 0;
    for (Agraph_t* part = agfstsubg(graph); part != nullptr; part = agnxtsubg(part))
        clusters += QByteArray(agnameof(part)).startsWith("cluster") ? 1 : 0;
    const std::string counts = std::to_string(agnnodes(graph)) + " boxes, " +
                               std::to_string(agnedges(graph)) + " arrows, " +
                               std::to_string(clusters) + " clusters";
    agclose(graph);
    return counts;
}

std::string counts(size_t boxes, size_t arrows, int clusters)
{
    return std::to_string(boxes) + " boxes, " + std::to_string(arrows) + " arrows, " +
           std::to_string(clusters) + " clusters";
}

// What the page shows, unfolded where it is unfolded, as Graphviz reads it.
TEST_F(ExportTest, TheGraphInViewIsWrittenForGraphviz)
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("graph.dot"));
    GraphCanvas* canvas = showGraph();
    EXPECT_TRUE(window_->exporter()->pageFormats().contains(QStringLiteral("Graphviz (*.dot)")));
    ASSERT_TRUE(window_->exporter()->writePage(path));
    const CanvasLevel& root = canvas->rootItem()->level();
    ASSERT_GT(root.edges.size(), 0u);
    EXPECT_EQ(graphvizCounts(path), counts(root.nodes.size(), root.edges.size(), 0));
    // An unfolded layer is a cluster with its operations inside.
    canvas->setUnfolded(QStringLiteral("layer 1"), true);
    ASSERT_TRUE(
        waitUntil([&] { return canvas->levelItem(QStringLiteral("layer 1")) != nullptr; }, 20000));
    ASSERT_TRUE(window_->exporter()->writePage(path));
    const CanvasLevel& whole = canvas->rootItem()->level();
    const CanvasLevel& inside = canvas->levelItem(QStringLiteral("layer 1"))->level();
    EXPECT_EQ(graphvizCounts(path), counts(whole.nodes.size() - 1 + inside.nodes.size(),
                                           whole.edges.size() + inside.edges.size(), 1));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    EXPECT_TRUE(text.contains("lhead=\"cluster layer 1\"")) << text.toStdString();
    EXPECT_TRUE(text.contains("style=dashed, color=red")) << "what has to move";
    // Another page is no graph.
    window_->pages()->setCurrentWidget(find<QWidget>("memoryView"));
    EXPECT_FALSE(window_->exporter()->writePage(path));
}

TEST(LevelDot, QuotesWhatANameMayHold)
{
    CanvasLevel level;
    CanvasNode node;
    node.key = QStringLiteral("op \"1\"");
    node.title = QStringLiteral("a\\b\n\"c\" <d>");
    level.nodes = {node};
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("names.dot"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(levelDot(QStringLiteral("m\""), level, [](const QString&) { return nullptr; }));
    file.close();
    EXPECT_EQ(graphvizCounts(path), counts(1, 0, 0));
}

TEST_F(ExportTest, TablesOfAPageAreWrittenAsTheyStand)
{
    const QTemporaryDir folder;
    window_->pages()->setCurrentWidget(find<QWidget>("memoryView"));
    auto* table = find<QTableWidget>("memoryTable");
    const auto written = [&](const char* name) {
        const QString path = folder.filePath(QString::fromLatin1(name));
        EXPECT_TRUE(window_->exporter()->writePage(path)) << name;
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::ReadOnly));
        return file.readAll();
    };
    const QStringList lines = QString::fromUtf8(written("memory.csv")).split(u'\n');
    ASSERT_GE(lines.size(), table->rowCount() + 1);
    EXPECT_TRUE(lines[0].startsWith(QStringLiteral("\"Stage\",\"Total\",")))
        << lines[0].toStdString();
    const QString total = table->item(0, 1)->text();
    EXPECT_TRUE(lines[1].contains(u'"' + total + u'"')) << lines[1].toStdString();
    const QJsonArray tables = QJsonDocument::fromJson(written("memory.json")).array();
    ASSERT_FALSE(tables.isEmpty());
    const QJsonArray rows = tables[0].toObject()[QStringLiteral("rows")].toArray();
    ASSERT_EQ(rows.size(), table->rowCount());
    EXPECT_EQ(rows[0].toObject()[QStringLiteral("Total")].toString(), total);
    // No table in view, no such file.
    showGraph();
    EXPECT_FALSE(window_->exporter()->writePage(folder.filePath(QStringLiteral("graph.csv"))));
    EXPECT_FALSE(QFile::exists(folder.filePath(QStringLiteral("graph.csv"))));
}

} // namespace
} // namespace alpa::app
