#include "app/views/constraint_menu.h"

#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/views/stage_mesh_menu.h"

#include <QCoreApplication>
#include <QMenu>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(ConstraintMenu)
};

template <typename Entry>
void insertOnce(std::vector<Entry>& list, const Entry& entry)
{
    if (std::ranges::find(list, entry) == list.end())
        list.push_back(entry);
    if constexpr (std::is_same_v<Entry, int>)
        std::ranges::sort(list);
}

/// "GPT/block_*/fc:dot" of "GPT/block_3/fc:dot"; the label itself if it has no number.
QString patternOfRepeats(const QString& label)
{
    static const QRegularExpression number(u"(?<=[_.])\\d+(?=[/._:])"_s);
    QString pattern = label;
    return pattern.replace(number, u"*"_s);
}

void addSpecs(QMenu* menu, Session* session, const QString& pattern,
              const std::vector<ShardingSpec>& specs, bool forbids)
{
    for (const ShardingSpec& spec : specs) {
        const QString text =
            forbids ? Texts::tr("Forbid %1 for %2").arg(toQt(formatSpec(spec)), pattern)
                    : Texts::tr("Pin %1 to %2").arg(pattern, toQt(formatSpec(spec)));
        addConstraintEdit(menu, session, text, [=](PlanConstraints& c) {
            std::erase_if(c.specs, [&](const SpecConstraint& old) {
                return old.pattern == fromQt(pattern) && (!forbids || old.spec == spec) &&
                       old.forbids == forbids;
            });
            c.specs.push_back({fromQt(pattern), spec, forbids});
        });
    }
}

/// The specs that the decision could give, the chosen one first.
std::vector<ShardingSpec> possibleSpecs(const Decision& decision)
{
    std::vector<ShardingSpec> specs;
    const auto add = [&](const Alternative& alternative) {
        ShardingSpec spec = alternative.result;
        spec.partial = 0;
        insertOnce(specs, spec);
    };
    add(decision.alternatives[static_cast<size_t>(decision.chosen)]);
    for (const Alternative& alternative : decision.alternatives)
        add(alternative);
    return specs;
}

void fillDecision(QMenu* menu, Session* session, const Decision& decision)
{
    const QString label = toQt(decision.label);
    const QString repeats = patternOfRepeats(label);
    const std::vector<ShardingSpec> specs = possibleSpecs(decision);
    addSpecs(menu, session, label, {specs.front()}, false);
    if (repeats != label)
        addSpecs(menu, session, repeats, {specs.front()}, false);
    auto* pins = menu->addMenu(Texts::tr("Pin %1 to").arg(label));
    addSpecs(pins, session, label, specs, false);
    if (repeats != label) {
        auto* all = menu->addMenu(Texts::tr("Pin %1 to").arg(repeats));
        addSpecs(all, session, repeats, specs, false);
    }
    auto* forbids = menu->addMenu(Texts::tr("Forbid"));
    addSpecs(forbids, session, label, specs, true);
    if (repeats != label)
        addSpecs(forbids, session, repeats, specs, true);
}

void fillLayer(QMenu* menu, Session* session, const GraphFacts& facts, int layer)
{
    const QString name = shortLayerName(facts, layer);
    const PlanConstraints& asked = session->setup().options.constraints;
    const bool isCut = std::ranges::find(asked.cuts, layer) != asked.cuts.end();
    const bool isForbidden =
        std::ranges::find(asked.forbiddenCuts, layer) != asked.forbiddenCuts.end();
    if (layer == 0)
        return;
    if (!isCut)
        addConstraintEdit(menu, session,
                          Texts::tr("Begin a stage at layer %1, %2").arg(layer).arg(name),
                          [layer](PlanConstraints& c) {
                              std::erase(c.forbiddenCuts, layer);
                              insertOnce(c.cuts, layer);
                          });
    if (!isForbidden)
        addConstraintEdit(menu, session,
                          Texts::tr("Begin no stage at layer %1, %2").arg(layer).arg(name),
                          [layer](PlanConstraints& c) {
                              std::erase(c.cuts, layer);
                              insertOnce(c.forbiddenCuts, layer);
                          });
    if (isCut || isForbidden)
        addConstraintEdit(menu, session, Texts::tr("Leave layer %1 free").arg(layer),
                          [layer](PlanConstraints& c) {
                              std::erase(c.cuts, layer);
                              std::erase(c.forbiddenCuts, layer);
                          });
}

