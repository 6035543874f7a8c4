// One selection, every view: whatever is selected in one place is shown by all others. One row a
// link.
#include "app/item_models/collectives_model.h"
#include "app/item_models/plans_model.h"
#include "app/session/link_traffic.h"
#include "app/session/program_text.h"
#include "app/session/selection_place.h"
#include "app/views/graph_view.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/mesh_chart.h"
#include "app/widgets/text_page.h"
#include "app/widgets/timeline_chart.h"
#include "app/window/main_window.h"
#include "core/lowering/lower_plan.h"
#include "tests/gui/gui_support.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QListWidget>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>
#include <gtest/gtest.h>

#include <algorithm>

namespace alpa::app
{
namespace
{

/// A window with gpt-tiny in two stages of two devices each; made once, as planning takes a moment.
class SelectionTest : public ::testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        profile_ = std::make_unique<QTemporaryDir>();
        window_ = std::make_unique<MainWindow>(profile_->path());
        window_->resize(1440, 900);
        window_->show();
        app::Setup setup;
        setup.cluster = QStringLiteral("cpu-x4");
        setup.options.constraints.cuts = {2};
        setup.options.constraints.maxPp = 2;
        window_->setInitialSetup(setup);
        window_->openFile(samplePath(QStringLiteral("gpt-tiny")), QStringLiteral("cpu-x4"));
        const bool isPlanned = waitUntil([] {
            const Session& session = *window_->session();
            return session.shownPlan() != nullptr && !window_->session()->isPlanning();
        });
        ASSERT_TRUE(isPlanned);
        // The program is lowered when somebody looks at it.
        for (int page = 0; page < window_->pages()->count(); ++page)
            window_->pages()->setCurrentIndex(page);
        window_->pages()->setCurrentWidget(find<QWidget>("programView"));
        ASSERT_TRUE(waitUntil([] { return find<QComboBox>("programStage")->count() > 0; }));
    }
    static void TearDownTestSuite()
    {
        window_.reset();
        profile_.reset();
    }

    void SetUp() override
    {
        ASSERT_NE(facts().plan, nullptr);
        ASSERT_GE(facts().plan->stages.size(), 2u) << "the test wants two stages";
        session().selection()->clear();
    }

    template <typename Widget>
    static Widget* find(const char* name)
    {
        return window_->findChild<Widget*>(QString::fromLatin1(name));
    }
    static Session& session() { return *window_->session(); }
    static const GraphFacts& facts() { return *session().facts(); }

    /// A forward matrix product of the last stage, with a line in the file.
    static OpId someOp()
    {
        for (size_t i = facts().graph->ops.size(); i-- > 0;) {
            const Op& op = facts().graph->ops[i];
            if (op.kind == OpKind::kDot && op.phase == Phase::kForward && op.sourceLine > 0 &&
                facts().stageOfOp[i] == 1)
                return OpId(i);
        }
        return OpId();
    }
    /// The first collective of stage 1, or of any.
    static int someCollective()
    {
        int any = -1;
        for (size_t i = 0; i < facts().communications.size(); ++i) {
            if (reshardBadge(facts().communications[i].steps).empty())
                continue;
            any = int(i);
            if (facts().communications[i].stage == 1)
                break;
        }
        return any;
    }

    /// -1 unless there is one alone.
    template <typename Numbers>
    static int onlyOf(const Numbers& numbers)
    {
        return numbers.size() == 1 ? *numbers.begin() : -1;
    }

