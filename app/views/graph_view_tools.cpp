// The graph page's tools: what is shown, colours, and find.
#include "app/session/selection_place.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"
#include "app/views/graph_rows.h"
#include "app/views/graph_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kKeyRole =
    Qt::UserRole + 1; ///< Names of entries that are the same in every language.

} // namespace

void GraphView::makeTools(QLayout* column)
{
    phase_->setObjectName(u"graphPhase"_s);
    phase_->setAccessibleName(tr("What the graph shows"));
    const auto addShown = [this](const QString& text, int entry, const QString& key) {
        phase_->addItem(text, entry);
        phase_->setItemData(phase_->count() - 1, key, kKeyRole);
    };
    addShown(tr("Forward"), int(Phase::kForward), u"forward"_s);
    addShown(tr("Backward"), int(Phase::kBackward), u"backward"_s);
    addShown(tr("Update"), int(Phase::kUpdate), u"update"_s);
    addShown(tr("Training step"), kTrainingEntry, u"training step"_s);
    addShown(tr("All operations"), kAllEntry, u"all operations"_s);
    phase_->setToolTip(tr(
        "Which operations unfolded layers show; the training step has the backward pass beside the "
        "forward pass, and all operations stand on one level"));
    color_->setObjectName(u"graphColor"_s);
    color_->setAccessibleName(tr("Colour by"));
    color_->setToolTip(tr("What the colour of a box says; the legend below has the scale"));
    for (const ColorBy by :
         {ColorBy::kStage, ColorBy::kSharding, ColorBy::kTime, ColorBy::kMemory,
          ColorBy::kCommunication, ColorBy::kRegret, ColorBy::kParameters, ColorBy::kMeasured}) {
        color_->addItem(tr("Colour: %1").arg(colorByName(by)), int(by));
        color_->setItemData(color_->count() - 1, colorByKey(by), kKeyRole);
    }
    color_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    color_->setMinimumContentsLength(13);
    find_->setObjectName(u"graphFind"_s);
    find_->setAccessibleName(tr("Find"));
    find_->setPlaceholderText(tr("Find layer or operation (Ctrl+F)"));
    find_->setClearButtonEnabled(true);
    for (QToolButton* clear : find_->findChildren<QToolButton*>())
        clear->setAccessibleName(tr("Clear"));
    find_->setMinimumWidth(90);
    find_->setMaximumWidth(300);
    auto* shown = new QToolButton;
    shown->setObjectName(u"graphShown"_s);
    shown->setText(tr("Show"));
    shown->setPopupMode(QToolButton::InstantPopup);
    shown->setToolTip(tr("What levels leave out or put together"));
    shown->setMenu(new QMenu(shown));
    makeShownMenu(shown->menu());
    focused_->setObjectName(u"graphFocusAll"_s);
    focused_->setText(tr("Show everything"));
    focused_->setToolTip(tr("Boxes are hidden, or only a neighbourhood is shown"));
    focused_->hide();

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(12, 6, 12, 6);
    tools->setSpacing(6);
    for (QWidget* widget : {static_cast<QWidget*>(phase_), static_cast<QWidget*>(color_),
                            static_cast<QWidget*>(shown), static_cast<QWidget*>(focused_)})
        tools->addWidget(widget);
    tools->addStretch(0);
    tools->addWidget(found_);
    tools->addWidget(find_, 3);
    const auto addButton = [&](const QString& icon, const QString& text, auto action) {
        auto* button = new QToolButton;
        button->setObjectName(u"graph_"_s + icon);
        button->setIcon(themedIcon(icon));
        button->setAutoRaise(true);
        button->setToolTip(text);
        button->setAccessibleName(text);
        connect(button, &QToolButton::clicked, canvas_, action);
        tools->addWidget(button);
    };
    addButton(u"zoom-in"_s, tr("Zoom in (+)"), [this] { canvas_->zoomBy(1.25); });
    addButton(u"zoom-out"_s, tr("Zoom out (−)"), [this] { canvas_->zoomBy(0.8); });
    addButton(u"fit"_s, tr("Show all (Shift+F)"), [this] { canvas_->showAll(); });
    addButton(u"collapse"_s, tr("Fold all layers"), [this] { canvas_->foldAll(); });
    static_cast<QBoxLayout*>(column)->addLayout(tools);

    connect(legend_, &GraphLegend::axisMenuRequested, this,
            [this](int axis, const QPoint& at) { openAxisMenu(session_, axis, at); });
    connect(legend_, &GraphLegend::filterChanged, canvas_, &GraphCanvas::setFilter);
    connect(phase_, &QComboBox::currentIndexChanged, this, &GraphView::refresh);
    connect(color_, &QComboBox::currentIndexChanged, this, &GraphView::refresh);
    connect(legend_, &GraphLegend::scaleMenuRequested, this, &GraphView::openScaleMenu);
    connect(focused_, &QToolButton::clicked, this, &GraphView::focusAll);
    connect(find_, &QLineEdit::returnPressed, this, [this] { findNext(false); });
    connect(find_, &QLineEdit::textEdited, this, [this] {
        lastFound_ = -1;
        findNext(false);
    });
}

