// Which devices a stage gets, and shardings by dragging axes: the mouse, menus, keys.
#include "app/session/constraint_items.h"
#include "app/views/constraint_menu.h"
#include "app/views/stage_mesh_menu.h"
#include "app/widgets/mesh_chart.h"
#include "app/widgets/sharding_strip.h"
#include "tests/gui/window_test.h"

#include <QMenu>
#include <QSignalSpy>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

/// The entry with this text, in a menu or its submenus.
QAction* entryOf(const QMenu& menu, const QString& text)
{
    for (QAction* action : menu.actions()) {
        if (action->text() == text)
            return action;
        if (action->menu() != nullptr) {
            if (QAction* inner = entryOf(*action->menu(), text))
                return inner;
        }
    }
    return nullptr;
}

class DevicesTest : public WindowTest
{
protected:
    void SetUp() override { showSample(); }
    const PlanConstraints& asked() { return session().setup().options.constraints; }
};

TEST_F(DevicesTest, AStageIsGivenDevicesByItsMenuAndThePlanObeys)
{
    QMenu menu;
    fillConstraintMenu(&menu, &session(), Selection::stage(0));
    QAction* give = entryOf(menu, QStringLiteral("Give stage 0 2 devices of a host"));
    ASSERT_NE(give, nullptr);
    give->trigger();
    ASSERT_EQ(asked().stageMeshes.size(), 1u);
    EXPECT_EQ(asked().stageMeshes[0], (StageMesh{0, 1, 2, {}}));
    EXPECT_EQ(session().undoStack()->undoText(),
              QStringLiteral("Give stage 0 2 devices of a host"));
    ASSERT_TRUE(settle());
    ASSERT_EQ(session().obstacle(), nullptr);
    EXPECT_EQ(session().shownPlan()->plan()->stages[0].mesh.deviceCount(), 2);

    QMenu again;
    fillConstraintMenu(&again, &session(), Selection::stage(0));
    QAction* free = entryOf(again, QStringLiteral("Leave the devices of stage 0 free"));
    ASSERT_NE(free, nullptr);
    free->trigger();
    EXPECT_TRUE(asked().stageMeshes.empty());
}

TEST_F(DevicesTest, StageMeshesAreRowsOfTheTableThatCanBeTypedAndRemoved)
{
    PlanConstraints constraints;
    setStageMesh(constraints, {4, 1, 2, {}});
    setStageMesh(constraints, {0, 1, 2, {2, 1}});
    setStageMesh(constraints, {4, 1, 1, {}});
    ASSERT_EQ(constraints.stageMeshes.size(), 2u) << "one for each layer";
    const std::vector<ConstraintItem> items = constraintItems(constraints);
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[0].value, QStringLiteral("1x2:2x1"));
    const auto typed = withValue(items[1], constraints, QStringLiteral("1x4:2x2"));
    ASSERT_TRUE(typed);
    EXPECT_EQ(typed->stageMeshes[1], (StageMesh{4, 1, 4, {2, 2}}));
    EXPECT_FALSE(withValue(items[1], constraints, QStringLiteral("1x4:3x2"))) << "3 x 2 are not 4";
    EXPECT_EQ(items[0].without.stageMeshes.size(), 1u);
}

TEST_F(DevicesTest, DrawingOverDevicesOffersThemToEveryStage)
{
    MeshChart chart;
    chart.resize(800, 300);
    chart.setFacts(session().facts(), linkTraffic(*session().facts()));
    QSignalSpy dragged(&chart, &MeshChart::devicesDragged);
    QSignalSpy clicked(&chart, &MeshChart::deviceClicked);
    const auto at = [&](int device) { return chart.deviceArea(device).center().toPoint(); };
    QTest::mousePress(&chart, Qt::LeftButton, {}, at(0));
    QTest::mouseMove(&chart, at(1));
    QTest::mouseRelease(&chart, Qt::LeftButton, {}, at(1));
    ASSERT_EQ(dragged.size(), 1);
    EXPECT_EQ(dragged[0][0].toInt(), 0);
    EXPECT_EQ(dragged[0][1].toInt(), 1);
    EXPECT_TRUE(clicked.isEmpty());
    QTest::mouseClick(&chart, Qt::LeftButton, {}, at(2));
    EXPECT_EQ(clicked.size(), 1) << "a click selects as before";

    const Cluster& cluster = session().shownPlan()->plan()->cluster;
    EXPECT_EQ(submeshBetween(cluster, 0, 1), (SubmeshChoice{1, 2}));
    EXPECT_EQ(submeshBetween(cluster, 3, 1), (SubmeshChoice{1, 4}))
        << "three devices: the next size";
    QMenu menu;
    fillSubmeshMenu(&menu, &session(), submeshBetween(cluster, 0, 1));
    EXPECT_EQ(menu.actions().size(), qsizetype(session().shownPlan()->plan()->stages.size()));
    menu.actions().front()->trigger();
    EXPECT_EQ(asked().stageMeshes[0].devicesPerHost, 2);
}

