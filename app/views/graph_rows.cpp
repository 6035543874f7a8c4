#include "app/views/graph_rows.h"

#include "app/settings/qt_text.h"
#include "app/widgets/sharding_strip.h"

#include <QCoreApplication>
#include <QStringList>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

QString tr(const char* text) { return QCoreApplication::translate("GraphContent", text); }

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

} // namespace

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
