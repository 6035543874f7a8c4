#include "app/window/plan_follower.h"

#include "app/session/session.h"
#include "app/settings/qt_text.h"
#include "core/explain/annotated_plan.h"

#include <QFileDialog>
#include <QFileInfo>

namespace alpa::app
{

using namespace Qt::StringLiterals;

PlanFollower::PlanFollower(Session* session, QWidget* window)
    : QObject(window)
    , session_(session)
    , window_(window)
{
}

void PlanFollower::follow(const QString& job, const QString& edit, const QString& author,
                          const std::function<Result<Followed>()>& read)
{
    auto found = std::make_shared<std::optional<Result<Followed>>>();
    auto work = [found, read](const JobControl&) { found->emplace(read()); };
    session_->jobs()->start(job, work, [this, found, edit, author, model = session_->model()] {
        if (!found->has_value() || model != session_->model())
            return;
        const Result<Followed>& followed = **found;
        if (!followed.ok()) {
            Q_EMIT said(tr("Not followed: %1").arg(toQt(followed.error().message)));
            return;
        }
        Setup next = session_->setup();
        next.options = followed->options;
        session_->editSetup(next, edit, -1, author);
        Q_EMIT said(followed->note);
    });
}

void PlanFollower::followAnnotations()
{
    const auto read = [graph = session_->model()->graph,
                       options = session_->setup().options]() -> Result<Followed> {
        ASSIGN_OR_RETURN(const AnnotatedPlan annotated, planFromAnnotations(*graph));
        Followed followed{options, {}};
        RETURN_IF_ERROR(applyPublishedPlan(annotated.plan, *graph, followed.options));
        QStringList notes{tr("As the file says: %1; %2 and %3 sharded so")
                              .arg(toQt(annotated.axes),
                                   counted(annotated.parameters, tr("parameter"), tr("parameters")),
                                   counted(annotated.ops, tr("operation"), tr("operations")))};
        for (const std::string& what : annotated.notRecovered)
            notes << toQt(what);
        followed.note = notes.join(u"; "_s);
        return followed;
    };
    follow(tr("Read the shardings of the file"), tr("Shard as the file says"), tr("the model file"),
           read);
}

void PlanFollower::askForFile()
{
    const QString path =
        QFileDialog::getOpenFileName(window_, tr("Plan like a published plan"), QString(),
                                     tr("Published plans (*.json *.sh *.txt);;All files (*)"));
    if (!path.isEmpty())
        followFile(path);
}

void PlanFollower::followFile(const QString& path)
{
    const auto read = [path, graph = session_->model()->graph,
                       options = session_->setup().options]() -> Result<Followed> {
        ASSIGN_OR_RETURN(const PublishedPlan plan, loadPublishedPlan(fromQt(path)));
        Followed followed{options, toQt(plan.name)};
        RETURN_IF_ERROR(applyPublishedPlan(plan, *graph, followed.options));
        return followed;
    };
    follow(tr("Read the published plan"),
           tr("Plan like %1").arg(QFileInfo(path).completeBaseName()), QFileInfo(path).fileName(),
           read);
}

} // namespace alpa::app