void GraphView::makeShownMenu(QMenu* choices)
{
    auto* shape = choices->addAction(tr("Broadcasts, conversions and reshapes as boxes"));
    shape->setObjectName(u"graphShapeOps"_s);
    shape->setCheckable(true);
    auto* twins = choices->addAction(tr("Runs of identical layers as one box"));
    twins->setObjectName(u"graphTwins"_s);
    twins->setCheckable(true);
    twins->setChecked(options_.groupsTwins);
    auto* map = choices->addAction(tr("Map in the corner"));
    map->setShortcut(QKeySequence(u"M"_s));
    map->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    addAction(map);
    map->setObjectName(u"graphMinimap"_s);
    map->setCheckable(true);
    map->setChecked(true);
    connect(map, &QAction::toggled, canvas_, &GraphCanvas::setMinimapShown);
    choices->addSeparator();
    heatLog_->setObjectName(u"graphHeatLog"_s);
    heatLog_->setToolTip(
        tr("Tells small numbers apart: each shade is a multiple of the one before"));
    heatClip_->setObjectName(u"graphHeatClip"_s);
    heatClip_->setToolTip(tr("The scale ends where all but a few are, so that these few do not "
                             "make the others look alike"));
    choices->setToolTipsVisible(true);
    for (QAction* action : {heatLog_, heatClip_}) {
        action->setCheckable(true);
        choices->addAction(action);
        connect(action, &QAction::toggled, this, [this] { showContent(true); });
    }
    connect(shape, &QAction::toggled, this, [this](bool on) {
        options_.showsShapeOps = on;
        showContent(true);
    });
    connect(twins, &QAction::toggled, this, [this](bool on) {
        options_.groupsTwins = on;
        showContent(false);
    });
}

void GraphView::openScaleMenu(const QPoint& at)
{
    auto* menu = new QMenu(this);
    menu->setObjectName(u"heatScaleMenu"_s);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    menu->addActions({heatLog_, heatClip_});
    menu->popup(at);
}

HeatScale GraphView::heatScale() const
{
    return {.isLogarithmic = heatLog_->isChecked(), .isClipped = heatClip_->isChecked()};
}

void GraphView::remember(SavedView& view) const
{
    view.graphShows = phase_->currentData(kKeyRole).toString();
    view.graphColor = colorByKey(static_cast<ColorBy>(color_->currentData().toInt()));
    view.isHeatLogarithmic = heatLog_->isChecked();
    view.isHeatClipped = heatClip_->isChecked();
}

void GraphView::recall(const SavedView& view)
{
    if (const int shows = phase_->findData(view.graphShows, kKeyRole); shows >= 0)
        phase_->setCurrentIndex(shows);
    if (const int color = color_->findData(view.graphColor, kKeyRole); color >= 0)
        color_->setCurrentIndex(color);
    heatLog_->setChecked(view.isHeatLogarithmic);
    heatClip_->setChecked(view.isHeatClipped);
}

void GraphView::refreshLegend(const GraphColors& colors)
{
    const bool tintsStages = colorBy_ == ColorBy::kStage && facts_->plan != nullptr;
    legend_->setStages(tintsStages ? int(facts_->plan->stages.size()) : 0);
    if (!colors.isNumeric()) {
        legend_->setScale(std::nullopt);
        return;
    }
    LegendScale scale;
    scale.title = colorByName(colorBy_);
    if (colorBy_ == ColorBy::kMeasured) {
        scale.isDiverging = true;
        scale.low = errors_.empty() ? tr("nothing measured yet: run the plan (F6)")
                                    : colors.text(-colors.most());
        scale.high = errors_.empty() ? QString() : colors.text(colors.most());
    } else if (!colors.hasData()) {
        scale.low = tr("known once there is a plan (F5)");
    } else {
        scale.low = colors.text(colors.least());
        scale.high = tr("%1 a layer, %2 an operation")
                         .arg(colors.text(colors.most()), colors.text(colors.mostOfOp()));
    }
    if (colors.hasData() && heatLog_->isChecked())
        scale.low.prepend(u"≤ "_s);
    if (colors.hasData() && heatClip_->isChecked())
        scale.high.prepend(u"≥ "_s);
    scale.isLogarithmic = heatLog_->isChecked();
    legend_->setScale(scale);
}

