#include "app/views/obstacle_banner.h"

#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "app/views/relax_constraint.h"
#include "app/widgets/cards.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

ObstacleBanner::ObstacleBanner(Session* session, QWidget* parent)
    : QFrame(parent)
    , session_(session)
    , rows_(new QVBoxLayout(this))
{
    setObjectName(u"obstacleBanner"_s);
    rows_->setContentsMargins(10, 8, 10, 8);
    rows_->setSpacing(4);
    connect(session, &Session::shownPlanChanged, this, &ObstacleBanner::refresh);
    refresh();
}

void ObstacleBanner::refresh()
{
    const PlanEntry* obstacle = session_->obstacle();
    while (QLayoutItem* item = rows_->takeAt(0)) {
        // Later: this may run inside the click of a Relax button.
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    setVisible(obstacle != nullptr);
    if (obstacle == nullptr)
        return;
    rows_->addWidget(
        makeHeading(obstacle->noPlan ? tr("No plan meets all of this") : tr("Planning failed")));
    auto* reason = new QLabel(obstacle->problem());
    reason->setObjectName(u"obstacleReason"_s);
    reason->setWordWrap(true);
    reason->setTextInteractionFlags(Qt::TextSelectableByMouse);
    rows_->addWidget(reason);
    if (!obstacle->noPlan)
        return;
    const NoPlan why = *obstacle->noPlan;
    for (const std::string& text : why.clashing) {
        const QString constraint = toQt(text);
        auto* row = new QWidget;
        auto* layout = new QHBoxLayout(row);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->addWidget(new QLabel(coreText(text)), 1);
        if (relaxConstraint(session_->setup(), text, why)) {
            auto* button = new QPushButton(tr("Relax"));
            button->setObjectName(u"relax_"_s + constraint);
            button->setAccessibleName(tr("Relax %1").arg(coreText(text)));
            connect(button, &QPushButton::clicked, this,
                    [this, constraint, why] { relax(constraint, why); });
            layout->addWidget(button);
        }
        rows_->addWidget(row);
    }
    if (why.smallestMemory)
        rows_->addWidget(
            makeMuted(tr("%1 per device would do.").arg(memoryText(*why.smallestMemory))));
}

void ObstacleBanner::relax(const QString& constraint, const NoPlan& why)
{
    const std::optional<Setup> next = relaxConstraint(session_->setup(), fromQt(constraint), why);
    if (next)
        session_->editSetup(*next, tr("Relax %1").arg(coreText(fromQt(constraint))));
}

} // namespace alpa::app
