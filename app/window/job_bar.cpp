#include "app/window/job_bar.h"

#include "app/session/job_list.h"
#include "app/settings/icons.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

namespace alpa::app
{

using namespace Qt::StringLiterals;

JobBar::JobBar(const JobList* jobs, QAction* stop, QWidget* parent)
    : QWidget(parent)
    , jobs_(jobs)
    , text_(new QLabel)
    , bar_(new QProgressBar)
{
    bar_->setObjectName(u"jobBar"_s);
    bar_->setAccessibleName(tr("Progress of what runs in the background"));
    bar_->setMaximumWidth(160);
    bar_->setMaximumHeight(12);
    bar_->setTextVisible(false);
    auto* cancel = new QToolButton;
    cancel->setObjectName(u"jobCancel"_s);
    cancel->setIcon(themedIcon(u"close"_s));
    cancel->setAutoRaise(true);
    cancel->setToolTip(tr("Cancel (Esc)"));
    cancel->setAccessibleName(tr("Cancel"));
    connect(cancel, &QToolButton::clicked, stop, &QAction::trigger);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(text_);
    row->addWidget(bar_);
    row->addWidget(cancel);
    refresh();
}

void JobBar::refresh()
{
    const auto& jobs = jobs_->jobs();
    setVisible(!jobs.empty());
    if (jobs.empty())
        return;
    const BackgroundJob* job = jobs.back();
    const QString phase = job->phase().isEmpty() ? QString() : u": "_s + job->phase();
    text_->setText(job->title() + phase +
                   (jobs.size() > 1 ? tr(" (+%1)").arg(jobs.size() - 1) : QString()));
    bar_->setRange(0, job->fraction() < 0 ? 0 : 1000);
    if (job->fraction() >= 0)
        bar_->setValue(int(job->fraction() * 1000));
}

} // namespace alpa::app
