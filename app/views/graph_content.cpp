#include "app/views/graph_content.h"

#include "app/layout/dense_layout.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_layers_level.h"
#include "app/views/graph_ops_level.h"
#include "app/views/graph_rows.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <map>
#include <set>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kUsualAspect = 1.6;

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

/// The layers that "layer 3" or "layers 2 10" stands for.
LayerRun runOf(const QString& key)
{
    const QStringList parts = key.split(u' ');
    const int first = parts.value(1).toInt();
    return {first, parts.size() == 3 ? parts[2].toInt() : first + 1};
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
            tensor.tip +=
                u'\n' + tr("before: %1").arg(old ? toQt(formatSpec(*old)) : tr("nothing"));
        }
        if (!node.key.startsWith(u"layer"_s))
            continue;
        int count = 0;
        const LayerRun run = runOf(node.key);
        for (int layer = run.first; layer < run.end; ++layer)
            count += changed[static_cast<size_t>(layer)];
        if (count > 0)
            node.corner = tr("%1 changed").arg(count) +
                          (node.corner.isEmpty() ? QString() : u" · "_s + node.corner);
    }
}

/// `whole` with the nodes `kept` alone, and the arrows between them.
CanvasLevel withNodes(const CanvasLevel& whole, const std::set<int>& kept)
{
    CanvasLevel level;
    std::map<int, int> numberOf;
    for (const int node : kept) {
        numberOf[node] = int(level.nodes.size());
        level.nodes.push_back(whole.nodes[static_cast<size_t>(node)]);
    }
    for (CanvasEdge edge : whole.edges) {
        if (!kept.contains(edge.from) || !kept.contains(edge.to))
            continue;
        edge.from = numberOf[edge.from];
        edge.to = numberOf[edge.to];
        level.edges.push_back(std::move(edge));
    }
    return level;
}

std::vector<LayerRun> singles(const LayerRun& run)
{
    std::vector<LayerRun> runs;
    for (int layer = run.first; layer < run.end; ++layer)
        runs.push_back({layer, layer + 1});
    return runs;
}

CanvasLevel levelOf(const GraphFacts& facts, const GraphViewOptions& options,
                    const GraphColors* colors, const QString& key)
{
    const bool isTraining = options.scope == GraphScope::kTraining;
    if (key.isEmpty() && options.scope == GraphScope::kAll)
        return allOpsLevel(facts, colors, kUsualAspect);
    if (key.isEmpty())
        return layersLevel(facts, options, colors,
                           layerRuns(facts, options, 0, int(facts.layers.size())), true,
                           isTraining);
    const QStringList parts = key.split(u' ');
    const int layer = parts.value(1).toInt();
    if (parts[0] == "layers"_L1)
        return layersLevel(facts, options, colors, singles(runOf(key)), true, false);
    if (parts[0] == "backs"_L1)
        return layersLevel(facts, options, colors, singles(runOf(key)), false, true);
    if (parts[0] == "back"_L1)
        return backwardLevel(facts, layer);
    GraphViewOptions inner = options;
    if (parts[0] == "phase"_L1) {
        inner.phase = static_cast<Phase>(parts.value(2).toInt());
        return opsLevel(facts, inner, colors, u"layer %1"_s.arg(layer));
    }
    return opsLevel(facts, inner, colors, key);
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
        const OpId place =
            producer.isValid() || facts.users[v].empty() ? producer : facts.users[v].front();
        if (place.isValid() && facts.layerOfOp[place.index()] >= 0)
            ++changed[static_cast<size_t>(facts.layerOfOp[place.index()])];
    }
    return changed;
}

CanvasContent graphContent(std::shared_ptr<const GraphFacts> facts, const GraphViewOptions& options,
                           std::shared_ptr<const GraphColors> colors,
                           std::shared_ptr<const GraphFacts> before)
{
    // A level is asked for again on every layout round; most rounds change none of them.
    auto cache = std::make_shared<std::map<QString, CanvasLevel>>();
    const bool marks = before != nullptr && areComparable(*facts, *before);
    return [facts = std::move(facts), options, colors = std::move(colors),
            before = marks ? std::move(before) : nullptr, cache](const QString& key) {
        const auto known = cache->find(key);
        if (known != cache->end())
            return known->second;
        CanvasLevel level = levelOf(*facts, options, colors.get(), key);
        if (before != nullptr)
            markChanges(level, *facts, *before);
        return (*cache)[key] = std::move(level);
    };
}

