// The layered layout as numbers: no overlaps, edges point down, the same picture twice.
#include "app/layout/dot_protocol.h"
#include "app/layout/layered_layout.h"
#include "tests/support/property.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace alpa::app
{
namespace
{

LayoutGraph randomGraph(Rng& rng, int size)
{
    LayoutGraph graph;
    const int count = rng.between(1, 3 * size);
    for (int i = 0; i < count; ++i)
        graph.nodes.push_back({double(rng.between(20, 200)), double(rng.between(15, 90))});
    std::set<std::pair<int, int>> seen;
    for (int i = 1; i < count; ++i) {
        const int edges = rng.below(3);
        for (int e = 0; e < edges; ++e) {
            const int from = rng.below(i);
            if (seen.insert({from, i}).second)
                graph.edges.push_back({from, i});
        }
    }
    return graph;
}

LayoutGraph chain(int length)
{
    LayoutGraph graph;
    for (int i = 0; i < length; ++i) {
        graph.nodes.push_back({200, 100});
        if (i > 0)
            graph.edges.push_back({i - 1, i});
    }
    return graph;
}

double left(const LayoutGraph& graph, const GraphLayout& layout, size_t node)
{
    return layout.centers[node].x - graph.nodes[node].width / 2;
}
double top(const LayoutGraph& graph, const GraphLayout& layout, size_t node)
{
    return layout.centers[node].y - graph.nodes[node].height / 2;
}

void expectNoOverlap(const LayoutGraph& graph, const GraphLayout& layout)
{
    for (size_t a = 0; a < graph.nodes.size(); ++a) {
        EXPECT_GE(left(graph, layout, a), -1e-6);
        EXPECT_GE(top(graph, layout, a), -1e-6);
        EXPECT_LE(left(graph, layout, a) + graph.nodes[a].width, layout.width + 1e-6);
        EXPECT_LE(top(graph, layout, a) + graph.nodes[a].height, layout.height + 1e-6);
        for (size_t b = a + 1; b < graph.nodes.size(); ++b) {
            const bool isApartX =
                left(graph, layout, a) + graph.nodes[a].width <= left(graph, layout, b) + 1e-6 ||
                left(graph, layout, b) + graph.nodes[b].width <= left(graph, layout, a) + 1e-6;
            const bool isApartY =
                top(graph, layout, a) + graph.nodes[a].height <= top(graph, layout, b) + 1e-6 ||
                top(graph, layout, b) + graph.nodes[b].height <= top(graph, layout, a) + 1e-6;
            EXPECT_TRUE(isApartX || isApartY) << "boxes " << a << " and " << b;
        }
    }
}

TEST(LayeredLayoutProperty, BoxesDoNotOverlapAndEdgesPointDown)
{
    forEachSeed(150, [](Rng& rng, int size) {
        const LayoutGraph graph = randomGraph(rng, size);
        const GraphLayout layout = layeredLayout(graph);
        expectNoOverlap(graph, layout);
        for (size_t e = 0; e < graph.edges.size(); ++e) {
            const auto from = static_cast<size_t>(graph.edges[e].from);
            const auto to = static_cast<size_t>(graph.edges[e].to);
            EXPECT_LT(top(graph, layout, from) + graph.nodes[from].height,
                      top(graph, layout, to) + 1e-6);
            ASSERT_EQ(layout.curves[e].size() % 3, 1u) << "start point and cubic segments";
            EXPECT_NEAR(layout.curves[e].back().y, top(graph, layout, to), 1e-6);
        }
    });
}

TEST(LayeredLayoutProperty, SameGraphGivesTheSamePicture)
{
    forEachSeed(40, [](Rng& rng, int size) {
        const LayoutGraph graph = randomGraph(rng, size);
        EXPECT_EQ(formatLayout(layeredLayout(graph)), formatLayout(layeredLayout(graph)));
    });
}

TEST(LayeredLayout, ParametersSinkToTheirReader)
{
    // 0 -> 1 -> 2 -> 3, and 4 is read by 3 alone.
    LayoutGraph graph = chain(4);
    graph.nodes.push_back({50, 20});
    graph.edges.push_back({4, 3});
    EXPECT_EQ(layoutRanks(graph), (std::vector<int>{0, 1, 2, 3, 2}));
}

TEST(LayeredLayout, EffortCountsNodesAndTheRanksThatLongEdgesPass)
{
    LayoutGraph graph = chain(10);
    EXPECT_EQ(estimateDotEffort(graph), 10);
    graph.edges.push_back({0, 9}); // passes ranks 1 to 8
    EXPECT_EQ(estimateDotEffort(graph), 18);
}

TEST(WrapIntoColumns, ChainOfLayersFillsTheView)
{
    const LayoutGraph graph = chain(26);
    GraphLayout layout = layeredLayout(graph);
    const double before = layout.width / layout.height;
    wrapIntoColumns(graph, layout, 1.6);
    const double after = layout.width / layout.height;
    EXPECT_LT(before, 0.1);
    EXPECT_GT(after, 0.6);
    EXPECT_LT(after, 3.0);
    expectNoOverlap(graph, layout);
}

TEST(WrapIntoColumns, LeavesWideGraphsAlone)
{
    LayoutGraph graph = chain(1);
    for (int i = 1; i < 8; ++i) {
        graph.nodes.push_back({200, 100});
        graph.edges.push_back({0, i});
    }
    GraphLayout layout = layeredLayout(graph);
    const std::string before = formatLayout(layout);
    wrapIntoColumns(graph, layout, 1.6);
    EXPECT_EQ(formatLayout(layout), before);
}

TEST(LayeredLayout, FiftyThousandBoxesTakeWellUnderASecond)
{
    LayoutGraph graph = chain(50000);
    for (int i = 0; i + 7 < 50000; i += 3)
        graph.edges.push_back({i, i + 7});
    EXPECT_EQ(layeredLayout(graph).centers.size(), 50000u);
}

TEST(DotProtocol, LayoutSurvivesTheWayThroughBytes)
{
    GraphLayout layout;
    layout.width = 100;
    layout.height = 50;
    layout.centers = {{1, 2}, {3, 4.5}};
    layout.curves = {{{0, 0}, {1, 1}, {2, 2}, {3, 3}}};
    const std::string bytes = encodeLayout(layout);
    const auto back = decodeLayout(bytes, 2, 1);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->centers, layout.centers);
    EXPECT_EQ(back->curves, layout.curves);
    for (size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(decodeLayout(std::string_view(bytes).substr(0, cut), 2, 1))
            << "cut at " << cut;
    EXPECT_FALSE(decodeLayout(bytes, 3, 1));
}

} // namespace
} // namespace alpa::app
