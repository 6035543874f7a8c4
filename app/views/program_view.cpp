#include "app/views/program_view.h"

#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/views/plan_offer.h"
#include "app/widgets/cards.h"
#include "core/lowering/lower_plan.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QStackedLayout>

#include <algorithm>
#include <set>

namespace alpa::app
{

using namespace Qt::StringLiterals;

ProgramView::ProgramView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , empty_(new EmptyState(tr("No program yet"), {}))
    , plan_(addPlanButton(empty_, session))
    , stage_(new QComboBox)
    , device_(new QComboBox)
    , summary_(makeMuted({}))
    , page_(new TextPage)
{
    setObjectName(u"programView"_s);
    stage_->setObjectName(u"programStage"_s);
    stage_->setAccessibleName(tr("Stage of the program"));
    device_->setObjectName(u"programDevice"_s);
    device_->setAccessibleName(tr("Device of the program"));
    summary_->setObjectName(u"programSummary"_s);
    summary_->setWordWrap(false);
    page_->setObjectName(u"programText"_s);
    page_->setAccessibleName(tr("Program of the device"));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(12, 6, 12, 6);
    tools->setSpacing(6);
    tools->addWidget(stage_);
    tools->addWidget(device_);
    tools->addWidget(summary_, 1);
    column->addLayout(tools);
    column->addWidget(page_, 1);
    pages_->addWidget(empty_);
    pages_->addWidget(content);
    connect(stage_, &QComboBox::currentIndexChanged, this, [this] {
        fillDevices();
        showText();
    });
    connect(device_, &QComboBox::currentIndexChanged, this, &ProgramView::showText);
    connect(page_, &TextPage::lineClicked, this, [this](int line, Qt::KeyboardModifiers keys) {
        if (selectionAt(line).isNone())
            page_->setMarked({line});
        else
            session_->selection()->choose(selectionAt(line), keys.testFlag(Qt::ControlModifier));
    });
    connect(page_, &TextPage::lineHovered, this,
            [this](int line) { session_->selection()->hover(selectionAt(line)); });
    page_->setTips([this](int line) { return tipOfLine(line); });
    connect(session->selection(), &SelectionModel::hoverChanged, this, &ProgramView::takeHover);
    connect(session, &Session::modelChanged, this, &ProgramView::refresh);
    connect(session, &Session::shownPlanChanged, this, &ProgramView::refresh);
    connect(session->selection(), &SelectionModel::changed, this, &ProgramView::takeSelection);
    refresh();
}

void ProgramView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    refresh();
}

void ProgramView::refresh()
{
    const auto facts = session_->facts();
    const bool hasPlan = facts != nullptr && facts->plan != nullptr;
    plan_->setVisible(!hasPlan);
    if (!hasPlan) {
        facts_ = nullptr;
        program_ = nullptr;
        empty_->setGuidance(tr("What each device executes appears once there is a plan (F5)."));
        pages_->setCurrentIndex(0);
        return;
    }
    // Lowering takes up to a second: only for a page that somebody looks at.
    if (facts == facts_ || !isVisible())
        return;
    facts_ = facts;
    program_ = nullptr;
    empty_->setGuidance(tr("Lowering the plan to device programs…"));
    pages_->setCurrentIndex(0);
    struct Lowered {
        std::shared_ptr<const Program> program;
        QString problem;
    };
    auto lowered = std::make_shared<Lowered>();
    auto work = [facts, lowered](const JobControl&) {
        Result<Program> program = lowerPlan(*facts->plan);
        if (program.ok())
            lowered->program = std::make_shared<const Program>(std::move(program.value()));
        else
            lowered->problem = toQt(program.error().message);
    };
    session_->jobs()->start(tr("Lower the plan"), work, [this, facts, lowered] {
        if (facts != facts_)
            return;
        if (lowered->program == nullptr) {
            empty_->setGuidance(tr("This plan cannot be lowered: %1").arg(lowered->problem));
            return;
        }
        program_ = lowered->program;
        pages_->setCurrentIndex(1);
        stage_->blockSignals(true);
        stage_->clear();
        for (size_t s = 0; s < program_->stages.size(); ++s)
            stage_->addItem(tr("Stage %1").arg(s));
        stage_->blockSignals(false);
        fillDevices();
        showText();
    });
}

