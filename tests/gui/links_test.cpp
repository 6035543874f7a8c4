// Ways from one view to another: the overview's numbers and rows, and what can be copied.
#include "app/views/graph_view.h"
#include "app/views/start_page.h"
#include "app/widgets/graph_level_item.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QToolButton>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace alpa::app
{
namespace
{

class LinksTest : public WindowTest
{
protected:
    QString page() { return window_->pages()->currentWidget()->objectName(); }
    void showOverview()
    {
        window_->pages()->setCurrentWidget(find<QWidget>("overview"));
        ASSERT_EQ(page(), QStringLiteral("overview"));
    }
    /// A file of two lines whose second has a type that there is not.
    QString openBroken()
    {
        const QString path = profile_.filePath(QStringLiteral("broken.mlir"));
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(
            "module @broken {\n  func.func @main(%arg0: tensor<4xf23>) -> tensor<4xf32> {\n");
        file.close();
        window_->openFile(path);
        auto* list = find<QTableView>("problemList");
        EXPECT_TRUE(waitUntil([&] { return list->model()->rowCount() > 0; }, 20000));
        return path;
    }
};

TEST_F(LinksTest, CardsOpenTheirPagesByMouseAndByKey)
{
    showSample();
    const std::pair<const char*, const char*> links[] = {
        {"cardStep", "pipelineView"},     {"cardThroughput", "runsView"},
        {"cardMemory", "memoryView"},     {"cardDegrees", "meshView"},
        {"cardPipeline", "pipelineView"}, {"cardProof", "compareView"}};
    for (const auto& [card, target] : links) {
        showOverview();
        QTest::mouseClick(find<QWidget>(card)->findChildren<QLabel*>().at(1), Qt::LeftButton);
        EXPECT_EQ(page(), QString::fromLatin1(target)) << card << " by its number";
        for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Space}) {
            showOverview();
            find<QWidget>(card)->setFocus(Qt::TabFocusReason);
            ASSERT_EQ(QApplication::focusWidget(), find<QWidget>(card));
            QTest::keyClick(QApplication::focusWidget(), key);
            EXPECT_EQ(page(), QString::fromLatin1(target)) << card << " by key " << key;
        }
    }
}

TEST_F(LinksTest, CountsOfTheModelLeadToGraphMemoryAndProblems)
{
    showSample();
    auto* sentence = find<QLabel>("overviewSentence");
    for (const char* target : {"graphView", "memoryView"}) {
        showOverview();
        ASSERT_TRUE(
            sentence->text().contains(QStringLiteral("href=\"%1\"").arg(QLatin1String(target))));
        Q_EMIT sentence->linkActivated(QString::fromLatin1(target));
        EXPECT_EQ(page(), QString::fromLatin1(target));
    }
    EXPECT_FALSE(sentence->text().contains(QStringLiteral("href=\"problems\""))) << "it has none";
    openBroken();
    showOverview();
    EXPECT_TRUE(sentence->text().contains(QStringLiteral("href=\"problems\"")));
    find<QDockWidget>("problemsDock")->hide();
    Q_EMIT sentence->linkActivated(QStringLiteral("problems"));
    EXPECT_TRUE(find<QDockWidget>("problemsDock")->isVisible());
    EXPECT_EQ(QApplication::focusWidget(), find<QTableView>("problemList"));
}

TEST_F(LinksTest, EnterOnARowSelectsAndOpensItsPage)
{
    showSample();
    showOverview();
    auto* layers = find<QTableWidget>("overviewLayers");
    layers->setFocus();
    layers->setCurrentCell(1, 0);
    const int layer = layers->item(1, 0)->data(Qt::UserRole).toInt();
    QTest::keyClick(layers, Qt::Key_Return);
    EXPECT_EQ(page(), QStringLiteral("graphView"));
    EXPECT_EQ(session().selection()->current(), Selection::layer(layer));
    showOverview();
    auto* stages = find<QTableWidget>("overviewStages");
    stages->setFocus();
    stages->setCurrentCell(0, 0);
    QTest::keyClick(stages, Qt::Key_Return);
    EXPECT_EQ(page(), QStringLiteral("pipelineView"));
    EXPECT_EQ(session().selection()->current(), Selection::stage(0));
}

