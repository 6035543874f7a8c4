// What the graph page draws: layers, their operations, stubs and folded shape operations.
#include "app/layout/layered_layout.h"
#include "app/session/session.h"
#include "app/settings/theme.h"
#include "app/views/graph_content.h"
#include "app/widgets/graph_level_item.h"
#include "tests/gui/gui_support.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace alpa::app
{
namespace
{

/// a (layer 0): t = tanh x; b (layer 1): y = dot (reshape t) w, with a constant added.
Graph smallGraph()
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    const ValueId w = graph.addInput("b.kernel", {DType::kF32, {8, 2}}, InputRole::kParameter);
    const auto add = [&](OpKind kind, const char* scope, std::vector<ValueId> operands,
                         std::vector<int64_t> dims, Attributes attributes = {}) {
        Op op;
        op.kind = kind;
        op.scope = graph.scope(scope);
        op.operands = std::move(operands);
        op.attributes = std::move(attributes);
        return graph.op(graph.addOp(op, {{DType::kF32, std::move(dims)}})).results[0];
    };
    const ValueId t = add(OpKind::kTanh, "net/a", {x}, {4, 8});
    const ValueId r = add(OpKind::kReshape, "net/b", {t}, {4, 8});
    const ValueId y = add(OpKind::kDot, "net/b", {r, w}, {4, 2}, DotAttributes{{}, {}, {1}, {0}});
    const ValueId c = add(OpKind::kConstant, "net/b", {}, {4, 2}, ConstantAttributes{{1.0}});
    add(OpKind::kAdd, "net/b", {y, c}, {4, 2});
    return graph;
}

std::shared_ptr<const GraphFacts> smallFacts()
{
    LayerGroups layers;
    layers.names = {"net/a", "net/b"};
    layers.layerOfOp = {0, 1, 1, 1, 1};
    return describeGraph(std::make_shared<const Graph>(smallGraph()), layers);
}

QStringList titles(const CanvasLevel& level)
{
    QStringList names;
    for (const CanvasNode& node : level.nodes)
        names << node.title;
    names.sort();
    return names;
}

TEST(GraphContent, OutermostLevelHasTheLayersAndTheirFlow)
{
    const CanvasLevel level = graphContent(smallFacts(), {})({});
    ASSERT_EQ(level.nodes.size(), 2u);
    EXPECT_EQ(level.nodes[0].title, QStringLiteral("a"));
    EXPECT_EQ(level.nodes[1].title, QStringLiteral("b"));
    EXPECT_TRUE(level.nodes[1].isGroup);
    ASSERT_EQ(level.nodes[1].tensors.size(), 1u);
    EXPECT_EQ(level.nodes[1].tensors[0].name, QStringLiteral("kernel"))
        << "the layer's own prefix is left out";
    ASSERT_EQ(level.edges.size(), 1u);
    EXPECT_EQ(level.edges[0].bytes, 4 * 8 * 4);
}

TEST(GraphContent, LayerUnfoldsToOpsWithWeightsAsRowsAndShapeOpsFolded)
{
    const CanvasLevel level = graphContent(smallFacts(), {})(QStringLiteral("layer 1"));
    EXPECT_EQ(titles(level), (QStringList{QStringLiteral("add"), QStringLiteral("dot"),
                                          QStringLiteral("from a")}));
    const auto dot = std::ranges::find(level.nodes, QStringLiteral("dot"), &CanvasNode::title);
    ASSERT_EQ(dot->tensors.size(), 2u) << "result and weight";
    EXPECT_EQ(dot->tensors[1].name, QStringLiteral("b.kernel"));
    EXPECT_EQ(level.edges.size(), 2u)
        << "stub to dot past the reshape, dot to add; none from the constant";
}

TEST(GraphLevelItem, DrawsTheBoxesRowsAndArrowsOfItsLevel)
{
    const CanvasLevel level = graphContent(smallFacts(), {})({});
    LayoutGraph graph;
    std::vector<QSizeF> sizes;
    for (const CanvasNode& node : level.nodes) {
        sizes.push_back(collapsedSize(node));
        graph.nodes.push_back({sizes.back().width(), sizes.back().height()});
    }
    graph.edges.push_back({0, 1});
    const GraphLevelItem item(level, layeredLayout(graph), sizes, {});
    EXPECT_EQ(item.dump().toStdString(), "layer 0: a | 1 operation\n"
                                         "  output 4×8 f32\n"
                                         "layer 1: b | 16 parameters\n"
                                         "  kernel 8×2 f32\n"
                                         "layer 0 -> layer 1, 1.01 px\n");
    const QPointF first = item.box(0).center();
    EXPECT_EQ(item.nodeAt(first), 0);
    EXPECT_EQ(item.nodeAt({-500, -500}), -1);
    EXPECT_EQ(item.tensorAt(0, {first.x(), item.box(0).bottom() - 10}), 0)
        << "the last row is the output";
}

// Widths by hand: 1 + log10(1 + bytes / 1024) / 4.
TEST(GraphLevelItem, ArrowsAreAsWideAsTheLogarithmOfWhatFlowsAndDashedWhereItMoves)
{
    CanvasLevel level;
    for (const char* key : {"op 1", "op 2", "op 3"}) {
        CanvasNode node;
        node.key = node.title = QString::fromLatin1(key);
        level.nodes.push_back(node);
    }
    CanvasEdge small;
    small.to = 1;
    small.bytes = 9.0 * 1024; // log10(10) / 4
    CanvasEdge moved;
    moved.from = 1;
    moved.to = 2;
    moved.bytes = double(1 << 30); // log10(1 + 2^20) / 4 = 1.505
    moved.badge = QStringLiteral("AG x");
    level.edges = {small, moved};
    const GraphLayout layout = layeredLayout({{{90, 30}, {90, 30}, {90, 30}}, {{0, 1}, {1, 2}}});
    const GraphLevelItem item(level, layout, std::vector<QSizeF>(3, {90, 30}), {});
    EXPECT_EQ(item.dump().section(u'\n', 3).toStdString(),
              "op 1 -> op 2, 1.25 px\n"
              "op 2 -> op 3, 2.51 px, dashed rim [AG x]\n");
    // The rim begins with its dash, whatever width the arrow has.
    for (const double width : {1.25, 2.51}) {
        const QPen rim = movedRim(width, lightTheme());
        EXPECT_EQ(rim.color(), lightTheme().error);
        EXPECT_GT(rim.widthF(), width);
        ASSERT_EQ(rim.dashPattern().size(), 2);
        EXPECT_NEAR(rim.dashPattern()[0] * rim.widthF(), 9, 1e-9);
        EXPECT_NEAR(rim.dashPattern()[1] * rim.widthF(), 5, 1e-9);
    }
}

TEST(GraphContent, ShapeOpsAppearOnDemand)
{
    GraphViewOptions options;
    options.showsShapeOps = true;
    const CanvasLevel level = graphContent(smallFacts(), options)(QStringLiteral("layer 1"));
    EXPECT_TRUE(titles(level).contains(QStringLiteral("reshape")));
}

TEST(GraphContent, PathToAnOpNamesTheGroupsToUnfold)
{
    const auto facts = smallFacts();
    EXPECT_EQ(pathToOp(*facts, {}, OpId(2)),
              (std::vector<QString>{QStringLiteral("layer 1"), QStringLiteral("op 2")}));
    EXPECT_EQ(pathToOp(*facts, {}, OpId(3)), std::vector<QString>{QStringLiteral("layer 1")})
        << "constants are folded";
}

TEST(GraphContent, EveryLevelOfEverySampleStaysSmallEnoughForGraphviz)
{
    Session session;
    session.setInitialSetup({QStringLiteral("cpu-x2"), {}, {}, {}});
    session.openModel(samplePath(QStringLiteral("gpt-tiny")));
    ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }, 120000));
    const auto facts = session.facts();
    for (const Phase phase : {Phase::kForward, Phase::kBackward, Phase::kUpdate}) {
        GraphViewOptions options;
        options.phase = phase;
        const CanvasContent content = graphContent(facts, options);
        for (size_t layer = 0; layer < facts->layers.size(); ++layer) {
            const CanvasLevel level = content(QStringLiteral("layer %1").arg(layer));
            EXPECT_LE(level.nodes.size(), 200u) << layer;
            for (const CanvasEdge& edge : level.edges) {
                EXPECT_LT(edge.from, int(level.nodes.size()));
                EXPECT_LT(edge.to, int(level.nodes.size()));
            }
        }
    }
}

} // namespace
} // namespace alpa::app
