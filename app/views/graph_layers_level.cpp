#include "app/views/graph_layers_level.h"

#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <map>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr size_t kWeightsShown = 4; ///< Of a layer's box.
constexpr size_t kLargeFanOut =
    4; ///< A value read by more boxes keeps only the arrow to the nearest.
constexpr int kFewestTwins = 3;

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

QString runName(const GraphFacts& facts, const LayerRun& run)
{
    const QString first = shortLayerName(facts, run.first);
    // Of "block_2 – block_3" to "block_18 – block_19" the first and the last block.
    return run.isGroup()
               ? u"%1 … %2"_s.arg(first.section(u" – "_s, 0, 0),
                                  shortLayerName(facts, run.end - 1).section(u" – "_s, -1))
               : first;
}

QString subtitleOf(const LayerFacts& layer, int count)
{
    QStringList parts;
    if (layer.parameters > 0)
        parts << tr("%1 parameters").arg(shortCountText(double(layer.parameters)));
    if (layer.flops.count > 0)
        parts << flopsText(layer.flops);
    if (layer.collectives > 0)
        parts << counted(layer.collectives, tr("collective"), tr("collectives")) + u' ' +
                     timeText(layer.communication);
    if (parts.isEmpty())
        parts << counted(layer.forwardOps, tr("operation"), tr("operations"));
    return parts.join(u" · "_s) + (count > 1 ? tr(", each") : QString());
}

CanvasNode forwardNode(const GraphFacts& facts, const LayerRun& run, const GraphColors* colors)
{
    const LayerFacts& layer = facts.layers[static_cast<size_t>(run.first)];
    const int count = run.end - run.first;
    CanvasNode node;
    node.key = keyOf(run, false);
    node.style = CanvasNode::Style::kLayer;
    node.selection = Selection::layer(run.first);
    node.title = runName(facts, run) + (count > 1 ? u"  ×%1"_s.arg(count) : QString());
    node.isGroup = true;
    node.stage = layer.stage;
    node.corner = layer.stage >= 0 ? tr("stage %1").arg(layer.stage) : QString();
    node.subtitle = subtitleOf(layer, count);
    const QString own = shortLayerName(facts, run.first);
    for (size_t i = 0; i < layer.weights.size() && i < kWeightsShown; ++i) {
        QString name = toQt(facts.graph->value(layer.weights[i]).name);
        const QString prefix = own + u'.';
        if (name.startsWith(prefix))
            name.remove(0, prefix.size());
        node.tensors.push_back(tensorRow(facts, layer.weights[i], name));
    }
    if (layer.output.isValid())
        node.tensors.push_back(tensorRow(facts, layer.output, tr("output")));
    node.tip = toQt(layer.name) + u'\n' + node.subtitle + u'\n';
    if (count > 1)
        node.tip +=
            tr("%1 layers with the same operations, sizes and shardings. Double-click to see each.")
                .arg(count);
    else
        node.tip += tr("%1 forward, %2 backward, %3 update operations. Double-click to unfold.")
                        .arg(layer.forwardOps)
                        .arg(layer.backwardOps)
                        .arg(layer.updateOps);
    if (colors != nullptr)
        colors->paintLayers(node, run.first, run.end);
    return node;
}

CanvasNode backwardNode(const GraphFacts& facts, const LayerRun& run)
{
    const LayerFacts& layer = facts.layers[static_cast<size_t>(run.first)];
    const int count = run.end - run.first;
    CanvasNode node;
    node.key = keyOf(run, true);
    node.style = CanvasNode::Style::kLayer;
    node.selection = Selection::layer(run.first);
    node.title = tr("backward of %1").arg(runName(facts, run)) +
                 (count > 1 ? u"  ×%1"_s.arg(count) : QString());
    node.isGroup = layer.backwardOps + layer.updateOps > 0;
    node.stage = layer.stage;
    node.subtitle =
        tr("%1 backward, %2 update operations").arg(layer.backwardOps).arg(layer.updateOps) +
        (count > 1 ? tr(", each") : QString());
    for (size_t i = 0; i < layer.weights.size() && i < kWeightsShown; ++i) {
        for (const GraphOutput& output : facts.graph->outputs) {
            if (output.role != OutputRole::kGradient ||
                output.name != facts.graph->value(layer.weights[i]).name)
                continue;
            node.tensors.push_back(
                tensorRow(facts, output.value,
                          tr("gradient of %1").arg(toQt(output.name).section(u'.', -2))));
        }
    }
    node.tip = tr(
        "Runs when the loss is known; reads what the forward pass saved. Double-click to unfold.");
    return node;
}

