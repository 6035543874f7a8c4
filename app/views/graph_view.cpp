#include "app/views/graph_view.h"

#include <algorithm>

#include "app/settings/icons.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/widgets/sharding_strip.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPainter>
#include <QShortcut>
#include <QToolButton>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

ShardingLegend::ShardingLegend(QWidget* parent) : QWidget(parent)
{
    setObjectName(u"shardingLegend"_s);
    setAccessibleName(tr("Legend of the sharding strips"));
    setToolTip(tr("Each cell of a strip is one dimension of the tensor.\nAR all-reduce, AG all-gather, RS reduce-scatter, "
                  "A2A all-to-all; the letter behind it is the mesh axis."));
    setFixedHeight(28);
}

void ShardingLegend::setMesh(const DeviceMesh* mesh, bool marksChanges)
{
    marksChanges_ = marksChanges;
    axes_.clear();
    if (mesh != nullptr) {
        for (size_t i = 0; i < mesh->axes.size(); ++i)
            axes_.emplace_back(int(i), tr("split over %1, %2").arg(toQt(mesh->axes[i].name),
                                                                   counted(mesh->axes[i].size, tr("device"), tr("devices"))));
    }
    update();
}

void ShardingLegend::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = themeOf(this);
    QFont small = font();
    small.setPixelSize(11);
    painter.setFont(small);
    double x = 12;
    const double y = 6;
    const auto drawEntry = [&](const StripCell& cell, const QString& text) {
        paintStrip(painter, {x, y}, {cell}, theme);
        x += stripWidth({cell}) + 6;
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x, y, 400, 16), Qt::AlignVCenter | Qt::AlignLeft, text);
        x += painter.fontMetrics().horizontalAdvance(text) + 18;
    };
    if (axes_.empty()) {
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x, y, 600, 16), Qt::AlignVCenter | Qt::AlignLeft,
                         tr("Shardings appear here once there is a plan."));
        return;
    }
    for (const auto& [axis, text] : axes_)
        drawEntry({{axis}, false}, text);
    drawEntry({{}, false}, tr("replicated"));
    drawEntry({{axes_.back().first}, true}, tr("partial sums"));
    painter.setPen(QPen(theme.error, 1.5, Qt::DashLine));
    painter.drawLine(QPointF(x, y + 8), QPointF(x + 26, y + 8));
    painter.setPen(theme.mutedText);
    painter.drawText(QRectF(x + 32, y, 460, 16), Qt::AlignVCenter | Qt::AlignLeft,
                     tr("moves data"));
    if (!marksChanges_)
        return;
    x += 32 + painter.fontMetrics().horizontalAdvance(tr("moves data")) + 18;
    painter.setPen(QPen(theme.measured, 2));
    painter.drawRoundedRect(QRectF(x, y, 18, 16), 4, 4);
    painter.setPen(theme.mutedText);
    painter.drawText(QRectF(x + 24, y, 200, 16), Qt::AlignVCenter | Qt::AlignLeft, tr("changed"));
}

