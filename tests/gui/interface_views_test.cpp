// What section 5 of the interface's specification promises of views: selecting, hovering, finding
// and moving by mouse and keys.
#include "app/dialogs/why_dialog.h"
#include "app/session/selection_sums.h"
#include "app/settings/key_bindings.h"
#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/views/compare_side.h"
#include "app/views/graph_view.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/memory_curve.h"
#include "app/widgets/timeline_chart.h"
#include "core/graph/op_cost.h"
#include "tests/gui/interface_test.h"

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QNativeGestureEvent>
#include <QPointingDevice>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabWidget>
#include <QWheelEvent>
#include <gtest/gtest.h>

#include <set>

namespace alpa::app
{
namespace
{

// 5.1: hover is a transient highlight everywhere.
TEST_F(InterfaceTest, WhatTheMouseIsOverIsOutlinedInEveryView)
{
    ASSERT_GT(session().shownPlan()->plan()->stages.size(), 1u);
    GraphCanvas* canvas = showGraph();
    auto* timeline = find<TimelineChart>("timelineChart");
    auto* memory = find<MemoryChart>("memoryChart");
    session().selection()->hover(Selection::stage(1));
    EXPECT_EQ(timeline->hoveredStage(), 1);
    EXPECT_EQ(memory->hoveredStage(), 1);
    const GraphLevelItem* root = canvas->rootItem();
    for (size_t node = 0; node < root->level().nodes.size(); ++node)
        EXPECT_EQ(root->isHinted(int(node)), root->level().nodes[node].stage == 1)
            << root->level().nodes[node].title.toStdString();
    session().selection()->hover({});
    EXPECT_EQ(timeline->hoveredStage(), -1);
    EXPECT_FALSE(root->isHinted(1));
    EXPECT_TRUE(session().selection()->current().isNone()) << "hovering selects nothing";

    // And the mouse itself, over a box.
    const QPoint at = canvas->mapFromScene(root->mapToScene(root->box(1).center()));
    QTest::mouseMove(canvas->viewport(), at);
    ASSERT_TRUE(waitUntil([&] { return !session().selection()->hovered().isNone(); }, 5000));
    EXPECT_EQ(memory->hoveredStage(), root->level().nodes[1].stage);
}

// 5.1: selecting several things sums their figures in the inspector.
TEST_F(InterfaceTest, SeveralSelectedThingsAreSummedAndCountedOnce)
{
    const auto facts = session().facts();
    session().selection()->selectAll({Selection::layer(0), Selection::layer(1)});
    EXPECT_TRUE(find<QLabel>("inspectorTitle")->text().contains(u'2'));
    const ScopeTree& scopes = session().model()->scopes;
    const SelectionSums both = sumOf(session().selection()->all(), *facts, scopes);
    // Every forward op lies in one of the two layers.
    int ops = 0;
    double flops = 0;
    int64_t bytes = 0;
    for (const Op& op : facts->graph->ops) {
        if (op.phase != Phase::kForward ||
            facts->layerOfOp[size_t(&op - facts->graph->ops.data())] < 0)
            continue;
        ++ops;
        flops += opFlops(*facts->graph, op).count;
        for (const ValueId result : op.results)
            bytes += facts->graph->type(result).bytes().count;
    }
    EXPECT_EQ(both.ops, ops);
    EXPECT_NEAR(both.flops.count, flops, 1e-9 * flops);
    EXPECT_EQ(both.results.count, bytes);
    EXPECT_GT(both.resultsPerDevice.count, 0);
    EXPECT_LE(both.resultsPerDevice.count, bytes);
    const OpId inside = decidedOp();
    const SelectionSums again =
        sumOf({Selection::layer(0), Selection::layer(1), Selection::op(inside)}, *facts, scopes);
    EXPECT_EQ(again.ops, both.ops) << "an op of a selected layer counts once";
}

// 5.5: Ctrl+click and Shift+drag.
TEST_F(InterfaceTest, CtrlClickAddsAndTakesAwayAndShiftDragTakesTheFrame)
{
    GraphCanvas* canvas = showGraph();
    const GraphLevelItem* root = canvas->rootItem();
    const auto headOf = [&](int node) {
        return canvas->mapFromScene(root->mapToScene(root->box(node).topLeft() + QPointF(30, 10)));
    };
    QTest::mouseClick(canvas->viewport(), Qt::LeftButton, {}, headOf(0));
    QTest::mouseClick(canvas->viewport(), Qt::LeftButton, Qt::ControlModifier, headOf(1));
    EXPECT_EQ(session().selection()->all().size(), 2u);
    QTest::mouseClick(canvas->viewport(), Qt::LeftButton, Qt::ControlModifier, headOf(0));
    ASSERT_EQ(session().selection()->all().size(), 1u);
    EXPECT_EQ(session().selection()->current(), root->level().nodes[1].selection);
    session().selection()->clear();
    const QRect all = canvas->viewport()->rect().adjusted(2, 2, -2, -2);
    QTest::mousePress(canvas->viewport(), Qt::LeftButton, Qt::ShiftModifier, all.topLeft());
    QTest::mouseMove(canvas->viewport(), all.bottomRight());
    QTest::mouseRelease(canvas->viewport(), Qt::LeftButton, Qt::ShiftModifier, all.bottomRight());
    std::set<int> layers;
    for (const Selection& one : session().selection()->all())
        layers.insert(one.index);
    EXPECT_EQ(layers.size(), session().facts()->layers.size());
}

// 5.5: trackpad pinch and two-finger pan.
TEST_F(InterfaceTest, PinchZoomsAtItsPlaceAndTwoFingersPan)
{
    GraphCanvas* canvas = showGraph();
    const QPointF at = QRectF(canvas->viewport()->rect()).center() + QPointF(60, 40);
    const QPointF global = canvas->viewport()->mapToGlobal(at);
    const QPointF under = canvas->mapToScene(at.toPoint());
    const double before = canvas->transform().m11();
    QNativeGestureEvent pinch(Qt::ZoomNativeGesture, QPointingDevice::primaryPointingDevice(), 2,
                              at, at, global, 0.5, {});
    QCoreApplication::sendEvent(canvas->viewport(), &pinch);
    EXPECT_NEAR(canvas->transform().m11(), 1.5 * before, 1e-9);
    const QPointF moved = canvas->mapToScene(at.toPoint());
    EXPECT_NEAR(moved.x(), under.x(), 2 / before);
    EXPECT_NEAR(moved.y(), under.y(), 2 / before);

    QWheelEvent fingers(at, global, QPoint(-30, 20), QPoint(-60, 40), Qt::NoButton, Qt::NoModifier,
                        Qt::ScrollUpdate, false);
    QCoreApplication::sendEvent(canvas->viewport(), &fingers);
    EXPECT_NEAR(canvas->transform().m11(), 1.5 * before, 1e-9) << "nothing is zoomed";
    const QPointF panned = canvas->mapToScene(at.toPoint()) - moved;
    EXPECT_NEAR(panned.x() * canvas->transform().m11(), 30, 1.5);
    EXPECT_NEAR(panned.y() * canvas->transform().m11(), -20, 1.5);
}

// 5.2: the memory curve has its parts, its peak, and what is alive there.
TEST_F(InterfaceTest, MemoryCurveMarksThePeakAndSaysWhatIsAliveThere)
{
    window_->pages()->setCurrentIndex(3);
    auto* curve = find<MemoryCurve>("memoryCurve");
    const StageTimeline& stage = session().shownPlan()->plan()->timeline.stages[0];
    const auto top = std::ranges::max_element(stage.memory, {}, &MemoryPoint::memory);
    ASSERT_NE(top, stage.memory.end());
    const QString text = curve->textAt(curve->peakAt());
    EXPECT_TRUE(text.contains(memoryText(top->memory))) << text.toStdString();
    EXPECT_TRUE(text.contains(QString::number(top->inFlight) + QStringLiteral(" microbatch")))
        << text.toStdString();
    EXPECT_TRUE(curve->textAt({-5, -5}).isEmpty());
}

// 5.5: F, Alt+left and Alt+right; H.
TEST_F(InterfaceTest, GraphFramesTheSelectionGoesBackAndHides)
{
    GraphCanvas* canvas = showGraph();
    const double whole = canvas->transform().m11();
    const QPointF middle = canvas->mapToScene(canvas->viewport()->rect().center());
    session().selection()->select(Selection::layer(1));
    trigger("actionFrame");
    const double framed = canvas->transform().m11();
    EXPECT_GE(framed, whole);
    const QRectF box = *canvas->visibleBox({QStringLiteral("layer 1")});
    EXPECT_TRUE(canvas->mapToScene(canvas->viewport()->rect()).boundingRect().contains(box));
    trigger("actionBack");
    EXPECT_DOUBLE_EQ(canvas->transform().m11(), whole);
    const QPointF back = canvas->mapToScene(canvas->viewport()->rect().center());
    EXPECT_NEAR(back.x(), middle.x(), 3);
    EXPECT_NEAR(back.y(), middle.y(), 3);
    trigger("actionForward");
    EXPECT_DOUBLE_EQ(canvas->transform().m11(), framed);

    trigger("actionHide");
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    EXPECT_FALSE(canvas->visibleBox({QStringLiteral("layer 1")}).has_value());
    EXPECT_TRUE(canvas->visibleBox({QStringLiteral("layer 0")}).has_value());
    trigger("actionShowHidden");
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    EXPECT_TRUE(canvas->visibleBox({QStringLiteral("layer 1")}).has_value());
}

// 5.5: C new constraint on selection, Y why, P pin, B baseline.
TEST_F(InterfaceTest, SelectionIsConstrainedAskedAndPinnedByKeys)
{
    trigger("actionPin");
    EXPECT_TRUE(session().setup().options.constraints.specs.empty()) << "nothing is selected";
    session().selection()->select(Selection::op(decidedOp()));
    trigger("actionConstrain");
    auto* menu = window_->findChild<QMenu*>(QStringLiteral("constraintMenu"));
    ASSERT_NE(menu, nullptr);
    EXPECT_FALSE(menu->isEmpty());
    menu->close();
    trigger("actionWhy");
    ASSERT_NE(window_->findChild<WhyDialog*>(), nullptr);
    window_->findChild<WhyDialog*>()->close();
    trigger("actionPin");
    ASSERT_EQ(session().setup().options.constraints.specs.size(), 1u);
    const SpecConstraint& pin = session().setup().options.constraints.specs[0];
    EXPECT_EQ(
        pin.pattern,
        session().facts()->decision(session().facts()->decisionOfOp[decidedOp().index()])->label);
    EXPECT_FALSE(pin.forbids);
    trigger("actionStar");
    ASSERT_NE(session().baseline(), nullptr);
    EXPECT_EQ(session().baseline()->id, session().shownPlan()->id);
}

// 5.5: Ctrl+F, F3 and Shift+F3.
TEST_F(InterfaceTest, FindGoesToTheNextAndBackToThePrevious)
{
    showGraph();
    trigger("actionFind");
    QTest::keyClicks(find<QLineEdit>("graphFind"), QStringLiteral("dot"));
    const Selection first = session().selection()->current();
    ASSERT_FALSE(first.isNone());
    trigger("actionFindNext");
    EXPECT_NE(session().selection()->current(), first);
    trigger("actionFindPrevious");
    EXPECT_EQ(session().selection()->current(), first);
}

// 5.5: Tab cycles panes.
TEST_F(InterfaceTest, PanesAreARing)
{
    window_->activateWindow();
    window_->pages()->currentWidget()->setFocus();
    std::set<QWidget*> panes;
    QWidget* before = nullptr;
    for (int step = 0; step < 8; ++step) {
        trigger("actionNextPane");
        QWidget* focused = window_->focusWidget();
        ASSERT_NE(focused, nullptr);
        EXPECT_NE(focused, before) << "each step goes on";
        before = focused;
        panes.insert(focused);
    }
    EXPECT_GE(panes.size(), 3u) << "the page, the left docks and the right ones";
    EXPECT_LT(panes.size(), 8u) << "and round again";
}

// 5.5: W A S D in the schedule.
TEST_F(InterfaceTest, ScheduleZoomsAndMovesByWasd)
{
    window_->pages()->setCurrentIndex(2);
    auto* timeline = find<TimelineChart>("timelineChart");
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    timeline->setFocus();
    QTest::keyClick(timeline, Qt::Key_W);
    const auto zoomed = timeline->shownShare();
    EXPECT_LT(zoomed.second - zoomed.first, 1);
    QTest::keyClick(timeline, Qt::Key_D);
    EXPECT_GT(timeline->shownShare().first, zoomed.first);
    QTest::keyClick(timeline, Qt::Key_A);
    EXPECT_NEAR(timeline->shownShare().first, zoomed.first, 1e-9);
    QTest::keyClick(timeline, Qt::Key_S);
    QTest::keyClick(timeline, Qt::Key_F);
    EXPECT_EQ(timeline->shownShare(), std::pair(0.0, 1.0));

    // Other keys, once they are chosen; the old one does nothing then.
    chooseKeys(*find<QAction>("actionTimelineIn"), {QKeySequence(QStringLiteral("I"))},
               *window_->settings());
    QTest::keyClick(timeline, Qt::Key_W);
    EXPECT_EQ(timeline->shownShare(), std::pair(0.0, 1.0));
    QTest::keyClick(timeline, Qt::Key_I);
    const double first = timeline->shownShare().first;
    EXPECT_GT(first, 0);
    QTest::keyClick(timeline, Qt::Key_Right);
    EXPECT_GT(timeline->shownShare().first, first);
    QTest::keyClick(timeline, Qt::Key_A);
    EXPECT_NEAR(timeline->shownShare().first, first, 1e-9);
    chooseKeys(*find<QAction>("actionTimelineLater"), {QKeySequence(QStringLiteral("L"))},
               *window_->settings());
    QTest::keyClick(timeline, Qt::Key_D);
    EXPECT_NEAR(timeline->shownShare().first, first, 1e-9);
    QTest::keyClick(timeline, Qt::Key_L);
    EXPECT_GT(timeline->shownShare().first, first);
    // And the command itself, wherever the focus is.
    find<QWidget>("outlineTree")->setFocus();
    trigger("actionTimelineEarlier");
    EXPECT_NEAR(timeline->shownShare().first, first, 1e-9);
}

// 5.2: two plans' timelines have one scale, and D goes through what differs.
TEST_F(InterfaceTest, TimelinesSideBySideShareOneScaleAndDGoesToDifferences)
{
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    window_->pages()->setCurrentIndex(4);
    EXPECT_FALSE(find<QAction>("actionNextDifference")->isEnabled());
    find<QTabWidget>("compareTabs")->setCurrentIndex(3);
    auto* left = find<TimelineChart>("compareTimelineLeft");
    auto* right = find<TimelineChart>("compareTimelineRight");
    const CompareSide* side = find<CompareSide>("compareSide");
    const double leftEnd = side->left()->plan()->timeline.stepTime.count;
    const double rightEnd = side->right()->plan()->timeline.stepTime.count;
    EXPECT_NE(leftEnd, rightEnd);
    EXPECT_NEAR(left->shownShare().second * leftEnd, right->shownShare().second * rightEnd,
                1e-9 * leftEnd);
    ASSERT_TRUE(find<QAction>("actionNextDifference")->isEnabled());
    trigger("actionNextDifference");
    EXPECT_EQ(session().selection()->current().kind, Selection::Kind::kLayer);
    // By its key too where a timeline has the focus, whose own it is elsewhere.
    session().selection()->clear();
    find<QTabWidget>("compareSidePages")->setCurrentIndex(2);
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    left->setFocus();
    left->zoomBy(TimelineChart::kZoomStep);
    const auto before = left->shownShare();
    QTest::keyClick(left, Qt::Key_D);
    EXPECT_EQ(session().selection()->current().kind, Selection::Kind::kLayer);
    EXPECT_EQ(left->shownShare(), before);
}

// Issue of large fonts: charts grow with them, and forms stay within their docks.
TEST_F(InterfaceTest, ChartsAndFormsFollowTheSizeOfTheFont)
{
    window_->resize(1920, 1080);
    auto* timeline = find<TimelineChart>("timelineChart");
    auto* memory = find<MemoryChart>("memoryChart");
    const int timelineHeight = timeline->sizeHint().height();
    const int memoryHeight = memory->sizeHint().height();
    for (const int percent : {80, 100, 150, 200}) {
        applyTheme(ThemeChoice::kLight, percent);
        QCoreApplication::processEvents();
        EXPECT_NEAR(timeline->sizeHint().height(), timelineHeight * percent / 100, 12) << percent;
        EXPECT_NEAR(memory->sizeHint().height(), memoryHeight * percent / 100, 12) << percent;
        auto* form = find<QWidget>("constraintsPanel")->findChild<QScrollArea*>();
        EXPECT_EQ(form->horizontalScrollBar()->maximum(), 0)
            << percent << " %: the form needs " << form->widget()->minimumSizeHint().width()
            << " of " << form->viewport()->width();
    }
    // In narrower windows too: fields go below their labels.
    for (const int width : {1600, 1440, 1280, 1024}) {
        window_->resize(width, 900);
        QCoreApplication::processEvents();
        auto* form = find<QWidget>("constraintsPanel")->findChild<QScrollArea*>();
        EXPECT_EQ(form->horizontalScrollBar()->maximum(), 0)
            << width << " pixels: the form needs " << form->widget()->minimumSizeHint().width()
            << " of " << form->viewport()->width();
    }
}

// 5.2 Why?, on hover: what the next best choice would cost with all else chosen anew.
TEST_F(InterfaceTest, HoveredDecisionIsWeighedAgainstTheOthers)
{
    showGraph();
    const auto facts = session().facts();
    const OpId op = decidedOp();
    const DecisionPlace place = facts->decisionOfOp[op.index()];
    session().selection()->hover(Selection::op(op));
    ASSERT_TRUE(waitUntil([&] { return window_->regrets()->known(place) != nullptr; }, 20000));
    const auto mine = window_->regrets()->known(place);
    const std::string label = facts->decision(place)->label;
    const auto asked =
        explainDecisions(*facts->plan, {.pattern = label, .strategy = {}, .limit = 1}, {});
    ASSERT_TRUE(asked.ok());
    ASSERT_EQ(mine->strategies.size(), asked->front().strategies.size());
    for (size_t k = 0; k < mine->strategies.size(); ++k)
        EXPECT_EQ(mine->strategies[k].regret.count, asked->front().strategies[k].regret.count);
    EXPECT_FALSE(window_->regrets()->sentence(place).isEmpty());
    // Another plan knows nothing of it.
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    EXPECT_EQ(window_->regrets()->known(place), nullptr);
}

} // namespace
} // namespace alpa::app
