#include "app/views/graph_view.h"

#include "app/session/selection_place.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"
#include "app/views/graph_ops_level.h"
#include "app/views/graph_rows.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kRestMs = 400;      ///< Whoever edits on does not want alternatives yet.
constexpr size_t kMostLinks = 40; ///< Of one selection; more would cover the graph.

} // namespace

GraphView::GraphView(Session* session, RegretFinder* regrets, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , regrets_(regrets)
    , canvas_(new GraphCanvas)
    , trail_(new GraphTrail)
    , phase_(new QComboBox)
    , color_(new QComboBox)
    , find_(new QLineEdit)
    , found_(makeMuted({}))
    , engine_(makeMuted({}))
    , focused_(new QToolButton)
    , heatLog_(new QAction(tr("Colour scale: logarithmic"), this))
    , heatClip_(new QAction(tr("Colour scale: clip the largest twentieth"), this))
    , legend_(new GraphLegend)
{
    setObjectName(u"graphView"_s);
    canvas_->setObjectName(u"graphCanvas"_s);
    engine_->setObjectName(u"graphEngine"_s);
    engine_->setWordWrap(false);
    found_->setWordWrap(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    makeTools(column);
    column->addWidget(trail_);
    column->addWidget(canvas_, 1);
    auto* bottom = new QHBoxLayout;
    bottom->setContentsMargins(0, 0, 12, 0);
    bottom->addWidget(legend_, 1);
    bottom->addWidget(engine_, 0, Qt::AlignTop);
    engine_->setContentsMargins(0, 6, 0, 0);
    column->addLayout(bottom);

    connect(canvas_, &GraphCanvas::selected, session->selection(), &SelectionModel::select);
    connect(canvas_, &GraphCanvas::toggled, session->selection(), &SelectionModel::toggle);
    connect(canvas_, &GraphCanvas::areaSelected, session->selection(), &SelectionModel::selectAll);
    connect(canvas_, &GraphCanvas::hovered, session->selection(), &SelectionModel::hover);
    connect(session->selection(), &SelectionModel::hoverChanged, this, &GraphView::takeHover);
    connect(canvas_, &GraphCanvas::menuRequested, this, &GraphView::showMenu);
    connect(canvas_, &GraphCanvas::laidOut, this, [this] {
        engine_->setText(canvas_->engineText());
        refreshTrail();
    });
    connect(canvas_, &GraphCanvas::unfoldedChanged, this, &GraphView::refreshTrail);
    connect(trail_, &GraphTrail::chosen, this, &GraphView::goTo);
    canvas_->setTipAddition([this](const Selection& selection) {
        const DecisionPlace place = decisionOf(selection);
        return place.isValid() ? regrets_->sentence(place) : QString();
    });
    prepare_.setSingleShot(true);
    prepare_.setInterval(kRestMs);
    connect(&prepare_, &QTimer::timeout, this, [this] {
        if (isVisible())
            regrets_->prepare();
    });
    connect(regrets, &RegretFinder::found, canvas_, &GraphCanvas::refreshTip);
    connect(session->selection(), &SelectionModel::changed, this, &GraphView::takeSelection);
    connect(session, &Session::modelChanged, this, &GraphView::refresh);
    connect(session, &Session::shownPlanChanged, this, &GraphView::refresh);
}

void GraphView::setStageErrors(StageErrors errors)
{
    if (errors == errors_)
        return;
    errors_ = std::move(errors);
    if (colorBy_ == ColorBy::kMeasured)
        showContent(true);
}

void GraphView::refresh()
{
    const std::shared_ptr<const GraphFacts> facts = session_->facts();
    GraphViewOptions options = options_;
    const int entry = phase_->currentData().toInt();
    options.phase = entry < kTrainingEntry ? static_cast<Phase>(entry) : Phase::kForward;
    options.scope = entry == kTrainingEntry ? GraphScope::kTraining
                    : entry == kAllEntry    ? GraphScope::kAll
                                            : GraphScope::kPhase;
    const auto colorBy = static_cast<ColorBy>(color_->currentData().toInt());
    if (facts == facts_ && options == options_ && colorBy == colorBy_)
        return;
    const bool isSameShape = facts_ != nullptr && facts != nullptr &&
                             facts_->layers.size() == facts->layers.size() &&
                             options.scope == options_.scope;
    if (facts != facts_) {
        names_.clear();
        focusKey_.clear();
    }
    if (!isSameShape)
        hidden_.clear();
    // Against the starred plan, else against the one that was shown before.
    if (facts != facts_ && facts_ != nullptr && facts_->plan != nullptr)
        before_ = facts_;
    const PlanEntry* baseline = session_->baseline();
    if (baseline != nullptr && baseline->facts != nullptr)
        before_ = baseline->facts;
    if (facts == nullptr || before_ == facts ||
        (before_ != nullptr && !areComparable(*facts, *before_)))
        before_ = nullptr;
    facts_ = facts;
    if (options.scope != options_.scope)
        focusKey_.clear();
    options_ = options;
    colorBy_ = colorBy;
    lastFound_ = -1;
    showContent(isSameShape);
    prepare_.start();
}

void GraphView::showContent(bool isSameShape)
{
    if (facts_ == nullptr)
        return;
    auto colors = std::make_shared<const GraphColors>(facts_, colorBy_, errors_, heatScale());
    legend_->setPlan(facts_->plan.get(), before_ != nullptr);
    refreshLegend(*colors);
    focused_->setVisible(!focusKey_.isEmpty() || !hidden_.empty());
    ++generation_;
    if (options_.scope != GraphScope::kAll || !focusKey_.isEmpty()) {
        showLevel(colors, isSameShape);
        return;
    }
    // Tens of thousands of boxes take a moment to name and lay out.
    auto level = std::make_shared<CanvasLevel>();
    auto work = [facts = facts_, colors, level, aspect = canvas_->aspect()](const JobControl&) {
        *level = allOpsLevel(*facts, colors.get(), aspect);
    };
    session_->jobs()->start(
        tr("Lay out all operations"), work, [this, level, isSameShape, mine = generation_] {
            if (mine == generation_)
                canvas_->setContent(
                    [level](const QString& key) { return key.isEmpty() ? *level : CanvasLevel(); },
                    isSameShape);
        });
}

void GraphView::showLevel(std::shared_ptr<const GraphColors> colors, bool isSameShape)
{
    CanvasContent content = graphContent(facts_, options_, std::move(colors), before_);
    if (!focusKey_.isEmpty()) {
        // The level that the box stands on is that of the box before it on its path.
        std::vector<QString> path;
        const QStringList parts = focusKey_.split(u' ');
        if (parts[0] == "op"_L1)
            path = pathToOp(*facts_, options_, OpId(parts[1].toUInt()));
        else if (parts[0] == "layer"_L1)
            path = pathToLayer(*facts_, options_, parts[1].toInt());
        const QString parent = path.size() > 1 ? path[path.size() - 2] : QString();
        content = neighbourhood(std::move(content), parent, focusKey_, focusSteps_);
    }
    if (!hidden_.empty())
        content = without(std::move(content), hidden_);
    canvas_->setContent(std::move(content), isSameShape);
    takeSelection();
}

void GraphView::focusOn(const QString& key, int steps)
{
    focusKey_ = key;
    focusSteps_ = steps;
    showContent(false);
}

void GraphView::focusAll()
{
    focusKey_.clear();
    hidden_.clear();
    showContent(false);
}

void GraphView::hideSelected()
{
    if (options_.scope == GraphScope::kAll)
        return; // one dense level: its boxes are laid out together
    const auto hide = [this](const std::vector<QString>& path) {
        // The deepest box that is drawn.
        for (auto key = path.rbegin(); key != path.rend(); ++key) {
            if (canvas_->visibleBox({*key})) {
                hidden_.insert(*key);
                return;
            }
        }
    };
    for (const Selection& selection : session_->selection()->all()) {
        const SelectionPlace place = placeOf(selection, *facts_, session_->model()->scopes);
        if (place.op)
            hide(pathToOp(*facts_, options_, *place.op));
        else if (place.layer)
            hide(pathToLayer(*facts_, options_, *place.layer));
    }
    if (!hidden_.empty())
        showContent(true);
}

std::set<QString> GraphView::holdersOf(const Selection& selection) const
{
    std::set<QString> keys;
    if (facts_ == nullptr || session_->model() == nullptr)
        return keys;
    const SelectionPlace place = placeOf(selection, *facts_, session_->model()->scopes);
    const auto insertLayer = [&](int layer) {
        for (QString key : pathToLayer(*facts_, options_, layer)) {
            keys.insert(key);
            // The backward pass of a layer is the layer too.
            keys.insert(key.replace(u"layer"_s, u"back"_s));
        }
    };
    if (place.op) {
        for (const QString& key : pathToOp(*facts_, options_, *place.op))
            keys.insert(key);
    } else if (place.layer) {
        insertLayer(*place.layer);
    } else if (place.stage) {
        for (size_t layer = 0; layer < facts_->layers.size(); ++layer) {
            if (facts_->layers[layer].stage == *place.stage)
                insertLayer(int(layer));
        }
    }
    return keys;
}

std::vector<CanvasLink> GraphView::linksOf(const Selection& selection) const
{
    std::vector<CanvasLink> links;
    if (facts_ == nullptr || session_->model() == nullptr || options_.scope == GraphScope::kAll)
        return links;
    const SelectionPlace place = placeOf(selection, *facts_, session_->model()->scopes);
    if (!place.op)
        return links;
    const auto pathOf = [&](OpId op) { return pathToOp(*facts_, options_, op); };
    const std::vector<QString> here = pathOf(*place.op);
    const Op& op = facts_->graph->op(*place.op);
    for (const ValueId operand : op.operands) {
        const OpId producer = facts_->graph->value(operand).producer;
        if (producer.isValid() && links.size() < kMostLinks)
            links.push_back({pathOf(producer), here});
    }
    for (const ValueId result : op.results) {
        for (const OpId user : facts_->users[result.index()]) {
            if (links.size() < kMostLinks)
                links.push_back({here, pathOf(user)});
        }
    }
    return links;
}

void GraphView::takeSelection()
{
    const Selection selection = session_->selection()->current();
    std::set<QString> holders;
    for (const Selection& one : session_->selection()->all())
        holders.merge(holdersOf(one));
    canvas_->setSelection(selection, std::move(holders));
    canvas_->setLinks(linksOf(selection));
    refreshTrail();
    // A scope chosen in the outline is shown where its first operation is.
    if (selection.kind != Selection::Kind::kScope || facts_ == nullptr ||
        session_->model() == nullptr)
        return;
    const SelectionPlace place = placeOf(selection, *facts_, session_->model()->scopes);
    if (!place.op)
        return;
    const std::vector<QString> path = pathToOp(*facts_, options_, *place.op);
    if (!path.empty())
        canvas_->centerOnNode(path.front());
}

void GraphView::takeHover()
{
    if (!isVisible())
        return;
    const Selection& hovered = session_->selection()->hovered();
    canvas_->setHovered(hovered, holdersOf(hovered));
    regrets_->want(decisionOf(hovered));
}

void GraphView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    prepare_.start();
}

DecisionPlace GraphView::decisionOf(const Selection& selection) const
{
    if (facts_ == nullptr || facts_->plan == nullptr)
        return {};
    const auto index = static_cast<size_t>(std::max(selection.index, 0));
    if (selection.kind == Selection::Kind::kOp && index < facts_->decisionOfOp.size())
        return facts_->decisionOfOp[index];
    if (selection.kind == Selection::Kind::kValue && index < facts_->decisionOfValue.size())
        return facts_->decisionBehind(ValueId(index));
    return {};
}

void GraphView::showMenu(const Selection& selection, const QString& key, const QPoint& at)
{
    session_->selection()->select(selection);
    QMenu menu(this);
    if (key.startsWith(u"layer "_s) || key.startsWith(u"op "_s)) {
        menu.addAction(tr("Only its neighbours"), this, [this, key] { focusOn(key, 1); });
        menu.addAction(tr("Only what is two arrows away"), this, [this, key] { focusOn(key, 2); });
    }
    if (!focusKey_.isEmpty() || !hidden_.empty())
        menu.addAction(tr("Show everything"), this, &GraphView::focusAll);
    const bool isOpen = canvas_->isUnfolded(key);
    if (!key.startsWith(u"op "_s))
        menu.addAction(isOpen ? tr("Fold") : tr("Unfold"), this,
                       [this, key, isOpen] { canvas_->setUnfolded(key, !isOpen); });
    menu.addSeparator();
    fillConstraintMenu(&menu, session_, selection);
    menu.exec(at);
}

void GraphView::revealLayer(int layer)
{
    if (facts_ == nullptr || layer >= int(facts_->layers.size()))
        return;
    if (!focusKey_.isEmpty() || !hidden_.empty())
        focusAll();
    for (const QString& key : pathToLayer(*facts_, options_, layer))
        canvas_->setUnfolded(key, true);
    session_->selection()->select(Selection::layer(layer));
    canvas_->centerOnNode(u"layer %1"_s.arg(layer));
}

void GraphView::revealOp(OpId op)
{
    if (facts_ == nullptr)
        return;
    if (!focusKey_.isEmpty() || !hidden_.empty())
        focusAll();
    const Phase phase = facts_->graph->op(op).phase;
    if (options_.scope == GraphScope::kPhase && phase != options_.phase)
        setScope(GraphScope::kPhase, phase);
    const std::vector<QString> path = pathToOp(*facts_, options_, op);
    for (size_t i = 0; i + 1 < path.size(); ++i)
        canvas_->setUnfolded(path[i], true);
    session_->selection()->select(Selection::op(op));
    if (!path.empty())
        canvas_->centerOnNode(path.back());
}

} // namespace alpa::app
