// The first minute of a newcomer, and what must never hang or lose anything: cancelling and closing
// at any time.
#include "app/dialogs/why_dialog.h"
#include "app/settings/programs.h"
#include "app/views/graph_view.h"
#include "app/views/pipeline_view.h"
#include "app/widgets/graph_level_item.h"
#include "core/base/rng.h"
#include "core/plan/plan_file.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
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

class StoriesTest : public WindowTest
{
};

// Section 9 of the interface's specification: what a person expects in which second. The bounds are
// those of a machine that does nothing else, times three.
TEST_F(StoriesTest, FirstSixtySeconds)
{
    QElapsedTimer clock;
    clock.start();
    showWindow();
    RecordProperty("window_ms", int(clock.elapsed()));
    EXPECT_LT(clock.elapsed(), patient(3000));
    EXPECT_TRUE(find<QPushButton>("startOpen")->isVisible());
    EXPECT_TRUE(find<QPushButton>("startTour")->isVisible());
    auto* sample = find<QPushButton>("sample_gpt-125m");
    ASSERT_TRUE(sample->isVisible());
    EXPECT_EQ(QApplication::activeModalWidget(), nullptr) << "no dialog before the first click";

    clock.restart();
    QTest::mouseClick(sample, Qt::LeftButton);
    ASSERT_TRUE(hasPlan());
    RecordProperty("first_plan_ms", int(clock.elapsed()));
    EXPECT_LT(clock.elapsed(), patient(12000));
    EXPECT_EQ(QApplication::activeModalWidget(), nullptr);
    EXPECT_EQ(window_->pages()->currentIndex(), 0) << "the overview comes first";

    // What colours mean stands below the graph; a layer unfolds at once.
    window_->pages()->setCurrentWidget(window_->graphView());
    EXPECT_TRUE(find<QWidget>("shardingLegend")->isVisible());
    GraphCanvas* canvas = window_->graphView()->canvas();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    clock.restart();
    canvas->setUnfolded(QStringLiteral("layer 0"), true);
    ASSERT_TRUE(
        waitUntil([&] { return canvas->levelItem(QStringLiteral("layer 0")) != nullptr; }, 5000));
    RecordProperty("unfold_ms", int(clock.elapsed()));
    EXPECT_LT(clock.elapsed(), patient(1000));
    find<QAction>("actionFind")->trigger();
    QTest::keyClicks(find<QLineEdit>("graphFind"), QStringLiteral("attn"));
    EXPECT_FALSE(session().selection()->current().isNone()) << "typing finds";

    // One obvious knob; the answer says what it brought, and is taken back with its plan.
    const int first = session().shownPlan()->id;
    const double step = session().shownPlan()->plan()->stepTime.count;
    clock.restart();
    find<QSpinBox>("maxDp")->setValue(2);
    ASSERT_TRUE(hasPlan());
    RecordProperty("replan_ms", int(clock.elapsed()));
    EXPECT_NE(session().shownPlan()->id, first);
    EXPECT_GE(session().shownPlan()->plan()->stepTime.count, step * 0.999999);
    EXPECT_TRUE(find<QLabel>("statusText")->text().contains(u'→'))
        << find<QLabel>("statusText")->text().toStdString();
    clock.restart();
    find<QAction>("actionUndo")->trigger();
    EXPECT_EQ(session().shownPlan()->id, first);
    EXPECT_LT(clock.elapsed(), patient(1500)) << "undo finds the plan";

    // Which is faster?
    window_->pages()->setCurrentIndex(4);
    EXPECT_EQ(find<QTableView>("compareTable")->model()->rowCount(), 2);
    EXPECT_TRUE(find<QAction>("actionRun")->isEnabled());
}

TEST_F(StoriesTest, CancellingTwoHundredTimesAtRandomLeavesTheSameAnswer)
{
    showWindow();
    window_->openFile(samplePath(QStringLiteral("gpt-tiny")), QStringLiteral("cpu-x4"));
    ASSERT_TRUE(hasPlan());
    const double step = session().shownPlan()->plan()->stepTime.count;
    const app::Setup plain = session().setup();
    Rng rng(11);
    for (int round = 0; round < 200; ++round) {
        app::Setup next = session().setup();
        next.options.constraints.microbatches =
            rng.chance(0.5) ? std::optional(1 << rng.below(3)) : std::nullopt;
        next.options.constraints.maxTp =
            rng.chance(0.5) ? std::optional(1 + int(rng.below(4))) : std::nullopt;
        session().editSetup(next, QStringLiteral("edit"));
        session().planNow();
        const int until = int(rng.below(25));
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < until)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 2);
        switch (rng.below(3)) {
        case 0:
            find<QAction>("actionStop")->trigger();
            break;
        case 1:
            session().undoStack()->undo();
            break;
        default:
            session().jobs()->cancelAll();
        }
    }
    ASSERT_TRUE(waitUntil([this] { return session().jobs()->jobs().empty(); }, 20000))
        << "nothing hangs";
    app::Setup last = plain;
    session().editSetup(last, QStringLiteral("as at first"));
    session().planNow();
    ASSERT_TRUE(hasPlan());
    EXPECT_DOUBLE_EQ(session().shownPlan()->plan()->stepTime.count, step);
}

