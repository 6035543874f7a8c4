#include "app/session/session_report.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>

namespace alpa::app
{

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

} // namespace

ReportContent reportContent(const Session& session)
{
    ReportContent content;
    const PlanEntry* shown = session.shownPlan();
    content.title =
        fromQt(Texts::tr("%1 on %2").arg(session.model()->name, toQt(shown->plan()->cluster.name)));
    content.note =
        fromQt(Texts::tr("%1 parameters, %2 operations. Shown in full: %3.")
                   .arg(shortCountText(double(session.model()->parameters)),
                        countText(int64_t(session.model()->graph->ops.size())), shown->name));
    for (const auto& entry : session.entries()) {
        if (entry->id == shown->id)
            content.shown = content.plans.size();
        ReportPlan plan;
        plan.compared.name = fromQt(entry->name);
        plan.compared.plan = entry->facts == nullptr ? nullptr : entry->facts->plan;
        plan.compared.problem = fromQt(entry->problem());
        if (const std::optional<Measurement> measured = session.measurement(entry->id)) {
            plan.compared.measuredStep = measured->median;
            plan.measured =
                ReportMeasurement{measured->median, measured->low, measured->high, measured->steps};
        }
        content.plans.push_back(std::move(plan));
    }
    return content;
}

} // namespace alpa::app
