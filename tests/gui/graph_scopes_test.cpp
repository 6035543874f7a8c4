// The graph's ways of showing: identical layers once, backward beside forward, all operations,
// neighbourhoods, colours, arrows across levels, words on badges and a legend that fits.
#include "app/session/session.h"
#include "app/views/graph_content.h"
#include "app/views/graph_layers_level.h"
#include "app/views/graph_rows.h"
#include "app/views/graph_view.h"
#include "app/widgets/graph_legend.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/link_item.h"
#include "app/widgets/minimap.h"
#include "tests/gui/gui_support.h"

#include <QMenu>
#include <QTest>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace alpa::app
{
namespace
{

/// A chain of `kinds.size()` layers of one operation each.
std::shared_ptr<const GraphFacts> chain(const std::vector<OpKind>& kinds)
{
    Graph graph;
    ValueId value = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    LayerGroups layers;
    for (size_t i = 0; i < kinds.size(); ++i) {
        Op op;
        op.kind = kinds[i];
        op.scope = graph.scope("net/block_" + std::to_string(i));
        op.operands = {value};
        value = graph.op(graph.addOp(op, {{DType::kF32, {4, 8}}})).results[0];
        layers.names.push_back("net/block_" + std::to_string(i));
        layers.layerOfOp.push_back(int(i));
    }
    return describeGraph(std::make_shared<const Graph>(std::move(graph)), layers);
}

TEST(LayerRuns, IdenticalNeighboursAreOneBoxWithTheirCount)
{
    const auto facts = chain(
        {OpKind::kExp, OpKind::kTanh, OpKind::kTanh, OpKind::kTanh, OpKind::kTanh, OpKind::kAbs});
    const CanvasLevel level = graphContent(facts, {})({});
    ASSERT_EQ(level.nodes.size(), 3u);
    EXPECT_EQ(level.nodes[1].key, QStringLiteral("layers 1 5"));
    EXPECT_EQ(level.nodes[1].title, QStringLiteral("block_1 … block_4  ×4"));
    EXPECT_EQ(level.edges.size(), 2u) << "to the run and from it; what flows inside is inside";
    const CanvasLevel inside = graphContent(facts, {})(QStringLiteral("layers 1 5"));
    ASSERT_EQ(inside.nodes.size(), 4u);
    EXPECT_EQ(inside.nodes[3].key, QStringLiteral("layer 4"));
    EXPECT_EQ(inside.edges.size(), 3u);
    EXPECT_EQ(pathToOp(*facts, {}, OpId(2)),
              (std::vector<QString>{QStringLiteral("layers 1 5"), QStringLiteral("layer 2"),
                                    QStringLiteral("op 2")}));
    GraphViewOptions each;
    each.groupsTwins = false;
    EXPECT_EQ(graphContent(facts, each)({}).nodes.size(), 6u);
}

TEST(LayerRuns, TwoAlikeOrAllAlikeStayAsTheyAre)
{
    EXPECT_EQ(
        graphContent(chain({OpKind::kTanh, OpKind::kTanh, OpKind::kAbs}), {})({}).nodes.size(), 3u);
    EXPECT_EQ(
        graphContent(chain({OpKind::kTanh, OpKind::kTanh, OpKind::kTanh}), {})({}).nodes.size(), 3u)
        << "a run that is everything would only hide it";
}

TEST(Neighbourhood, IsWhatSoManyArrowsReach)
{
    const auto facts =
        chain({OpKind::kExp, OpKind::kTanh, OpKind::kAbs, OpKind::kSine, OpKind::kCosine});
    const CanvasContent whole = graphContent(facts, {});
    const CanvasLevel one = neighbourhood(whole, {}, QStringLiteral("layer 2"), 1)({});
    ASSERT_EQ(one.nodes.size(), 3u);
    EXPECT_EQ(one.nodes[0].key, QStringLiteral("layer 1"));
    ASSERT_EQ(one.edges.size(), 2u);
    EXPECT_EQ(one.edges[0].to, 1) << "numbered anew";
    EXPECT_EQ(neighbourhood(whole, {}, QStringLiteral("layer 2"), 2)({}).nodes.size(), 5u);
    EXPECT_EQ(neighbourhood(whole, {}, QStringLiteral("layer 99"), 1)({}).nodes.size(), 5u)
        << "a box that is gone";
}

/// A graph page with gpt-tiny planned for four devices.
class GraphScopes : public ::testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        session_ = std::make_unique<Session>();
        app::Setup setup;
        setup.cluster = QStringLiteral("cpu-x4");
        session_->setInitialSetup(setup);
        regrets_ = std::make_unique<RegretFinder>(session_.get());
        view_ = std::make_unique<GraphView>(session_.get(), regrets_.get());
        view_->resize(900, 700);
        view_->show();
        session_->openModel(samplePath(QStringLiteral("gpt-tiny")));
        ASSERT_TRUE(waitUntil(
            [] { return session_->shownPlan() != nullptr && view_->canvas()->isLaidOut(); }));
    }
    static void TearDownTestSuite()
    {
        view_.reset();
        regrets_.reset();
        session_.reset();
    }
    void SetUp() override
    {
        session_->selection()->clear();
        view_->setColorBy(ColorBy::kStage);
        view_->setScope(GraphScope::kPhase, Phase::kForward);
    }
    static const GraphFacts& facts() { return *session_->facts(); }

    static inline std::unique_ptr<Session> session_;
    static inline std::unique_ptr<RegretFinder> regrets_;
    static inline std::unique_ptr<GraphView> view_;
};

