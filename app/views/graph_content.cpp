#include "app/views/graph_content.h"

#include <algorithm>
#include <functional>
#include <map>

#include "app/settings/qt_text.h"
#include "app/widgets/sharding_strip.h"

#include <QCoreApplication>
#include <QStringList>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// dot stays under 50 ms up to here; a larger level is cut into groups.
constexpr size_t kLargestLevel = 150;
constexpr size_t kWeightsShown = 4; ///< Of a layer's box.
constexpr int kLargeFanOut = 4;     ///< A value read by more layers keeps only the arrow to the nearest.

QString tr(const char* text) { return QCoreApplication::translate("GraphContent", text); }

bool isShapeOp(OpKind kind)
{
    return kind == OpKind::kBroadcast || kind == OpKind::kConvert || kind == OpKind::kReshape;
}

bool isFolded(const GraphFacts& facts, const GraphViewOptions& options, OpId id)
{
    const OpKind kind = facts.graph->op(id).kind;
    return kind == OpKind::kConstant || kind == OpKind::kIota || (!options.showsShapeOps && isShapeOp(kind));
}

/// Mesh of the stage; null without a plan.
const DeviceMesh* meshOf(const GraphFacts& facts, int stage)
{
    return facts.plan == nullptr || stage < 0 ? nullptr : &facts.plan->stages[static_cast<size_t>(stage)].mesh;
}

QString communicationTip(const GraphFacts& facts, const Communication& communication)
{
    const DeviceMesh& mesh = facts.plan->stages[static_cast<size_t>(communication.stage)].mesh;
    QStringList lines;
    for (const ReshardStep& step : communication.steps)
        lines << toQt(formatStep(step, mesh));
    return lines.join(u'\n');
}

QString badgeOf(const GraphFacts& facts, const std::vector<int>& communications)
{
    QStringList badges;
    for (const int index : communications) {
        const QString badge = toQt(reshardBadge(facts.communications[static_cast<size_t>(index)].steps));
        if (!badge.isEmpty() && !badges.contains(badge))
            badges << badge;
    }
    return badges.join(u", "_s);
}

QString tipOf(const GraphFacts& facts, const std::vector<int>& communications)
{
    QStringList tips;
    for (const int index : communications) {
        const QString tip = communicationTip(facts, facts.communications[static_cast<size_t>(index)]);
        if (!tips.contains(tip))
            tips << tip;
    }
    return tips.join(u'\n');
}

CanvasTensor tensorRow(const GraphFacts& facts, ValueId value, const QString& name)
{
    CanvasTensor row;
    const TensorType& type = facts.graph->type(value);
    row.name = name;
    row.type = typeText(type);
    row.spec = facts.specOfValue[value.index()];
    row.selection = Selection::value(value);
    row.tip = name + u": "_s + row.type;
    if (row.spec)
        row.tip += u'\n' + describeSharding(*row.spec, type, meshOf(facts, facts.stageOfValue[value.index()]));
    return row;
}

int dominantAxisOf(const GraphFacts& facts, ValueId value)
{
    if (!value.isValid() || !facts.specOfValue[value.index()])
        return -1;
    const AxisSet axes = facts.specOfValue[value.index()]->splitAxes();
    for (int axis = kMaxMeshAxes - 1; axis >= 0; --axis) {
        if (hasAxis(axes, axis))
            return axis;
    }
    return -1;
}

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
        parts << tr("%1 collectives %2").arg(layer.collectives).arg(timeText(layer.communication));
    if (parts.isEmpty())
        parts << tr("%1 operations").arg(layer.forwardOps);
    node.subtitle = parts.join(u" · "_s);
    for (size_t i = 0; i < layer.weights.size() && i < kWeightsShown; ++i) {
        QString name = toQt(facts.graph->value(layer.weights[i]).name);
        const QString prefix = node.title + u'.';
        if (name.startsWith(prefix))
            name.remove(0, prefix.size());
        node.tensors.push_back(tensorRow(facts, layer.weights[i], name));
    }
    if (layer.output.isValid()) {
        node.tensors.push_back(tensorRow(facts, layer.output, tr("output")));
        node.dominantAxis = dominantAxisOf(facts, layer.output);
    }
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

/// Where an operand of a visible op really comes from, past folded ops.
struct Source {
    OpId op;       ///< A visible op of the level; invalid otherwise.
    ValueId value; ///< What the op gives, or an input of the graph, or a value from elsewhere.
    std::vector<int> communications; ///< On the way.
};

