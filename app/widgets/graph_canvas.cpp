#include "app/widgets/graph_canvas.h"

#include <cmath>

#include "app/layout/layered_layout.h"
#include "app/settings/programs.h"
#include "app/widgets/graph_level_item.h"

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Shorter waits look instant; longer ones want to see something.
constexpr int kPatienceMs = 150;
constexpr double kLargestFit = 1.15; ///< A graph of three boxes need not fill the window.
constexpr int kDeepest = 6;

} // namespace

GraphCanvas::GraphCanvas(QWidget* parent) : QGraphicsView(parent), dot_(findProgram(u"alpa-layoutd"_s))
{
    setScene(new QGraphicsScene(this));
    scene()->setItemIndexMethod(QGraphicsScene::NoIndex);
    setFrameShape(QFrame::NoFrame);
    setDragMode(QGraphicsView::ScrollHandDrag);
    setTransformationAnchor(QGraphicsView::NoAnchor);
    setResizeAnchor(QGraphicsView::NoAnchor);
    setViewportUpdateMode(QGraphicsView::SmartViewportUpdate);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    setAccessibleName(tr("Graph of the model"));
    patience_.setSingleShot(true);
    patience_.setInterval(kPatienceMs);
    connect(&patience_, &QTimer::timeout, this, &GraphCanvas::relayout);
    connect(&dot_, &DotClient::answered, this, &GraphCanvas::takeAnswer);
    connect(&dot_, &DotClient::failed, this, &GraphCanvas::takeFailure);
}

GraphCanvas::~GraphCanvas() = default;

void GraphCanvas::setContent(CanvasContent content, bool isSameShape)
{
    content_ = std::move(content);
    fitsAtNext_ = !isSameShape || root_ == nullptr;
    dot_.cancelAll();
    pending_.clear();
    patience_.start();
    relayout();
}

GraphLayout GraphCanvas::layoutOf(const LayoutGraph& graph, bool& isComplete)
{
    const uint64_t key = layoutKey(graph);
    Layouts& known = layouts_[key];
    if (known.dot != nullptr)
        return *known.dot;
    if (!known.isDotHopeless && !pending_.contains(key)) {
        pending_.insert(key);
        dot_.request(key, graph);
    }
    if (!known.isDotHopeless)
        isComplete = false;
    else
        usedFast_ = true;
    if (known.fast == nullptr)
        known.fast = std::make_shared<const GraphLayout>(layeredLayout(graph));
    return *known.fast;
}

GraphCanvas::PlacedLevel GraphCanvas::place(const QString& key, int depth)
{
    PlacedLevel level;
    level.content = content_(key);
    LayoutGraph graph;
    for (size_t i = 0; i < level.content.nodes.size(); ++i) {
        const CanvasNode& node = level.content.nodes[i];
        QSizeF size = collapsedSize(node);
        if (node.isGroup && unfolded_.contains(node.key) && depth < kDeepest) {
            PlacedLevel inner = place(node.key, depth + 1);
            size = QSizeF(std::max(inner.layout.width + 2 * kGroupPadding, size.width()),
                          inner.layout.height + kGroupHeader + kGroupPadding);
            level.isComplete = level.isComplete && inner.isComplete;
            level.inner.emplace(int(i), std::move(inner));
        }
        level.sizes.push_back(size);
        graph.nodes.push_back({size.width(), size.height()});
    }
    for (const CanvasEdge& edge : level.content.edges)
        graph.edges.push_back({edge.from, edge.to});
    level.layout = layoutOf(graph, level.isComplete);
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        if (level.layout.curves[e].empty())
            level.layout.curves[e] = straightCurve(graph, level.layout, graph.edges[e]);
    }
    const double aspect = double(std::max(viewport()->width(), 300)) / double(std::max(viewport()->height(), 300));
    wrapIntoColumns(graph, level.layout, depth == 0 ? aspect : 1.3);
    return level;
}

void GraphCanvas::relayout()
{
    if (!content_)
        return;
    usedFast_ = false;
    PlacedLevel level = place({}, 0);
    // Wait for Graphviz a moment rather than show a layout that changes at once.
    if (!level.isComplete && patience_.isActive())
        return;

    QPointF before;
    const auto boxOf = [&](const QString& key, QRectF& box) {
        for (const auto& [itemKey, item] : items_) {
            for (size_t i = 0; i < item->level().nodes.size(); ++i) {
                if (item->level().nodes[i].key == key) {
                    box = item->mapRectToScene(item->box(int(i)));
                    return true;
                }
            }
        }
        return false;
    };
    QRectF box;
    const bool isAnchored = !anchorKey_.isEmpty() && boxOf(anchorKey_, box);
    if (isAnchored)
        before = mapFromScene(box.topLeft());
    hoveredItem_ = nullptr;
    scene()->clear();
    items_.clear();
    root_ = nullptr;
    build(level, nullptr, {}, {});
    // Room around the content, so that it can be dragged to any place of the view.
    const QRectF content = contentRect();
    scene()->setSceneRect(content.adjusted(-content.width() - 2000, -content.height() - 2000, content.width() + 2000,
                                           content.height() + 2000));
    setSelection(selection_);
    if (fitsAtNext_)
        fitAll();
    else if (isAnchored && boxOf(anchorKey_, box)) {
        const QPointF after = mapFromScene(box.topLeft());
        QPointF target = before;
        // What has just unfolded grows; the part that does not fit should be the bottom, not the right.
        if (unfolded_.contains(anchorKey_)) {
            const QSizeF view = viewport()->size();
            const double width = box.width() * transform().m11();
            if (target.x() + width > view.width())
                target.setX(width > view.width() ? 12 : (view.width() - width) / 2);
            if (target.y() > view.height() * 0.4)
                target.setY(view.height() * 0.15);
        }
        const QPointF shift = after - target;
        translate(-shift.x() / transform().m11(), -shift.y() / transform().m11());
    }
    if (!centeredKey_.isEmpty())
        centerNow(centeredKey_);
    if (level.isComplete) {
        fitsAtNext_ = false;
        anchorKey_.clear();
        centeredKey_.clear();
    }
    engineText_ = usedFast_ || !level.isComplete ? tr("fast layout")
                                                 : tr("dot %1 ms").arg(dotMilliseconds_, 0, 'f', 1);
    Q_EMIT laidOut();
}