/// What flows from one box to another.
struct Flow {
    double bytes = 0;
    double largest = 0;
    std::optional<ShardingSpec> spec; ///< Of the largest value.
    std::vector<int> communications;
    QStringList values;
};
using Flows = std::map<std::pair<int, int>, Flow>;

/// Collects the flows of one phase between boxes; in kBackward ends are swapped, so that they lie
/// as forward does.
class FlowFinder
{
public:
    FlowFinder(const GraphFacts& facts, std::vector<int> boxOfLayer)
        : facts_(facts)
        , boxOfLayer_(std::move(boxOfLayer))
    {
    }

    Flows between(Phase phase)
    {
        Flows flows;
        for (size_t v = 0; v < facts_.graph->values.size(); ++v) {
            const int from = boxOf(facts_.graph->values[v].producer, phase);
            if (from < 0)
                continue;
            // Nearest first: with many readers only the arrow to that one is drawn.
            std::map<int, std::vector<OpId>> readers;
            for (const OpId user : facts_.users[v]) {
                const int to = boxOf(user, phase);
                if (to >= 0 && (phase == Phase::kForward ? to > from : to < from))
                    readers[phase == Phase::kForward ? to : -to].push_back(user);
            }
            const size_t shown = readers.size() > kLargeFanOut ? 1 : readers.size();
            size_t count = 0;
            for (const auto& [place, users] : readers) {
                if (count++ == shown)
                    break;
                const int to = std::abs(place);
                add(flows[phase == Phase::kForward ? std::pair(from, to) : std::pair(to, from)],
                    ValueId(v), users);
            }
        }
        return flows;
    }

    /// Values of the forward pass that the backward pass of the same box reads.
    Flows saved()
    {
        Flows flows;
        for (size_t v = 0; v < facts_.graph->values.size(); ++v) {
            const int from = boxOf(facts_.graph->values[v].producer, Phase::kForward);
            const bool isSaved = from >= 0 && std::ranges::any_of(facts_.users[v], [&](OpId user) {
                                     return boxOf(user, Phase::kBackward) == from;
                                 });
            if (isSaved)
                add(flows[{from, from}], ValueId(v), {});
        }
        return flows;
    }

private:
    int boxOf(OpId op, Phase phase) const
    {
        if (!op.isValid() || facts_.graph->op(op).phase != phase ||
            facts_.layerOfOp[op.index()] < 0)
            return -1;
        return boxOfLayer_[static_cast<size_t>(facts_.layerOfOp[op.index()])];
    }

    void add(Flow& flow, ValueId value, const std::vector<OpId>& readers) const
    {
        const TensorType& type = facts_.graph->type(value);
        const auto bytes = double(type.bytes().count);
        flow.bytes += bytes;
        if (bytes > flow.largest) {
            flow.largest = bytes;
            flow.spec = facts_.specOfValue[value.index()];
        }
        if (flow.values.size() < 6)
            flow.values << tr("%1, %2").arg(typeText(type), bytesText(type.bytes()));
        for (const OpId reader : readers) {
            for (const int index : facts_.communicationsOfOp[reader.index()]) {
                if (facts_.communications[static_cast<size_t>(index)].value == value)
                    flow.communications.push_back(index);
            }
        }
    }

    const GraphFacts& facts_;
    std::vector<int> boxOfLayer_;
};

CanvasEdge edgeOf(const GraphFacts& facts, const Flow& flow, int fromStage, int toStage)
{
    CanvasEdge edge;
    edge.bytes = flow.bytes;
    edge.spec = flow.spec;
    QStringList badges;
    QStringList tips;
    if (fromStage != toStage) {
        badges << tr("send %1").arg(bytesText(Bytes(int64_t(flow.bytes))));
        tips << tr("from stage %1 to stage %2, every microbatch:").arg(fromStage).arg(toStage);
    }
    if (const QString badge = badgeOf(facts, flow.communications); !badge.isEmpty())
        badges << badge;
    tips << flow.values;
    if (!flow.communications.empty()) {
        tips << tipOf(facts, flow.communications);
        edge.selection = Selection::collective(flow.communications.front());
    }
    edge.badge = badges.join(u", "_s);
    edge.tip = tips.join(u'\n');
    return edge;
}

} // namespace

