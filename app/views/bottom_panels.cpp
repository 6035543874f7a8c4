#include "app/views/bottom_panels.h"

#include "app/settings/icons.h"
#include "app/views/plan_offer.h"
#include "app/widgets/cards.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

ProblemsPanel::ProblemsPanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , model_(new ProblemsModel(this))
    , table_(new QTableView)
    , pages_(new QStackedLayout(this))
{
    setObjectName(u"problemsPanel"_s);
    table_->setObjectName(u"problemList"_s);
    table_->setAccessibleName(tr("Problems"));
    table_->setModel(model_);
    table_->verticalHeader()->hide();
    table_->setShowGrid(false);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(ProblemsModel::kMessage, QHeaderView::Stretch);
    auto* copy = new QAction(tr("Copy details"), table_);
    copy->setObjectName(u"actionCopyProblem"_s);
    copy->setShortcut(QKeySequence(u"Ctrl+C"_s));
    copy->setShortcutContext(Qt::WidgetShortcut);
    table_->addAction(copy);
    table_->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copy, &QAction::triggered, this, &ProblemsPanel::copyDetails);
    auto* none = new EmptyState(
        tr("No problems"),
        tr("What the importer has to say about a file is listed here, with line and column."));
    auto* text = none->addButton(tr("Show the text of the model"));
    text->setObjectName(u"problemsSource"_s);
    connect(text, &QPushButton::clicked, this, &ProblemsPanel::sourceRequested);
    auto* listed = new QWidget;
    auto* column = new QVBoxLayout(listed);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(table_);
    column->addLayout(makeButtons(copy));
    pages_->addWidget(none);
    pages_->addWidget(listed);
    setFocusProxy(table_);
    // Buttons act on what is chosen; of one problem there is nothing to choose.
    connect(model_, &QAbstractItemModel::modelReset, table_, [this] { table_->selectRow(0); });
    connect(model_, &QAbstractItemModel::modelReset, this, &ProblemsPanel::refresh);
    connect(session, &Session::modelChanged, this,
            [this, session] { model_->setModel(session->model()); });
    connect(session, &Session::importFailed, model_, &ProblemsModel::setGeneralProblem);
    connect(session, &Session::planningFailed, model_, &ProblemsModel::setGeneralProblem);
}

QLayout* ProblemsPanel::makeButtons(QAction* copy)
{
    auto* row = new QHBoxLayout;
    row->setContentsMargins(8, 0, 8, 6);
    auto* details = new QPushButton(tr("Copy details"));
    details->setObjectName(u"problemsCopy"_s);
    connect(details, &QPushButton::clicked, copy, &QAction::trigger);
    auto* log = new QPushButton(tr("Open log"));
    log->setObjectName(u"problemsLog"_s);
    connect(log, &QPushButton::clicked, this, &ProblemsPanel::logRequested);
    row->addWidget(details);
    row->addWidget(log);
    row->addStretch();
    return row;
}

void ProblemsPanel::refresh() { pages_->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0); }

void ProblemsPanel::copyDetails()
{
    QStringList texts;
    QModelIndexList rows = table_->selectionModel()->selectedRows();
    std::ranges::sort(rows, {}, &QModelIndex::row);
    for (const QModelIndex& row : rows)
        texts << model_->details(row.row());
    if (!texts.isEmpty())
        QApplication::clipboard()->setText(texts.join(u"\n\n"_s));
}

JobsPanel::JobsPanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , column_(new QVBoxLayout)
{
    setObjectName(u"jobsPanel"_s);
    auto* content = new QWidget;
    content->setLayout(column_);
    column_->setContentsMargins(12, 8, 12, 8);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    auto* empty = new EmptyState(
        tr("Nothing is running"),
        tr("Imports, plans and runs show their progress here and can be cancelled."));
    addPlanButton(empty, session);
    pages_->addWidget(empty);
    pages_->addWidget(scroll);
    connect(session->jobs(), &JobList::changed, this, &JobsPanel::rebuild);
    connect(session->jobs(), &JobList::progressed, this, &JobsPanel::showProgress);
    auto* clock = new QTimer(this);
    connect(clock, &QTimer::timeout, this, &JobsPanel::showProgress);
    clock->start(500);
    rebuild();
}

void JobsPanel::rebuild()
{
    rows_.clear();
    while (QLayoutItem* item = column_->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (BackgroundJob* job : session_->jobs()->jobs()) {
        auto* row = new QWidget;
        auto* layout = new QHBoxLayout(row);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->addWidget(new QLabel(job->title()), 2);
        auto* phase = makeMuted({});
        phase->setWordWrap(false);
        layout->addWidget(phase, 2);
        auto* bar = new QProgressBar;
        bar->setTextVisible(false);
        bar->setAccessibleName(tr("Progress of %1").arg(job->title()));
        layout->addWidget(bar, 2);
        auto* cancel = new QToolButton;
        cancel->setIcon(themedIcon(u"close"_s));
        cancel->setAutoRaise(true);
        cancel->setToolTip(tr("Cancel"));
        cancel->setAccessibleName(tr("Cancel %1").arg(job->title()));
        connect(cancel, &QToolButton::clicked, job, &BackgroundJob::cancel);
        layout->addWidget(cancel);
        column_->addWidget(row);
        rows_.push_back({job, phase, bar});
    }
    column_->addStretch();
    pages_->setCurrentIndex(rows_.empty() ? 0 : 1);
    showProgress();
}

void JobsPanel::showProgress()
{
    for (const Row& row : rows_) {
        const double fraction = row.job->fraction();
        row.bar->setRange(0, fraction < 0 ? 0 : 1000);
        if (fraction >= 0)
            row.bar->setValue(int(fraction * 1000));
        const QString state = row.job->isCancelled() ? tr("cancelling") : row.job->phase();
        row.phase->setText(
            tr("%1 · %2 s").arg(state).arg(double(row.job->elapsedMs()) / 1000, 0, 'f', 1));
    }
}

} // namespace alpa::app
