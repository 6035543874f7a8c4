#include "app/views/graph_content.h"

#include <algorithm>
#include <map>

#include "app/settings/qt_text.h"
#include "app/views/graph_ops_level.h"
#include "app/views/graph_rows.h"

#include <QCoreApplication>
#include <QStringList>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr size_t kWeightsShown = 4; ///< Of a layer's box.
constexpr size_t kLargeFanOut = 4;  ///< A value read by more layers keeps only the arrow to the nearest.

QString tr(const char* text) { return QCoreApplication::translate("GraphContent", text); }

double heatOf(const GraphFacts& facts, const LayerFacts& layer, HeatKind kind)
{
    const auto share = [&](auto measure) {
        double most = 0;
        for (const LayerFacts& other : facts.layers)
            most = std::max(most, double(measure(other)));
        return most > 0 ? double(measure(layer)) / most : 0.0;
    };
    switch (kind) {
    case HeatKind::kNone:
        return -1;
    case HeatKind::kCompute:
        return share([](const LayerFacts& l) { return l.flops.count; });
    case HeatKind::kCommunication:
        return share([](const LayerFacts& l) { return l.communication.count; });
    case HeatKind::kParameters:
        return share([](const LayerFacts& l) { return double(l.parameters); });
    }
    return -1;
}

CanvasNode layerNode(const GraphFacts& facts, int number, HeatKind heat)
{
    const LayerFacts& layer = facts.layers[static_cast<size_t>(number)];
    CanvasNode node;
    node.key = u"layer %1"_s.arg(number);
    node.style = CanvasNode::Style::kLayer;
    node.selection = Selection::layer(number);
    node.title = shortLayerName(facts, number);
    node.isGroup = true;
    node.stage = layer.stage;
    node.corner = layer.stage >= 0 ? tr("stage %1").arg(layer.stage) : QString();
    node.heat = heatOf(facts, layer, heat);
    QStringList parts;
    if (layer.parameters > 0)
        parts << tr("%1 parameters").arg(shortCountText(double(layer.parameters)));
    if (layer.flops.count > 0)
        parts << flopsText(layer.flops);
    if (layer.collectives > 0)
        parts << counted(layer.collectives, tr("collective"), tr("collectives")) + u' ' + timeText(layer.communication);
    if (parts.isEmpty())
        parts << counted(layer.forwardOps, tr("operation"), tr("operations"));
    node.subtitle = parts.join(u" · "_s);
    for (size_t i = 0; i < layer.weights.size() && i < kWeightsShown; ++i) {
        QString name = toQt(facts.graph->value(layer.weights[i]).name);
        const QString prefix = node.title + u'.';
        if (name.startsWith(prefix))
            name.remove(0, prefix.size());
        node.tensors.push_back(tensorRow(facts, layer.weights[i], name));
    }
    if (layer.output.isValid())
        node.tensors.push_back(tensorRow(facts, layer.output, tr("output")));
    node.tip = toQt(layer.name) + u'\n' + node.subtitle + u'\n' +
               tr("%1 forward, %2 backward, %3 update operations. Double-click to unfold.")
                   .arg(layer.forwardOps)
                   .arg(layer.backwardOps)
                   .arg(layer.updateOps);
    return node;
}

CanvasLevel layerLevel(const GraphFacts& facts, const GraphViewOptions& options)
{
    CanvasLevel level;
    for (size_t i = 0; i < facts.layers.size(); ++i)
        level.nodes.push_back(layerNode(facts, int(i), options.heat));
    struct Flow {
        double bytes = 0;
        std::vector<int> communications;
        QStringList values;
    };
    std::map<std::pair<int, int>, Flow> flows;
    const Graph& graph = *facts.graph;
    for (size_t v = 0; v < graph.values.size(); ++v) {
        const OpId producer = graph.values[v].producer;
        if (!producer.isValid() || graph.op(producer).phase != Phase::kForward || facts.layerOfOp[producer.index()] < 0)
            continue;
        const int from = facts.layerOfOp[producer.index()];
        std::map<int, std::vector<OpId>> readers;
        for (const OpId user : facts.users[v]) {
            const int to = facts.layerOfOp[user.index()];
            if (graph.op(user).phase == Phase::kForward && to > from)
                readers[to].push_back(user);
        }
        const size_t shown = readers.size() > kLargeFanOut ? 1 : readers.size();
        size_t count = 0;
        for (const auto& [to, users] : readers) {
            if (count++ == shown)
                break;
            Flow& flow = flows[{from, to}];
            const Bytes bytes = graph.values[v].type.bytes();
            flow.bytes += double(bytes.count);
            flow.values << tr("%1, %2").arg(typeText(graph.values[v].type), bytesText(bytes));
            for (const OpId user : users) {
                for (const int index : facts.communicationsOfOp[user.index()]) {
                    if (facts.communications[static_cast<size_t>(index)].value == ValueId(v))
                        flow.communications.push_back(index);
                }
            }
        }
    }
    for (const auto& [ends, flow] : flows) {
        CanvasEdge edge;
        edge.from = ends.first;
        edge.to = ends.second;
        edge.bytes = flow.bytes;
        QStringList badges;
        const int fromStage = facts.layers[static_cast<size_t>(ends.first)].stage;
        const int toStage = facts.layers[static_cast<size_t>(ends.second)].stage;
        if (fromStage != toStage)
            badges << tr("send %1").arg(bytesText(Bytes(int64_t(flow.bytes))));
        if (const QString badge = badgeOf(facts, flow.communications); !badge.isEmpty())
            badges << badge;
        edge.badge = badges.join(u", "_s);
        QStringList tips;
        if (fromStage != toStage)
            tips << tr("from stage %1 to stage %2, every microbatch:").arg(fromStage).arg(toStage);
        tips << flow.values.mid(0, 6);
        if (!flow.communications.empty())
            tips << tipOf(facts, flow.communications);
        edge.tip = tips.join(u'\n');
        level.edges.push_back(std::move(edge));
    }
    return level;
}