std::vector<LayerRun> layerRuns(const GraphFacts& facts, const GraphViewOptions& options, int first,
                                int end)
{
    std::vector<LayerRun> runs;
    for (int layer = first; layer < end;) {
        int next = layer + 1;
        while (options.groupsTwins && next < end &&
               facts.layers[static_cast<size_t>(next)].twin ==
                   facts.layers[static_cast<size_t>(layer)].twin)
            ++next;
        // A run that is the whole level would only hide it.
        if (next - layer < kFewestTwins || (layer == first && next == end))
            next = layer + 1;
        runs.push_back({layer, next});
        layer = next;
    }
    return runs;
}

QString keyOf(const LayerRun& run, bool isBackward)
{
    const QString name = isBackward ? u"back"_s : u"layer"_s;
    return run.isGroup() ? u"%1s %2 %3"_s.arg(name).arg(run.first).arg(run.end)
                         : u"%1 %2"_s.arg(name).arg(run.first);
}

CanvasLevel layersLevel(const GraphFacts& facts, const GraphViewOptions& options,
                        const GraphColors* colors, const std::vector<LayerRun>& runs,
                        bool showsForward, bool showsBackward)
{
    CanvasLevel level;
    std::vector<int> boxOfLayer(facts.layers.size(), -1);
    for (size_t i = 0; i < runs.size(); ++i) {
        for (int layer = runs[i].first; layer < runs[i].end; ++layer)
            boxOfLayer[static_cast<size_t>(layer)] = int(i);
        if (showsForward)
            level.nodes.push_back(forwardNode(facts, runs[i], colors));
    }
    const int backs = showsForward ? int(runs.size()) : 0;
    for (size_t i = 0; showsBackward && i < runs.size(); ++i)
        level.nodes.push_back(backwardNode(facts, runs[i]));
    const auto stageOf = [&](int box) {
        return facts.layers[static_cast<size_t>(runs[static_cast<size_t>(box)].first)].stage;
    };
    FlowFinder finder(facts, boxOfLayer);
    if (showsForward) {
        // Other phases than forward are read top to bottom too: their arrows are those of the
        // forward pass.
        for (const auto& [ends, flow] : finder.between(Phase::kForward)) {
            CanvasEdge edge = edgeOf(facts, flow, stageOf(ends.first), stageOf(ends.second));
            edge.from = ends.first;
            edge.to = ends.second;
            level.edges.push_back(std::move(edge));
        }
    }
    if (!showsBackward)
        return level;
    for (const auto& [ends, flow] : finder.between(Phase::kBackward)) {
        CanvasEdge edge = edgeOf(facts, flow, stageOf(ends.second), stageOf(ends.first));
        edge.from = backs + ends.first;
        edge.to = backs + ends.second;
        edge.isBackward = true;
        level.edges.push_back(std::move(edge));
    }
    if (!showsForward || options.scope != GraphScope::kTraining)
        return level;
    for (const auto& [ends, flow] : finder.saved()) {
        CanvasEdge edge = edgeOf(facts, flow, 0, 0);
        edge.from = ends.first;
        edge.to = backs + ends.first;
        edge.isBeside = true;
        edge.tip =
            tr("%1 saved for the backward pass:").arg(bytesText(Bytes(int64_t(flow.bytes)))) +
            u'\n' + edge.tip;
        level.edges.push_back(std::move(edge));
    }
    return level;
}

CanvasLevel backwardLevel(const GraphFacts& facts, int layer)
{
    CanvasLevel level;
    const LayerFacts& content = facts.layers[static_cast<size_t>(layer)];
    for (const auto& [phase, count, title] :
         {std::tuple(Phase::kBackward, content.backwardOps, tr("backward")),
          std::tuple(Phase::kUpdate, content.updateOps, tr("update"))}) {
        if (count == 0)
            continue;
        CanvasNode node;
        node.key = u"phase %1 %2"_s.arg(layer).arg(int(phase));
        node.style = CanvasNode::Style::kLayer;
        node.selection = Selection::layer(layer);
        node.title = title;
        node.subtitle = counted(count, tr("operation"), tr("operations"));
        node.isGroup = true;
        node.stage = content.stage;
        level.nodes.push_back(std::move(node));
    }
    if (level.nodes.size() == 2) {
        CanvasEdge edge;
        edge.to = 1;
        edge.tip = tr("gradients of the parameters, once a step");
        level.edges.push_back(std::move(edge));
    }
    return level;
}

} // namespace alpa::app
