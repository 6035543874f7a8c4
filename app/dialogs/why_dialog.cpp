#include "app/dialogs/why_dialog.h"

#include "app/session/pin_sharding.h"
#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "app/views/number_table.h"
#include "app/widgets/cards.h"
#include "core/mesh/cluster.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPointer>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr QSize kFirstSize{940, 560};
constexpr int kLefts = 2; ///< Columns of words; the others are numbers and stand right.

QTableWidget* makeTable(const QString& name, const QString& accessibleName,
                        const QStringList& columns)
{
    QTableWidget* table = makeNumberTable(columns, name);
    table->setAccessibleName(accessibleName);
    table->setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    for (int column = 1; column < kLefts; ++column)
        table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return table;
}

void addRow(QTableWidget* table, const QStringList& texts, bool isBold)
{
    const int row = table->rowCount();
    table->insertRow(row);
    for (int column = 0; column < texts.size(); ++column) {
        auto* item = new QTableWidgetItem(texts[column]);
        item->setToolTip(texts[column]);
        if (column >= kLefts)
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        if (isBold) {
            QFont font = item->font();
            font.setBold(true);
            item->setFont(font);
        }
        table->setItem(row, column, item);
    }
}

QString changeOf(Seconds time, const QString& impossible)
{
    if (!(time < kForever))
        return impossible;
    return (time.count < 0 ? u"−"_s : u"+"_s) + timeText(Seconds(std::abs(time.count)));
}

} // namespace