TEST_F(LinksTest, DetailsOfProblemsAreCopiedWithTheirPlaces)
{
    showWindow();
    const QString path = openBroken();
    auto* list = find<QTableView>("problemList");
    ASSERT_GE(list->model()->rowCount(), 2) << "that it could not be read, and why";
    list->setFocus();
    list->selectRow(1);
    QTest::keyClick(list, Qt::Key_C, Qt::ControlModifier);
    const QString one = QApplication::clipboard()->text();
    const QStringList lines = one.split(u'\n');
    ASSERT_EQ(lines.size(), 2) << one.toStdString();
    EXPECT_TRUE(lines[0].startsWith(path + QStringLiteral(":2:"))) << lines[0].toStdString();
    EXPECT_TRUE(lines[0].contains(QStringLiteral(": Error: "))) << lines[0].toStdString();
    const QString message = list->model()->index(1, 2).data().toString();
    EXPECT_TRUE(lines[0].endsWith(message)) << lines[0].toStdString();
    EXPECT_TRUE(lines[1].contains(QStringLiteral("tensor<4xf23>"))) << lines[1].toStdString();
    list->selectAll();
    find<QAction>("actionCopyProblem")->trigger();
    EXPECT_TRUE(QApplication::clipboard()->text().contains(QStringLiteral("\n\n") + one))
        << "all of them, in their order";
}

// The trail above the graph says where the selection is, and leads up and down again.
TEST_F(LinksTest, TrailFollowsTheSelectionAndItsPartsLeadUp)
{
    showSample();
    window_->pages()->setCurrentWidget(window_->graphView());
    GraphCanvas* canvas = window_->graphView()->canvas();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    auto* trail = find<GraphTrail>("graphTrail");
    const QString model = session().model()->name;
    EXPECT_EQ(trail->text(), QStringLiteral("<b>%1</b>").arg(model)) << "nothing is selected";

    const auto facts = session().facts();
    const auto isOpOfLayer = [&](const Op& op) {
        const auto at = static_cast<size_t>(&op - facts->graph->ops.data());
        return op.phase == Phase::kForward && op.kind == OpKind::kDot && facts->layerOfOp[at] == 1;
    };
    const auto dot = std::ranges::find_if(facts->graph->ops, isOpOfLayer);
    ASSERT_NE(dot, facts->graph->ops.end());
    const OpId op(static_cast<uint32_t>(dot - facts->graph->ops.begin()));
    session().selection()->select(Selection::op(op));
    const size_t last = trail->steps().size() - 1;
    ASSERT_GE(last, 3u) << "model, scopes, layer, operation";
    EXPECT_EQ(trail->steps().front().text, model);
    EXPECT_EQ(trail->steps()[1].selection.kind, Selection::Kind::kScope);
    EXPECT_EQ(trail->steps()[last - 1].selection, Selection::layer(1));
    EXPECT_EQ(trail->steps()[last].selection, Selection::op(op));
    const auto linkTo = [](size_t step) { return QStringLiteral("href=\"%1\"").arg(step); };
    EXPECT_TRUE(trail->text().contains(linkTo(last))) << "its layer is folded";
    const auto follow = [&](size_t step) {
        Q_EMIT trail->linkActivated(QString::number(step));
        EXPECT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    };
    follow(last);
    EXPECT_TRUE(canvas->visibleBox({QStringLiteral("op %1").arg(op.number)}));
    EXPECT_TRUE(waitUntil([&] { return !trail->text().contains(linkTo(last)); }, 5000));
    canvas->foldAll();
    EXPECT_TRUE(waitUntil([&] { return trail->text().contains(linkTo(last)); }, 5000)) << "folded";

    follow(last - 1);
    EXPECT_EQ(session().selection()->current(), Selection::layer(1));
    EXPECT_EQ(trail->steps().back().selection, Selection::layer(1));
    follow(0);
    EXPECT_TRUE(session().selection()->current().isNone());
    EXPECT_EQ(trail->text(), QStringLiteral("<b>%1</b>").arg(model));
}