    // What each view says is selected.
    static int timelineStage()
    {
        return onlyOf(find<TimelineChart>("timelineChart")->selectedStages());
    }
    static int memoryStage() { return onlyOf(find<MemoryChart>("memoryChart")->selectedStages()); }
    /// That of the selected device, where one is.
    static int meshStage()
    {
        const auto* mesh = find<MeshChart>("meshChart");
        if (mesh->selectedDevices().empty())
            return onlyOf(mesh->selectedStages());
        return onlyOf(stagesOfDevice(facts(), *mesh->selectedDevices().begin()));
    }
    static int programStage() { return find<QComboBox>("programStage")->currentIndex(); }
    static QString inspectorTitle() { return find<QLabel>("inspectorTitle")->text(); }
    static QString outlineRow()
    {
        return find<QTreeView>("outlineTree")->currentIndex().data().toString();
    }
    static std::vector<int> sourceLines() { return find<TextPage>("sourceText")->marked(); }
    static std::vector<int> programLines() { return find<TextPage>("programText")->marked(); }
    static std::vector<int> selectedLayers()
    {
        std::vector<int> layers;
        const GraphLevelItem* root = window_->graphView()->canvas()->rootItem();
        for (size_t i = 0; root != nullptr && i < root->level().nodes.size(); ++i) {
            if (root->isSelected(int(i)))
                layers.push_back(root->level().nodes[i].selection.index);
        }
        return layers;
    }
    static int pipelineLayer()
    {
        for (auto* list : window_->findChildren<QListWidget*>()) {
            if (list->objectName().startsWith(QStringLiteral("stageLayers_")) &&
                list->currentItem() != nullptr)
                return list->currentItem()->data(Qt::UserRole).toInt();
        }
        return -1;
    }
    /// What every view must show for something of this layer and stage.
    static void expectEverywhere(std::optional<int> layer, int stage, const char* what)
    {
        SCOPED_TRACE(what);
        EXPECT_EQ(timelineStage(), stage);
        EXPECT_EQ(memoryStage(), stage);
        EXPECT_EQ(find<QComboBox>("memoryStage")->currentIndex(), stage);
        EXPECT_EQ(meshStage(), stage);
        EXPECT_EQ(programStage(), stage);
        if (layer) {
            EXPECT_EQ(selectedLayers(), std::vector<int>{*layer});
            EXPECT_EQ(pipelineLayer(), *layer);
            EXPECT_FALSE(outlineRow().isEmpty());
            EXPECT_FALSE(sourceLines().empty());
            EXPECT_FALSE(programLines().empty());
        }
    }
    static int line(OpId op) { return facts().graph->op(op).sourceLine - 1; }
    static int layer(OpId op) { return facts().layerOfOp[op.index()]; }

    static inline std::unique_ptr<QTemporaryDir> profile_;
    static inline std::unique_ptr<MainWindow> window_;
};

TEST_F(SelectionTest, OpFromTheSourceTextIsSelectedEverywhere)
{
    const OpId op = someOp();
    ASSERT_TRUE(op.isValid());
    window_->pages()->setCurrentWidget(find<QWidget>("sourceView"));
    auto* text = find<TextPage>("sourceText");
    text->setMarked({line(op)}); // scrolls there
    QTest::mouseClick(text->viewport(), Qt::LeftButton, Qt::NoModifier, text->pointOf(line(op)));
    const Selection selected = session().selection()->current();
    ASSERT_EQ(selected.kind, Selection::Kind::kOp);
    EXPECT_EQ(line(OpId(static_cast<uint32_t>(selected.index))), line(op));
    expectEverywhere(layer(op), 1, "op from the source");
    EXPECT_EQ(sourceLines(), std::vector<int>{line(op)});
    EXPECT_EQ(inspectorTitle().toStdString(), facts().opLabel(op));
}

TEST_F(SelectionTest, OpFromTheProgramTextIsSelectedEverywhere)
{
    const OpId op = someOp();
    session().selection()->select(Selection::op(op));
    const std::vector<int> lines = programLines();
    ASSERT_FALSE(lines.empty());
    session().selection()->clear();
    window_->pages()->setCurrentWidget(find<QWidget>("programView"));
    auto* text = find<TextPage>("programText");
    // Not the collective in front of it: its own instruction, the last of its lines.
    text->setMarked({lines.back()});
    QTest::mouseClick(text->viewport(), Qt::LeftButton, Qt::NoModifier,
                      text->pointOf(lines.back()));
    EXPECT_EQ(session().selection()->current(), Selection::op(op));
    expectEverywhere(layer(op), 1, "op from the program");
}

TEST_F(SelectionTest, LayerFromTheGraphIsSelectedEverywhere)
{
    window_->pages()->setCurrentWidget(window_->graphView());
    GraphCanvas* canvas = window_->graphView()->canvas();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    const int wanted = layer(someOp());
    canvas->centerOnNode(QStringLiteral("layer %1").arg(wanted));
    const GraphLevelItem* root = canvas->rootItem();
    for (size_t i = 0; i < root->level().nodes.size(); ++i) {
        if (root->level().nodes[i].selection == Selection::layer(wanted))
            QTest::mouseClick(canvas->viewport(), Qt::LeftButton, Qt::NoModifier,
                              canvas->mapFromScene(root->box(int(i)).topLeft() + QPointF(30, 12)));
    }
    EXPECT_EQ(session().selection()->current(), Selection::layer(wanted));
    expectEverywhere(wanted, 1, "layer from the graph");
}

