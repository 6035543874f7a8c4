// The main job in the window, from a cold start to a run stopped by hand, as a person would do it.
#include "app/settings/programs.h"
#include "app/views/graph_view.h"
#include "app/views/runs_view.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/series_chart.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

class JourneyTest : public WindowTest
{
protected:
    void SetUp() override { showWindow(); }
};

TEST_F(JourneyTest, PlanUnfoldLimitUndoAndCompare)
{
    // Open a sample from the start page.
    QTest::mouseClick(find<QPushButton>("sample_gpt-1.3b"), Qt::LeftButton);
    ASSERT_TRUE(hasPlan());
    const int first = session().shownPlan()->id;
    EXPECT_EQ(session().shownPlan()->plan()->cluster.name, "h200-x4");
    EXPECT_EQ(session().model()->parameters, 1315557376) << "gpt-1.3b.json";

    // Unfold a layer: its operations appear, laid out by Graphviz.
    window_->pages()->setCurrentWidget(window_->graphView());
    GraphCanvas* canvas = window_->graphView()->canvas();
    find<QAction>("graphTwins")->setChecked(false);
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    EXPECT_TRUE(canvas->engineText().startsWith(QStringLiteral("dot")))
        << canvas->engineText().toStdString();
    const GraphLevelItem* root = canvas->rootItem();
    ASSERT_GE(root->level().nodes.size(), 3u);
    const QPoint header = canvas->mapFromScene(root->box(1).center());
    QTest::mouseDClick(canvas->viewport(), Qt::LeftButton, Qt::NoModifier, header);
    ASSERT_TRUE(
        waitUntil([&] { return canvas->levelItem(QStringLiteral("layer 1")) != nullptr; }, 20000));
    EXPECT_GT(canvas->levelItem(QStringLiteral("layer 1"))->level().nodes.size(), 10u);
    int withSpec = 0;
    for (const CanvasNode& node : canvas->levelItem(QStringLiteral("layer 1"))->level().nodes) {
        for (const CanvasTensor& tensor : node.tensors)
            withSpec += tensor.spec ? 1 : 0;
    }
    EXPECT_GT(withSpec, 10) << "tensors show their shardings";

    // Limit TP to 2: replans by itself.
    find<QSpinBox>("maxTp")->setValue(2);
    EXPECT_TRUE(session().isStale());
    ASSERT_TRUE(hasPlan());
    EXPECT_NE(session().shownPlan()->id, first);
    EXPECT_LE(session().shownPlan()->plan()->tensorParallel(), 2);

    // Undo restores the constraint and the plan at once.
    find<QAction>("actionUndo")->trigger();
    EXPECT_EQ(session().shownPlan()->id, first);
    EXPECT_EQ(find<QSpinBox>("maxTp")->value(), 0);

    // Compare with the baselines, ZeRO-3 among them.
    window_->pages()->setCurrentIndex(4);
    QTest::mouseClick(find<QPushButton>("planBaselines"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([this] { return !session().isPlanningBehind(); }, 300000));
    const PlanEntry* zero3 = nullptr;
    for (const auto& entry : session().entries()) {
        if (entry->setup.options.strategy == PlanStrategy::kZero3)
            zero3 = entry.get();
    }
    ASSERT_NE(zero3, nullptr);
    ASSERT_NE(zero3->plan(), nullptr) << zero3->problem().toStdString();
    EXPECT_GE(zero3->plan()->stepTime.count,
              session().shownPlan()->plan()->stepTime.count * 0.999999);
    EXPECT_GE(find<QTableView>("compareTable")->model()->rowCount(), 6);
}

TEST_F(JourneyTest, RunOnFourCpuDevicesAndStop)
{
    if (findProgram(QStringLiteral("alpa")).isEmpty())
        GTEST_SKIP() << "the command line program alpa is not built";
    QTest::mouseClick(find<QPushButton>("sample_gpt-tiny"), Qt::LeftButton);
    ASSERT_TRUE(hasPlan());
    window_->pages()->setCurrentWidget(window_->runsView());
    find<QSpinBox>("runSteps")->setValue(100000);
    QTest::mouseClick(find<QPushButton>("runStart"), Qt::LeftButton);
    ASSERT_TRUE(session().isRunActive());
    ASSERT_TRUE(waitUntil(
        [this] { return session().runs().back().steps.size() >= 5 || !session().isRunActive(); },
        60000));
    const RunRecord running = session().runs().back();
    ASSERT_GE(running.steps.size(), 5u) << running.message.toStdString();
    EXPECT_GT(running.steps.front().loss, 0);
    EXPECT_GE(find<LineChart>("lossChart")->pointCount(), 5u);
    EXPECT_TRUE(find<QLabel>("runState")->text().contains(QStringLiteral("left")))
        << find<QLabel>("runState")->text().toStdString();
    QTest::mouseClick(find<QPushButton>("runStop"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([this] { return !session().isRunActive(); }, 10000));
    EXPECT_EQ(session().runs().back().state, RunRecord::State::kStopped);
    EXPECT_TRUE(session().measuredStep(session().shownPlan()->id))
        << "measured stands beside predicted";
}

TEST_F(JourneyTest, EveryIconButtonHasANameForScreenReaders)
{
    for (const QToolButton* button : window_->findChildren<QToolButton*>()) {
        // Qt's own buttons (overflow, tab scrolling) name themselves.
        if (button->objectName().startsWith(QStringLiteral("qt_")) || button->icon().isNull())
            continue;
        const QString owner = button->parentWidget()->objectName();
        EXPECT_FALSE(button->accessibleName().isEmpty() && button->text().isEmpty())
            << button->objectName().toStdString() << " in " << owner.toStdString();
    }
}

TEST_F(JourneyTest, BrokenFileShowsItsProblemAndTheWindowLives)
{
    const QString path = profile_.filePath(QStringLiteral("broken.mlir"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("module @broken {\n  func.func @main(%arg0: tensor<4xf23>) -> tensor<4xf32> {\n");
    file.close();
    window_->openFile(path);
    auto* list = find<QTableView>("problemList");
    ASSERT_TRUE(waitUntil([&] { return list->model()->rowCount() > 0; }, 20000));
    EXPECT_TRUE(window_->isVisible());
}

} // namespace
} // namespace alpa::app
