#include "app/views/compare_side.h"

#include "app/session/selection_place.h"
#include "app/settings/key_bindings.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_content.h"
#include "app/widgets/cards.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/timeline_chart.h"

#include <QComboBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QTabWidget>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

CompareSide::CompareSide(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , verdict_(makeMuted({}))
    , differences_(new QTreeWidget)
    , causes_(new QPushButton(tr("Which constraint did it?")))
    , pages_(new QTabWidget)
{
    setObjectName(u"compareSide"_s);
    verdict_->setObjectName(u"compareSideVerdict"_s);
    auto* top = new QHBoxLayout;
    const QString names[2] = {tr("Left plan"), tr("Right plan")};
    for (size_t side = 0; side < 2; ++side) {
        choices_[side] = new QComboBox;
        choices_[side]->setObjectName(side == 0 ? u"compareLeft"_s : u"compareRight"_s);
        choices_[side]->setAccessibleName(names[side]);
        choices_[side]->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        choices_[side]->setMinimumContentsLength(18);
        top->addWidget(choices_[side]);
        if (side == 0)
            top->addWidget(makeHeading(tr("beside")));
        connect(choices_[side], &QComboBox::currentIndexChanged, this, &CompareSide::refresh);
    }
    top->addStretch();

    differences_->setObjectName(u"compareDifferences"_s);
    differences_->setAccessibleName(tr("What differs"));
    differences_->setHeaderLabels({tr("What"), tr("Left"), tr("Right")});
    differences_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    differences_->setUniformRowHeights(true);
    causes_->setObjectName(u"compareCauses"_s);
    auto* listed = new QWidget;
    auto* listColumn = new QVBoxLayout(listed);
    listColumn->setContentsMargins(0, 6, 0, 0);
    listColumn->addWidget(differences_);
    listColumn->addWidget(causes_, 0, Qt::AlignLeft);

    auto* graphs = new QSplitter;
    auto* timelines = new QSplitter(Qt::Vertical);
    for (int side = 0; side < 2; ++side) {
        const auto at = static_cast<size_t>(side);
        canvases_[at] = new GraphCanvas;
        canvases_[at]->setMinimapShown(
            false); // each side is half a page: a map would hide what it shows
        canvases_[at]->setObjectName(side == 0 ? u"compareGraphLeft"_s : u"compareGraphRight"_s);
        canvases_[at]->setAccessibleName(side == 0 ? tr("Graph of the left plan")
                                                   : tr("Graph of the right plan"));
        graphs->addWidget(canvases_[at]);
        connect(canvases_[at], &GraphCanvas::selected, session->selection(),
                &SelectionModel::select);
        connect(canvases_[at], &GraphCanvas::unfoldedChanged, this, [this, side] {
            if (std::exchange(isFollowing_, true))
                return;
            for (size_t layer = 0; facts_[0] != nullptr && layer < facts_[0]->layers.size();
                 ++layer) {
                const QString key = u"layer %1"_s.arg(layer);
                canvases_[static_cast<size_t>(1 - side)]->setUnfolded(
                    key, canvases_[static_cast<size_t>(side)]->isUnfolded(key));
            }
            isFollowing_ = false;
        });
        for (QScrollBar* bar :
             {canvases_[at]->horizontalScrollBar(), canvases_[at]->verticalScrollBar()}) {
            connect(bar, &QScrollBar::valueChanged, this, [this, side] { follow(side); });
            connect(bar, &QScrollBar::rangeChanged, this, [this, side] { follow(side); });
        }
        timelines_[at] = new TimelineChart;
        timelines_[at]->setObjectName(side == 0 ? u"compareTimelineLeft"_s
                                                : u"compareTimelineRight"_s);
        timelines_[at]->setAccessibleName(side == 0 ? tr("Timeline of the left plan")
                                                    : tr("Timeline of the right plan"));
        timelines_[at]->installEventFilter(this);
        auto* half = new QWidget;
        auto* halfColumn = new QVBoxLayout(half);
        halfColumn->setContentsMargins(0, 8, 0, 0);
        captions_[at] = makeHeading({});
        halfColumn->addWidget(captions_[at]);
        halfColumn->addWidget(timelines_[at]);
        halfColumn->addStretch();
        timelines->addWidget(half);
        connect(timelines_[at], &TimelineChart::visibleRangeChanged, this,
                [this, side](Seconds first, Seconds last) {
                    timelines_[static_cast<size_t>(1 - side)]->setVisibleRange(first, last);
                });
    }
    canvases_[0]->fitWith(canvases_[1]);
    canvases_[1]->fitWith(canvases_[0]);
    pages_->setObjectName(u"compareSidePages"_s);
    pages_->setDocumentMode(true);
    pages_->addTab(listed, tr("What differs"));
    pages_->addTab(graphs, tr("Graphs"));
    pages_->addTab(timelines, tr("Timelines"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 8, 0, 0);
    column->addLayout(top);
    column->addWidget(verdict_);
    column->addWidget(pages_, 1);
    connect(causes_, &QPushButton::clicked, this, &CompareSide::findCauses);
    const auto addStep = [this](const QString& text, const QString& name, const QString& key,
                                bool isBackward) {
        auto* action = new QAction(text, this);
        action->setObjectName(name);
        action->setShortcut(QKeySequence(key));
        action->setEnabled(false); // until the page is in view: timelines elsewhere have the key
        connect(action, &QAction::triggered, this,
                [this, isBackward] { stepToDifference(isBackward); });
        addAction(action);
        differenceActions_ << action;
    };
    addStep(tr("Next &difference"), u"actionNextDifference"_s, u"D"_s, false);
    shareKeys(*differenceActions_.back(), u"actionTimelineLater"_s,
              tr("where plans stand side by side"));
    addStep(tr("Previous d&ifference"), u"actionPreviousDifference"_s, u"Shift+D"_s, true);
    connect(session, &Session::plansChanged, this, &CompareSide::takePlans);
    connect(session, &Session::shownPlanChanged, this, &CompareSide::takePlans);
    connect(session->selection(), &SelectionModel::changed, this, &CompareSide::takeSelection);
    connect(session->selection(), &SelectionModel::hoverChanged, this, &CompareSide::takeHover);
    takePlans();
}

/// Keys of the boxes that selections lie in, in the graph of one side.
std::set<QString> CompareSide::holdersOf(const std::vector<Selection>& selections,
                                         size_t side) const
{
    std::set<QString> keys;
    if (facts_[side] == nullptr || session_->model() == nullptr)
        return keys;
    for (const int layer : placesOf(selections, *facts_[side], session_->model()->scopes).layers)
        keys.insert(u"layer %1"_s.arg(layer));
    return keys;
}

void CompareSide::takeSelection()
{
    for (size_t side = 0; side < canvases_.size(); ++side)
        canvases_[side]->setSelection(session_->selection()->current(),
                                      holdersOf(session_->selection()->all(), side));
}

void CompareSide::takeHover()
{
    const Selection& hovered = session_->selection()->hovered();
    for (size_t side = 0; isVisible() && side < canvases_.size(); ++side)
        canvases_[side]->setHovered(hovered, holdersOf({hovered}, side));
}

void CompareSide::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    for (QAction* action : differenceActions_)
        action->setEnabled(false);
}

void CompareSide::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    for (QAction* action : differenceActions_)
        action->setEnabled(true);
    if (isDirty_)
        takePlans();
}