// Every page that waits for a plan offers it; the one for runs offers a run once there is a plan.
TEST_F(LinksTest, EmptyPagesSayWhatIsMissingAndOfferIt)
{
    showWindow();
    session().setPlanner([](const PlanRequest&, const JobControl&, PlanCache*,
                            const IncumbentCallback&) -> Result<PlanOutcome> {
        return Error(ErrorCode::kInvalidInput, "not today");
    });
    QSignalSpy failed(&session(), &Session::planningFailed);
    window_->openFile(samplePath(QStringLiteral("mlp-tiny")), QStringLiteral("cpu-x4"));
    ASSERT_TRUE(waitUntil([&] { return failed.count() > 0 && !session().isPlanning(); }));
    ASSERT_EQ(session().shownPlan(), nullptr);
    const auto offer = [&](const char* page, const char* button) {
        auto* view = find<QWidget>(page);
        window_->pages()->setCurrentWidget(view);
        for (QPushButton* found : view->findChildren<QPushButton*>(QLatin1String(button))) {
            if (found->isVisible() && found->isEnabled())
                return found;
        }
        return static_cast<QPushButton*>(nullptr);
    };
    for (const char* page : {"overview", "pipelineView", "memoryView", "compareView", "runsView",
                             "meshView", "programView"})
        EXPECT_NE(offer(page, "offerPlan"), nullptr) << page;
    EXPECT_EQ(offer("runsView", "offerRun"), nullptr) << "nothing to run yet";
    session().setPlanner(makePlan);
    ASSERT_NE(offer("memoryView", "offerPlan"), nullptr);
    QTest::mouseClick(offer("memoryView", "offerPlan"), Qt::LeftButton);
    ASSERT_TRUE(hasPlan());
    for (const char* page : {"overview", "pipelineView", "memoryView", "compareView", "runsView",
                             "meshView", "programView"})
        EXPECT_EQ(offer(page, "offerPlan"), nullptr) << page;
    EXPECT_NE(offer("runsView", "offerRun"), nullptr);
}

// 5.7: recent models can be pinned; those that are gone are greyed.
TEST_F(LinksTest, PinnedModelsStayWhateverElseIsOpened)
{
    showWindow();
    const auto restart = [this] {
        window_.reset();
        showWindow();
    };
    const QString mine = samplePath(QStringLiteral("mlp-tiny"));
    window_->settings()->addRecentModel(mine);
    restart();
    QTest::mouseClick(find<QToolButton>("pin_mlp-tiny"), Qt::LeftButton);
    for (int other = 0; other < 12; ++other)
        window_->settings()->addRecentModel(
            profile_.filePath(QStringLiteral("gone_%1.mlir").arg(other)));
    restart();
    EXPECT_TRUE(find<QPushButton>("recent_mlp-tiny")->isEnabled());
    EXPECT_FALSE(find<QPushButton>("recent_gone_11")->isEnabled());
    QSignalSpy chosen(find<StartPage>("startPage"), &StartPage::modelChosen);
    QTest::mouseClick(find<QPushButton>("recent_mlp-tiny"), Qt::LeftButton);
    ASSERT_EQ(chosen.count(), 1);
    EXPECT_EQ(chosen[0][0].toString(), QFileInfo(mine).absoluteFilePath());
    ASSERT_TRUE(hasPlan());
    restart();
    QTest::mouseClick(find<QToolButton>("pin_mlp-tiny"), Qt::LeftButton);
    EXPECT_FALSE(window_->settings()->pinnedModels().contains(QFileInfo(mine).absoluteFilePath()));
}

