#include "app/views/source_view.h"

#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/widgets/cards.h"

#include <QFileInfo>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace alpa::app
{

using namespace Qt::StringLiterals;

SourceView::SourceView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , empty_(new EmptyState(tr("No text"), {}))
    , place_(makeMuted({}))
    , text_(new TextPage)
{
    setObjectName(u"sourceView"_s);
    text_->setObjectName(u"sourceText"_s);
    text_->setAccessibleName(tr("Text of the model"));
    place_->setObjectName(u"sourcePlace"_s);
    place_->setContentsMargins(12, 7, 12, 7);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(place_);
    column->addWidget(text_, 1);
    pages_->addWidget(empty_);
    pages_->addWidget(content);
    connect(empty_->addButton(tr("Open… (Ctrl+O)")), &QPushButton::clicked, this,
            &SourceView::openRequested);
    connect(text_, &TextPage::lineClicked, this, [this](int line, Qt::KeyboardModifiers keys) {
        const Selection selection = selectionAt(line);
        if (selection.isNone())
            text_->setMarked({line});
        else
            session_->selection()->choose(selection, keys.testFlag(Qt::ControlModifier));
    });
    connect(text_, &TextPage::lineHovered, this,
            [this](int line) { session_->selection()->hover(selectionAt(line)); });
    text_->setTips([this](int line) {
        const Selection selection = selectionAt(line);
        return selection.isNone() ? QString()
                                  : explainOp(*facts_, OpId(static_cast<size_t>(selection.index)));
    });
    connect(session->selection(), &SelectionModel::hoverChanged, this, &SourceView::takeHover);
    connect(session, &Session::modelChanged, this, &SourceView::refresh);
    connect(session, &Session::shownPlanChanged, this, &SourceView::refresh);
    connect(session->selection(), &SelectionModel::changed, this, &SourceView::takeSelection);
    refresh();
}

void SourceView::refresh()
{
    const auto model = session_->model();
    const bool hasText = model != nullptr && model->source != nullptr;
    pages_->setCurrentIndex(hasText ? 1 : 0);
    empty_->setGuidance(model == nullptr
                            ? tr("The text of a model appears here once one is open (Ctrl+O).")
                            : tr("A plan file holds the graph but not the text it came from. Open "
                                 "the model itself to see it."));
    const auto facts = session_->facts();
    if (facts == facts_)
        return;
    const bool isNewText = facts_ == nullptr || session_->shownPlan() == nullptr;
    facts_ = facts;
    opOfLine_.clear();
    if (!hasText || facts_ == nullptr)
        return;
    if (isNewText)
        text_->setLines(model->source);
    for (size_t i = 0; i < facts_->graph->ops.size(); ++i) {
        const Op& op = facts_->graph->ops[i];
        if (op.phase == Phase::kForward && op.sourceLine > 0 &&
            op.sourceLine <= model->source->count())
            opOfLine_.emplace_back(op.sourceLine - 1, OpId(i));
    }
    std::ranges::stable_sort(opOfLine_, {}, [](const auto& entry) { return entry.first; });
    takeSelection();
}

void SourceView::takeSelection()
{
    const auto model = session_->model();
    if (facts_ == nullptr || model == nullptr || model->source == nullptr)
        return;
    std::set<int> all;
    for (const Selection& one : session_->selection()->all()) {
        for (const int line : linesOf(one))
            all.insert(line);
    }
    std::vector<int> lines(all.begin(), all.end());
    const QString file = QFileInfo(model->path).fileName();
    if (lines.empty())
        place_->setText(tr("%1, %2. Click a line to select its operation.")
                            .arg(file, counted(model->source->count(), tr("line"), tr("lines"))));
    else
        place_->setText(lines.size() == 1 ? tr("%1, line %2").arg(file).arg(lines.front() + 1)
                                          : tr("%1, %2 lines from line %3")
                                                .arg(file)
                                                .arg(lines.size())
                                                .arg(lines.front() + 1));
    text_->setMarked(std::move(lines));
}

std::vector<int> SourceView::linesOf(const Selection& selection) const
{
    const auto model = session_->model();
    std::vector<int> lines;
    for (const OpId id : opsOf(selection, *facts_, model->scopes)) {
        const Op* op = &facts_->graph->op(id);
        // What training derived stands where the forward op stood.
        if (op->sourceLine == 0 && op->origin.isValid())
            op = &facts_->graph->op(op->origin);
        if (op->sourceLine > 0 && op->sourceLine <= model->source->count())
            lines.push_back(op->sourceLine - 1);
    }
    std::ranges::sort(lines);
    lines.erase(std::ranges::unique(lines).begin(), lines.end());
    return lines;
}

void SourceView::takeHover()
{
    const auto model = session_->model();
    if (isVisible() && facts_ != nullptr && model != nullptr && model->source != nullptr)
        text_->setHinted(linesOf(session_->selection()->hovered()));
}

Selection SourceView::selectionAt(int line) const
{
    const auto found = std::ranges::lower_bound(opOfLine_, line, {},
                                                [](const auto& entry) { return entry.first; });
    return found != opOfLine_.end() && found->first == line ? Selection::op(found->second)
                                                            : Selection();
}

} // namespace alpa::app
