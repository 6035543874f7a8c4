// What pictures of the pages once showed wrongly: figures that did not add up, texts cut off.
#include "app/settings/qt_text.h"
#include "app/views/compare_side.h"
#include "app/views/constraints_panel.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_legend.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/memory_parts.h"
#include "app/window/main_window.h"
#include "core/plan/plan_file.h"
#include "tests/gui/interface_test.h"

#include <QComboBox>
#include <QDockWidget>
#include <QDropEvent>
#include <QFrame>
#include <QLabel>
#include <QMimeData>
#include <QScrollArea>
#include <QScrollBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace alpa::app
{
namespace
{

using PagesTest = InterfaceTest;

TEST(MemoryParts, AreAllThatADeviceHolds)
{
    const StageMemory memory{.parameters = Bytes(1),
                             .gradients = Bytes(20),
                             .optimizerState = Bytes(300),
                             .activations = Bytes(1000),
                             .inFlight = 4,
                             .waiting = Bytes(50000),
                             .transient = Bytes(600000)};
    Bytes sum;
    std::set<std::pair<QRgb, int>> looks;
    for (const MemoryPart& part : memoryParts(memory, lightTheme())) {
        sum += part.bytes;
        looks.insert({part.color.rgb(), int(part.pattern)});
    }
    EXPECT_EQ(sum, Bytes(654321)); // 1 + 20 + 300 + 4 * 1000 + 50000 + 600000
    EXPECT_EQ(looks.size(), memoryParts(memory, lightTheme()).size());
}

TEST_F(PagesTest, CellsOfTheMemoryTableSayWhatTheyAreInWords)
{
    const ParallelPlan& plan = *session().shownPlan()->plan();
    window_->pages()->setCurrentWidget(find<QWidget>("memoryView"));
    auto* table = find<QTableWidget>("memoryTable");
    ASSERT_EQ(table->rowCount(), int(plan.stages.size()));
    for (int row = 0; row < table->rowCount(); ++row) {
        const StageMemory& memory = plan.stages[static_cast<size_t>(row)].memory;
        for (int column = 0; column < table->columnCount(); ++column) {
            const QString tip = table->item(row, column)->toolTip();
            EXPECT_TRUE(tip.contains(QStringLiteral("stage %1").arg(row)))
                << column << ": " << tip.toStdString();
            EXPECT_TRUE(tip.contains(u'B')) << "a size with its unit: " << tip.toStdString();
        }
        const QString kept = table->item(row, 5)->toolTip();
        EXPECT_TRUE(kept.contains(memoryText(memory.activations)) &&
                    kept.contains(QStringLiteral("%1 microbatches").arg(memory.inFlight)))
            << kept.toStdString();
        EXPECT_TRUE(table->item(row, 1)->toolTip().contains(
            percentText(memory.total() / memoryLimit(plan))));
    }
    bool waits = false;
    for (const PlanStage& stage : plan.stages)
        waits = waits || stage.memory.waiting.count > 0;
    EXPECT_EQ(table->isColumnHidden(6), !waits);
}

// Stages on meshes of different shapes: an axis is as long as it is in each of them.
TEST_F(PagesTest, TheLegendNamesTheAxesOfAllStages)
{
    ParallelPlan plan = *session().shownPlan()->plan();
    plan.stages.resize(1, plan.stages.front());
    plan.stages.push_back(plan.stages.front());
    for (MeshAxis& axis : plan.stages[0].mesh.axes)
        axis.size = 1;
    plan.stages[1].mesh = plan.stages[0].mesh;
    plan.stages[1].mesh.axes.back().size = 4;
    GraphLegend legend;
    legend.setPlan(&plan, false);
    EXPECT_TRUE(legend.accessibleDescription().startsWith(
        QStringLiteral("split over x, 1 device, split over y, 1–4 devices, replicated")))
        << legend.accessibleDescription().toStdString();
    legend.setPlan(nullptr, false);
    EXPECT_FALSE(legend.accessibleDescription().contains(QStringLiteral("split over")));
}

// A model that is dropped is opened, plans dropped with it stand beside one another.
TEST_F(PagesTest, FilesThatAreDroppedAreOpened)
{
    const QTemporaryDir folder;
    const QString plan = folder.filePath(QStringLiteral("plan.json"));
    ASSERT_TRUE(savePlan(*session().shownPlan()->plan(), fromQt(plan)).ok());
    const auto drop = [&](const QList<QUrl>& urls) {
        QMimeData data;
        data.setUrls(urls);
        const QPointF at(10, 10);
        QDragEnterEvent enter(at.toPoint(), Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &enter);
        QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &event);
        return enter.isAccepted();
    };
    EXPECT_FALSE(drop({QUrl(QStringLiteral("https://example.org/model.mlir"))}));
    EXPECT_TRUE(drop({QUrl::fromLocalFile(samplePath(QStringLiteral("mlp-tiny")))}));
    EXPECT_TRUE(waitUntil([&] { return session().model()->graph->name == "mlp-tiny"; }, 20000));
    EXPECT_TRUE(drop({QUrl::fromLocalFile(plan), QUrl::fromLocalFile(plan)}));
    EXPECT_TRUE(waitUntil([&] { return session().entries().size() == 2; }, 20000))
        << session().entries().size();
}

// How the graph was looked at is part of the session, and comes back with it.
TEST_F(PagesTest, ASessionComesBackAsItWasLookedAt)
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("s.apsess"));
    GraphCanvas* canvas = showGraph();
    window_->graphView()->setColorBy(ColorBy::kTime);
    window_->graphView()->setScope(GraphScope::kTraining, Phase::kForward);
    trigger("graphHeatLog");
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    ASSERT_TRUE(window_->keeper()->saveTo(path).ok());
    trigger("graphHeatLog");
    trigger("graphHeatClip");
    window_->graphView()->setColorBy(ColorBy::kStage);
    window_->graphView()->setScope(GraphScope::kPhase, Phase::kForward);
    window_->pages()->setCurrentIndex(0);
    const auto model = session().model();
    window_->openFile(path);
    ASSERT_TRUE(waitUntil([&] { return session().model() != model; }, 20000));
    ASSERT_TRUE(settle());
    EXPECT_EQ(window_->pages()->currentWidget(), window_->graphView());
    EXPECT_EQ(window_->graphView()->heatScale(), (HeatScale{.isLogarithmic = true}));
    EXPECT_EQ(window_->graphView()->options().scope, GraphScope::kTraining);
    EXPECT_EQ(find<QComboBox>("graphColor")->currentData().toInt(), int(ColorBy::kTime));
    // A view that nobody knows leaves what is shown.
    SavedView odd;
    odd.graphColor = QStringLiteral("taste");
    window_->graphView()->recall(odd);
    EXPECT_EQ(find<QComboBox>("graphColor")->currentData().toInt(), int(ColorBy::kTime));
}

