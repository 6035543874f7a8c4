// Words and round figures that several charts share: stages, their devices, ticks of axes.
#include "app/settings/qt_text.h"
#include "app/widgets/timeline_chart.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

double tickStep(double span, int wanted)
{
    if (span <= 0)
        return 1;
    const double rough = span / std::max(wanted, 1);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (power * factor >= rough)
            return power * factor;
    }
    return power * 10;
}

QString submeshText(const PlanStage& stage)
{
    const Submesh& submesh = stage.submesh;
    if (submesh.hosts > 1)
        return TimelineChart::tr("hosts %1–%2, %3 devices each")
            .arg(submesh.firstHost)
            .arg(submesh.firstHost + submesh.hosts - 1)
            .arg(submesh.devicesPerHost);
    if (submesh.devicesPerHost == 1)
        return TimelineChart::tr("host %1, device %2")
            .arg(submesh.firstHost)
            .arg(submesh.firstDevice);
    return TimelineChart::tr("host %1, devices %2–%3")
        .arg(submesh.firstHost)
        .arg(submesh.firstDevice)
        .arg(submesh.firstDevice + submesh.devicesPerHost - 1);
}

QString meshAxesText(const DeviceMesh& mesh)
{
    QStringList axes;
    for (const MeshAxis& axis : mesh.axes)
        axes << u"%1 = %2"_s.arg(toQt(axis.name)).arg(axis.size);
    return axes.join(u", "_s);
}

QString stageText(const ParallelPlan& plan, int stage)
{
    const PlanStage& content = plan.stages[static_cast<size_t>(stage)];
    return TimelineChart::tr("Stage %1 · %2 · %3")
        .arg(stage)
        .arg(submeshText(content), meshAxesText(content.mesh));
}

} // namespace alpa::app