TEST_F(GraphScopes, TrainingStepHasTheBackwardPassBesideTheForwardPass)
{
    view_->setScope(GraphScope::kTraining, Phase::kForward);
    GraphCanvas* canvas = view_->canvas();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    const GraphLevelItem* root = canvas->rootItem();
    const auto& nodes = root->level().nodes;
    ASSERT_EQ(nodes.size() % 2, 0u);
    const size_t half = nodes.size() / 2;
    for (size_t i = 0; i < half; ++i) {
        EXPECT_TRUE(nodes[i].key.startsWith(QStringLiteral("layer"))) << nodes[i].key.toStdString();
        EXPECT_TRUE(nodes[half + i].key.startsWith(QStringLiteral("back")))
            << nodes[half + i].key.toStdString();
        const QRectF forward = root->box(int(i));
        const QRectF backward = root->box(int(half + i));
        EXPECT_FALSE(forward.intersects(backward));
        EXPECT_TRUE(forward.top() < backward.bottom() && backward.top() < forward.bottom())
            << "in one row, box " << i;
    }
    EXPECT_TRUE(std::ranges::any_of(root->level().edges, &CanvasEdge::isBackward));
    EXPECT_TRUE(std::ranges::any_of(root->level().edges, &CanvasEdge::isBeside))
        << "what is saved for the backward pass";
    // Down to an operation of the backward pass.
    for (size_t i = 0; i < facts().graph->ops.size(); ++i) {
        if (facts().graph->ops[i].phase != Phase::kBackward ||
            facts().graph->ops[i].kind != OpKind::kDot)
            continue;
        const std::vector<QString> path = pathToOp(facts(), view_->options(), OpId(i));
        ASSERT_GE(path.size(), 3u);
        view_->revealOp(OpId(i));
        ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
        EXPECT_TRUE(canvas->visibleBox({path.back()})) << path.back().toStdString();
        break;
    }
    canvas->foldAll();
}

TEST_F(GraphScopes, AllOperationsStandOnOneLevelWithoutOverlap)
{
    view_->setScope(GraphScope::kAll, Phase::kForward);
    GraphCanvas* canvas = view_->canvas();
    ASSERT_TRUE(waitUntil(
        [&] {
            return canvas->rootItem() != nullptr && canvas->rootItem()->level().isDense() &&
                   canvas->isLaidOut();
        },
        20000));
    const GraphLevelItem* root = canvas->rootItem();
    ASSERT_EQ(root->level().nodes.size(), facts().graph->ops.size());
    for (size_t i = 0; i < root->level().nodes.size(); i += 7) {
        EXPECT_EQ(root->nodeAt(root->box(int(i)).center()), int(i))
            << "found by place, so not under another";
    }
    EXPECT_EQ(root->nodeAt({-1e6, -1e6}), -1);
    for (const double scale : {0.03, 0.1, 0.4, 1.0}) {
        canvas->setTransform(QTransform::fromScale(scale, scale));
        EXPECT_FALSE(canvas->viewport()->grab().isNull());
    }
}

