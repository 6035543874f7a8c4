// Constraints that come from elsewhere: shardings in the model file, plans that others published.
#include "app/settings/qt_text.h"
#include "app/window/main_window.h"
#include "core/explain/annotated_plan.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::follow(const QString& job, const QString& edit,
                        const std::function<Result<Followed>()>& read)
{
    auto found = std::make_shared<std::optional<Result<Followed>>>();
    auto work = [found, read](const JobControl&) { found->emplace(read()); };
    session_.jobs()->start(job, work, [this, found, edit, model = session_.model()] {
        if (!found->has_value() || model != session_.model())
            return;
        const Result<Followed>& followed = **found;
        if (!followed.ok()) {
            statusText_->setText(tr("Not followed: %1").arg(toQt(followed.error().message)));
            return;
        }
        Setup next = session_.setup();
        next.options = followed->options;
        session_.editSetup(next, edit);
        statusText_->setText(followed->note);
    });
}

void MainWindow::followAnnotations()
{
    const auto read = [graph = session_.model()->graph,
                       options = session_.setup().options]() -> Result<Followed> {
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
    follow(tr("Read the shardings of the file"), tr("Shard as the file says"), read);
}

void MainWindow::askForPublishedPlan()
{
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Plan like a published plan"), QString(),
                                     tr("Published plans (*.json *.sh *.txt);;All files (*)"));
    if (!path.isEmpty())
        followPublishedPlan(path);
}

void MainWindow::followPublishedPlan(const QString& path)
{
    const auto read = [path, graph = session_.model()->graph,
                       options = session_.setup().options]() -> Result<Followed> {
        ASSIGN_OR_RETURN(const PublishedPlan plan, loadPublishedPlan(fromQt(path)));
        Followed followed{options, toQt(plan.name)};
        RETURN_IF_ERROR(applyPublishedPlan(plan, *graph, followed.options));
        return followed;
    };
    follow(tr("Read the published plan"),
           tr("Plan like %1").arg(QFileInfo(path).completeBaseName()), read);
}

} // namespace alpa::app
