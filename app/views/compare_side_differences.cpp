// What differs between two plans as a tree, and which constraint did it.
#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "app/views/compare_side.h"
#include "core/explain/diff_plans.h"

#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QTreeWidget>

#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

void addRows(QTreeWidget* tree, const QString& title, const std::vector<PlanChange>& changes)
{
    if (changes.empty())
        return;
    auto* group = new QTreeWidgetItem(tree, {title, QString(), QString()});
    for (const PlanChange& change : changes)
        new QTreeWidgetItem(
            group, {coreText(change.subject), coreText(change.before), coreText(change.after)});
    group->setExpanded(true);
    group->setFirstColumnSpanned(true);
}

QString addedText(Seconds added)
{
    return (added.count < 0 ? u"−"_s : u"+"_s) + timeText(Seconds(std::abs(added.count)));
}

} // namespace

void CompareSide::refreshDiff()
{
    // O(ops): some milliseconds for the largest models, but not on this thread.
    struct Answer {
        PlanDiff diff;
    };
    auto answer = std::make_shared<Answer>();
    auto work = [facts = facts_, answer](const JobControl&) {
        answer->diff = diffPlans(*facts[0]->plan, *facts[1]->plan);
    };
    session_->jobs()->start(
        tr("Compare two plans"), work, [self = QPointer(this), facts = facts_, answer] {
            if (self.isNull() || self->facts_ != facts)
                return;
            const PlanDiff& diff = answer->diff;
            self->verdict_->setText(coreSentence(diff.verdict));
            QTreeWidget* tree = self->differences_;
            tree->clear();
            addRows(tree, tr("Asked"), diff.request);
            addRows(tree, tr("Plan"), diff.plan);
            addRows(tree, tr("Shardings"), diff.shardings);
            auto* terms =
                new QTreeWidgetItem(tree, {tr("Terms of the step"), QString(), QString()});
            for (const TermChange& term : diff.terms)
                new QTreeWidgetItem(terms,
                                    {u"%1 (%2)"_s.arg(coreText(term.name), addedText(term.added())),
                                     timeText(term.before), timeText(term.after)});
            terms->setExpanded(true);
            self->causes_->setEnabled(!diff.request.empty());
        });
}

void CompareSide::findCauses()
{
    if (facts_[0] == nullptr || session_->model() == nullptr)
        return;
    causes_->setEnabled(false);
    PlanRequest requests[2];
    for (size_t side = 0; side < 2; ++side) {
        requests[side].model = session_->model()->graph;
        requests[side].modelPath = fromQt(session_->model()->path);
        requests[side].cluster = facts_[side]->plan->cluster;
        requests[side].options = facts_[side]->plan->options;
    }
    auto diff = std::make_shared<PlanDiff>();
    auto work = [facts = facts_, before = requests[0], after = requests[1], diff,
                 cache = session_->planCache()](const JobControl& control) {
        *diff = diffPlans(*facts[0]->plan, *facts[1]->plan);
        const Status done = attributeDiff(*diff, before, after, *cache, control);
        if (!done.ok())
            diff->causes.clear();
    };
    session_->jobs()->start(
        tr("Which constraint did it?"), work, [self = QPointer(this), facts = facts_, diff] {
            if (self.isNull() || self->facts_ != facts)
                return;
            self->causes_->setEnabled(true);
            auto* group = new QTreeWidgetItem(
                self->differences_,
                {tr("Causes: the left request with one change alone"), QString(), QString()});
            for (const ChangeCause& cause : diff->causes)
                new QTreeWidgetItem(group, {coreText(cause.change), timeText(diff->before),
                                            cause.step ? u"%1 %2"_s.arg(timeText(*cause.step),
                                                                        coreText(cause.differs))
                                                       : coreText(cause.problem)});
            group->setExpanded(true);
            self->differences_->scrollToItem(group);
        });
}

} // namespace alpa::app