TEST_F(SelectionTest, StageFromTheTimelineIsSelectedEverywhere)
{
    auto* timeline = find<TimelineChart>("timelineChart");
    Q_EMIT timeline->stageClicked(1);
    EXPECT_EQ(session().selection()->current(), Selection::stage(1));
    expectEverywhere({}, 1, "stage from the timeline");
    EXPECT_EQ(inspectorTitle(), QStringLiteral("Stage 1"));
    std::vector<int> ofStage;
    for (size_t i = 0; i < facts().layers.size(); ++i) {
        if (facts().layers[i].stage == 1)
            ofStage.push_back(int(i));
    }
    EXPECT_EQ(selectedLayers(), ofStage) << "the graph outlines all layers of the stage";
    EXPECT_GT(sourceLines().size(), 5u) << "and the source all its lines";
}

TEST_F(SelectionTest, StageFromTheMemoryPageIsSelectedEverywhere)
{
    Q_EMIT find<MemoryChart>("memoryChart")->stageClicked(1);
    expectEverywhere({}, 1, "stage from the memory bars");
    Q_EMIT find<MemoryChart>("memoryChart")->stageClicked(0);
    expectEverywhere({}, 0, "and the other one");
}

TEST_F(SelectionTest, DeviceFromTheMeshIsSelectedEverywhere)
{
    window_->pages()->setCurrentWidget(find<QWidget>("meshView"));
    auto* mesh = find<MeshChart>("meshChart");
    const auto device = int(facts().plan->stages[1].mesh.devices.back().number);
    QTest::mouseClick(mesh, Qt::LeftButton, Qt::NoModifier,
                      mesh->deviceArea(device).center().toPoint());
    EXPECT_EQ(session().selection()->current(), Selection::device(device));
    expectEverywhere({}, 1, "device from the mesh");
    EXPECT_EQ(mesh->selectedDevices(), std::set{device});
    EXPECT_EQ(find<QComboBox>("programDevice")->currentIndex(),
              facts().plan->stages[1].mesh.deviceCount() - 1);
    EXPECT_EQ(inspectorTitle(), QStringLiteral("Device %1").arg(device));
}

TEST_F(SelectionTest, CollectiveFromTheMeshTableIsSelectedEverywhere)
{
    const int collective = someCollective();
    if (collective < 0)
        GTEST_SKIP() << "this plan moves nothing";
    auto* table = find<QTableView>("collectiveTable");
    auto* model = qobject_cast<CollectivesModel*>(table->model());
    const int row = model->rowOf(collective);
    ASSERT_GE(row, 0);
    Q_EMIT table->clicked(model->index(row, 0));
    EXPECT_EQ(session().selection()->current(), Selection::collective(collective));
    const Communication& communication = facts().communications[static_cast<size_t>(collective)];
    EXPECT_EQ(timelineStage(), communication.stage);
    EXPECT_EQ(meshStage(), communication.stage);
    EXPECT_EQ(inspectorTitle().toStdString(), reshardBadge(communication.steps));
    EXPECT_EQ(table->currentIndex().row(), row);
    if (layer(communication.consumer) >= 0) {
        EXPECT_EQ(selectedLayers(), std::vector<int>{layer(communication.consumer)});
    }
}

TEST_F(SelectionTest, ScopeFromTheOutlineIsShownByTheTextsAndTheGraph)
{
    auto* tree = find<QTreeView>("outlineTree");
    const OpId op = someOp();
    session().selection()->select(Selection::op(op));
    const QModelIndex scope = tree->currentIndex();
    ASSERT_TRUE(scope.isValid()) << "the outline follows an op";
    session().selection()->clear();
    tree->setCurrentIndex({});
    tree->setCurrentIndex(scope);
    ASSERT_EQ(session().selection()->current().kind, Selection::Kind::kScope);
    expectEverywhere(layer(op), 1, "scope from the outline");
    const std::vector<int> lines = sourceLines();
    EXPECT_TRUE(std::ranges::binary_search(lines, line(op)));
}