WhyDialog::WhyDialog(Session* session, const QString& label, QWidget* parent)
    : QDialog(parent)
    , session_(session)
    , plan_(session->shownPlan()->facts->plan)
    , label_(label)
    , verdict_(new QLabel(tr("Solving the stage again for every strategy…")))
    , try_(new QPushButton(tr("Try it")))
    , priced_(makeMuted({}))
{
    setObjectName(u"whyDialog"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Why: %1").arg(label));
    resize(kFirstSize);
    verdict_->setObjectName(u"whyVerdict"_s);
    verdict_->setWordWrap(true);
    verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    strategies_ =
        makeTable(u"whyStrategies"_s, tr("Strategies and their terms"),
                  {tr("Strategy"), tr("Sharding"), tr("Compute"), tr("Reduce"), tr("In"), tr("Out"),
                   tr("Once a step"), tr("Memory"), tr("Alone"), tr("Step time")});
    strategies_->horizontalHeaderItem(8)->setToolTip(tr("Step time added if nothing else changed"));
    strategies_->horizontalHeaderItem(9)->setToolTip(
        tr("Step time added with all else of the stage chosen anew"));
    prices_ = makeTable(u"whyPrices"_s, tr("Prices of the constraints"),
                        {tr("Plan again"), tr("What differs"), tr("Step time")});
    auto* priceButton = new QPushButton(tr("What do the constraints cost?"));
    priceButton->setObjectName(u"whyPriceButton"_s);
    priceButton->setToolTip(
        tr("Plans again without each constraint in turn, and with 1 GiB more memory"));
    prices_->hide();
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    try_->setObjectName(u"whyTryButton"_s);
    try_->setToolTip(tr("Pins the sharding in the selected row and plans again; undo takes it "
                        "back. Not if the plan has that sharding already, nor for what no "
                        "constraint names, as optimizer state."));
    try_->setEnabled(false);
    buttons->addButton(try_, QDialogButtonBox::ActionRole);
    buttons->addButton(priceButton, QDialogButtonBox::ActionRole);
    auto* column = new QVBoxLayout(this);
    column->addWidget(makeHeading(label));
    column->addWidget(verdict_);
    column->addWidget(strategies_, 3);
    column->addWidget(makeMuted(tr("Times of one microbatch unless said otherwise. Step time: "
                                   "added to the step if this strategy "
                                   "were forced and all else of its stage chosen anew.")));
    column->addWidget(priced_);
    column->addWidget(prices_, 1);
    column->addWidget(buttons);
    priced_->hide();
    connect(try_, &QPushButton::clicked, this, &WhyDialog::tryStrategy);
    connect(strategies_, &QTableWidget::currentCellChanged, this,
            [this] { try_->setEnabled(mayTry()); });
    connect(session, &Session::modelChanged, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(priceButton, &QPushButton::clicked, this, [this, priceButton] {
        priceButton->setEnabled(false);
        price();
    });
    explain();
}

void WhyDialog::explain()
{
    struct Answer {
        std::vector<DecisionExplanation> explanations;
        QString problem;
    };
    auto answer = std::make_shared<Answer>();
    auto work = [plan = plan_, pattern = fromQt(label_), answer](const JobControl& control) {
        auto found =
            explainDecisions(*plan, {.pattern = pattern, .strategy = {}, .limit = 1}, control);
        if (found.ok())
            answer->explanations = std::move(found.value());
        else
            answer->problem = toQt(found.error().message);
    };
    session_->jobs()->start(tr("Explain %1").arg(label_), work, [self = QPointer(this), answer] {
        if (self.isNull())
            return;
        if (answer->explanations.empty())
            self->verdict_->setText(answer->problem.isEmpty() ? tr("Cancelled") : answer->problem);
        else
            self->showDecision(answer->explanations.front());
    });
}

void WhyDialog::showDecision(const DecisionExplanation& explanation)
{
    QString text = coreText(explanation.verdict);
    if (!explanation.isExact)
        text += tr(" The stage is proven only to a gap, so the differences are bounds.");
    if (explanation.isBoundByMemory)
        text += tr(" Memory binds on this stage.");
    verdict_->setText(text);
    decision_ = explanation.label;
    const auto& decisions = plan_->stages[static_cast<size_t>(explanation.stage)].decisions;
    const auto mine = std::ranges::find(decisions, decision_, &Decision::label);
    mayPin_ = mine != decisions.end() && mayPin(*plan_->graph, *mine);
    for (size_t i = 0; i < explanation.strategies.size(); ++i) {
        const StrategyTerms& terms = explanation.strategies[i];
        results_.push_back(terms.result);
        results_.back().partial = 0;
        addRow(strategies_,
               {coreText(terms.strategy), toQt(formatSpec(terms.result)), timeText(terms.compute),
                timeText(terms.reduce), timeText(terms.in), timeText(terms.out),
                timeText(terms.perStep), memoryText(terms.memory),
                i == 0 ? QString() : changeOf(terms.alone, tr("impossible")),
                i == 0 ? tr("chosen") : changeOf(terms.regret, tr("no plan"))},
               i == 0);
    }
    fitFirstColumn(strategies_);
}

bool WhyDialog::mayTry() const
{
    const int row = strategies_->currentRow();
    return mayPin_ && row > 0 && results_[static_cast<size_t>(row)] != results_.front();
}

void WhyDialog::tryStrategy()
{
    if (!mayTry())
        return;
    // By the label of the decision: `label_` may be that of an op that follows it.
    pinSharding(session_, decision_, results_[static_cast<size_t>(strategies_->currentRow())],
                false);
    session_->planNow();
}

void WhyDialog::price()
{
    struct Answer {
        std::optional<ConstraintPrices> prices;
        QString problem;
    };
    auto answer = std::make_shared<Answer>();
    PlanRequest request;
    request.model = session_->model()->graph;
    request.modelPath = plan_->modelPath;
    request.cluster = plan_->cluster;
    request.options = plan_->options;
    auto work = [request, plan = plan_, cache = session_->planCache(),
                 answer](const JobControl& control) {
        auto prices = priceConstraints(request, *plan, *cache, control);
        if (prices.ok())
            answer->prices = std::move(prices.value());
        else
            answer->problem = toQt(prices.error().message);
    };
    priced_->show();
    priced_->setText(tr("Planning without each constraint in turn…"));
    session_->jobs()->start(tr("Price constraints"), work, [self = QPointer(this), answer] {
        if (self.isNull())
            return;
        if (answer->prices)
            self->showPrices(*answer->prices);
        else
            self->priced_->setText(answer->problem.isEmpty() ? tr("Cancelled") : answer->problem);
    });
}

void WhyDialog::showPrices(const ConstraintPrices& prices)
{
    priced_->setText(tr("The step takes %1 as asked. What it would take otherwise:")
                         .arg(timeText(prices.stepTime)));
    for (const ConstraintPrice& price : prices.prices) {
        const bool hasPlan = price.plan != nullptr;
        addRow(prices_,
               {coreText(price.edit),
                hasPlan ? coreText(price.differs.empty() ? "the same plan" : price.differs)
                        : coreText(price.problem),
                hasPlan ? tr("%1 (%2)").arg(
                              timeText(price.plan->stepTime),
                              changeText(price.plan->stepTime.count, prices.stepTime.count))
                        : tr("no plan")},
               false);
    }
    prices_->show();
}

} // namespace alpa::app