GraphView::GraphView(Session* session, QWidget* parent)
    : QWidget(parent), session_(session), canvas_(new GraphCanvas), phase_(new QComboBox), heat_(new QComboBox),
      find_(new QLineEdit), found_(makeMuted({})), engine_(makeMuted({})), legend_(new ShardingLegend)
{
    setObjectName(u"graphView"_s);
    canvas_->setObjectName(u"graphCanvas"_s);
    engine_->setObjectName(u"graphEngine"_s);
    engine_->setWordWrap(false);
    found_->setWordWrap(false);
    phase_->setObjectName(u"graphPhase"_s);
    phase_->setAccessibleName(tr("Phase"));
    phase_->addItem(tr("Forward"), int(Phase::kForward));
    phase_->addItem(tr("Backward"), int(Phase::kBackward));
    phase_->addItem(tr("Update"), int(Phase::kUpdate));
    phase_->setToolTip(tr("Which operations unfolded layers show"));
    heat_->setObjectName(u"graphHeat"_s);
    heat_->setAccessibleName(tr("Bars"));
    heat_->addItem(tr("No bars"), int(HeatKind::kNone));
    heat_->addItem(tr("Bars: compute"), int(HeatKind::kCompute));
    heat_->addItem(tr("Bars: collectives"), int(HeatKind::kCommunication));
    heat_->addItem(tr("Bars: parameters"), int(HeatKind::kParameters));
    find_->setObjectName(u"graphFind"_s);
    find_->setPlaceholderText(tr("Find layer or operation (Ctrl+F)"));
    find_->setClearButtonEnabled(true);
    for (QToolButton* clear : find_->findChildren<QToolButton*>())
        clear->setAccessibleName(tr("Clear"));
    find_->setMinimumWidth(90);
    find_->setMaximumWidth(300);
    auto* shape = new QCheckBox(tr("Shapes"));
    shape->setObjectName(u"graphShapeOps"_s);
    shape->setToolTip(tr("Show broadcasts, conversions and reshapes as boxes"));

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(12, 6, 12, 6);
    tools->setSpacing(6);
    tools->addWidget(phase_);
    tools->addWidget(heat_);
    tools->addWidget(shape);
    tools->addStretch(1);
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
    addButton(u"fit"_s, tr("Show all (F)"), [this] { canvas_->fitAll(); });
    addButton(u"collapse"_s, tr("Fold all layers"), [this] { canvas_->foldAll(); });

    auto* bottom = new QHBoxLayout;
    bottom->setContentsMargins(0, 0, 12, 0);
    bottom->addWidget(legend_, 1);
    engine_->setMinimumWidth(0);
    bottom->addWidget(engine_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(tools);
    column->addWidget(canvas_, 1);
    column->addLayout(bottom);

    connect(phase_, &QComboBox::currentIndexChanged, this, &GraphView::refresh);
    connect(heat_, &QComboBox::currentIndexChanged, this, &GraphView::refresh);
    connect(shape, &QCheckBox::toggled, this, [this](bool on) {
        options_.showsShapeOps = on;
        refresh();
    });
    connect(find_, &QLineEdit::returnPressed, this, [this] { findNext(false); });
    connect(find_, &QLineEdit::textEdited, this, [this] {
        lastFound_ = -1;
        findNext(false);
    });
    connect(canvas_, &GraphCanvas::selected, session->selection(), &SelectionModel::select);
    connect(canvas_, &GraphCanvas::laidOut, this, [this] { engine_->setText(canvas_->engineText()); });
    connect(session->selection(), &SelectionModel::changed, this, &GraphView::takeSelection);
    connect(session, &Session::modelChanged, this, &GraphView::refresh);
    connect(session, &Session::shownPlanChanged, this, &GraphView::refresh);
}

void GraphView::refresh()
{
    const std::shared_ptr<const GraphFacts> facts = session_->facts();
    GraphViewOptions options = options_;
    options.phase = static_cast<Phase>(phase_->currentData().toInt());
    options.heat = static_cast<HeatKind>(heat_->currentData().toInt());
    if (facts == facts_ && options == options_)
        return;
    const bool isSameShape = facts_ != nullptr && facts != nullptr && facts_->layers.size() == facts->layers.size();
    // Against the starred plan, else against the one that was shown before.
    if (facts != facts_ && facts_ != nullptr && facts_->plan != nullptr)
        before_ = facts_;
    const PlanEntry* baseline = session_->baseline();
    if (baseline != nullptr && baseline->facts != nullptr)
        before_ = baseline->facts;
    if (facts == nullptr || before_ == facts || (before_ != nullptr && !areComparable(*facts, *before_)))
        before_ = nullptr;
    facts_ = facts;
    options_ = options;
    lastFound_ = -1;
    if (facts_ == nullptr)
        return;
    legend_->setMesh(facts_->plan == nullptr ? nullptr : &facts_->plan->stages.front().mesh, before_ != nullptr);
    canvas_->setContent(graphContent(facts_, options_, before_), isSameShape);
}

void GraphView::takeSelection()
{
    const Selection selection = session_->selection()->current();
    canvas_->setSelection(selection);
    // A scope chosen in the outline is shown where its first operation is.
    if (selection.kind != Selection::Kind::kScope || facts_ == nullptr || session_->model() == nullptr)
        return;
    const ScopeNode& node = session_->model()->scopes.nodes[static_cast<size_t>(selection.index)];
    for (size_t i = 0; i < facts_->graph->ops.size(); ++i) {
        const Op& op = facts_->graph->ops[i];
        if (op.phase == Phase::kForward && facts_->graph->scopePath(op.scope).starts_with(node.path)) {
            const std::vector<QString> path = pathToOp(*facts_, options_, OpId(i));
            if (!path.empty())
                canvas_->centerOnNode(path.front());
            return;
        }
    }
}

void GraphView::focusFind()
{
    find_->setFocus();
    find_->selectAll();
}

void GraphView::findNext(bool isBackward)
{
    found_->clear();
    const QString wanted = find_->text().trimmed();
    if (facts_ == nullptr || wanted.isEmpty())
        return;
    const int layers = int(facts_->layers.size());
    const int count = layers + int(facts_->graph->ops.size());
    for (int step = 1; step <= count; ++step) {
        const int at = ((lastFound_ + (isBackward ? -step : step)) % count + count) % count;
        if (at < layers) {
            if (!shortLayerName(*facts_, at).contains(wanted, Qt::CaseInsensitive))
                continue;
            lastFound_ = at;
            session_->selection()->select(Selection::layer(at));
            canvas_->centerOnNode(u"layer %1"_s.arg(at));
            return;
        }
        const OpId op(at - layers);
        if (facts_->graph->op(op).phase != options_.phase ||
            !toQt(facts_->opLabel(op)).contains(wanted, Qt::CaseInsensitive))
            continue;
        lastFound_ = at;
        revealOp(op);
        return;
    }
    found_->setText(tr("not found"));
}

void GraphView::revealOp(OpId op)
{
    if (facts_ == nullptr)
        return;
    phase_->setCurrentIndex(phase_->findData(int(facts_->graph->op(op).phase)));
    const std::vector<QString> path = pathToOp(*facts_, options_, op);
    for (size_t i = 0; i + 1 < path.size(); ++i)
        canvas_->setUnfolded(path[i], true);
    session_->selection()->select(Selection::op(op));
    if (!path.empty())
        canvas_->centerOnNode(path.back());
}

} // namespace alpa::app