TEST(SubmeshBetween, HostsGoWhole)
{
    const Result<Cluster> cluster = loadCluster("dgx-a100-x4");
    ASSERT_TRUE(cluster.ok());
    EXPECT_EQ(submeshBetween(*cluster, 0, 5), (SubmeshChoice{1, 8}));
    EXPECT_EQ(submeshBetween(*cluster, 2, 9), (SubmeshChoice{2, 8}));
    EXPECT_EQ(submeshBetween(*cluster, 0, 31), (SubmeshChoice{4, 8}));
}

TEST(ShardingStrip, AxesAreDraggedFromCellToCellAndOut)
{
    ShardingSpec spec = ShardingSpec::replicated(2);
    spec.dims[0] = axisBit(0);
    ShardingStrip strip;
    strip.setSpec(spec);
    strip.setEditable(2);
    strip.resize(strip.sizeHint());
    std::vector<ShardingSpec> wanted;
    QObject::connect(&strip, &ShardingStrip::specWanted,
                     [&](const ShardingSpec& next) { wanted.push_back(next); });
    const auto drag = [&](QPointF from, QPointF to) {
        QTest::mousePress(&strip, Qt::LeftButton, {}, from.toPoint());
        QTest::mouseMove(&strip, to.toPoint());
        QTest::mouseRelease(&strip, Qt::LeftButton, {}, to.toPoint());
    };
    drag(strip.axisAt(0), strip.cellAt(1));
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(formatSpec(wanted[0]), "{-, x}");
    drag(strip.axisAt(1), strip.cellAt(1));
    ASSERT_EQ(wanted.size(), 2u) << "an axis that splits nothing waits behind the cells";
    EXPECT_EQ(formatSpec(wanted[1]), "{x, y}");
    drag(strip.axisAt(0), QPointF(strip.width() - 1, strip.height() - 1));
    ASSERT_EQ(wanted.size(), 3u);
    EXPECT_EQ(formatSpec(wanted[2]), "{-, -}");
    drag(strip.axisAt(0), strip.cellAt(0));
    EXPECT_EQ(wanted.size(), 3u) << "where it is already";
    // The same by keys: the second dimension, split over y.
    QTest::keyClick(&strip, Qt::Key_Right);
    QTest::keyClick(&strip, Qt::Key_Y);
    ASSERT_EQ(wanted.size(), 4u);
    EXPECT_EQ(formatSpec(wanted[3]), "{x, y}");
}

TEST_F(DevicesTest, DraggingInTheInspectorPinsTheSharding)
{
    const auto facts = session().facts();
    const ValueId parameter = facts->graph->inputs.front().value;
    session().selection()->select(Selection::value(parameter));
    ShardingStrip* strip = nullptr;
    for (auto* one : window_->findChildren<ShardingStrip*>()) {
        if (one->isEditable())
            strip = one;
    }
    ASSERT_NE(strip, nullptr);
    const ShardingSpec before = strip->spec();
    const bool isSplit = hasAxis(before.dims[0], 0);
    const ShardingSpec expected = withAxisAt(before, 0, isSplit ? std::nullopt : std::optional(0));
    const QPoint from = strip->axisAt(0).toPoint();
    const QPoint to =
        isSplit ? QPoint(strip->width() - 1, strip->height() - 1) : strip->cellAt(0).toPoint();
    QTest::mousePress(strip, Qt::LeftButton, {}, from);
    QTest::mouseRelease(strip, Qt::LeftButton, {}, to);
    ASSERT_EQ(asked().specs.size(), 1u);
    EXPECT_EQ(asked().specs[0].spec, expected);
    EXPECT_FALSE(asked().specs[0].forbids);
    session().undoStack()->undo();
    EXPECT_TRUE(asked().specs.empty());
}

} // namespace
} // namespace alpa::app