/// Makes the level of some ops of one layer and phase.
class OpsLevel
{
public:
    OpsLevel(const GraphFacts& facts, const GraphViewOptions& options, std::vector<OpId> ops, int layer)
        : facts_(facts), graph_(*facts.graph), options_(options), ops_(std::move(ops)), layer_(layer)
    {
        for (const OpId op : ops_)
            isInside_[op.number] = true;
    }

    CanvasLevel build()
    {
        for (const OpId op : ops_) {
            if (!isFolded(facts_, options_, op))
                addNode(op);
        }
        for (const auto& [number, node] : nodeOfOp_)
            connectOperands(OpId(number), node);
        addReaders();
        for (auto& [ends, edge] : edges_)
            level_.edges.push_back(edge);
        return std::move(level_);
    }

private:
    void addNode(OpId id)
    {
        const Op& op = graph_.op(id);
        CanvasNode node;
        node.key = u"op %1"_s.arg(id.number);
        node.selection = Selection::op(id);
        node.title = opTitle(facts_, id);
        node.stage = facts_.stageOfOp[id.index()];
        for (const ValueId result : op.results)
            node.tensors.push_back(tensorRow(facts_, result, op.results.size() > 1 ? toQt(valueLabel(graph_, result)) : tr("result")));
        node.tip = toQt(facts_.opLabel(id));
        if (op.sourceLine > 0)
            node.tip += u'\n' + tr("line %1 of the file").arg(op.sourceLine);
        nodeOfOp_[id.number] = int(level_.nodes.size());
        level_.nodes.push_back(std::move(node));
    }

    void resolve(ValueId value, std::vector<int> communications, std::vector<Source>& sources)
    {
        const OpId producer = graph_.value(value).producer;
        if (!producer.isValid() || !isInside_.contains(producer.number)) {
            if (!producer.isValid() || graph_.op(producer).kind != OpKind::kConstant)
                sources.push_back({OpId(), value, std::move(communications)});
            return;
        }
        if (!isFolded(facts_, options_, producer)) {
            sources.push_back({producer, value, std::move(communications)});
            return;
        }
        for (const ValueId operand : graph_.op(producer).operands) {
            std::vector<int> onTheWay = communications;
            collect(producer, operand, onTheWay);
            resolve(operand, std::move(onTheWay), sources);
        }
    }

    void collect(OpId consumer, ValueId value, std::vector<int>& communications) const
    {
        for (const int index : facts_.communicationsOfOp[consumer.index()]) {
            if (facts_.communications[static_cast<size_t>(index)].value == value)
                communications.push_back(index);
        }
    }

    void connectOperands(OpId id, int node)
    {
        for (const ValueId operand : graph_.op(id).operands) {
            std::vector<int> communications;
            collect(id, operand, communications);
            std::vector<Source> sources;
            resolve(operand, std::move(communications), sources);
            for (const Source& source : sources)
                connectSource(source, node);
        }
    }

    void connectSource(const Source& source, int node)
    {
        const std::optional<InputRole> role = graph_.inputRole(source.value);
        if (!source.op.isValid() && role && *role != InputRole::kBatch) {
            CanvasTensor row = tensorRow(facts_, source.value, toQt(graph_.value(source.value).name));
            row.badge = badgeOf(facts_, source.communications);
            if (!source.communications.empty())
                row.tip += u'\n' + tipOf(facts_, source.communications);
            auto& rows = level_.nodes[static_cast<size_t>(node)].tensors;
            const bool isKnown =
                std::ranges::any_of(rows, [&](const CanvasTensor& other) { return other.selection == row.selection; });
            if (!isKnown)
                rows.push_back(std::move(row));
            return;
        }
        const int from = source.op.isValid() ? nodeOfOp_.at(source.op.number) : sourceStub(source.value);
        addEdge(from, node, source.value, source.communications);
    }

    void addEdge(int from, int to, ValueId value, const std::vector<int>& communications)
    {
        CanvasEdge& edge = edges_[{from, to}];
        edge.from = from;
        edge.to = to;
        edge.bytes += double(graph_.type(value).bytes().count);
        const QString badge = badgeOf(facts_, communications);
        if (!badge.isEmpty() && edge.badge != badge)
            edge.badge += (edge.badge.isEmpty() ? QString() : u", "_s) + badge;
        const QString tip = tipOf(facts_, communications);
        if (!tip.isEmpty())
            edge.tip += (edge.tip.isEmpty() ? QString() : u"\n"_s) + tip;
    }

    int addStub(const QString& title, ValueId value)
    {
        CanvasNode node;
        node.key = u"stub "_s + title;
        node.style = CanvasNode::Style::kStub;
        node.selection = Selection::value(value);
        node.title = title;
        node.tip = tr("%1, from another part of the model").arg(typeText(graph_.type(value)));
        level_.nodes.push_back(std::move(node));
        return int(level_.nodes.size()) - 1;
    }