void GraphView::setColorBy(ColorBy by) { color_->setCurrentIndex(color_->findData(int(by))); }

void GraphView::setScope(GraphScope scope, Phase phase)
{
    const int entry = scope == GraphScope::kPhase      ? int(phase)
                      : scope == GraphScope::kTraining ? kTrainingEntry
                                                       : kAllEntry;
    phase_->setCurrentIndex(phase_->findData(entry));
}

/// Esc takes back what dims the graph before it stops what runs in the background.
bool GraphView::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride && legend_->filter().isSet() &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QWidget::event(event);
}

void GraphView::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && legend_->filter().isSet())
        legend_->setFilter({});
    else
        QWidget::keyPressEvent(event);
}

std::vector<QString> GraphView::pathTo(const Selection& selection) const
{
    const SelectionPlace place = placeOf(selection, *facts_, session_->model()->scopes);
    if (selection.kind == Selection::Kind::kScope)
        return {};
    if (place.op)
        return pathToOp(*facts_, options_, *place.op);
    return place.layer ? pathToLayer(*facts_, options_, *place.layer) : std::vector<QString>();
}

void GraphView::refreshTrail()
{
    if (facts_ == nullptr || session_->model() == nullptr)
        return;
    const Selection selection = session_->selection()->current();
    const std::vector<QString> path = pathTo(selection);
    const bool isDrawn = path.empty() || canvas_->visibleBox({path.back()}).has_value();
    trail_->setSteps(trailTo(selection, *facts_, *session_->model()), isDrawn);
}

void GraphView::goTo(const Selection& selection)
{
    if (selection.kind == Selection::Kind::kOp) {
        revealOp(OpId(selection.index));
    } else if (selection.kind == Selection::Kind::kLayer) {
        revealLayer(selection.index);
    } else if (selection.isNone()) {
        session_->selection()->clear();
        if (!focusKey_.isEmpty() || !hidden_.empty())
            focusAll();
        canvas_->showAll();
    } else {
        session_->selection()->select(selection);
    }
}

void GraphView::focusFind()
{
    find_->setFocus();
    find_->selectAll();
}

bool GraphView::isMatch(int index, const QString& wanted) const
{
    const int layers = int(facts_->layers.size());
    const bool isShown = index < layers || options_.scope != GraphScope::kPhase ||
                         facts_->graph->op(OpId(index - layers)).phase == options_.phase;
    return isShown && names_[static_cast<size_t>(index)].contains(wanted);
}

void GraphView::findNext(bool isBackward)
{
    found_->clear();
    const QString wanted = find_->text().trimmed().toLower();
    if (facts_ == nullptr || wanted.isEmpty())
        return;
    const int layers = int(facts_->layers.size());
    const int count = layers + int(facts_->graph->ops.size());
    if (names_.empty()) {
        names_.reserve(static_cast<size_t>(count));
        for (int layer = 0; layer < layers; ++layer)
            names_.push_back(shortLayerName(*facts_, layer).toLower());
        for (size_t op = 0; op < facts_->graph->ops.size(); ++op)
            names_.push_back(toQt(facts_->opLabel(OpId(op))).toLower());
    }
    for (int step = 1; step <= count; ++step) {
        const int at = ((lastFound_ + (isBackward ? -step : step)) % count + count) % count;
        if (!isMatch(at, wanted))
            continue;
        lastFound_ = at;
        if (at >= layers) {
            revealOp(OpId(at - layers));
            return;
        }
        session_->selection()->select(Selection::layer(at));
        const std::vector<QString> path = pathToLayer(*facts_, options_, at);
        canvas_->centerOnNode(options_.scope == GraphScope::kAll ? QString() : path.front());
        return;
    }
    found_->setText(tr("not found"));
}

} // namespace alpa::app