// Docks that are empty have a button too.
TEST_F(LinksTest, EmptyDocksLeadToWhatFillsThem)
{
    showSample();
    window_->activateWindow();
    QTest::mouseClick(find<QPushButton>("inspectorFind"), Qt::LeftButton);
    EXPECT_EQ(page(), QStringLiteral("graphView"));
    EXPECT_EQ(window_->focusWidget(), find<QLineEdit>("graphFind"));
    session().selection()->select(Selection::layer(0));
    EXPECT_FALSE(find<QPushButton>("inspectorFind")->isVisible());

    find<QDockWidget>("problemsDock")->show();
    find<QDockWidget>("problemsDock")->raise();
    QTest::mouseClick(find<QPushButton>("problemsSource"), Qt::LeftButton);
    EXPECT_EQ(page(), QStringLiteral("sourceView"));

    auto* history = find<QWidget>("historyPanel");
    find<QDockWidget>("historyDock")->raise();
    ASSERT_TRUE(waitUntil([&] { return history->isVisible(); }, 5000));
    EXPECT_FALSE(find<QWidget>("historyList")->isVisible());
    QTest::mouseClick(find<QPushButton>("historyConstrain"), Qt::LeftButton);
    QWidget* focused = window_->focusWidget();
    auto* limit = find<QSpinBox>("maxTp");
    EXPECT_TRUE(focused == limit || limit->isAncestorOf(focused));
    limit->setValue(1);
    find<QDockWidget>("historyDock")->raise();
    EXPECT_TRUE(waitUntil([&] { return find<QWidget>("historyList")->isVisible(); }, 5000));
}

/// The axes that split a tensor, of "{x, -} partial y" the "x".
bool isSplitOver(const ShardingSpec& spec, int axis)
{
    const std::string text = formatSpec(spec);
    return text.substr(0, text.find('}')).find("xyzw"[axis]) != std::string::npos;
}