CanvasLevel allOpsLevel(const GraphFacts& facts, const GraphColors* colors, double aspect)
{
    CanvasLevel level;
    const Graph& graph = *facts.graph;
    level.nodes.resize(graph.ops.size());
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        CanvasNode& node = level.nodes[i];
        node.key = u"op "_s + QString::number(i);
        node.selection = Selection::op(OpId(i));
        node.title = opTitle(facts, OpId(i));
        node.stage = facts.stageOfOp[i];
        if (colors != nullptr)
            colors->paintOp(node, OpId(i));
        for (const ValueId operand : graph.ops[i].operands) {
            const OpId producer = graph.value(operand).producer;
            if (!producer.isValid())
                continue;
            CanvasEdge& edge = level.edges.emplace_back();
            edge.from = int(producer.number);
            edge.to = int(i);
            edge.bytes = double(graph.type(operand).bytes().count);
            edge.spec = facts.specOfValue[operand.index()];
        }
    }
    level.denseLayout = std::make_shared<const GraphLayout>(denseLayout(level, aspect));
    return level;
}

CanvasContent neighbourhood(CanvasContent content, const QString& parent, const QString& key,
                            int steps)
{
    return [content = std::move(content), parent, key, steps](const QString& asked) {
        if (!asked.isEmpty())
            return content(asked);
        const CanvasLevel whole = content(parent);
        const auto center = std::ranges::find(whole.nodes, key, &CanvasNode::key);
        if (center == whole.nodes.end())
            return content(QString());
        std::set<int> kept{int(center - whole.nodes.begin())};
        for (int step = 0; step < steps; ++step) {
            std::set<int> more = kept;
            for (const CanvasEdge& edge : whole.edges) {
                if (kept.contains(edge.from))
                    more.insert(edge.to);
                if (kept.contains(edge.to))
                    more.insert(edge.from);
            }
            kept = std::move(more);
        }
        return withNodes(whole, kept);
    };
}

CanvasContent without(CanvasContent content, std::set<QString> hidden)
{
    return [content = std::move(content), hidden = std::move(hidden)](const QString& key) {
        CanvasLevel whole = content(key);
        std::set<int> kept;
        for (size_t node = 0; node < whole.nodes.size(); ++node) {
            if (!hidden.contains(whole.nodes[node].key))
                kept.insert(int(node));
        }
        // Of a level nothing is not shown: then its own box is what to hide.
        return kept.empty() || kept.size() == whole.nodes.size() ? whole : withNodes(whole, kept);
    };
}

std::vector<QString> pathToLayer(const GraphFacts& facts, const GraphViewOptions& options,
                                 int layer)
{
    std::vector<QString> path;
    for (const LayerRun& run : layerRuns(facts, options, 0, int(facts.layers.size()))) {
        if (run.isGroup() && layer >= run.first && layer < run.end)
            path.push_back(keyOf(run, false));
    }
    path.push_back(keyOf({layer, layer + 1}, false));
    return path;
}

std::vector<QString> pathToOp(const GraphFacts& facts, const GraphViewOptions& options, OpId op)
{
    const int layer = facts.layerOfOp[op.index()];
    const QString own = u"op %1"_s.arg(op.number);
    if (options.scope == GraphScope::kAll)
        return {own};
    if (layer < 0)
        return {};
    GraphViewOptions inner = options;
    std::vector<QString> path = pathToLayer(facts, options, layer);
    const Phase phase = facts.graph->op(op).phase;
    if (options.scope == GraphScope::kTraining && phase != Phase::kForward) {
        for (QString& key : path)
            key.replace(u"layer"_s, u"back"_s);
        path.push_back(u"phase %1 %2"_s.arg(layer).arg(int(phase)));
        inner.phase = phase;
    }
    if (phase != inner.phase || isFolded(facts, options, op))
        return path;
    if (const QString run = runKeyOf(facts, inner, op); !run.isEmpty())
        path.push_back(run);
    path.push_back(own);
    return path;
}

} // namespace alpa::app