    int sourceStub(ValueId value)
    {
        const OpId producer = graph_.value(value).producer;
        QString title = toQt(graph_.value(value).name);
        if (producer.isValid()) {
            const int layer = facts_.layerOfOp[producer.index()];
            const Phase phase = graph_.op(producer).phase;
            title = layer < 0 ? tr("elsewhere") : layer == layer_ && phase == options_.phase ? tr("same layer")
                                                                                             : shortLayerName(facts_, layer);
            if (phase != options_.phase)
                title += phase == Phase::kForward ? tr(", saved") : tr(", %1").arg(toQt(phaseName(phase)));
        }
        const auto known = sourceStubs_.find(title);
        if (known != sourceStubs_.end())
            return known->second;
        return sourceStubs_[title] = addStub(u"from "_s + title, value);
    }

    /// One stub for each layer that reads what is made here.
    void addReaders()
    {
        const auto shown = nodeOfOp_;
        std::map<QString, int> stubs;
        for (const auto& [number, node] : shown) {
            for (const ValueId result : graph_.op(OpId(number)).results) {
                for (const OpId user : facts_.users[result.index()]) {
                    const int layer = facts_.layerOfOp[user.index()];
                    if (isInside_.contains(user.number) || graph_.op(user).phase != options_.phase || layer < 0 ||
                        layer == layer_)
                        continue;
                    const QString title = u"to "_s + shortLayerName(facts_, layer);
                    if (!stubs.contains(title) && stubs.size() < kLargeFanOut)
                        stubs[title] = addStub(title, result);
                    if (stubs.contains(title))
                        addEdge(node, stubs[title], result, {});
                }
            }
        }
    }

    const GraphFacts& facts_;
    const Graph& graph_;
    const GraphViewOptions& options_;
    std::vector<OpId> ops_;
    int layer_;
    std::map<uint32_t, bool> isInside_;
    std::map<uint32_t, int> nodeOfOp_;
    std::map<QString, int> sourceStubs_;
    std::map<std::pair<int, int>, CanvasEdge> edges_;
    CanvasLevel level_;
};

std::vector<OpId> opsOfLayer(const GraphFacts& facts, const GraphViewOptions& options, int layer)
{
    std::vector<OpId> ops;
    for (size_t i = 0; i < facts.graph->ops.size(); ++i) {
        if (facts.layerOfOp[i] == layer && facts.graph->ops[i].phase == options.phase)
            ops.push_back(OpId(i));
    }
    return ops;
}

size_t visibleCount(const GraphFacts& facts, const GraphViewOptions& options, const std::vector<OpId>& ops)
{
    return static_cast<size_t>(std::ranges::count_if(ops, [&](OpId op) { return !isFolded(facts, options, op); }));
}

/// Runs of consecutive ops, none with more visible ops than a level may have: [begin, end) into `ops`. Cut where the
/// scope changes, as late as possible.
std::vector<std::pair<size_t, size_t>> cutIntoRuns(const GraphFacts& facts, const GraphViewOptions& options,
                                                   const std::vector<OpId>& ops)
{
    const size_t target = kLargestLevel / 2;
    std::vector<std::pair<size_t, size_t>> runs;
    size_t begin = 0;
    size_t lastChange = 0;
    size_t visible = 0;
    for (size_t i = 0; i < ops.size(); ++i) {
        if (i > begin && facts.graph->op(ops[i]).scope != facts.graph->op(ops[i - 1]).scope)
            lastChange = i;
        visible += isFolded(facts, options, ops[i]) ? size_t{0} : size_t{1};
        if (visible <= target)
            continue;
        const size_t cut = lastChange > begin ? lastChange : i;
        runs.emplace_back(begin, cut);
        begin = cut;
        lastChange = cut;
        visible = visibleCount(facts, options, {ops.begin() + std::ptrdiff_t(cut), ops.begin() + std::ptrdiff_t(i) + 1});
    }
    if (begin < ops.size())
        runs.emplace_back(begin, ops.size());
    return runs;
}

QString runKey(int layer, size_t begin, size_t end) { return u"ops %1 %2 %3"_s.arg(layer).arg(begin).arg(end); }