void ProgramView::fillDevices()
{
    device_->blockSignals(true);
    device_->clear();
    if (program_ != nullptr && stage_->currentIndex() >= 0) {
        const auto& devices =
            program_->stages[static_cast<size_t>(stage_->currentIndex())].mesh.devices;
        for (const DeviceId device : devices)
            device_->addItem(tr("Device %1").arg(device.number));
    }
    device_->blockSignals(false);
}

void ProgramView::showText()
{
    if (program_ == nullptr || stage_->currentIndex() < 0 || device_->currentIndex() < 0)
        return;
    text_ = programText(*program_, *facts_->graph, stage_->currentIndex(), device_->currentIndex());
    page_->setLines(text_.lines);
    const auto collectives = std::ranges::count(text_.isCollective, true);
    const auto instructions =
        std::ranges::count_if(text_.opOfLine, [](OpId op) { return op.isValid(); });
    summary_->setText(tr("%1, %2 move data")
                          .arg(counted(instructions, tr("instruction"), tr("instructions")),
                               countText(collectives)));
    takeSelection();
}

void ProgramView::takeSelection()
{
    const auto model = session_->model();
    if (program_ == nullptr || facts_ != session_->facts() || model == nullptr)
        return;
    const Selection selection = session_->selection()->current();
    const SelectionPlace place = placeOf(selection, *facts_, model->scopes);
    if (place.stage && *place.stage != stage_->currentIndex())
        stage_->setCurrentIndex(*place.stage); // comes back here
    if (place.device) {
        const auto& devices =
            program_->stages[static_cast<size_t>(stage_->currentIndex())].mesh.devices;
        const auto at = std::ranges::find(devices, DeviceId(static_cast<uint32_t>(*place.device)));
        if (at != devices.end())
            device_->setCurrentIndex(int(at - devices.begin()));
        return;
    }
    std::set<int> lines;
    for (const Selection& one : session_->selection()->all()) {
        for (const int line : linesOf(one))
            lines.insert(line);
    }
    page_->setMarked({lines.begin(), lines.end()});
}

/// Of the device in view. A whole stage or device is the whole text: nothing to mark in it.
std::vector<int> ProgramView::linesOf(const Selection& selection) const
{
    using Kind = Selection::Kind;
    if (selection.isNone() || selection.kind == Kind::kStage || selection.kind == Kind::kDevice)
        return {};
    const ScopeTree& scopes = session_->model()->scopes;
    const SelectionPlace place = placeOf(selection, *facts_, scopes);
    std::vector<bool> isWanted(facts_->graph->ops.size());
    for (const OpId op : opsOf(selection, *facts_, scopes))
        isWanted[op.index()] = true;
    std::vector<int> lines;
    for (size_t line = 0; line < text_.opOfLine.size(); ++line) {
        const OpId op = text_.opOfLine[line];
        const bool isMine = op.isValid() && op.index() < isWanted.size() && isWanted[op.index()] &&
                            (!place.communication || text_.isCollective[line]);
        const ValueId held = text_.valueOfLine[line];
        if (isMine || (held.isValid() && selection == Selection::value(held)))
            lines.push_back(int(line));
    }
    return lines;
}

void ProgramView::takeHover()
{
    if (!isVisible() || program_ == nullptr || facts_ != session_->facts())
        return;
    page_->setHinted(linesOf(session_->selection()->hovered()));
}

Selection ProgramView::selectionAt(int line) const
{
    const auto at = static_cast<size_t>(line);
    if (line < 0 || at >= text_.opOfLine.size())
        return {};
    const OpId op = text_.opOfLine[at];
    if (!op.isValid())
        return text_.valueOfLine[at].isValid() ? Selection::value(text_.valueOfLine[at])
                                               : Selection();
    const auto& communications = facts_->communicationsOfOp[op.index()];
    // A collective's line stands for the communication in front of the op that it belongs to.
    return text_.isCollective[at] && !communications.empty()
               ? Selection::collective(communications.front())
               : Selection::op(op);
}

QString ProgramView::tipOfLine(int line) const
{
    const Selection selection = selectionAt(line);
    const auto index = static_cast<size_t>(std::max(selection.index, 0));
    if (selection.kind == Selection::Kind::kCollective)
        return explainCommunication(*facts_, facts_->communications[index]);
    if (selection.kind == Selection::Kind::kValue)
        return explainValue(*facts_, ValueId(index));
    return selection.isNone() ? QString() : explainOp(*facts_, OpId(index));
}

} // namespace alpa::app