/// Keys that timelines share with the differences lead to those here.
bool CompareSide::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::ShortcutOverride && event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const QKeySequence pressed(static_cast<QKeyEvent*>(event)->keyCombination());
    const auto action = std::ranges::find_if(differenceActions_, [&](const QAction* one) {
        return one->isEnabled() && one->shortcuts().contains(pressed);
    });
    if (action == differenceActions_.end())
        return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::KeyPress)
        (*action)->trigger();
    event->accept();
    return true;
}

const PlanEntry* CompareSide::left() const
{
    return session_->entry(choices_[0]->currentData().toInt());
}
const PlanEntry* CompareSide::right() const
{
    return session_->entry(choices_[1]->currentData().toInt());
}

/// The lists follow the session; what was chosen stays chosen. At first the right one is the shown
/// plan, the left one the starred, or the one before it.
void CompareSide::takePlans()
{
    isDirty_ = !isVisible();
    if (isDirty_)
        return;
    const PlanEntry* shown = session_->shownPlan();
    const PlanEntry* baseline = session_->baseline();
    for (size_t side = 0; side < 2; ++side) {
        QComboBox* choice = choices_[side];
        const int was = choice->currentData().toInt();
        const bool wasLast = choice->property("shown").toInt() == was;
        choice->blockSignals(true);
        choice->clear();
        int other = 0;
        for (const auto& entry : session_->entries()) {
            if (entry->plan() == nullptr)
                continue;
            choice->addItem(tr("%1, %2").arg(entry->name, timeText(entry->plan()->stepTime)),
                            entry->id);
            if (shown == nullptr || entry->id != shown->id)
                other = entry->id;
        }
        const int first = side == 1 ? (shown == nullptr ? 0 : shown->id)
                          : baseline != nullptr && baseline->plan() != nullptr ? baseline->id
                                                                               : other;
        const bool follows = was == 0 || wasLast || session_->entry(was) == nullptr;
        choice->setCurrentIndex(std::max(0, choice->findData(follows ? first : was)));
        choice->setProperty("shown", follows ? choice->currentData().toInt() : 0);
        choice->blockSignals(false);
    }
    refresh();
}