// At every size of the font and in both languages' longest words.
TEST_F(PagesTest, NoLineOfAStageIsCutOff)
{
    window_->pages()->setCurrentWidget(find<QWidget>("pipelineView"));
    for (const int percent : {100, 150, 200}) {
        applyTheme(ThemeChoice::kLight, percent);
        window_->resize(1280, 800);
        QCoreApplication::processEvents();
        int lines = 0;
        for (const QLabel* line : find<QFrame>("stage_0")->findChildren<QLabel*>()) {
            const int needed = line->fontMetrics().horizontalAdvance(line->text());
            EXPECT_GE(line->width(), needed) << percent << ": " << line->text().toStdString();
            ++lines;
        }
        EXPECT_GE(lines, 4);
    }
}

// With a font of twice the size all docks stand on one side, and the page keeps what it needs.
TEST_F(PagesTest, DocksMakeRoomForThePageWhereFontsAreLarge)
{
    const auto sidesTaken = [this] {
        std::set<Qt::DockWidgetArea> sides;
        for (const char* dock : {"outlineDock", "plansDock", "constraintsDock", "inspectorDock"})
            sides.insert(window_->dockWidgetArea(find<QDockWidget>(dock)));
        return sides.size();
    };
    EXPECT_EQ(sidesTaken(), 2u);
    window_->resize(1280, 800);
    applyTheme(ThemeChoice::kLight, 200);
    EXPECT_TRUE(waitUntil([&] { return sidesTaken() == 1; }, 5000));
    QTest::qWait(50); // docks are laid out
    const QTabWidget* pages = window_->pages();
    EXPECT_GE(pages->width(), 800);
    const auto* dock = find<QDockWidget>("constraintsDock");
    EXPECT_LE(pages->mapTo(window_.get(), QPoint(pages->width(), 0)).x(), dock->x())
        << "the page is not below the dock";
    EXPECT_FALSE(dock->visibleRegion().isEmpty()) << "constraints stay in front";
    find<QDockWidget>("plansDock")->raise();
    EXPECT_TRUE(waitUntil(
        [&] { return !find<QDockWidget>("plansDock")->visibleRegion().isEmpty(); }, 5000));
}

