#include "app/widgets/drawn_levels.h"

#include "app/widgets/graph_level_item.h"
#include "app/widgets/level_placer.h"

#include <QGraphicsScene>

namespace alpa::app
{

Selection CanvasHit::selection() const
{
    if (item == nullptr || (node < 0 && badge < 0))
        return {};
    if (badge >= 0)
        return item->level().edges[static_cast<size_t>(badge)].selection;
    const CanvasNode& box = item->level().nodes[static_cast<size_t>(node)];
    const Selection inBox =
        tensor >= 0 ? box.tensors[static_cast<size_t>(tensor)].selection : Selection();
    return inBox.isNone() ? box.selection : inBox;
}

QString CanvasHit::tip() const
{
    if (item == nullptr)
        return {};
    if (badge >= 0)
        return item->level().edges[static_cast<size_t>(badge)].tip;
    const CanvasNode& box = item->level().nodes[static_cast<size_t>(node)];
    return tensor >= 0 ? box.tensors[static_cast<size_t>(tensor)].tip : box.tip;
}

void DrawnLevels::draw(PlacedLevel level, QGraphicsScene* scene)
{
    scene->clear();
    items_.clear();
    places_.clear();
    root_ = nullptr;
    build(level, scene, nullptr, {}, {});
}

void DrawnLevels::build(PlacedLevel& level, QGraphicsScene* scene, GraphLevelItem* parent,
                        QPointF at, const QString& key)
{
    std::set<int> open;
    for (const auto& [node, inner] : level.inner)
        open.insert(node);
    auto* item = new GraphLevelItem(std::move(level.content), std::move(level.layout),
                                    std::move(level.sizes), open, parent);
    if (parent == nullptr) {
        scene->addItem(item);
        root_ = item;
    }
    item->setPos(at);
    items_[key] = item;
    for (size_t i = 0; i < item->level().nodes.size(); ++i)
        places_[item->level().nodes[i].key] = {item, int(i)};
    for (auto& [node, inner] : level.inner) {
        const QRectF box = item->box(node);
        const double left = box.left() + (box.width() - inner.layout.width) / 2;
        build(inner, scene, item, {left, box.top() + kGroupHeader},
              item->level().nodes[static_cast<size_t>(node)].key);
    }
}

GraphLevelItem* DrawnLevels::item(const QString& key) const
{
    const auto found = items_.find(key);
    return found == items_.end() ? nullptr : found->second;
}

std::optional<QRectF> DrawnLevels::visibleBox(const std::vector<QString>& path) const
{
    for (auto key = path.rbegin(); key != path.rend(); ++key) {
        const auto found = places_.find(*key);
        if (found != places_.end())
            return found->second.first->mapRectToScene(
                found->second.first->box(found->second.second));
    }
    return std::nullopt;
}

QRectF DrawnLevels::selectedArea() const
{
    QRectF area;
    for (const auto& [key, place] : places_) {
        if (place.first->isSelected(place.second))
            area |= place.first->mapRectToScene(place.first->box(place.second));
    }
    return area;
}

std::optional<double> DrawnLevels::headOf(const QString& key) const
{
    const GraphLevelItem* inner = item(key);
    if (inner == nullptr || inner->level().nodes.empty())
        return std::nullopt;
    QRectF top = inner->box(0);
    for (size_t node = 1; node < inner->level().nodes.size(); ++node) {
        if (inner->box(int(node)).top() < top.top())
            top = inner->box(int(node));
    }
    return inner->mapRectToScene(top).center().x();
}

CanvasHit DrawnLevels::hitAt(QPointF scenePoint) const
{
    CanvasHit hit;
    GraphLevelItem* level = root_;
    while (level != nullptr) {
        const QPointF local = level->mapFromScene(scenePoint);
        const int badge = level->badgeAt(local);
        const int node = level->nodeAt(local);
        if (badge < 0 && node < 0)
            break;
        hit = {level, node, -1, badge};
        if (badge >= 0)
            break;
        hit.tensor = level->tensorAt(node, local);
        level = item(level->level().nodes[static_cast<size_t>(node)].key);
    }
    return hit;
}

} // namespace alpa::app