bool isChanged(const GraphFacts& facts, const GraphFacts& before, size_t value)
{
    return facts.specOfValue[value] != before.specOfValue[value];
}

/// Marks what differs from the plan before, in words too.
void markChanges(CanvasLevel& level, const GraphFacts& facts, const GraphFacts& before)
{
    const std::vector<int> changed = changedPerLayer(facts, before);
    for (CanvasNode& node : level.nodes) {
        for (CanvasTensor& tensor : node.tensors) {
            const auto value = static_cast<size_t>(tensor.selection.index);
            if (!isChanged(facts, before, value))
                continue;
            tensor.isChanged = true;
            const auto& old = before.specOfValue[value];
            tensor.tip += u'\n' + tr("before: %1").arg(old ? toQt(formatSpec(*old)) : tr("nothing"));
        }
        if (node.selection.kind != Selection::Kind::kLayer)
            continue;
        const int count = changed[static_cast<size_t>(node.selection.index)];
        if (count > 0)
            node.corner = tr("%1 changed").arg(count) + (node.corner.isEmpty() ? QString() : u" · "_s + node.corner);
    }
}

} // namespace

bool areComparable(const GraphFacts& facts, const GraphFacts& before)
{
    return facts.plan != nullptr && before.plan != nullptr &&
           facts.graph->values.size() == before.graph->values.size() &&
           facts.graph->ops.size() == before.graph->ops.size();
}

std::vector<int> changedPerLayer(const GraphFacts& facts, const GraphFacts& before)
{
    std::vector<int> changed(facts.layers.size(), 0);
    for (size_t v = 0; v < facts.graph->values.size(); ++v) {
        if (!isChanged(facts, before, v))
            continue;
        const OpId producer = facts.graph->values[v].producer;
        const OpId place = producer.isValid() || facts.users[v].empty() ? producer : facts.users[v].front();
        if (place.isValid() && facts.layerOfOp[place.index()] >= 0)
            ++changed[static_cast<size_t>(facts.layerOfOp[place.index()])];
    }
    return changed;
}

CanvasContent graphContent(std::shared_ptr<const GraphFacts> facts, const GraphViewOptions& options,
                           std::shared_ptr<const GraphFacts> before)
{
    // A level is asked for again on every layout round; most rounds change none of them.
    auto cache = std::make_shared<std::map<QString, CanvasLevel>>();
    const bool marks = before != nullptr && areComparable(*facts, *before);
    return [facts = std::move(facts), options, before = marks ? std::move(before) : nullptr, cache](const QString& key) {
        const auto known = cache->find(key);
        if (known != cache->end())
            return known->second;
        CanvasLevel level = key.isEmpty() ? layerLevel(*facts, options) : opsLevel(*facts, options, key);
        if (before != nullptr)
            markChanges(level, *facts, *before);
        return (*cache)[key] = std::move(level);
    };
}

std::vector<QString> pathToOp(const GraphFacts& facts, const GraphViewOptions& options, OpId op)
{
    std::vector<QString> path;
    const int layer = facts.layerOfOp[op.index()];
    if (layer < 0)
        return path;
    path.push_back(u"layer %1"_s.arg(layer));
    if (facts.graph->op(op).phase != options.phase || isFolded(facts, options, op))
        return path;
    if (const QString run = runKeyOf(facts, options, op); !run.isEmpty())
        path.push_back(run);
    path.push_back(u"op %1"_s.arg(op.number));
    return path;
}

} // namespace alpa::app