TEST_F(PagesTest, TheLegendOfTheMemoryWrapsWhereItIsNarrow)
{
    MemoryChart chart;
    chart.setPlan(session().facts()->plan);
    chart.resize(1200, 200);
    const int wide = chart.sizeHint().height();
    chart.resize(220, 200);
    EXPECT_GT(chart.sizeHint().height(), wide);
}

// Fields go below their labels where both do not fit beside each other.
TEST_F(PagesTest, TheFormOfConstraintsFitsANarrowDock)
{
    applyTheme(ThemeChoice::kLight, 200);
    ConstraintsPanel panel(&session());
    auto* form = panel.findChild<QScrollArea*>();
    constexpr int kNarrow = 314; // a label and its field beside each other need some 330
    panel.resize(kNarrow, 900);
    panel.show();
    QCoreApplication::processEvents();
    EXPECT_EQ(form->horizontalScrollBar()->maximum(), 0)
        << "needs " << form->widget()->minimumSizeHint().width() << " of "
        << form->viewport()->width();
}

// Two plans, the longer of which decides how small both are drawn.
TEST_F(PagesTest, GraphsSideBySideHaveOneScaleThatShowsBothWhole)
{
    app::Setup other = session().setup();
    other.options.constraints.fixedPp = 2;
    session().editSetup(other, QStringLiteral("Two stages"));
    ASSERT_TRUE(hasPlan());
    window_->pages()->setCurrentWidget(find<QWidget>("compareView"));
    find<QTabWidget>("compareTabs")->setCurrentIndex(3);
    find<QTabWidget>("compareSidePages")->setCurrentIndex(1);
    auto* side = find<CompareSide>("compareSide");
    ASSERT_TRUE(waitUntil(
        [&] { return side->canvas(0)->isLaidOut() && side->canvas(1)->isLaidOut(); }, 20000));
    QCoreApplication::processEvents();
    EXPECT_EQ(side->canvas(0)->transform(), side->canvas(1)->transform());
    for (int i = 0; i < 2; ++i) {
        const GraphCanvas* canvas = side->canvas(i);
        const QRectF shown = canvas->mapToScene(canvas->viewport()->rect()).boundingRect();
        EXPECT_TRUE(shown.contains(canvas->contentRect())) << i;
    }
}

TEST_F(PagesTest, OnlyThePageAndBackAsItWasAndTheLayoutIsReset)
{
    const QSize least = window_->minimumSize();
    EXPECT_TRUE(least.width() <= 1024 && least.height() <= 700) << "the smallest screen";
    find<QAction>("actionWorkspace3")->trigger(); // without constraints
    const auto visible = [this] {
        QStringList docks;
        for (const QDockWidget* dock : window_->findChildren<QDockWidget*>()) {
            if (dock->isVisible())
                docks << dock->objectName();
        }
        docks.sort(); // children change places when tabs are raised
        return docks;
    };
    const QStringList before = visible();
    ASSERT_FALSE(before.isEmpty());
    find<QAction>("actionFocus")->trigger();
    EXPECT_TRUE(visible().isEmpty()) << visible().join(u' ').toStdString();
    find<QAction>("actionFocus")->trigger();
    EXPECT_EQ(visible(), before) << visible().join(u' ').toStdString();
    find<QAction>("actionFocus")->trigger();
    find<QAction>("actionResetLayout")->trigger();
    for (const char* dock : {"outlineDock", "plansDock", "constraintsDock", "inspectorDock"})
        EXPECT_TRUE(visible().contains(QString::fromLatin1(dock))) << dock;
}

} // namespace
} // namespace alpa::app
