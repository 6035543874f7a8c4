// Comparing: the table and its export, trade-offs and their frontier, two plans side by side, the
// report.
#include "app/session/session_report.h"
#include "app/views/compare_side.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/scatter_chart.h"
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
