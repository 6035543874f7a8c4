// Comparing: the table and its export, trade-offs and their frontier, two plans side by side, the
// report.
#include "app/item_models/plans_model.h"
#include "app/session/session_report.h"
#include "app/views/compare_side.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/scatter_chart.h"
#include "core/plan/plan_figures.h"
#include "tests/gui/window_test.h"

#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTreeWidget>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

/// Two plans of a small model: as it is best, and with one stage only.
class CompareTest : public WindowTest
{
protected:
    void SetUp() override
    {
        showSample();
        ASSERT_TRUE(isAtRest());
        session().setBaseline(session().shownPlan()->id);
        find<QSpinBox>("maxPp")->setValue(1);
        ASSERT_TRUE(isAtRest());
        ASSERT_EQ(session().entries().size(), 2u);
        window_->pages()->setCurrentIndex(4);
    }
    /// With what follows a plan, such as sweeps.
    bool isAtRest()
    {
        return hasPlan() && waitUntil([this] { return session().jobs()->jobs().empty(); });
    }
};

TEST_F(CompareTest, TableCopiesWithHeaderAndOneRowAPlan)
{
    QTest::mouseClick(find<QPushButton>("copyComparison"), Qt::LeftButton);
    const QStringList lines = QGuiApplication::clipboard()->text().trimmed().split(u'\n');
    ASSERT_EQ(lines.size(), 3);
    for (const QString& line : lines)
        EXPECT_EQ(line.count(u'\t'), lines[0].count(u'\t'));
    EXPECT_TRUE(lines[0].startsWith(QStringLiteral("Plan")));
}

/// Column `column` of the row of `entry`, as the number that is copied.
double copiedNumber(const QTableView& table, const PlanEntry& entry, int column)
{
    const QAbstractItemModel& rows = *table.model();
    for (int row = 0; row < rows.rowCount(); ++row) {
        const QModelIndex cell = rows.index(row, column);
        if (cell.data(PlansModel::kPlanIdRole).toInt() == entry.id)
            return cell.data().toString().toDouble();
    }
    return -1;
}

TEST_F(CompareTest, TableSaysWhatDevicesDoSendAndWaitFor)
{
    auto* table = find<QTableView>("compareTable");
    const QAbstractItemModel& rows = *table->model();
    for (const auto& entry : session().entries()) {
        const ParallelPlan& plan = *entry->plan();
        // All products are of 32 bits and all devices of one kind.
        const double share = plan.flopsPerDevice() / plan.cluster.device.matrixFlops32;
        EXPECT_NEAR(copiedNumber(*table, *entry, PlansModel::kUtilisation), 100 * share,
                    share * 0.5);
        EXPECT_NEAR(copiedNumber(*table, *entry, PlansModel::kBubble),
                    100 * measurePlan(plan).bubble, 0.5);
        EXPECT_GT(copiedNumber(*table, *entry, PlansModel::kPlanning), 0);
        EXPECT_GT(copiedNumber(*table, *entry, PlansModel::kSent), 0);
    }
    for (const int column : {PlansModel::kUtilisation, PlansModel::kSent, PlansModel::kBubble,
                             PlansModel::kPlanning}) {
        EXPECT_TRUE(rows.headerData(column, Qt::Horizontal).toString().contains(u'('))
            << "the unit stands in the header";
        table->sortByColumn(column, Qt::DescendingOrder);
        EXPECT_GE(rows.index(0, column).data(PlansModel::kSortRole).toDouble(),
                  rows.index(1, column).data(PlansModel::kSortRole).toDouble());
    }
}

TEST_F(CompareTest, TradeOffsMarkWhatNoPlanBeats)
{
    find<QTabWidget>("compareTabs")->setCurrentIndex(1);
    auto* chart = find<ScatterChart>("tradeOffChart");
    ASSERT_EQ(chart->points().size(), 2u);
    const auto& points = chart->points();
    // Brute force over the two.
    const bool firstBeaten = points[1].x <= points[0].x && points[1].y <= points[0].y &&
                             (points[1].x < points[0].x || points[1].y < points[0].y);
    const bool secondBeaten = points[0].x <= points[1].x && points[0].y <= points[1].y &&
                              (points[0].x < points[1].x || points[0].y < points[1].y);
    EXPECT_EQ(chart->frontier().size(), size_t(!firstBeaten) + size_t(!secondBeaten));
    EXPECT_TRUE(points[0].isStarred);
    // A click shows the plan.
    chart->grab();
    QTest::mouseClick(chart, Qt::LeftButton, {}, chart->placeOf(0).toPoint());
    EXPECT_EQ(session().shownPlan()->id, points[0].id);
    find<QComboBox>("tradeOffAgainst")->setCurrentIndex(1);
    EXPECT_DOUBLE_EQ(chart->points()[0].x, 4) << "devices";
}

TEST_F(CompareTest, SideBySideNamesDifferencesAndPansTogether)
{
    find<QTabWidget>("compareTabs")->setCurrentIndex(3);
    auto* side = find<CompareSide>("compareSide");
    ASSERT_NE(side->left(), nullptr);
    EXPECT_EQ(side->left()->id, session().baseline()->id);
    EXPECT_EQ(side->right()->id, session().shownPlan()->id);
    auto* tree = find<QTreeWidget>("compareDifferences");
    ASSERT_TRUE(waitUntil([&] { return tree->topLevelItemCount() > 0; }, 20000));
    const auto asked =
        tree->findItems(QStringLiteral("max PP"), Qt::MatchContains | Qt::MatchRecursive);
    ASSERT_FALSE(asked.isEmpty()) << "the constraint that differs";
    QTest::mouseClick(find<QPushButton>("compareCauses"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil(
        [&] { return !tree->findItems(QStringLiteral("Causes"), Qt::MatchStartsWith).isEmpty(); },
        60000));

    find<QTabWidget>("compareSidePages")->setCurrentIndex(1);
    ASSERT_TRUE(waitUntil(
        [&] { return side->canvas(0)->isLaidOut() && side->canvas(1)->isLaidOut(); }, 20000));
    side->canvas(0)->zoomBy(3);
    EXPECT_EQ(side->canvas(1)->transform(), side->canvas(0)->transform());
    side->canvas(1)->verticalScrollBar()->setValue(side->canvas(1)->verticalScrollBar()->minimum() +
                                                   5);
    EXPECT_EQ(side->canvas(0)->verticalScrollBar()->value(),
              side->canvas(1)->verticalScrollBar()->value());
}

TEST_F(CompareTest, ReportHoldsEveryPlanAndNeedsNothingElse)
{
    const std::string page = htmlReport(reportContent(session()));
    for (const auto& entry : session().entries())
        EXPECT_NE(page.find(entry->name.toStdString()), std::string::npos);
    EXPECT_EQ(page.find("src=\"http"), std::string::npos);
    EXPECT_EQ(page.find("href="), std::string::npos);
    EXPECT_NE(page.find("<svg"), std::string::npos) << "the timeline is drawn";
    EXPECT_NE(page.find("max PP 1"), std::string::npos) << "what was asked";
}

} // namespace
} // namespace alpa::app