void fillStage(QMenu* menu, Session* session, const ParallelPlan& plan, int number)
{
    const PlanStage& stage = plan.stages[static_cast<size_t>(number)];
    if (stage.firstLayer > 0)
        addConstraintEdit(
            menu, session,
            Texts::tr("Keep the beginning of stage %1 at layer %2")
                .arg(number)
                .arg(stage.firstLayer),
            [first = stage.firstLayer](PlanConstraints& c) { insertOnce(c.cuts, first); });
    if (plan.stages.size() > 1) {
        std::vector<int> cuts;
        for (const PlanStage& one : plan.stages) {
            if (one.firstLayer > 0)
                cuts.push_back(one.firstLayer);
        }
        addConstraintEdit(menu, session, Texts::tr("Keep all stages as they are"),
                          [cuts, pp = plan.pipelineParallel()](PlanConstraints& c) {
                              c.cuts = cuts;
                              c.forbiddenCuts.clear();
                              c.fixedPp = pp;
                          });
        addConstraintEdit(menu, session,
                          Texts::tr("At most %1 stages").arg(plan.pipelineParallel() - 1),
                          [pp = plan.pipelineParallel()](PlanConstraints& c) {
                              c.maxPp = pp - 1;
                              c.fixedPp.reset();
                          });
    }
    std::vector<int> axes;
    for (const MeshAxis& axis : stage.mesh.axes)
        axes.push_back(axis.size);
    if (axes.size() >= 2) {
        QStringList sizes;
        for (const int size : axes)
            sizes << QString::number(size);
        addConstraintEdit(menu, session,
                          Texts::tr("Give every stage the mesh %1").arg(sizes.join(u" x "_s)),
                          [axes](PlanConstraints& c) { c.meshAxes = axes; });
    }
    const double gib = std::floor(stage.memory.total() / kGiB * 9) / 10;
    if (gib >= 0.1)
        addConstraintEdit(menu, session, Texts::tr("At most %1 GiB a device").arg(gib),
                          [gib](PlanConstraints& c) { c.memoryPerDevice = gibibytes(gib); });
}

} // namespace

QAction* addConstraintEdit(QMenu* menu, Session* session, const QString& text,
                           const std::function<void(PlanConstraints&)>& change)
{
    return menu->addAction(text, session, [session, text, change] {
        Setup next = session->setup();
        change(next.options.constraints);
        session->editSetup(next, text);
    });
}

void fillAxisMenu(QMenu* menu, Session* session, int axis)
{
    const PlanEntry* shown = session->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    const bool isData = axis == 0;
    const QString name = isData ? Texts::tr("DP") : Texts::tr("TP");
    const int degree = isData ? shown->facts->dataParallel : shown->facts->tensorParallel;
    const auto most = isData ? &PlanConstraints::maxDp : &PlanConstraints::maxTp;
    const auto fixed = isData ? &PlanConstraints::fixedDp : &PlanConstraints::fixedTp;
    addConstraintEdit(menu, session, Texts::tr("%1 stays %2").arg(name).arg(degree),
                      [=](PlanConstraints& c) { c.*fixed = degree; });
    for (int limit = 1; limit <= shown->plan()->cluster.deviceCount() && limit <= 64; limit *= 2)
        addConstraintEdit(menu, session, Texts::tr("%1 at most %2").arg(name).arg(limit),
                          [=](PlanConstraints& c) {
                              c.*most = limit;
                              (c.*fixed).reset();
                          });
    addConstraintEdit(menu, session, Texts::tr("%1 free").arg(name), [=](PlanConstraints& c) {
        (c.*most).reset();
        (c.*fixed).reset();
    });
}

void openAxisMenu(Session* session, int axis, const QPoint& at)
{
    QMenu menu;
    menu.setObjectName(u"axisMenu"_s);
    fillAxisMenu(&menu, session, axis);
    if (!menu.isEmpty())
        menu.exec(at);
}

void fillConstraintMenu(QMenu* menu, Session* session, const Selection& selection)
{
    const auto facts = session->facts();
    if (facts == nullptr || facts->plan == nullptr || selection.isNone())
        return;
    const auto index = static_cast<size_t>(selection.index);
    int layer = -1;
    switch (selection.kind) {
    case Selection::Kind::kOp: {
        const OpId op(static_cast<uint32_t>(index));
        if (const Decision* decision = facts->decision(facts->decisionOfOp[index]))
            fillDecision(menu, session, *decision);
        else
            menu->addAction(
                    Texts::tr("%1 follows its operands: pin them").arg(toQt(facts->opLabel(op))))
                ->setEnabled(false);
        layer = facts->layerOfOp[index];
        break;
    }
    case Selection::Kind::kValue:
        if (const Decision* decision = facts->decision(facts->decisionOfValue[index]))
            fillDecision(menu, session, *decision);
        else
            menu->addAction(Texts::tr("This tensor follows the operation that makes it"))
                ->setEnabled(false);
        break;
    case Selection::Kind::kLayer:
        layer = selection.index;
        break;
    case Selection::Kind::kStage:
        fillStage(menu, session, *facts->plan, selection.index);
        menu->addSeparator();
        fillStageMeshMenu(menu, session, selection.index);
        break;
    case Selection::Kind::kScope:
    case Selection::Kind::kDevice:
    case Selection::Kind::kCollective:
    case Selection::Kind::kNone:
        break;
    }
    if (layer >= 0 && layer < int(facts->layers.size())) {
        menu->addSeparator();
        fillLayer(menu, session, *facts, layer);
    }
}

void openConstraintMenu(Session* session, const Selection& selection, const QPoint& at)
{
    QMenu menu;
    menu.setObjectName(u"constraintMenu"_s);
    fillConstraintMenu(&menu, session, selection);
    if (!menu.isEmpty())
        menu.exec(at);
}

} // namespace alpa::app
