#include "app/layout/layered_layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace alpa::app
{

namespace
{

constexpr int kLongestSplitEdge =
    12; ///< Longer edges get no dummies: they would dominate the ordering.
constexpr int kSweeps = 8;
constexpr int kPlacementPasses = 6;
constexpr double kDummyWidth = 12;

/// The graph with its dummies: boxes by rank, and for each edge the boxes it passes.
struct Ranked {
    std::vector<int> rank;
    std::vector<double> width;
    std::vector<std::vector<int>> above, below; ///< Neighbours of each box.
    std::vector<std::vector<int>> ranks;        ///< Boxes of each rank, left to right.
    std::vector<std::vector<int>> passes;       ///< Per edge: its dummies from top to bottom.
    std::vector<double> x;                      ///< Centers.
};

void connect(Ranked& ranked, int from, int to)
{
    ranked.below[static_cast<size_t>(from)].push_back(to);
    ranked.above[static_cast<size_t>(to)].push_back(from);
}

int addDummy(Ranked& ranked, int rank)
{
    const int box = int(ranked.rank.size());
    ranked.rank.push_back(rank);
    ranked.width.push_back(kDummyWidth);
    ranked.above.emplace_back();
    ranked.below.emplace_back();
    return box;
}

Ranked rankBoxes(const LayoutGraph& graph)
{
    Ranked ranked;
    ranked.rank = layoutRanks(graph);
    for (const LayoutNode& node : graph.nodes)
        ranked.width.push_back(node.width);
    ranked.above.resize(graph.nodes.size());
    ranked.below.resize(graph.nodes.size());
    ranked.passes.resize(graph.edges.size());
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const LayoutEdge& edge = graph.edges[e];
        const int first = ranked.rank[static_cast<size_t>(edge.from)];
        const int last = ranked.rank[static_cast<size_t>(edge.to)];
        int previous = edge.from;
        if (last - first <= kLongestSplitEdge) {
            for (int rank = first + 1; rank < last; ++rank) {
                const int dummy = addDummy(ranked, rank);
                connect(ranked, previous, dummy);
                ranked.passes[e].push_back(dummy);
                previous = dummy;
            }
            connect(ranked, previous, edge.to);
        }
    }
    const int count = ranked.rank.empty() ? 0 : *std::ranges::max_element(ranked.rank) + 1;
    ranked.ranks.resize(static_cast<size_t>(count));
    return ranked;
}

/// Depth-first from the sinks: neighbours of one reader start out side by side.
void startOrder(Ranked& ranked)
{
    std::vector<bool> seen(ranked.rank.size(), false);
    std::vector<int> stack;
    for (size_t sink = 0; sink < ranked.rank.size(); ++sink) {
        if (!ranked.below[sink].empty())
            continue;
        stack.push_back(int(sink));
        while (!stack.empty()) {
            const int box = stack.back();
            stack.pop_back();
            if (seen[static_cast<size_t>(box)])
                continue;
            seen[static_cast<size_t>(box)] = true;
            ranked.ranks[static_cast<size_t>(ranked.rank[static_cast<size_t>(box)])].push_back(box);
            const auto& above = ranked.above[static_cast<size_t>(box)];
            stack.insert(stack.end(), above.rbegin(), above.rend());
        }
    }
}

void sortRank(std::vector<int>& boxes, const std::vector<std::vector<int>>& neighbours,
              std::vector<int>& position)
{
    std::vector<std::pair<double, int>> keyed;
    keyed.reserve(boxes.size());
    for (size_t i = 0; i < boxes.size(); ++i) {
        const auto& near = neighbours[static_cast<size_t>(boxes[i])];
        double sum = 0;
        for (const int other : near)
            sum += position[static_cast<size_t>(other)];
        // Without neighbours a box keeps its place.
        keyed.emplace_back(near.empty() ? double(i) : sum / double(near.size()), boxes[i]);
    }
    std::ranges::stable_sort(keyed, {}, &std::pair<double, int>::first);
    for (size_t i = 0; i < boxes.size(); ++i) {
        boxes[i] = keyed[i].second;
        position[static_cast<size_t>(boxes[i])] = int(i);
    }
}

void orderRanks(Ranked& ranked)
{
    startOrder(ranked);
    std::vector<int> position(ranked.rank.size(), 0);
    for (const auto& boxes : ranked.ranks) {
        for (size_t i = 0; i < boxes.size(); ++i)
            position[static_cast<size_t>(boxes[i])] = int(i);
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        if (sweep % 2 == 0) {
            for (auto& boxes : ranked.ranks)
                sortRank(boxes, ranked.above, position);
        } else {
            for (auto boxes = ranked.ranks.rbegin(); boxes != ranked.ranks.rend(); ++boxes)
                sortRank(*boxes, ranked.below, position);
        }
    }
}

double gapBetween(const Ranked& ranked, int left, int right)
{
    return (ranked.width[static_cast<size_t>(left)] + ranked.width[static_cast<size_t>(right)]) /
               2 +
           kNodeGap;
}

/// Moves the boxes of one rank to `wanted`, as far as their order and gaps allow: the mean of
/// packing from the left and from the right, each of which alone would drift.
void compactRank(Ranked& ranked, const std::vector<int>& boxes, const std::vector<double>& wanted)
{
    const size_t n = boxes.size();
    std::vector<double> fromLeft(wanted), fromRight(wanted);
    for (size_t i = 1; i < n; ++i)
        fromLeft[i] =
            std::max(fromLeft[i], fromLeft[i - 1] + gapBetween(ranked, boxes[i - 1], boxes[i]));
    for (size_t i = n - 1; i-- > 0;)
        fromRight[i] =
            std::min(fromRight[i], fromRight[i + 1] - gapBetween(ranked, boxes[i], boxes[i + 1]));
    for (size_t i = 0; i < n; ++i)
        ranked.x[static_cast<size_t>(boxes[i])] = (fromLeft[i] + fromRight[i]) / 2;
}

void placeAcross(Ranked& ranked)
{
    ranked.x.assign(ranked.rank.size(), 0);
    for (const auto& boxes : ranked.ranks) {
        double x = 0;
        for (size_t i = 0; i < boxes.size(); ++i) {
            x = i == 0 ? 0 : x + gapBetween(ranked, boxes[i - 1], boxes[i]);
            ranked.x[static_cast<size_t>(boxes[i])] = x;
        }
        for (const int box : boxes)
            ranked.x[static_cast<size_t>(box)] -= x / 2;
    }
    for (int pass = 0; pass < kPlacementPasses; ++pass) {
        for (size_t k = 0; k < ranked.ranks.size(); ++k) {
            const auto& boxes = ranked.ranks[pass % 2 == 0 ? k : ranked.ranks.size() - 1 - k];
            std::vector<double> wanted;
            wanted.reserve(boxes.size());
            for (const int box : boxes) {
                double sum = 0;
                size_t count = 0;
                for (const auto* side : {&ranked.above, &ranked.below}) {
                    for (const int other : (*side)[static_cast<size_t>(box)]) {
                        sum += ranked.x[static_cast<size_t>(other)];
                        ++count;
                    }
                }
                wanted.push_back(count == 0 ? ranked.x[static_cast<size_t>(box)]
                                            : sum / double(count));
            }
            if (!boxes.empty())
                compactRank(ranked, boxes, wanted);
        }
    }
}

/// Tops of the ranks, and one more entry: the bottom of the last.
std::vector<double> placeDown(const LayoutGraph& graph, const Ranked& ranked,
                              std::vector<double>& heights)
{
    heights.assign(ranked.ranks.size(), 0);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        double& height = heights[static_cast<size_t>(ranked.rank[i])];
        height = std::max(height, graph.nodes[i].height);
    }
    std::vector<double> tops;
    double y = 0;
    for (const double height : heights) {
        tops.push_back(y);
        y += height + kRankGap;
    }
    tops.push_back(y - kRankGap);
    return tops;
}