TEST_F(StoriesTest, ClosingDuringEveryKindOfJobEndsSoonAndLosesNothing)
{
    struct Case {
        const char* name;
        std::function<void()> begin;
    };
    const auto open = [this](const char* model, const char* cluster) {
        window_->openFile(samplePath(QString::fromLatin1(model)), QString::fromLatin1(cluster));
    };
    const auto plan = [&](const char* model, const char* cluster) {
        open(model, cluster);
        ASSERT_TRUE(hasPlan());
    };
    const Case cases[] = {
        {"import", [&] { open("gpt-1.3b", "h200-x4"); }},
        {"plan",
         [&] {
             open("gpt-1.3b", "h200-x4");
             waitUntil([this] { return session().isPlanning(); }, 30000);
         }},
        {"replan",
         [&] {
             plan("gpt-125m", "h200-x4");
             find<QSpinBox>("maxDp")->setValue(2);
             session().planNow();
         }},
        {"baselines",
         [&] {
             plan("gpt-125m", "h200-x4");
             session().planBaselines();
         }},
        {"prices",
         [&] {
             plan("gpt-125m", "h200-x4");
             find<QSpinBox>("maxDp")->setValue(2);
             ASSERT_TRUE(hasPlan());
             find<QToolButton>("priceConstraints")->click();
         }},
        {"best so far",
         [&] {
             plan("gpt-125m", "h200-x4");
             session().setPlanner(holdingPlanner);
             find<QSpinBox>("maxDp")->setValue(2);
             session().planNow();
             waitUntil([this] { return session().incumbent() != nullptr; }, 30000);
             session().useBestSoFar();
         }},
        {"open a plan",
         [&] {
             plan("gpt-125m", "h200-x4");
             const QString file = profile_.filePath(QStringLiteral("plan.json"));
             ASSERT_TRUE(savePlan(*session().shownPlan()->plan(), file.toStdString()).ok());
             window_->openFile(file);
         }},
        {"lower, compare and lay out",
         [&] {
             plan("gpt-125m", "h200-x4");
             for (int page = 0; page < window_->pages()->count(); ++page)
                 window_->pages()->setCurrentIndex(page);
             window_->pages()->setCurrentWidget(window_->graphView());
             window_->graphView()->setScope(GraphScope::kAll, Phase::kForward);
         }},
        {"why",
         [&] {
             open("gpt-125m", "h200-x4");
             find<QSpinBox>("maxPp")->setValue(1); // a stage on one device has no decisions
             ASSERT_TRUE(hasPlan());
             const auto facts = session().facts();
             ASSERT_FALSE(facts->plan->stages[0].decisions.empty());
             (new WhyDialog(&session(),
                            QString::fromStdString(facts->plan->stages[0].decisions.front().label),
                            window_.get()))
                 ->show();
         }},
        {"follow the file",
         [&] {
             plan("gpt-125m", "h200-x4");
             find<QAction>("actionAnnotations")->trigger();
         }},
        {"read a trace",
         [&] {
             plan("gpt-125m", "h200-x4");
             QFile trace(profile_.filePath(QStringLiteral("trace.json")));
             ASSERT_TRUE(trace.open(QIODevice::WriteOnly));
             trace.write("{\"traceEvents\": []}");
             trace.close();
             window_->findChild<PipelineView*>()->openTraceFile(trace.fileName());
         }},
        {"run",
         [&] {
             plan("gpt-tiny", "cpu-x4");
             session().queueRuns({.planIds = {session().shownPlan()->id},
                                  .place = {},
                                  .devices = QStringLiteral("cpu"),
                                  .steps = 500000,
                                  .repeats = 1,
                                  .learningRate = 0},
                                 findProgram(QStringLiteral("alpa")));
             waitUntil(
                 [this] {
                     return session().runs()[0].steps.size() > 2 || !session().isRunActive();
                 },
                 30000);
         }},
    };
    for (const Case& one : cases) {
        showWindow();
        one.begin();
        QElapsedTimer clock;
        clock.start();
        window_->close();
        window_.reset();
        EXPECT_LT(clock.elapsed(), patient(5000)) << one.name;
    }
    // What was planned last is offered again.
    showWindow();
    ASSERT_TRUE(waitUntil(
        [this] {
            return window_->findChild<QPushButton*>(QStringLiteral("continueLast")) != nullptr;
        },
        20000));
    EXPECT_EQ(window_->findChild<QPushButton*>(QStringLiteral("restore_gpt-tiny")), nullptr)
        << "closing is no crash";
}

} // namespace
} // namespace alpa::app
