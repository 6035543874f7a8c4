#include "app/views/stage_mesh_menu.h"

#include "app/session/constraint_items.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"

#include <QCoreApplication>
#include <QMenu>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(StageMeshMenu)
};

QString submeshTitle(SubmeshChoice submesh)
{
    if (submesh.hosts > 1)
        return Texts::tr("%1 hosts × %2 devices").arg(submesh.hosts).arg(submesh.devicesPerHost);
    return submesh.devicesPerHost == 1
               ? Texts::tr("one device")
               : Texts::tr("%1 devices of a host").arg(submesh.devicesPerHost);
}

std::vector<SubmeshChoice> submeshesOf(const Cluster& cluster)
{
    const auto all = enumerateSubmeshes(cluster.hosts, cluster.devicesPerHost, SubmeshSpace::kAll);
    return all.ok() ? *all : std::vector<SubmeshChoice>();
}

void addStageMesh(QMenu* menu, Session* session, const QString& text, const StageMesh& mesh)
{
    addConstraintEdit(menu, session, text,
                      [mesh](PlanConstraints& constraints) { setStageMesh(constraints, mesh); });
}

StageMesh meshOf(const PlanStage& stage, SubmeshChoice submesh)
{
    return {.layer = stage.firstLayer,
            .hosts = submesh.hosts,
            .devicesPerHost = submesh.devicesPerHost,
            .axes = {}};
}

/// As it is in the plan, axes included.
StageMesh currentMesh(const PlanStage& stage)
{
    StageMesh mesh = meshOf(
        stage, {.hosts = stage.submesh.hosts, .devicesPerHost = stage.submesh.devicesPerHost});
    for (const MeshAxis& axis : stage.mesh.axes)
        mesh.axes.push_back(axis.size);
    return mesh;
}

} // namespace

void fillStageMeshMenu(QMenu* menu, Session* session, int number)
{
    const PlanEntry* shown = session->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    const ParallelPlan& plan = *shown->plan();
    const PlanStage& stage = plan.stages[static_cast<size_t>(number)];
    const StageMesh current = currentMesh(stage);
    addStageMesh(
        menu, session,
        Texts::tr("Stage %1 keeps its devices and mesh, %2").arg(number).arg(toQt(text(current))),
        current);
    auto* others = menu->addMenu(Texts::tr("Give stage %1").arg(number));
    others->setObjectName(u"giveStage"_s);
    for (const SubmeshChoice submesh : submeshesOf(plan.cluster))
        addStageMesh(others, session,
                     Texts::tr("Give stage %1 %2").arg(number).arg(submeshTitle(submesh)),
                     meshOf(stage, submesh));
    const auto& asked = session->setup().options.constraints.stageMeshes;
    if (std::ranges::find(asked, stage.firstLayer, &StageMesh::layer) != asked.end())
        addConstraintEdit(menu, session,
                          Texts::tr("Leave the devices of stage %1 free").arg(number),
                          [layer = stage.firstLayer](PlanConstraints& constraints) {
                              std::erase_if(constraints.stageMeshes, [&](const StageMesh& mesh) {
                                  return mesh.layer == layer;
                              });
                          });
}

void fillSubmeshMenu(QMenu* menu, Session* session, SubmeshChoice submesh)
{
    const PlanEntry* shown = session->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    const auto& stages = shown->plan()->stages;
    for (size_t number = 0; number < stages.size(); ++number)
        addStageMesh(menu, session,
                     Texts::tr("Give stage %1 %2").arg(number).arg(submeshTitle(submesh)),
                     meshOf(stages[number], submesh));
}

void openSubmeshMenu(Session* session, SubmeshChoice submesh, const QPoint& at)
{
    QMenu menu;
    menu.setObjectName(u"submeshMenu"_s);
    fillSubmeshMenu(&menu, session, submesh);
    if (!menu.isEmpty())
        menu.exec(at);
}

SubmeshChoice submeshBetween(const Cluster& cluster, int device, int other)
{
    const int perHost = cluster.devicesPerHost;
    const int hosts = std::abs(device / perHost - other / perHost) + 1;
    const int within = std::abs(device % perHost - other % perHost) + 1;
    for (const SubmeshChoice submesh : submeshesOf(cluster)) {
        if (submesh.hosts >= hosts && submesh.devicesPerHost >= within)
            return submesh;
    }
    return {.hosts = cluster.hosts, .devicesPerHost = perHost};
}

} // namespace alpa::app