TEST_F(SelectionTest, ValueMarksItsProducerAndItsParameterInTheOutline)
{
    for (const GraphInput& input : facts().graph->inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        session().selection()->select(Selection::value(input.value));
        // A part that the planner split off, "qkv.kernel[0:64]", is the whole parameter to the
        // outline.
        const std::string& name = facts().graph->value(input.value).name;
        EXPECT_EQ(outlineRow().toStdString(), name.substr(0, name.find('[')));
    }
    const ValueId result = facts().graph->op(someOp()).results[0];
    session().selection()->select(Selection::value(result));
    expectEverywhere(layer(someOp()), 1, "value");
}

TEST_F(SelectionTest, PlanShownAnywhereIsThePlanOfEveryView)
{
    const int first = session().shownPlan()->id;
    app::Setup other = session().setup();
    other.options.constraints.maxTp = 1;
    session().editSetup(other, QStringLiteral("Max TP 1"));
    ASSERT_TRUE(waitUntil([] { return !session().isStale() && !session().isPlanning(); }));
    const int second = session().shownPlan()->id;
    ASSERT_NE(first, second);
    // Comparisons are made when somebody looks at them.
    window_->pages()->setCurrentWidget(find<QWidget>("compareView"));
    auto* plans = find<QTableView>("planList");
    EXPECT_EQ(plans->currentIndex().data(PlansModel::kPlanIdRole).toInt(), second);
    EXPECT_EQ(
        find<QTableView>("compareTable")->currentIndex().data(PlansModel::kPlanIdRole).toInt(),
        second);
    session().showPlan(first);
    EXPECT_EQ(plans->currentIndex().data(PlansModel::kPlanIdRole).toInt(), first);
    EXPECT_EQ(
        find<QTableView>("compareTable")->currentIndex().data(PlansModel::kPlanIdRole).toInt(),
        first);
}

TEST_F(SelectionTest, WhatIsNotInThisPlanSelectsNothing)
{
    const ScopeTree& scopes = session().model()->scopes;
    for (const Selection& gone :
         {Selection::op(OpId(1u << 30)), Selection::layer(1 << 20), Selection::stage(99),
          Selection::device(99), Selection::collective(1 << 20), Selection::scope(1 << 20)})
        EXPECT_EQ(placeOf(gone, facts(), scopes), SelectionPlace()) << int(gone.kind);
}

TEST_F(SelectionTest, ProgramTextKnowsTheOpOfEveryInstructionLine)
{
    const Result<Program> program = lowerPlan(*facts().plan);
    ASSERT_TRUE(program.ok());
    for (size_t stage = 0; stage < program->stages.size(); ++stage) {
        const ProgramText text = programText(*program, *facts().graph, int(stage), 0);
        for (int i = 0; i < text.lines->count(); ++i) {
            // Instructions, and only they, end with their predicted time and then their scope.
            const std::string_view shown = text.lines->line(i);
            const OpId op = text.opOfLine[static_cast<size_t>(i)];
            const size_t remark = shown.find("  # ");
            if (!op.isValid())
                continue;
            ASSERT_NE(remark, std::string_view::npos) << shown;
            EXPECT_TRUE(shown.ends_with(facts().graph->scopePath(facts().graph->op(op).scope)))
                << shown;
            if (text.isCollective[static_cast<size_t>(i)]) {
                EXPECT_TRUE(shown.find(" among devices ") != shown.npos ||
                            shown.find("send t") != shown.npos ||
                            shown.find("receive t") != shown.npos)
                    << shown;
            }
        }
    }
}

TEST_F(SelectionTest, WorkspacesShowWhatTheirWorkNeeds)
{
    find<QAction>("actionWorkspace1")->trigger();
    EXPECT_EQ(window_->pages()->currentWidget()->objectName(), QStringLiteral("graphView"));
    EXPECT_TRUE(find<QWidget>("outlineDock")->isVisible());
    find<QAction>("actionWorkspace2")->trigger();
    EXPECT_EQ(window_->pages()->currentWidget()->objectName(), QStringLiteral("overview"));
    EXPECT_TRUE(find<QWidget>("constraintsDock")->isVisible());
    EXPECT_FALSE(find<QWidget>("outlineDock")->isVisible());
    find<QAction>("actionWorkspace3")->trigger();
    EXPECT_EQ(window_->pages()->currentWidget()->objectName(), QStringLiteral("compareView"));
    EXPECT_FALSE(find<QWidget>("constraintsDock")->isVisible());
    EXPECT_TRUE(find<QWidget>("plansDock")->isVisible());
}

} // namespace
} // namespace alpa::app
