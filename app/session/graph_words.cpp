#include "app/session/graph_words.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>
#include <QStringList>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

/// "rows", "columns" of matrices; "dimension 2" of others.
QString dimensionName(const TensorType& type, int dim)
{
    if (type.rank() != 2)
        return tr("dimension %1").arg(dim);
    return dim == 0 ? tr("rows") : tr("columns");
}

QString stepInWords(const ReshardStep& step, const QString& name, const TensorType& type,
                    const DeviceMesh& mesh)
{
    const QString over = tr("over %1, %2")
                             .arg(QString(QLatin1Char(axisLetter(step.axis))),
                                  counted(mesh.axisSize(step.axis), tr("device"), tr("devices")));
    const QString price = tr("%1, %2").arg(bytesText(step.bytes), timeText(step.time));
    switch (step.kind) {
    case ReshardKind::kSlice:
        return tr("%1 kept whole on each device; each takes its part of the %2 %3, which is free")
            .arg(name, dimensionName(type, step.dim), over);
    case ReshardKind::kAllGather:
        return tr("%1 of %2 split %3; needs an all-gather of %4")
            .arg(dimensionName(type, step.dim), name, over, price);
    case ReshardKind::kAllReduce:
        return tr("%1 is a partial sum %2; needs an all-reduce of %3").arg(name, over, price);
    case ReshardKind::kReduceScatter:
        return tr("%1 is a partial sum %2; needs a reduce-scatter of %3, which leaves its %4 split")
            .arg(name, over, price, dimensionName(type, step.dim));
    case ReshardKind::kAllToAll:
        return tr("%1 of %2 split %3, but the %4 are wanted; needs an all-to-all of %5")
            .arg(dimensionName(type, step.fromDim), name, over, dimensionName(type, step.dim),
                 price);
    }
    return {};
}

} // namespace

QString tensorName(const GraphFacts& facts, ValueId value)
{
    const Value& content = facts.graph->value(value);
    if (!content.name.empty())
        return toQt(content.name);
    return content.producer.isValid() ? tr("the result of %1").arg(opTitle(facts, content.producer))
                                      : toQt(valueLabel(*facts.graph, value));
}

QString badgeOf(const GraphFacts& facts, const std::vector<int>& communications)
{
    QStringList badges;
    for (const int index : communications) {
        const QString badge =
            toQt(reshardBadge(facts.communications[static_cast<size_t>(index)].steps));
        if (!badge.isEmpty() && !badges.contains(badge))
            badges << badge;
    }
    return badges.join(u", "_s);
}

QString explainCommunication(const GraphFacts& facts, const Communication& communication)
{
    const DeviceMesh& mesh = facts.plan->stages[static_cast<size_t>(communication.stage)].mesh;
    const QString name = tensorName(facts, communication.value);
    QStringList lines;
    for (const ReshardStep& step : communication.steps)
        lines << stepInWords(step, name, facts.graph->type(communication.value), mesh);
    return lines.join(u'\n');
}

QString tipOf(const GraphFacts& facts, const std::vector<int>& communications)
{
    QStringList tips;
    for (const int index : communications) {
        const QString tip =
            explainCommunication(facts, facts.communications[static_cast<size_t>(index)]);
        if (!tips.contains(tip))
            tips << tip;
    }
    return tips.join(u'\n');
}

QString typeText(const TensorType& type)
{
    QStringList dims;
    for (const int64_t dim : type.dims)
        dims << QString::number(dim);
    const QString shape = dims.isEmpty() ? tr("scalar") : dims.join(u'×');
    return shape + u' ' + toQt(dtypeName(type.dtype));
}

QString phaseText(Phase phase)
{
    switch (phase) {
    case Phase::kForward:
        return tr("forward");
    case Phase::kBackward:
        return tr("backward");
    case Phase::kUpdate:
        return tr("update");
    }
    return {};
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