TEST_F(GraphScopes, EveryColourModeHasNumbersAndALegendThatFits)
{
    auto* legend = view_->findChild<GraphLegend*>();
    ASSERT_NE(legend, nullptr);
    for (const ColorBy by :
         {ColorBy::kTime, ColorBy::kMemory, ColorBy::kCommunication, ColorBy::kRegret,
          ColorBy::kParameters, ColorBy::kMeasured, ColorBy::kSharding, ColorBy::kStage}) {
        view_->setColorBy(by);
        view_->setStageErrors({0.12, -0.05, 0.3, 0.1});
        const bool isNumeric = by != ColorBy::kSharding && by != ColorBy::kStage;
        EXPECT_EQ(legend->scale().has_value(), isNumeric) << int(by);
        for (const int width : {420, 560, 1200}) {
            legend->resize(width, legend->heightForWidth(width));
            for (const QRectF& area : legend->entryAreas()) {
                EXPECT_LE(area.right(), width) << "mode " << int(by) << " at " << width;
                EXPECT_LE(area.bottom(), legend->heightForWidth(width));
            }
        }
        const GraphColors colors(session_->facts(), by, {0.12, -0.05, 0.3, 0.1});
        CanvasNode node;
        colors.paintLayers(node, 0, 1);
        EXPECT_EQ(node.shade.has_value(), isNumeric);
        EXPECT_EQ(node.shadeAxis.has_value(), by == ColorBy::kSharding);
        if (isNumeric) {
            EXPECT_LE(std::abs(*node.shade), 1.0);
            EXPECT_FALSE(node.corner.isEmpty()) << "a number, not colour alone";
        }
    }
    view_->setStageErrors({});
}

// Twenty layers of 1 to 19 and of 1000 parameters.
TEST(HeatScale, IsLogarithmicOrClippedAsChosen)
{
    GraphFacts facts = *chain(std::vector<OpKind>(20, OpKind::kExp));
    for (size_t layer = 0; layer < 20; ++layer)
        facts.layers[layer].parameters = layer < 19 ? int64_t(layer) + 1 : 1000;
    const auto shared = std::make_shared<const GraphFacts>(facts);
    const auto shade = [&](HeatScale scale, int layer) {
        const GraphColors colors(shared, ColorBy::kParameters, {}, scale);
        CanvasNode node;
        colors.paintLayers(node, layer, layer + 1);
        return node.shade.value_or(-1);
    };
    EXPECT_DOUBLE_EQ(shade({}, 18), 0.019);
    EXPECT_DOUBLE_EQ(shade({}, 19), 1);
    // A thousandth of the largest is the faintest; a hundredth lies a third of the way up.
    const HeatScale logarithmic{.isLogarithmic = true};
    EXPECT_NEAR(shade(logarithmic, 0), 0, 1e-12);
    EXPECT_NEAR(shade(logarithmic, 9), 1.0 / 3, 1e-12);
    EXPECT_DOUBLE_EQ(shade(logarithmic, 19), 1);
    // One of twenty lies above the scale, which ends at 19.
    const HeatScale clipped{.isClipped = true};
    EXPECT_DOUBLE_EQ(shade(clipped, 0), 1.0 / 19);
    EXPECT_DOUBLE_EQ(shade(clipped, 18), 1);
    EXPECT_DOUBLE_EQ(shade(clipped, 19), 1);
    EXPECT_EQ(GraphColors(shared, ColorBy::kParameters, {}, clipped).most(), 19);
    EXPECT_EQ(GraphColors(shared, ColorBy::kParameters, {}, logarithmic).least(), 1);
    EXPECT_EQ(GraphColors(shared, ColorBy::kParameters, {}, {}).least(), 0);
}

TEST_F(GraphScopes, TheColourBarOpensTheChoicesOfItsScaleAndSaysThem)
{
    auto* legend = view_->findChild<GraphLegend*>();
    view_->setColorBy(ColorBy::kTime);
    const LegendScale plain = *legend->scale();
    const QRectF bar = legend->entryAreas().front();
    QTest::mouseClick(legend, Qt::LeftButton, {}, (bar.center() * legend->unit()).toPoint());
    auto* menu = view_->findChild<QMenu*>(QStringLiteral("heatScaleMenu"));
    ASSERT_NE(menu, nullptr);
    ASSERT_EQ(menu->actions().size(), 2);
    menu->actions()[0]->trigger();
    menu->close();
    EXPECT_TRUE(view_->heatScale().isLogarithmic);
    EXPECT_TRUE(legend->scale()->isLogarithmic);
    EXPECT_NE(legend->scale()->low, plain.low) << legend->scale()->low.toStdString();
    EXPECT_TRUE(legend->scale()->low.endsWith(u's')) << "with its unit";
    EXPECT_TRUE(legend->accessibleDescription().contains(QStringLiteral("time, logarithmic from")));
    // The same from the keyboard: the bar is the first entry that Right chooses.
    QTest::keyClick(legend, Qt::Key_Left);
    QTest::keyClick(legend, Qt::Key_Return);
    menu = view_->findChild<QMenu*>(QStringLiteral("heatScaleMenu"));
    ASSERT_NE(menu, nullptr);
    menu->actions()[0]->trigger();
    menu->actions()[1]->trigger();
    menu->close();
    EXPECT_EQ(view_->heatScale(), (HeatScale{.isLogarithmic = false, .isClipped = true}));
    EXPECT_TRUE(legend->scale()->high.startsWith(u'≥'));
    EXPECT_EQ(legend->scale()->low, plain.low);
    view_->recall({});
    EXPECT_EQ(*legend->scale(), plain);
    view_->setColorBy(ColorBy::kStage);
}