std::vector<LayoutPoint> curveThrough(const std::vector<LayoutPoint>& points)
{
    std::vector<LayoutPoint> curve{points.front()};
    for (size_t i = 1; i < points.size(); ++i) {
        const LayoutPoint a = points[i - 1];
        const LayoutPoint b = points[i];
        const double middle = (a.y + b.y) / 2;
        curve.push_back({a.x, middle});
        curve.push_back({b.x, middle});
        curve.push_back(b);
    }
    return curve;
}

double topOf(const LayoutGraph& graph, const GraphLayout& layout, int node)
{
    return layout.centers[static_cast<size_t>(node)].y -
           graph.nodes[static_cast<size_t>(node)].height / 2;
}

double bottomOf(const LayoutGraph& graph, const GraphLayout& layout, int node)
{
    return layout.centers[static_cast<size_t>(node)].y +
           graph.nodes[static_cast<size_t>(node)].height / 2;
}

} // namespace

std::vector<LayoutPoint> straightCurve(const LayoutGraph& graph, const GraphLayout& layout,
                                       const LayoutEdge& edge)
{
    return curveThrough(
        {{layout.centers[static_cast<size_t>(edge.from)].x, bottomOf(graph, layout, edge.from)},
         {layout.centers[static_cast<size_t>(edge.to)].x, topOf(graph, layout, edge.to)}});
}

