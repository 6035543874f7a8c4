#include "app/views/graph_ops_level.h"

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

// dot stays under 50 ms up to here; a larger level is cut into groups.
constexpr size_t kLargestLevel = 150;
constexpr size_t kReaderStubs = 4; ///< Layers named as readers; more would crowd the level.

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

bool isShapeOp(OpKind kind)
{
    return kind == OpKind::kBroadcast || kind == OpKind::kConvert || kind == OpKind::kReshape;
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
    Q_DECLARE_TR_FUNCTIONS(alpa::app::OpsLevel)

public:
    OpsLevel(const GraphFacts& facts, const GraphViewOptions& options, const GraphColors* colors,
             std::vector<OpId> ops, int layer)
        : facts_(facts)
        , graph_(*facts.graph)
        , options_(options)
        , colors_(colors)
        , ops_(std::move(ops))
        , layer_(layer)
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
            node.tensors.push_back(
                tensorRow(facts_, result,
                          op.results.size() > 1 ? toQt(valueLabel(graph_, result)) : tr("result")));
        node.tip = toQt(facts_.opLabel(id));
        if (op.sourceLine > 0)
            node.tip += u'\n' + tr("line %1 of the file").arg(op.sourceLine);
        if (colors_ != nullptr)
            colors_->paintOp(node, id);
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
            CanvasTensor row =
                tensorRow(facts_, source.value, toQt(graph_.value(source.value).name));
            row.badge = badgeOf(facts_, source.communications);
            if (!source.communications.empty())
                row.tip += u'\n' + tipOf(facts_, source.communications);
            auto& rows = level_.nodes[static_cast<size_t>(node)].tensors;
            const bool isKnown = std::ranges::any_of(
                rows, [&](const CanvasTensor& other) { return other.selection == row.selection; });
            if (!isKnown)
                rows.push_back(std::move(row));
            return;
        }
        const int from =
            source.op.isValid() ? nodeOfOp_.at(source.op.number) : sourceStub(source.value);
        addEdge(from, node, source.value, source.communications);
    }

    void addEdge(int from, int to, ValueId value, const std::vector<int>& communications)
    {
        CanvasEdge& edge = edges_[{from, to}];
        edge.from = from;
        edge.to = to;
        const auto bytes = double(graph_.type(value).bytes().count);
        if (!edge.spec || bytes > edge.bytes)
            edge.spec = facts_.specOfValue[value.index()];
        edge.bytes += bytes;
        if (!communications.empty())
            edge.selection = Selection::collective(communications.front());
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
            title = layer < 0                                    ? tr("elsewhere")
                    : layer == layer_ && phase == options_.phase ? tr("same layer")
                                                                 : shortLayerName(facts_, layer);
            if (phase != options_.phase)
                title += phase == Phase::kForward ? tr(", saved")
                                                  : tr(", %1").arg(toQt(phaseName(phase)));
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
                    if (isInside_.contains(user.number) ||
                        graph_.op(user).phase != options_.phase || layer < 0 || layer == layer_)
                        continue;
                    const QString title = u"to "_s + shortLayerName(facts_, layer);
                    if (!stubs.contains(title) && stubs.size() < kReaderStubs)
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
    const GraphColors* colors_; ///< May be null.
    std::vector<OpId> ops_;
    int layer_;
    std::map<uint32_t, bool> isInside_;
    std::map<uint32_t, int> nodeOfOp_;
    std::map<QString, int> sourceStubs_;
    std::map<std::pair<int, int>, CanvasEdge> edges_;
    CanvasLevel level_;
};

size_t visibleCount(const GraphFacts& facts, const GraphViewOptions& options,
                    const std::vector<OpId>& ops)
{
    return static_cast<size_t>(
        std::ranges::count_if(ops, [&](OpId op) { return !isFolded(facts, options, op); }));
}

/// Runs of consecutive ops, none with more visible ops than a level may have: [begin, end) into
/// `ops`. Cut where the scope changes, as late as possible.
std::vector<std::pair<size_t, size_t>>
cutIntoRuns(const GraphFacts& facts, const GraphViewOptions& options, const std::vector<OpId>& ops)
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
        visible =
            visibleCount(facts, options,
                         {ops.begin() + std::ptrdiff_t(cut), ops.begin() + std::ptrdiff_t(i) + 1});
    }
    if (begin < ops.size())
        runs.emplace_back(begin, ops.size());
    return runs;
}

QString runKey(int layer, size_t begin, size_t end, Phase phase)
{
    return u"ops %1 %2 %3 %4"_s.arg(layer).arg(begin).arg(end).arg(int(phase));
}

CanvasLevel runsLevel(const GraphFacts& facts, const GraphViewOptions& options,
                      const std::vector<OpId>& ops, int layer)
{
    CanvasLevel level;
    const auto runs = cutIntoRuns(facts, options, ops);
    std::map<uint32_t, int> runOfOp;
    for (const auto& [begin, end] : runs) {
        CanvasNode node;
        node.key = runKey(layer, begin, end, options.phase);
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

} // namespace

bool isFolded(const GraphFacts& facts, const GraphViewOptions& options, OpId id)
{
    const OpKind kind = facts.graph->op(id).kind;
    return kind == OpKind::kConstant || kind == OpKind::kIota ||
           (!options.showsShapeOps && isShapeOp(kind));
}

std::vector<OpId> opsOfLayer(const GraphFacts& facts, const GraphViewOptions& options, int layer)
{
    std::vector<OpId> ops;
    for (size_t i = 0; i < facts.graph->ops.size(); ++i) {
        if (facts.layerOfOp[i] == layer && facts.graph->ops[i].phase == options.phase)
            ops.push_back(OpId(i));
    }
    return ops;
}

CanvasLevel opsLevel(const GraphFacts& facts, const GraphViewOptions& options,
                     const GraphColors* colors, const QString& key)
{
    const QStringList parts = key.split(u' ');
    if (parts.size() == 2 && parts[0] == "layer"_L1) {
        const int layer = parts[1].toInt();
        const std::vector<OpId> ops = opsOfLayer(facts, options, layer);
        if (visibleCount(facts, options, ops) > kLargestLevel)
            return runsLevel(facts, options, ops, layer);
        return OpsLevel(facts, options, colors, ops, layer).build();
    }
    if (parts.size() == 5 && parts[0] == "ops"_L1) {
        const int layer = parts[1].toInt();
        GraphViewOptions inner = options;
        inner.phase = static_cast<Phase>(parts[4].toInt());
        const std::vector<OpId> ops = opsOfLayer(facts, inner, layer);
        const size_t end = std::min<size_t>(parts[3].toULong(), ops.size());
        const size_t begin = std::min<size_t>(parts[2].toULong(), end);
        return OpsLevel(facts, inner, colors,
                        {ops.begin() + std::ptrdiff_t(begin), ops.begin() + std::ptrdiff_t(end)},
                        layer)
            .build();
    }
    return {};
}

QString runKeyOf(const GraphFacts& facts, const GraphViewOptions& options, OpId op)
{
    const int layer = facts.layerOfOp[op.index()];
    const std::vector<OpId> ops = opsOfLayer(facts, options, layer);
    const auto place = std::ranges::find(ops, op);
    if (place == ops.end() || visibleCount(facts, options, ops) <= kLargestLevel)
        return {};
    const auto index = static_cast<size_t>(place - ops.begin());
    for (const auto& [begin, end] : cutIntoRuns(facts, options, ops)) {
        if (index >= begin && index < end)
            return runKey(layer, begin, end, options.phase);
    }
    return {};
}

} // namespace alpa::app
