// What the mouse is over is said in words and outlined in every view, and several selected things
// are marked in all of them.
#include "app/item_models/collectives_model.h"
#include "app/item_models/constraints_model.h"
#include "app/item_models/plans_model.h"
#include "app/session/graph_words.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/views/hover_rows.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/mesh_chart.h"
#include "app/widgets/text_page.h"
#include "app/widgets/timeline_chart.h"
#include "tests/gui/interface_test.h"

#include <QComboBox>
#include <QHelpEvent>
#include <QListWidget>
#include <QScrollBar>
#include <QSpinBox>
#include <QTableView>
#include <QTableWidget>
#include <QToolTip>
#include <QTreeView>

#include <algorithm>

namespace alpa::app
{
namespace
{

class HoverTest : public InterfaceTest
{
protected:
    void show(const char* page)
    {
        window_->pages()->setCurrentWidget(find<QWidget>(page));
        QCoreApplication::processEvents();
    }
    TextPage* showProgram()
    {
        show("programView");
        auto* stage = find<QComboBox>("programStage");
        EXPECT_TRUE(waitUntil([&] { return stage->count() > 0; }, 20000));
        return find<TextPage>("programText");
    }
    /// What a tip says at a place of a widget.
    static QString tipAt(QWidget* widget, const QPoint& at)
    {
        QToolTip::hideText();
        QHelpEvent help(QEvent::ToolTip, at, widget->mapToGlobal(at));
        QCoreApplication::sendEvent(widget, &help);
        return QToolTip::text();
    }
    /// The mouse comes to a place of a viewport.
    void moveTo(QWidget* viewport, const QPoint& at)
    {
        QTest::mouseMove(viewport, at);
        EXPECT_TRUE(waitUntil([&] { return !hovered().isNone(); }, 5000));
    }
    static HoverRows* rowsOf(QAbstractItemView* view)
    {
        return dynamic_cast<HoverRows*>(view->itemDelegate());
    }
    Selection hovered() { return session().selection()->hovered(); }
    const GraphFacts& facts() { return *session().facts(); }
    /// A communication with a collective in it.
    int someCommunication()
    {
        for (size_t i = 0; i < facts().communications.size(); ++i) {
            const Communication& one = facts().communications[i];
            const auto& ofOp = facts().communicationsOfOp[one.consumer.index()];
            if (!reshardBadge(one.steps).empty() && ofOp.front() == int(i))
                return int(i);
        }
        ADD_FAILURE() << "this plan moves nothing";
        return 0;
    }
};

TEST_F(HoverTest, ALineOfTheProgramSaysWhatItMeansAndIsOutlinedElsewhere)
{
    TextPage* text = showProgram();
    const int index = someCommunication();
    session().selection()->select(Selection::collective(index));
    ASSERT_FALSE(text->marked().empty());
    const int line = text->marked().front();
    const QString tip = tipAt(text->viewport(), text->pointOf(line));
    EXPECT_EQ(tip,
              explainCommunication(facts(), facts().communications[static_cast<size_t>(index)]));
    EXPECT_TRUE(tip.contains(QStringLiteral("needs a"))) << tip.toStdString();
    moveTo(text->viewport(), text->pointOf(line));
    EXPECT_EQ(hovered(), Selection::collective(index));
    EXPECT_EQ(text->hinted(), text->marked());

    // An operation, from another view.
    const OpId op = decidedOp();
    find<QComboBox>("programStage")->setCurrentIndex(facts().stageOfOp[op.index()]);
    session().selection()->hover(Selection::op(op));
    ASSERT_FALSE(text->hinted().empty());
    text->setMarked(text->hinted()); // scrolls there
    const QString words = tipAt(text->viewport(), text->pointOf(text->hinted().back()));
    EXPECT_EQ(words, explainOp(facts(), op));
    EXPECT_TRUE(words.contains(opTitle(facts(), op))) << words.toStdString();

    // What is stored stands in the first lines.
    text->setMarked({2});
    EXPECT_TRUE(tipAt(text->viewport(), text->pointOf(2)).contains(QStringLiteral("f32")));
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(text->viewport(), &leave);
    EXPECT_TRUE(hovered().isNone());
    EXPECT_TRUE(text->hinted().empty());
}

TEST_F(HoverTest, ALineOfTheSourceSaysWhatItMadeAndFollowsOtherViews)
{
    show("sourceView");
    auto* text = find<TextPage>("sourceText");
    const OpId op = decidedOp();
    session().selection()->hover(Selection::op(op));
    ASSERT_EQ(text->hinted(), std::vector<int>{facts().graph->op(op).sourceLine - 1});
    session().selection()->hover(Selection::layer(1));
    EXPECT_GT(text->hinted().size(), 3u);
    const int line = facts().graph->op(op).sourceLine - 1;
    text->setMarked({line});
    const QString tip = tipAt(text->viewport(), text->pointOf(line));
    EXPECT_TRUE(tip.contains(shortLayerName(facts(), facts().layerOfOp[op.index()])))
        << tip.toStdString();
    moveTo(text->viewport(), text->pointOf(line));
    ASSERT_EQ(hovered().kind, Selection::Kind::kOp);
    EXPECT_EQ(facts().graph->op(OpId(static_cast<size_t>(hovered().index))).sourceLine - 1, line);
}

TEST_F(HoverTest, RowsOfTablesAreTiedToWhatTheMouseIsOver)
{
    show("meshView");
    auto* table = find<QTableView>("collectiveTable");
    auto* model = qobject_cast<CollectivesModel*>(table->model());
    const int index = someCommunication();
    const QModelIndex row = model->index(model->rowOf(index), 0);
    EXPECT_EQ(row.data(Qt::ToolTipRole).toString(),
              explainCommunication(facts(), facts().communications[static_cast<size_t>(index)]));
    table->scrollTo(row);
    moveTo(table->viewport(), table->visualRect(row).center());
    EXPECT_EQ(hovered(), Selection::collective(index));
    EXPECT_TRUE(rowsOf(table)->isHinted(row));
    EXPECT_EQ(find<TimelineChart>("timelineChart")->hoveredStage(),
              facts().communications[static_cast<size_t>(index)].stage);
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(table->viewport(), &leave);
    EXPECT_TRUE(hovered().isNone());

    // A stage and a layer, hovered in the graph, in tables of other pages.
    const int stage = facts().layers[1].stage;
    auto* stages = find<QTableWidget>("overviewStages");
    auto* memory = find<QTableWidget>("memoryTable");
    auto* tree = find<QTreeView>("outlineTree");
    show("overview");
    show("memoryView");
    session().selection()->hover(Selection::layer(1));
    for (QTableWidget* one : {stages, memory}) {
        EXPECT_TRUE(rowsOf(one)->isHinted(one->model()->index(stage, 0)));
        EXPECT_FALSE(rowsOf(one)->isHinted(one->model()->index(1 - stage, 0)));
    }
    session().selection()->select(Selection::layer(1));
    EXPECT_TRUE(rowsOf(tree)->isHinted(tree->currentIndex()));
    const QImage hinted = tree->viewport()->grab().toImage();
    session().selection()->hover({});
    EXPECT_NE(tree->viewport()->grab().toImage(), hinted) << "the row is drawn otherwise";
}

TEST_F(HoverTest, CellsOfTheComparisonAndConstraintsAreWholeSentences)
{
    find<QSpinBox>("maxTp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    show("compareView");
    const PlanEntry* shown = session().shownPlan();
    auto* plans = find<QTableView>("compareTable")->model();
    int row = 0;
    while (plans->index(row, 0).data(PlansModel::kPlanIdRole).toInt() != shown->id)
        ++row;
    const auto tip = [&](int column) {
        return plans->index(row, column).data(Qt::ToolTipRole).toString();
    };
    EXPECT_TRUE(tip(PlansModel::kStep).contains(timeText(shown->plan()->stepTime)));
    EXPECT_EQ(tip(PlansModel::kMicrobatches),
              QStringLiteral("The batch of %1 goes through in %2 of %3")
                  .arg(shown->plan()->globalBatch())
                  .arg(counted(shown->plan()->microbatches, QStringLiteral("microbatch"),
                               QStringLiteral("microbatches")),
                       counted(shown->plan()->microbatchSize, QStringLiteral("sample"),
                               QStringLiteral("samples"))));
    EXPECT_TRUE(tip(PlansModel::kMeasured).contains(QStringLiteral("not been run")));
    for (int column = 0; column < PlansModel::kColumns; ++column) {
        if (column != PlansModel::kChange) { // there is no baseline
            EXPECT_GT(tip(column).size(), 10) << column;
        }
    }

    auto* constraints = find<QTableView>("constraintList")->model();
    const auto asked = [&] {
        return constraints->index(0, ConstraintsModel::kValue).data(Qt::ToolTipRole).toString();
    };
    EXPECT_TRUE(asked().startsWith(QStringLiteral("Tensors are split over at most 1 devices.")))
        << asked().toStdString();
    EXPECT_TRUE(asked().contains(QStringLiteral("at its limit"))) << asked().toStdString();
    constraints->setData(constraints->index(0, ConstraintsModel::kKind), Qt::Unchecked,
                         Qt::CheckStateRole);
    ASSERT_TRUE(waitUntil([&] { return asked().contains(QStringLiteral("switched off")); }, 5000));
}

// Every constraint that there is has a sentence, with its value in it.
TEST(ConstraintSentences, NameEveryKindAndItsValue)
{
    PlanConstraints all;
    all.maxTp = all.maxDp = all.maxPp = 8;
    all.fixedTp = all.fixedDp = all.fixedPp = all.contextParallel = 2;
    all.meshAxes = {2, 4};
    all.memoryPerDevice = gibibytes(16);
    all.microbatches = 4;
    all.chunks = 2;
    all.recomputedLayers = 3;
    all.selectiveRecomputation = true;
    all.forbiddenRecomputations = {RecomputationKind::kSelective};
    all.schedule = ScheduleKind::kGpipe;
    all.forbiddenSchedules = {ScheduleKind::k1f1b};
    all.parameterStorage = all.stateStorage = StorageRule::kSplit;
    all.usesAllDevices = true;
    all.cuts = {3};
    all.forbiddenCuts = {5};
    all.specs = {{.pattern = "fc", .spec = {}, .forbids = true},
                 {.pattern = "qkv", .spec = {}, .forbids = false}};
    all.stageMeshes = {{.layer = 0, .hosts = 1, .devicesPerHost = 4, .axes = {}}};
    const std::vector<ConstraintItem> items = constraintItems(all);
    EXPECT_EQ(items.size(), 24u) << "another kind needs a sentence too";
    QStringList sentences;
    for (const ConstraintItem& item : items) {
        const QString sentence = constraintSentence(item);
        EXPECT_TRUE(sentence.endsWith(u'.') && !sentence.contains(u'%')) << sentence.toStdString();
        const bool hasValue = item.value.isEmpty() || sentence.contains(item.value) ||
                              item.kind == ConstraintItem::Kind::kAllDevices;
        EXPECT_TRUE(hasValue) << sentence.toStdString() << " of " << item.value.toStdString();
        EXPECT_FALSE(sentences.contains(sentence)) << sentence.toStdString();
        sentences << sentence;
    }
}

TEST_F(HoverTest, SeveralSelectedThingsAreMarkedInEveryView)
{
    ASSERT_EQ(session().shownPlan()->plan()->stages.size(), 2u);
    ASSERT_NE(facts().layers[0].stage, facts().layers[1].stage);
    showGraph();
    for (const char* page : {"pipelineView", "memoryView", "meshView", "sourceView"})
        show(page);
    TextPage* program = showProgram();
    session().selection()->selectAll({Selection::layer(0), Selection::layer(1)});
    const std::set<int> both{0, 1};
    EXPECT_EQ(find<TimelineChart>("timelineChart")->selectedStages(), both);
    EXPECT_EQ(find<MemoryChart>("memoryChart")->selectedStages(), both);
    EXPECT_EQ(find<MeshChart>("meshChart")->selectedStages(), both);
    std::set<int> listed;
    for (auto* list : window_->findChildren<QListWidget*>()) {
        for (const QListWidgetItem* item : list->selectedItems()) {
            if (list->objectName().startsWith(QStringLiteral("stageLayers_")))
                listed.insert(item->data(Qt::UserRole).toInt());
        }
    }
    EXPECT_EQ(listed, both);
    auto* tree = find<QTreeView>("outlineTree");
    EXPECT_EQ(tree->selectionModel()->selectedRows().size(), 2);

    // The lines of both are those of each.
    auto* source = find<TextPage>("sourceText");
    const std::vector<int> together = source->marked();
    std::set<int> parts;
    for (const int layer : {0, 1}) {
        session().selection()->select(Selection::layer(layer));
        parts.insert(source->marked().begin(), source->marked().end());
    }
    EXPECT_EQ(together, std::vector<int>(parts.begin(), parts.end()));

    // Two operations of one stage, in its program; Ctrl adds and takes away.
    std::vector<OpId> ops;
    for (size_t op = 0; op < facts().graph->ops.size() && ops.size() < 2; ++op) {
        if (facts().stageOfOp[op] == 1 && facts().graph->ops[op].kind == OpKind::kDot)
            ops.push_back(OpId(op));
    }
    ASSERT_EQ(ops.size(), 2u);
    session().selection()->select(Selection::op(ops[0]));
    const int line = program->marked().back();
    session().selection()->select(Selection::op(ops[1]));
    const std::vector<int> alone = program->marked();
    program->verticalScrollBar()->setValue(line);
    QTest::mouseClick(program->viewport(), Qt::LeftButton, Qt::ControlModifier,
                      program->pointOf(line));
    ASSERT_EQ(session().selection()->all().size(), 2u);
    EXPECT_TRUE(std::ranges::includes(program->marked(), alone)) << "what was marked stays so";
    EXPECT_TRUE(std::ranges::binary_search(program->marked(), line));

    // Rows chosen in the outline are several scopes.
    session().selection()->clear();
    tree->selectionModel()->select(tree->model()->index(0, 0),
                                   QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    tree->selectionModel()->select(tree->model()->index(0, 0, tree->model()->index(0, 0)),
                                   QItemSelectionModel::Select | QItemSelectionModel::Rows);
    EXPECT_EQ(session().selection()->all().size(), 2u);
    EXPECT_EQ(tree->selectionModel()->selectedRows().size(), 2) << "and stays chosen";
}

} // namespace
} // namespace alpa::app