CanvasLevel runsLevel(const GraphFacts& facts, const GraphViewOptions& options, const std::vector<OpId>& ops, int layer)
{
    CanvasLevel level;
    const auto runs = cutIntoRuns(facts, options, ops);
    std::map<uint32_t, int> runOfOp;
    for (const auto& [begin, end] : runs) {
        CanvasNode node;
        node.key = runKey(layer, begin, end);
        node.style = CanvasNode::Style::kLayer;
        node.isGroup = true;
        node.title = opTitle(facts, ops[begin]) + u" … "_s + opTitle(facts, ops[end - 1]);
        node.subtitle = tr("%1 operations").arg(end - begin);
        node.stage = facts.stageOfOp[ops[begin].index()];
        for (size_t i = begin; i < end; ++i)
            runOfOp[ops[i].number] = int(level.nodes.size());
        level.nodes.push_back(std::move(node));
    }
    std::map<std::pair<int, int>, CanvasEdge> edges;
    for (const OpId id : ops) {
        for (const ValueId result : facts.graph->op(id).results) {
            for (const OpId user : facts.users[result.index()]) {
                const auto to = runOfOp.find(user.number);
                if (to == runOfOp.end() || to->second == runOfOp[id.number])
                    continue;
                CanvasEdge& edge = edges[{runOfOp[id.number], to->second}];
                edge.from = runOfOp[id.number];
                edge.to = to->second;
                edge.bytes += double(facts.graph->type(result).bytes().count);
            }
        }
    }
    for (const auto& [ends, edge] : edges)
        level.edges.push_back(edge);
    return level;
}

CanvasLevel levelOf(const GraphFacts& facts, const GraphViewOptions& options, const QString& key)
{
    const QStringList parts = key.split(u' ');
    if (parts.size() == 2 && parts[0] == "layer"_L1) {
        const int layer = parts[1].toInt();
        const std::vector<OpId> ops = opsOfLayer(facts, options, layer);
        if (visibleCount(facts, options, ops) > kLargestLevel)
            return runsLevel(facts, options, ops, layer);
        return OpsLevel(facts, options, ops, layer).build();
    }
    if (parts.size() == 4 && parts[0] == "ops"_L1) {
        const int layer = parts[1].toInt();
        const std::vector<OpId> ops = opsOfLayer(facts, options, layer);
        const size_t end = std::min<size_t>(parts[3].toULong(), ops.size());
        const size_t begin = std::min<size_t>(parts[2].toULong(), end);
        return OpsLevel(facts, options,
                        {ops.begin() + std::ptrdiff_t(begin), ops.begin() + std::ptrdiff_t(end)}, layer)
            .build();
    }
    return layerLevel(facts, options);
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
        CanvasLevel level = levelOf(*facts, options, key);
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
    const std::vector<OpId> ops = opsOfLayer(facts, options, layer);
    const auto place = std::ranges::find(ops, op);
    if (place == ops.end() || isFolded(facts, options, op))
        return path;
    if (visibleCount(facts, options, ops) > kLargestLevel) {
        const auto index = static_cast<size_t>(place - ops.begin());
        for (const auto& [begin, end] : cutIntoRuns(facts, options, ops)) {
            if (index >= begin && index < end)
                path.push_back(runKey(layer, begin, end));
        }
    }
    path.push_back(u"op %1"_s.arg(op.number));
    return path;
}

QString typeText(const TensorType& type)
{
    QStringList dims;
    for (const int64_t dim : type.dims)
        dims << QString::number(dim);
    const QString shape = dims.isEmpty() ? tr("scalar") : dims.join(u'×');
    return shape + u' ' + toQt(dtypeName(type.dtype));
}

QString shortLayerName(const GraphFacts& facts, int layer)
{
    // A layer of several blocks is called "GPT/block_2 .. GPT/block_3".
    QStringList parts = toQt(facts.layers[static_cast<size_t>(layer)].name).split(u" .. "_s);
    for (QString& part : parts)
        part = part.section(u'/', -1);
    return parts.join(u" – "_s);
}

QString opTitle(const GraphFacts& facts, OpId id)
{
    const Op& op = facts.graph->op(id);
    QString kind = toQt(opKindName(op.kind));
    if (const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes))
        kind = toQt(opaque->name);
    if (const auto* reduce = std::get_if<ReduceAttributes>(&op.attributes))
        kind += u' ' + toQt(reduceKindName(reduce->kind));
    const QString scope = toQt(facts.graph->scopePath(op.scope)).section(u'/', -1);
    const int layer = facts.layerOfOp[id.index()];
    if (scope.isEmpty() || (layer >= 0 && toQt(facts.layers[static_cast<size_t>(layer)].name) ==
                                              toQt(facts.graph->scopePath(op.scope))))
        return kind;
    return scope + u": "_s + kind;
}

} // namespace alpa::app
