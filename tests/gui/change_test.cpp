// Changing what is asked, with the widgets a person uses: the table, context menus, the boundaries
// of stages, sliders.
#include "app/item_models/constraints_model.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"
#include "app/views/relax_constraint.h"
#include "app/widgets/stage_boundaries.h"
#include "tests/gui/window_test.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace alpa::app
{
namespace
{

/// A window on a small model planned for four CPU devices.
class ChangeTest : public WindowTest
{
protected:
    void SetUp() override { showSample(); }
    const PlanConstraints& asked() { return session().setup().options.constraints; }
    static QAction* actionOf(QMenu& menu, const QString& start)
    {
        for (QAction* action : menu.actions()) {
            if (action->text().startsWith(start))
                return action;
            if (action->menu() != nullptr) {
                if (QAction* inner = actionOf(*action->menu(), start))
                    return inner;
            }
        }
        return nullptr;
    }
};

TEST_F(ChangeTest, TableSwitchesEditsAndRemovesConstraintsUndoably)
{
    find<QSpinBox>("maxTp")->setValue(2);
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(settle());
    auto* table = find<QTableView>("constraintList");
    QAbstractItemModel* model = table->model();
    const QAbstractItemModelTester tester(model,
                                          QAbstractItemModelTester::FailureReportingMode::Fatal);
    ASSERT_EQ(model->rowCount(), 2);
    EXPECT_EQ(model->index(0, ConstraintsModel::kValue).data().toString(), QStringLiteral("2"));
    EXPECT_EQ(model->index(1, ConstraintsModel::kState).data().toString(),
              QStringLiteral("at its limit"));

    model->setData(model->index(0, ConstraintsModel::kKind), Qt::Unchecked, Qt::CheckStateRole);
    ASSERT_TRUE(waitUntil([&] { return !asked().maxTp; })) << "switched off: not asked";
    EXPECT_EQ(asked().maxPp, 1);
    ASSERT_EQ(model->rowCount(), 2) << "but remembered";
    EXPECT_EQ(model->index(1, ConstraintsModel::kState).data().toString(), QStringLiteral("off"));
    model->setData(model->index(1, ConstraintsModel::kKind), Qt::Checked, Qt::CheckStateRole);
    ASSERT_TRUE(waitUntil([&] { return asked().maxTp == 2; }));

    model->setData(model->index(0, ConstraintsModel::kValue), QStringLiteral("4"), Qt::EditRole);
    ASSERT_TRUE(waitUntil([&] { return asked().maxTp == 4; }));
    model->setData(model->index(0, ConstraintsModel::kValue), QStringLiteral("many"), Qt::EditRole);
    EXPECT_EQ(asked().maxTp, 4) << "no number";

    table->selectRow(0);
    QTest::mouseClick(find<QToolButton>("removeConstraint"), Qt::LeftButton);
    EXPECT_FALSE(asked().maxTp);
    EXPECT_EQ(model->rowCount(), 1);
    session().undoStack()->undo();
    EXPECT_EQ(asked().maxTp, 4);
    while (session().undoStack()->canUndo())
        session().undoStack()->undo();
    EXPECT_EQ(asked(), PlanConstraints());
}

TEST_F(ChangeTest, PricesSayWhatEachConstraintCosts)
{
    find<QSpinBox>("microbatches")->setValue(4);
    ASSERT_TRUE(settle());
    ASSERT_NE(session().shownPlan(), nullptr);
    QTest::mouseClick(find<QToolButton>("priceConstraints"), Qt::LeftButton);
    auto* table = find<QTableView>("constraintList");
    ASSERT_TRUE(waitUntil([&] {
        return !table->model()->index(0, ConstraintsModel::kPrice).data().toString().isEmpty();
    }));
    const double with = session().shownPlan()->plan()->stepTime.count;
    session().undoStack()->undo();
    const double without = session().shownPlan()->plan()->stepTime.count;
    session().undoStack()->redo();
    EXPECT_GE(with, without * (1 - 1e-9))
        << "the price that the table shows is the difference of these two";
}

TEST_F(ChangeTest, ContextMenusPinOperationsCutLayersAndLimitAxes)
{
    const auto facts = session().facts();
    size_t op = 0;
    while (op < facts->graph->ops.size() &&
           (!facts->decisionOfOp[op].isValid() || facts->graph->ops[op].phase != Phase::kForward))
        ++op;
    ASSERT_LT(op, facts->graph->ops.size());
    QMenu menu;
    fillConstraintMenu(&menu, &session(), Selection::op(OpId(op)));
    QAction* pin = actionOf(menu, QStringLiteral("Pin "));
    ASSERT_NE(pin, nullptr);
    const QString text = pin->text();
    pin->trigger();
    ASSERT_EQ(asked().specs.size(), 1u);
    EXPECT_EQ(asked().specs[0].pattern, facts->opLabel(OpId(op)));
    EXPECT_EQ(session().undoStack()->undoText(), text);

    QMenu layers;
    fillConstraintMenu(&layers, &session(), Selection::layer(1));
    ASSERT_NE(actionOf(layers, QStringLiteral("Begin a stage at layer 1")), nullptr);
    actionOf(layers, QStringLiteral("Begin a stage at layer 1"))->trigger();
    EXPECT_EQ(asked().cuts, std::vector<int>{1});
    QMenu again;
    fillConstraintMenu(&again, &session(), Selection::layer(1));
    EXPECT_EQ(actionOf(again, QStringLiteral("Begin a stage at layer 1")), nullptr)
        << "it is asked already";
    actionOf(again, QStringLiteral("Leave layer 1 free"))->trigger();
    EXPECT_TRUE(asked().cuts.empty());

    QMenu axis;
    fillAxisMenu(&axis, &session(), 1);
    actionOf(axis, QStringLiteral("TP at most 2"))->trigger();
    EXPECT_EQ(asked().maxTp, 2);
    QMenu tensor;
    const ValueId parameter = facts->graph->inputs.front().value;
    fillConstraintMenu(&tensor, &session(), Selection::value(parameter));
    EXPECT_FALSE(tensor.isEmpty());
}

TEST_F(ChangeTest, DraggedBoundaryMovesTheStage)
{
    window_->openFile(samplePath(QStringLiteral("gpt-125m")), QStringLiteral("h200-x4"));
    ASSERT_TRUE(
        waitUntil([this] { return session().model()->name == QStringLiteral("gpt-125m"); }));
    auto* schedule = find<QComboBox>("schedule");
    schedule->setCurrentIndex(schedule->findData(int(ScheduleKind::k1f1b)));
    find<QSpinBox>("fixedPp")->setValue(2);
    ASSERT_TRUE(settle());
    ASSERT_EQ(session().obstacle(), nullptr);
    ASSERT_NE(session().shownPlan(), nullptr);
    ASSERT_EQ(session().shownPlan()->plan()->stages.size(), 2u);
    window_->pages()->setCurrentIndex(2);
    auto* boundaries = find<StageBoundaries>("stageBoundaries");
    ASSERT_EQ(boundaries->firstLayers().size(), 2u);
    const int before = boundaries->firstLayers()[1];
    const int layers = int(session().facts()->layers.size());
    const int after = before + 1 < layers ? before + 1 : before - 1;
    ASSERT_GT(after, 0);
    const QPointF from = boundaries->handleAt(1);
    const QPointF to(boundaries->layerLeft(after), from.y());
    QTest::mousePress(boundaries, Qt::LeftButton, {}, from.toPoint());
    QTest::mouseMove(boundaries, to.toPoint());
    QTest::mouseRelease(boundaries, Qt::LeftButton, {}, to.toPoint());
    EXPECT_EQ(asked().cuts, std::vector<int>{after});
    ASSERT_TRUE(settle());
    ASSERT_EQ(session().obstacle(), nullptr);
    EXPECT_EQ(session().shownPlan()->plan()->stages[1].firstLayer, after);
    EXPECT_EQ(boundaries->firstLayers()[1], after);

    // The same by keys.
    boundaries->setFocus();
    QTest::keyClick(boundaries, after > before ? Qt::Key_Left : Qt::Key_Right);
    QTest::keyClick(boundaries, Qt::Key_Return);
    EXPECT_EQ(asked().cuts, std::vector<int>{before});
}

TEST_F(ChangeTest, SlidersPlanForAClusterThatIsMarkedAsHypothetical)
{
    const double real = session().shownPlan()->plan()->stepTime.count;
    auto* devices = find<QSlider>("whatIfDevices");
    devices->setValue(1);
    EXPECT_EQ(session().setup().whatIf.devices, 8);
    ASSERT_TRUE(settle());
    const PlanEntry* shown = session().shownPlan();
    EXPECT_TRUE(shown->isHypothetical());
    EXPECT_TRUE(shown->name.startsWith(QStringLiteral("What if"))) << shown->name.toStdString();
    EXPECT_EQ(shown->plan()->cluster.deviceCount(), 8);
    EXPECT_NE(shown->plan()->cluster.name.find("what if"), std::string::npos);
    EXPECT_TRUE(find<QLabel>("whatIfNote")->text().contains(QStringLiteral("Hypothetical")));
    EXPECT_TRUE(find<QFrame>("planBanner")->isVisible()) << "every page says so";

    auto* memory = find<QSlider>("whatIfMemory");
    memory->setValue(4);
    EXPECT_DOUBLE_EQ(session().setup().whatIf.memory, 2);
    memory->setValue(-4);
    EXPECT_DOUBLE_EQ(session().setup().whatIf.memory, 0.5);
    QTest::mouseClick(find<QPushButton>("whatIfReset"), Qt::LeftButton);
    EXPECT_TRUE(session().setup().whatIf.isNone());
    ASSERT_TRUE(settle());
    EXPECT_DOUBLE_EQ(session().shownPlan()->plan()->stepTime.count, real)
        << "at once: the plan is kept";
    EXPECT_FALSE(find<QFrame>("planBanner")->isVisible());
}

TEST_F(ChangeTest, ClashNamesEveryConstraintWithAButtonThatRelaxesIt)
{
    find<QCheckBox>("allDevices")->setChecked(true);
    find<QSpinBox>("maxTp")->setValue(1);
    find<QSpinBox>("maxDp")->setValue(1);
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(settle());
    ASSERT_NE(session().obstacle(), nullptr);
    // Two layers make two stages at most, so that four devices need one of the other two in any
    // case.
    EXPECT_NE(window_->findChild<QPushButton*>(QStringLiteral("relax_max TP 1")), nullptr);
    EXPECT_NE(window_->findChild<QPushButton*>(QStringLiteral("relax_max DP 1")), nullptr);
    EXPECT_EQ(window_->findChild<QPushButton*>(QStringLiteral("relax_max PP 1")), nullptr)
        << "the clash is minimal";
    auto* table = find<QTableView>("constraintList");
    EXPECT_EQ(table->model()->index(0, ConstraintsModel::kState).data().toString(),
              QStringLiteral("clashes"));
    QTest::mouseClick(find<QPushButton>("relax_max DP 1"), Qt::LeftButton);
    ASSERT_TRUE(settle());
    EXPECT_EQ(session().obstacle(), nullptr);
    EXPECT_FALSE(asked().maxDp);
}

TEST_F(ChangeTest, BestSoFarIsTakenBeforeTheSearchIsOver)
{
    // A search that has found its first plan and goes on until somebody stops it.
    session().setPlanner(holdingPlanner);
    find<QSpinBox>("microbatches")->setValue(2);
    session().planNow();
    auto* use = find<QPushButton>("useBestSoFar");
    ASSERT_TRUE(waitUntil([&] { return use->isVisible(); }, 60000));
    ASSERT_TRUE(session().isPlanning());
    const double found = session().incumbent()->stepTime.count;
    EXPECT_TRUE(find<QLabel>("planBannerText")->text().contains(QStringLiteral("Best so far")));
    // What is proven of it: the bound, and how far below the plan it lies.
    const double bound = session().incumbent()->stepBound.count;
    ASSERT_GT(bound, 0);
    ASSERT_LE(bound, found);
    const QString proven = QStringLiteral("none takes less than %1 (gap %2)")
                               .arg(timeText(Seconds(bound)), percentText((found - bound) / found));
    EXPECT_TRUE(find<QLabel>("planBannerText")->text().contains(proven))
        << proven.toStdString() << " in " << find<QLabel>("planBannerText")->text().toStdString();
    QTest::mouseClick(use, Qt::LeftButton);
    ASSERT_TRUE(waitUntil([this] { return !session().isStale(); }, 60000));
    EXPECT_DOUBLE_EQ(session().shownPlan()->plan()->stepTime.count, found);
    EXPECT_TRUE(session().shownPlan()->isUnfinished);
    EXPECT_EQ(asked().microbatches, 2);
    // Planning again goes on to the end, and never to a slower plan.
    session().setPlanner(makePlan);
    session().planNow();
    ASSERT_TRUE(waitUntil([this] { return !session().shownPlan()->isUnfinished; }, 60000));
    EXPECT_LE(session().shownPlan()->plan()->stepTime.count, found);
}

// A search that says how far it is: nothing of the rest while it has hardly begun, then what is
// left at the pace so far.
TEST_F(ChangeTest, TheBannerSaysHowLongPlanningWillGoOn)
{
    auto share = std::make_shared<std::atomic<double>>(0.05);
    session().setPlanner([share](const PlanRequest&, const JobControl& control, PlanCache*,
                                 const IncumbentCallback&) -> Result<PlanOutcome> {
        while (!control.isCancelled()) {
            control.report("search", *share);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return Error(ErrorCode::kCancelled, "cancelled");
    });
    find<QSpinBox>("microbatches")->setValue(2);
    auto* text = find<QLabel>("planBannerText");
    ASSERT_TRUE(waitUntil([&] { return text->text().contains(QStringLiteral(", 1 s")); }, 20000));
    EXPECT_FALSE(text->text().contains(QStringLiteral("left"))) << text->text().toStdString();
    *share = 0.2;
    ASSERT_TRUE(waitUntil([&] { return text->text().contains(QStringLiteral("left")); }, 20000));
    // Four fifths are to come: four times what it took.
    const qint64 elapsed = session().planningJob()->elapsedMs();
    const int said = text->text().section(QStringLiteral("about "), 1).section(u' ', 0, 0).toInt();
    EXPECT_LE(said, elapsed * 4 / 1000 + 1) << text->text().toStdString();
    EXPECT_GE(said, elapsed * 4 / 1000 - 5) << "it is written anew each second";
    EXPECT_TRUE(text->text().contains(percentText(0.2) + QStringLiteral(" done"))) << text->text().toStdString();
    session().cancelPlanning();
}

TEST_F(ChangeTest, EditAfterALongPlanningWaitsForAWord)
{
    session().setReplanLimit(Seconds(0));
    ASSERT_GT(session().lastPlanning().count, 0);
    find<QSpinBox>("maxDp")->setValue(2);
    EXPECT_TRUE(session().waitsToReplan());
    EXPECT_TRUE(session().isStale());
    EXPECT_TRUE(find<QLabel>("planBannerText")->text().contains(QStringLiteral("press F5")));
    EXPECT_FALSE(waitUntil([this] { return session().isPlanning(); }, 600)) << "twice the delay";
    find<QAction>("actionPlan")->trigger();
    ASSERT_TRUE(settle());
    EXPECT_LE(session().shownPlan()->facts->dataParallel, 2);
    // The next edit plans by itself again once planning is quick.
    session().setReplanLimit(kForever);
    find<QSpinBox>("maxDp")->setValue(1);
    EXPECT_FALSE(find<QLabel>("planBannerText")->text().contains(QStringLiteral("press F5")));
    ASSERT_TRUE(settle());
    EXPECT_EQ(session().shownPlan()->facts->dataParallel, 1);
}

TEST(ConstraintItems, EveryConstraintOfThePlannerIsAnItemThatCanBeTakenBackAlone)
{
    PlanConstraints all;
    all.maxTp = 2;
    all.fixedPp = 4;
    all.meshAxes = {2, 2};
    all.memoryPerDevice = gibibytes(16);
    all.microbatches = 8;
    all.schedule = ScheduleKind::kInterleaved1f1b;
    all.forbiddenSchedules = {ScheduleKind::kGpipe, ScheduleKind::kZeroBubble};
    all.chunks = 2;
    all.recomputation = false;
    all.selectiveRecomputation = true;
    all.parameterStorage = StorageRule::kSplit;
    all.contextParallel = 2;
    all.recomputedLayers = 3;
    all.forbiddenRecomputations = {RecomputationKind::kFull};
    all.usesAllDevices = true;
    all.specs = {{"a.*", ShardingSpec::replicated(2), false},
                 {"b", ShardingSpec::replicated(1), true}};
    all.cuts = {2, 5};
    all.forbiddenCuts = {3};
    all.stageMeshes = {{2, 1, 4, {2, 2}}, {5, 2, 8, {}}};
    const std::vector<ConstraintItem> items = constraintItems(all);
    const std::vector<std::string> texts = listConstraints(all);
    // Recomputation has two texts, and is one choice.
    ASSERT_EQ(items.size() + 1, texts.size());
    PlanConstraints together;
    for (const ConstraintItem& item : items) {
        together = mergeConstraints(together, item.alone);
        EXPECT_NE(std::ranges::find(texts, item.text), texts.end()) << item.text;
        for (const std::string& left : listConstraints(item.without))
            EXPECT_FALSE(item.isNamed(left)) << left;
        EXPECT_EQ(mergeConstraints(item.without, item.alone).specs.size(), all.specs.size());
    }
    EXPECT_EQ(together, all);
}

} // namespace
} // namespace alpa::app
