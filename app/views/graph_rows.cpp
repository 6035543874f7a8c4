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

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

/// Mesh of the stage; null without a plan.
const DeviceMesh* meshOf(const GraphFacts& facts, int stage)
{
    return facts.plan == nullptr || stage < 0
               ? nullptr
               : &facts.plan->stages[static_cast<size_t>(stage)].mesh;
}

} // namespace

QString explainValue(const GraphFacts& facts, ValueId value)
{
    const TensorType& type = facts.graph->type(value);
    QString text = tr("%1, %2").arg(tensorName(facts, value), typeText(type));
    if (const auto& spec = facts.specOfValue[value.index()])
        text +=
            u'\n' + describeSharding(*spec, type, meshOf(facts, facts.stageOfValue[value.index()]));
    return text;
}

QString explainOp(const GraphFacts& facts, OpId id)
{
    const Op& op = facts.graph->op(id);
    const int layer = facts.layerOfOp[id.index()];
    QString text = opTitle(facts, id);
    if (layer >= 0)
        text = tr("%1 in layer %2").arg(text, shortLayerName(facts, layer));
    text += u", "_s + phaseText(op.phase);
    if (!facts.timeOfOp.empty() && facts.timeOfOp[id.index()].count > 0)
        text += tr(", %1 on a device").arg(timeText(facts.timeOfOp[id.index()]));
    for (const ValueId result : op.results)
        text += u'\n' + explainValue(facts, result);
    const QString moves = tipOf(facts, facts.communicationsOfOp[id.index()]);
    return moves.isEmpty() ? text : text + u'\n' + moves;
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
        row.tip += u'\n' + describeSharding(*row.spec, type,
                                            meshOf(facts, facts.stageOfValue[value.index()]));
    return row;
}

} // namespace alpa::app