void GraphCanvas::build(PlacedLevel& level, QGraphicsItem* parent, QPointF at, const QString& key)
{
    std::set<int> open;
    for (const auto& [node, inner] : level.inner)
        open.insert(node);
    auto* item = new GraphLevelItem(level.content, level.layout, level.sizes, open, parent);
    if (parent == nullptr) {
        scene()->addItem(item);
        root_ = item;
    }
    item->setPos(at);
    items_[key] = item;
    for (auto& [node, inner] : level.inner) {
        const QRectF box = item->box(node);
        const double left = box.left() + (box.width() - inner.layout.width) / 2;
        build(inner, item, {left, box.top() + kGroupHeader}, level.content.nodes[static_cast<size_t>(node)].key);
    }
}

void GraphCanvas::takeAnswer(quint64 key, const std::shared_ptr<const GraphLayout>& layout, double milliseconds)
{
    layouts_[key].dot = layout;
    pending_.erase(key);
    dotMilliseconds_ = milliseconds;
    relayout();
}

void GraphCanvas::takeFailure(quint64 key)
{
    layouts_[key].isDotHopeless = true;
    pending_.erase(key);
    relayout();
}

const GraphLevelItem* GraphCanvas::levelItem(const QString& key) const
{
    const auto found = items_.find(key);
    return found == items_.end() ? nullptr : found->second;
}

QRectF GraphCanvas::contentRect() const { return root_ == nullptr ? QRectF() : root_->boundingRect(); }

void GraphCanvas::setSelection(const Selection& selection)
{
    selection_ = selection;
    for (const auto& [key, item] : items_)
        item->setSelection(selection);
}

void GraphCanvas::setUnfolded(const QString& key, bool isUnfolded)
{
    if (isUnfolded == unfolded_.contains(key))
        return;
    if (isUnfolded)
        unfolded_.insert(key);
    else
        unfolded_.erase(key);
    anchorKey_ = key;
    wasFitted_ = false;
    patience_.start();
    relayout();
    Q_EMIT unfoldedChanged();
}

void GraphCanvas::foldAll()
{
    unfolded_.clear();
    fitsAtNext_ = true;
    patience_.start();
    relayout();
    Q_EMIT unfoldedChanged();
}

void GraphCanvas::fitAll()
{
    if (root_ == nullptr)
        return;
    const QRectF content = contentRect();
    const QSizeF room = QSizeF(viewport()->size()) - QSizeF(24, 24);
    const double scale = std::min({room.width() / std::max(content.width(), 1.0),
                                   room.height() / std::max(content.height(), 1.0), kLargestFit});
    setTransform(QTransform::fromScale(std::max(scale, kSmallestScale), std::max(scale, kSmallestScale)));
    centerOn(content.center());
    wasFitted_ = true;
}

void GraphCanvas::zoomBy(double factor)
{
    const double scale = std::clamp(transform().m11() * factor, kSmallestScale, kLargestScale);
    const QPointF middle = mapToScene(viewport()->rect().center());
    setTransform(QTransform::fromScale(scale, scale));
    centerOn(middle);
    wasFitted_ = false;
}

void GraphCanvas::centerOnNode(const QString& key)
{
    centerNow(key);
    // A level that was unfolded just now gets its place when its layout is there.
    if (!pending_.empty())
        centeredKey_ = key;
}

void GraphCanvas::centerNow(const QString& key)
{
    for (const auto& [itemKey, item] : items_) {
        for (size_t i = 0; i < item->level().nodes.size(); ++i) {
            if (item->level().nodes[i].key != key)
                continue;
            if (transform().m11() < 0.7)
                setTransform(QTransform::fromScale(0.9, 0.9));
            centerOn(item->mapRectToScene(item->box(int(i))).center());
            wasFitted_ = false;
            return;
        }
    }
}

void GraphCanvas::renderTo(QPainter& painter, const QRectF& target) { scene()->render(&painter, target, contentRect()); }

} // namespace alpa::app