void CompareSide::refresh()
{
    const PlanEntry* plans[2] = {left(), right()};
    const bool hasBoth = plans[0] != nullptr && plans[1] != nullptr &&
                         plans[0]->plan() != nullptr && plans[1]->plan() != nullptr;
    setEnabled(hasBoth);
    if (!hasBoth)
        return;
    const std::array<std::shared_ptr<const GraphFacts>, 2> facts{plans[0]->facts, plans[1]->facts};
    if (facts == facts_)
        return;
    const bool isSameShape =
        facts_[0] != nullptr && facts[0]->layers.size() == facts_[0]->layers.size();
    facts_ = facts;
    const bool isComparable = areComparable(*facts[0], *facts[1]);
    for (size_t side = 0; side < 2; ++side) {
        canvases_[side]->setContent(
            graphContent(facts[side], {}, nullptr, isComparable ? facts[1 - side] : nullptr),
            isSameShape);
        timelines_[side]->setPlan(facts[side]->plan);
    }
    // One scale for both: what is longer looks longer.
    const Seconds longest =
        std::max(facts[0]->plan->timeline.stepTime, facts[1]->plan->timeline.stepTime);
    for (size_t side = 0; side < 2; ++side) {
        timelines_[side]->setVisibleRange({}, longest);
        captions_[side]->setText(
            tr("%1, %2").arg(plans[side]->name, timeText(facts[side]->plan->timeline.stepTime)));
    }
    changedLayers_.clear();
    atDifference_ = -1;
    if (isComparable) {
        const std::vector<int> changed = changedPerLayer(*facts[1], *facts[0]);
        for (size_t layer = 0; layer < changed.size(); ++layer) {
            if (changed[layer] > 0)
                changedLayers_.push_back(int(layer));
        }
    }
    refreshDiff();
}

/// The other canvas looks at the same place with the same zoom.
void CompareSide::follow(int side)
{
    if (std::exchange(isFollowing_, true))
        return;
    const GraphCanvas* from = canvases_[static_cast<size_t>(side)];
    GraphCanvas* to = canvases_[static_cast<size_t>(1 - side)];
    if (from->isVisible() && to->isVisible()) {
        to->setTransform(from->transform());
        to->horizontalScrollBar()->setValue(from->horizontalScrollBar()->value());
        to->verticalScrollBar()->setValue(from->verticalScrollBar()->value());
    }
    isFollowing_ = false;
}

void CompareSide::stepToDifference(bool isBackward)
{
    if (changedLayers_.empty())
        return;
    const int count = int(changedLayers_.size());
    atDifference_ = atDifference_ < 0 ? (isBackward ? count - 1 : 0)
                                      : (atDifference_ + (isBackward ? count - 1 : 1)) % count;
    pages_->setCurrentIndex(1);
    const int layer = changedLayers_[static_cast<size_t>(atDifference_)];
    session_->selection()->select(Selection::layer(layer));
    canvases_[0]->centerOnNode(u"layer %1"_s.arg(layer));
}

} // namespace alpa::app