GraphLayout layeredLayout(const LayoutGraph& graph)
{
    GraphLayout layout;
    if (graph.nodes.empty())
        return layout;
    Ranked ranked = rankBoxes(graph);
    orderRanks(ranked);
    placeAcross(ranked);
    std::vector<double> heights;
    const std::vector<double> tops = placeDown(graph, ranked, heights);

    double left = 0;
    double right = 0;
    for (size_t i = 0; i < ranked.rank.size(); ++i) {
        left = i == 0 ? ranked.x[i] - ranked.width[i] / 2
                      : std::min(left, ranked.x[i] - ranked.width[i] / 2);
        right = i == 0 ? ranked.x[i] + ranked.width[i] / 2
                       : std::max(right, ranked.x[i] + ranked.width[i] / 2);
    }
    const auto middleOf = [&](int rank) {
        return tops[static_cast<size_t>(rank)] + heights[static_cast<size_t>(rank)] / 2;
    };
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        layout.centers.push_back({ranked.x[i] - left, middleOf(ranked.rank[i])});
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const LayoutEdge& edge = graph.edges[e];
        std::vector<LayoutPoint> points{
            {layout.centers[static_cast<size_t>(edge.from)].x, bottomOf(graph, layout, edge.from)}};
        for (const int dummy : ranked.passes[e]) {
            const auto rank = static_cast<size_t>(ranked.rank[static_cast<size_t>(dummy)]);
            const double x = ranked.x[static_cast<size_t>(dummy)] - left;
            points.push_back({x, tops[rank]});
            points.push_back({x, tops[rank] + heights[rank]});
        }
        points.push_back(
            {layout.centers[static_cast<size_t>(edge.to)].x, topOf(graph, layout, edge.to)});
        layout.curves.push_back(curveThrough(points));
    }
    layout.width = right - left;
    layout.height = tops.back();
    return layout;
}