// Of two plans of one model, in every layer: what is marked is what differs, and nothing else.
TEST_F(GraphScopes, OnlyWhatAnotherPlanShardsOtherwiseIsMarked)
{
    const auto before = session_->facts();
    app::Setup asked = session_->setup();
    asked.options.constraints.maxDp = 1;
    session_->editSetup(asked, QStringLiteral("Max DP 1"));
    ASSERT_TRUE(waitUntil([&] { return session_->facts() != before && !session_->isStale(); }));
    const auto after = session_->facts();
    ASSERT_TRUE(areComparable(*after, *before));
    int marked = 0;
    int same = 0;
    const auto check = [&](const CanvasLevel& level) {
        for (const CanvasNode& node : level.nodes) {
            for (const CanvasTensor& tensor : node.tensors) {
                if (tensor.selection.kind != Selection::Kind::kValue)
                    continue;
                const auto value = static_cast<size_t>(tensor.selection.index);
                const bool differs = after->specOfValue[value] != before->specOfValue[value];
                EXPECT_EQ(tensor.isChanged, differs)
                    << node.title.toStdString() << ' ' << tensor.name.toStdString();
                ++(differs ? marked : same);
            }
        }
    };
    const CanvasContent content = graphContent(after, {}, nullptr, before);
    for (size_t layer = 0; layer < after->layers.size(); ++layer)
        check(content(QStringLiteral("layer %1").arg(layer)));
    EXPECT_GT(marked, 0);
    EXPECT_GT(same, 0);
    session_->undoStack()->undo();
}

TEST_F(GraphScopes, SelectedOperationHasArrowsAcrossLevels)
{
    GraphCanvas* canvas = view_->canvas();
    for (size_t i = 0; i < facts().graph->ops.size(); ++i) {
        const Op& op = facts().graph->ops[i];
        if (op.phase != Phase::kForward || op.operands.empty())
            continue;
        const OpId producer = facts().graph->value(op.operands[0]).producer;
        if (!producer.isValid() || facts().layerOfOp[producer.index()] == facts().layerOfOp[i])
            continue;
        session_->selection()->select(Selection::op(OpId(i)));
        ASSERT_NE(canvas->linkItem(), nullptr) << "op " << i << " reads another layer";
        EXPECT_GE(canvas->linkItem()->count(), 1);
        session_->selection()->clear();
        EXPECT_EQ(canvas->linkItem(), nullptr);
        return;
    }
    FAIL() << "no operation reads another layer";
}

TEST_F(GraphScopes, BadgesSayInWordsWhatTheyMean)
{
    int explained = 0;
    for (const Communication& communication : facts().communications) {
        if (reshardBadge(communication.steps).empty())
            continue;
        const QString words = explainCommunication(facts(), communication);
        EXPECT_TRUE(words.contains(QStringLiteral("; needs a"))) << words.toStdString();
        EXPECT_TRUE(words.contains(QStringLiteral("devices"))) << words.toStdString();
        EXPECT_TRUE(words.contains(QStringLiteral("B, ")))
            << "bytes, then the time: " << words.toStdString();
        ++explained;
    }
    EXPECT_GT(explained, 0);
}

TEST_F(GraphScopes, MapShowsWhereTheViewIsAndGoesThere)
{
    GraphCanvas* canvas = view_->canvas();
    ASSERT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
    auto* map = view_->findChild<Minimap*>();
    ASSERT_NE(map, nullptr);
    canvas->fitAll();
    map->follow();
    EXPECT_FALSE(map->isVisible()) << "everything is in view";
    canvas->zoomBy(6);
    map->follow();
    EXPECT_TRUE(map->isVisible());
    const QPointF goal = canvas->contentRect().topLeft() + QPointF(50, 50);
    canvas->showArea(goal);
    EXPECT_NEAR(canvas->mapToScene(canvas->viewport()->rect().center()).x(), goal.x(),
                2 / canvas->transform().m11());
}

} // namespace
} // namespace alpa::app