// An entry of the legend picks out what it explains; the same again, or Esc, ends it.
TEST_F(LinksTest, LegendEntriesDimWhatTheyDoNotExplain)
{
    showSample();
    window_->pages()->setCurrentWidget(window_->graphView());
    GraphCanvas* canvas = window_->graphView()->canvas();
    canvas->setUnfolded(QStringLiteral("layer 1"), true);
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    auto* legend = find<GraphLegend>("shardingLegend");
    const auto click = [&](const CanvasFilter& filter) {
        const std::vector<CanvasFilter> filters = legend->entryFilters();
        const auto at = std::ranges::find(filters, filter) - filters.begin();
        ASSERT_LT(at, std::ssize(filters));
        const QRectF area = legend->entryAreas()[static_cast<size_t>(at)];
        QTest::mouseClick(legend, Qt::LeftButton, {}, (area.center() * legend->unit()).toPoint());
    };
    const auto countDimmed = [&](const GraphLevelItem& item) {
        int dimmed = 0;
        for (size_t node = 0; node < item.level().nodes.size(); ++node)
            dimmed += item.isDimmed(int(node)) ? 1 : 0;
        return dimmed;
    };
    const auto facts = session().facts();
    const auto stage = std::ranges::find_if(
        facts->plan->stages, [](const PlanStage& one) { return one.endLayer > 1; });
    int axis = 0; // That splits something in layer 1.
    while (stage->mesh.axes[static_cast<size_t>(axis)].size == 1)
        ++axis;
    const QImage before = canvas->grab().toImage();

    click({CanvasFilter::Kind::kAxis, axis});
    EXPECT_EQ(canvas->filter(), (CanvasFilter{CanvasFilter::Kind::kAxis, axis}));
    EXPECT_NE(canvas->grab().toImage(), before) << "drawn so";
    const GraphLevelItem* inside = canvas->levelItem(QStringLiteral("layer 1"));
    ASSERT_NE(inside, nullptr);
    int bright = 0;
    for (size_t node = 0; node < inside->level().nodes.size(); ++node) {
        const Selection& selection = inside->level().nodes[node].selection;
        if (selection.kind != Selection::Kind::kOp)
            continue;
        const Op& op = facts->graph->op(OpId(static_cast<uint32_t>(selection.index)));
        const auto& spec = facts->specOfValue[op.results.front().index()];
        const bool isSplit = spec && isSplitOver(*spec, axis);
        bright += isSplit ? 1 : 0;
        if (isSplit) {
            EXPECT_FALSE(inside->isDimmed(int(node))) << facts->opLabel(OpId(selection.index));
        }
    }
    EXPECT_GT(bright, 0);
    EXPECT_GT(countDimmed(*inside), 0);
    for (const CanvasNode& node : inside->level().nodes) {
        const auto at = int(&node - inside->level().nodes.data());
        const bool hasRow = std::ranges::any_of(node.tensors, [&](const CanvasTensor& tensor) {
            return tensor.spec && isSplitOver(*tensor.spec, axis);
        });
        const bool hasArrow =
            std::ranges::any_of(inside->level().edges, [&](const CanvasEdge& edge) {
                return edge.from == at && edge.spec && isSplitOver(*edge.spec, axis);
            });
        EXPECT_EQ(inside->isDimmed(at), !hasRow && !hasArrow) << node.title.toStdString();
    }
    // What is laid out anew keeps to it.
    canvas->setUnfolded(QStringLiteral("layer 0"), true);
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    EXPECT_GT(countDimmed(*canvas->levelItem(QStringLiteral("layer 0"))), 0);
    // Esc takes the filter back first, and then stops what runs in the background.
    BackgroundJob* job = session().jobs()->start(
        QStringLiteral("waits"),
        [](const JobControl& control) {
            while (!control.isCancelled())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        },
        [] {});
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Escape);
    EXPECT_FALSE(canvas->filter().isSet());
    EXPECT_FALSE(job->isCancelled());
    QTest::keyClick(canvas, Qt::Key_Escape);
    EXPECT_TRUE(job->isCancelled());
    ASSERT_TRUE(waitUntil([&] { return session().jobs()->jobs().empty(); }));
    click({CanvasFilter::Kind::kAxis, axis});
    ASSERT_TRUE(canvas->filter().isSet());
    click({CanvasFilter::Kind::kAxis, axis});
    EXPECT_FALSE(canvas->filter().isSet());
    EXPECT_EQ(countDimmed(*canvas->levelItem(QStringLiteral("layer 1"))), 0);

    canvas->foldAll();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    ASSERT_EQ(facts->plan->stages.size(), 2u);
    click({CanvasFilter::Kind::kStage, 1});
    for (size_t node = 0; node < canvas->rootItem()->level().nodes.size(); ++node) {
        const Selection& selection = canvas->rootItem()->level().nodes[node].selection;
        if (selection.kind == Selection::Kind::kLayer) {
            EXPECT_EQ(canvas->rootItem()->isDimmed(int(node)),
                      facts->layers[static_cast<size_t>(selection.index)].stage != 1);
        }
    }
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Escape);
    EXPECT_FALSE(canvas->filter().isSet());
    legend->setFocus();
    QTest::keyClick(legend, Qt::Key_Space);
    EXPECT_TRUE(canvas->filter().isSet()) << "by key";
    QTest::keyClick(legend, Qt::Key_Escape);
    EXPECT_FALSE(canvas->filter().isSet());
    // The colours say something else: no stages to pick out, and none picked.
    click({CanvasFilter::Kind::kStage, 0});
    window_->graphView()->setColorBy(ColorBy::kTime);
    EXPECT_FALSE(canvas->filter().isSet());
}

} // namespace
} // namespace alpa::app