namespace
{

/// Rows of boxes whose vertical extents overlap, top to bottom: what a column break must not cut.
struct Band {
    double top = 0;
    double bottom = 0;
    std::vector<int> nodes;
};

std::vector<Band> findBands(const LayoutGraph& graph, const GraphLayout& layout)
{
    std::vector<int> order(graph.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(
        order, [&](int a, int b) { return topOf(graph, layout, a) < topOf(graph, layout, b); });
    std::vector<Band> bands;
    for (const int node : order) {
        const double top = topOf(graph, layout, node);
        const double bottom = bottomOf(graph, layout, node);
        if (bands.empty() || top >= bands.back().bottom) {
            bands.push_back({top, bottom, {node}});
        } else {
            bands.back().bottom = std::max(bands.back().bottom, bottom);
            bands.back().nodes.push_back(node);
        }
    }
    return bands;
}

constexpr double kColumnGap =
    112; ///< Room for the lines that lead to the next column, and their badges.

/// From the bottom of one column up through the gutter to the top of another.
std::vector<LayoutPoint> gutterCurve(LayoutPoint from, LayoutPoint to, double gutter, double below,
                                     double above)
{
    const auto line = [](LayoutPoint a, LayoutPoint b, std::vector<LayoutPoint>& curve) {
        curve.push_back({a.x + (b.x - a.x) / 3, a.y + (b.y - a.y) / 3});
        curve.push_back({a.x + (b.x - a.x) * 2 / 3, a.y + (b.y - a.y) * 2 / 3});
        curve.push_back(b);
    };
    std::vector<LayoutPoint> curve{from};
    const double turn = kColumnGap / 3;
    const LayoutPoint up{gutter, below - turn};
    const LayoutPoint down{gutter, above + turn};
    curve.insert(curve.end(), {{from.x, below}, {gutter, below}, up});
    line(up, down, curve);
    curve.insert(curve.end(), {{gutter, above}, {to.x, above}, to});
    return curve;
}

} // namespace

void wrapIntoColumns(const LayoutGraph& graph, GraphLayout& layout, double aspect)
{
    // Three columns are the fewest that pay for the lines between them.
    if (layout.width <= 0 || layout.height < layout.width * 3 / aspect)
        return;
    const std::vector<Band> bands = findBands(graph, layout);
    const double columnWidth = layout.width + kColumnGap;
    const auto columns = static_cast<size_t>(
        std::max(1.0, std::floor(std::sqrt(layout.height * aspect / columnWidth))));
    if (columns < 2 || bands.size() < columns * 2)
        return;

    const double target = layout.height / double(columns);
    std::vector<size_t> columnOf(graph.nodes.size(), 0);
    std::vector<double> shift(graph.nodes.size(), 0);
    size_t column = 0;
    double columnTop = bands.front().top;
    double tallest = 0;
    for (const Band& band : bands) {
        if (band.bottom - columnTop > target * 1.02 && band.top > columnTop &&
            column + 1 < columns) {
            ++column;
            columnTop = band.top;
        }
        tallest = std::max(tallest, band.bottom - columnTop);
        for (const int node : band.nodes) {
            columnOf[static_cast<size_t>(node)] = column;
            shift[static_cast<size_t>(node)] = columnTop;
        }
    }
    constexpr double kTopMargin = 24;
    const auto move = [&](LayoutPoint point, size_t node) {
        return LayoutPoint{point.x + double(columnOf[node]) * columnWidth,
                           point.y - shift[node] + kTopMargin};
    };
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        layout.centers[i] = move(layout.centers[i], i);
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        const auto from = static_cast<size_t>(graph.edges[e].from);
        const auto to = static_cast<size_t>(graph.edges[e].to);
        if (columnOf[from] == columnOf[to]) {
            for (LayoutPoint& point : layout.curves[e])
                point = move(point, from);
            continue;
        }
        const double gutter = double(columnOf[to]) * columnWidth - kColumnGap / 2;
        layout.curves[e] = gutterCurve({layout.centers[from].x, bottomOf(graph, layout, int(from))},
                                       {layout.centers[to].x, topOf(graph, layout, int(to))},
                                       gutter, bottomOf(graph, layout, int(from)) + kTopMargin,
                                       topOf(graph, layout, int(to)) - kTopMargin);
    }
    layout.width = double(column + 1) * columnWidth - kColumnGap;
    layout.height = tallest + 2 * kTopMargin;
}

} // namespace alpa::app
