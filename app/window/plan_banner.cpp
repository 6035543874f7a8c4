#include "app/window/plan_banner.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kSecondMs = 1000;
constexpr double kTellingShare = 0.1; ///< Of the work: less says nothing of the rest.

/// The best step so far, what it is to the plan in view, and what is proven of it.
QString incumbentText(const ParallelPlan& best, const PlanEntry* shown)
{
    QString text = PlanBanner::tr("Best so far %1").arg(timeText(best.stepTime));
    if (shown != nullptr)
        text +=
            PlanBanner::tr(" (%1 against %2)")
                .arg(changeText(best.stepTime.count, shown->plan()->stepTime.count), shown->name);
    if (const std::optional<double> gap = best.stepGap())
        text += PlanBanner::tr(", proven: none takes less than %1 (gap %2)")
                    .arg(timeText(best.stepBound), percentText(*gap));
    return text + u'.';
}

} // namespace

PlanBanner::PlanBanner(Session* session, QWidget* parent)
    : QFrame(parent)
    , session_(session)
    , text_(new QLabel)
    , use_(new QPushButton(tr("Use best so far")))
    , button_(new QPushButton(tr("Plan (F5)")))
{
    setObjectName(u"planBanner"_s);
    text_->setObjectName(u"planBannerText"_s);
    text_->setTextFormat(Qt::PlainText);
    // However much it says while a plan is made, the docks keep their widths.
    text_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    text_->setWordWrap(true);
    button_->setObjectName(u"planBannerButton"_s);
    use_->setObjectName(u"useBestSoFar"_s);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 6, 10, 6);
    row->addWidget(text_, 1);
    row->addWidget(use_);
    row->addWidget(button_);
    second_.setInterval(kSecondMs);
    connect(&second_, &QTimer::timeout, this, &PlanBanner::refresh);
    connect(use_, &QPushButton::clicked, session, &Session::useBestSoFar);
    connect(button_, &QPushButton::clicked, this, &PlanBanner::act);
}

void PlanBanner::act()
{
    if (session_->isPlanning())
        session_->cancelPlanning();
    else if (session_->obstacle() != nullptr)
        Q_EMIT constraintsWanted();
    else if (session_->isStale())
        session_->planNow();
    else
        Q_EMIT realClusterWanted();
}

void PlanBanner::refresh()
{
    const PlanEntry* obstacle = session_->obstacle();
    const bool isPlanning = session_->isPlanning();
    const WhatIf& whatIf = session_->setup().whatIf;
    setVisible(session_->model() != nullptr &&
               (isPlanning || obstacle != nullptr || session_->isStale() || !whatIf.isNone()));
    const Theme& theme = themeOf(this);
    const QColor line = obstacle != nullptr && !isPlanning ? theme.error : theme.warning;
    const QString style =
        u"QFrame#planBanner { background: %1; border: none; border-bottom: 2px solid %2; }"_s.arg(
            theme.staleBar.name(), line.name());
    if (style != styleSheet()) // Polishing all that is in it again takes a millisecond.
        setStyleSheet(style);
    use_->setVisible(isPlanning && session_->incumbent() != nullptr);
    text_->setToolTip({});
    if (!isPlanning)
        second_.stop();
    else if (!second_.isActive())
        second_.start();
    if (isPlanning) {
        showPlanning();
    } else if (obstacle != nullptr) {
        text_->setText(tr("No plan: %1").arg(obstacle->problem().section(u'\n', 0, 0)));
        text_->setToolTip(obstacle->problem());
        button_->setText(tr("Show constraints"));
    } else if (session_->isStale()) {
        showStale();
    } else if (!whatIf.isNone()) {
        text_->setText(
            tr("Hypothetical: %1 with %2.").arg(session_->setup().cluster, whatIfText(whatIf)));
        button_->setText(tr("Back to the real cluster"));
    }
}

/// Phase, share of the work and seconds, then the best plan so far.
void PlanBanner::showPlanning()
{
    const PlanEntry* shown = session_->shownPlan();
    const BackgroundJob* job = session_->planningJob();
    const QString phase = job->phase().isEmpty() ? tr("starting") : job->phase();
    const QString share =
        job->fraction() >= 0 ? tr(", %1 done").arg(percentText(job->fraction())) : QString();
    // While a person waits for more than a moment, how long it has been.
    const qint64 seconds = job->elapsedMs() / kSecondMs;
    QString since = seconds < 1 ? QString() : tr(", %1 s").arg(seconds);
    if (const double done = job->fraction(); seconds >= 1 && done >= kTellingShare && done < 1)
        since += tr(", about %1 left")
                     .arg(roughTimeText(Seconds(double(job->elapsedMs()) * 1e-3 * (1 / done - 1))));
    const std::shared_ptr<const ParallelPlan> best = session_->incumbent();
    const QString found = best != nullptr    ? u' ' + incumbentText(*best, shown)
                          : shown != nullptr ? tr(" %1 stays in view meanwhile.").arg(shown->name)
                                             : QString();
    text_->setText(tr("Planning: %1%2%3.%4").arg(phase, share, since, found));
    button_->setText(tr("Stop (Esc)"));
}

void PlanBanner::showStale()
{
    QString text =
        tr("%1 is not the answer to what is asked now.").arg(session_->shownPlan()->name);
    if (session_->waitsToReplan())
        text += tr(" The last planning took %1, so press F5 to plan.")
                    .arg(timeText(session_->lastPlanning()));
    text_->setText(text);
    button_->setText(tr("Plan (F5)"));
}

} // namespace alpa::app
