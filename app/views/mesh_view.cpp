#include "app/views/mesh_view.h"

#include "app/session/hovered_place.h"
#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"
#include "app/views/hover_rows.h"
#include "app/views/number_table.h"
#include "app/views/plan_offer.h"
#include "app/views/stage_mesh_menu.h"
#include "app/widgets/cards.h"
#include "app/widgets/timeline_chart.h"

#include <QGuiApplication>
#include <QHeaderView>
#include <QScrollArea>
#include <QStackedLayout>
#include <QTableView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <iterator>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kMeasuredRows = 50; ///< Whose cells the columns of the collectives fit.

} // namespace

MeshView::MeshView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , summary_(makeMuted({}))
    , chart_(new MeshChart)
    , links_(makeNumberTable(
          {tr("Link"), tr("Collectives"), tr("Sent by each"), tr("Time"), tr("Bandwidth used")},
          u"meshLinks"_s))
    , collectives_(new CollectivesModel(this))
    , table_(new QTableView)
    , none_(
          makeMuted(tr("No stage of this plan needs one: each device has what it computes with.")))
    , refresh_(new WhenShown(this, [this] { refresh(); }))
{
    setObjectName(u"meshView"_s);
    table_->setObjectName(u"collectiveTable"_s);
    table_->setAccessibleName(tr("Collectives of the plan"));
    table_->setModel(collectives_);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(24);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->setAlternatingRowColors(true);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setStretchLastSection(true);
    // Of thousands of rows the longest come first and are in view.
    table_->horizontalHeader()->setResizeContentsPrecision(kMeasuredRows);
    table_->setMinimumHeight(220);
    links_->setAccessibleName(tr("Links and what they carry in a step"));
    links_->setSelectionMode(QAbstractItemView::SingleSelection);
    links_->setSelectionBehavior(QAbstractItemView::SelectRows);

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(10);
    column->addWidget(makeHeading(tr("Devices and links")));
    column->addWidget(summary_);
    column->addWidget(chart_);
    column->addWidget(makeHeading(tr("Links, in one step")));
    column->addWidget(links_);
    column->addWidget(makeHeading(tr("Collectives, longest first")));
    none_->setObjectName(u"noCollectives"_s);
    column->addWidget(none_);
    column->addWidget(table_, 1);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    auto* empty =
        new EmptyState(tr("No mesh yet"),
                       tr("Devices, links and their traffic appear once there is a plan (F5)."));
    addPlanButton(empty, session);
    pages_->addWidget(empty);
    pages_->addWidget(scroll);
    connect(chart_, &MeshChart::devicesDragged, this, [this](int from, int to, const QPoint& at) {
        openSubmeshMenu(session_, submeshBetween(facts_->plan->cluster, from, to), at);
    });
    links_->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(links_, &QTableWidget::customContextMenuRequested, this, [this](const QPoint& at) {
        const int row = links_->rowAt(at.y());
        if (row >= 0 && row < int(traffic_.axes.size()))
            openAxisMenu(session_, traffic_.axes[static_cast<size_t>(row)].axis,
                         links_->viewport()->mapToGlobal(at));
    });
    connect(chart_, &MeshChart::deviceClicked, this,
            [this](int device) { session_->selection()->select(Selection::device(device)); });
    connect(chart_, &MeshChart::deviceHovered, this, [this](int device) {
        session_->selection()->hover(device < 0 ? Selection() : Selection::device(device));
    });
    connect(session->selection(), &SelectionModel::hoverChanged, chart_, [this] {
        const SelectionPlace place = hoveredPlace(*session_);
        chart_->setHovered(place.stage, place.device);
    });
    connect(links_, &QTableWidget::cellClicked, this, [this](int row) {
        if (row < int(traffic_.axes.size()))
            session_->selection()->select(
                Selection::stage(traffic_.axes[static_cast<size_t>(row)].stage));
    });
    connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        session_->selection()->choose(
            Selection::collective(collectives_->communicationAt(index.row())),
            QGuiApplication::keyboardModifiers().testFlag(Qt::ControlModifier));
    });
    new HoverRows(table_, session, [this](const QModelIndex& index) {
        return Selection::collective(collectives_->communicationAt(index.row()));
    });
    new HoverRows(links_, session, [this](const QModelIndex& index) {
        const auto row = static_cast<size_t>(index.row());
        return row < traffic_.axes.size() ? Selection::stage(traffic_.axes[row].stage)
                                          : Selection();
    });
    connect(session, &Session::shownPlanChanged, refresh_, &WhenShown::request);
    connect(session, &Session::modelChanged, refresh_, &WhenShown::request);
    connect(session->selection(), &SelectionModel::changed, this, &MeshView::takeSelection);
    refresh_->request();
}

void MeshView::refresh()
{
    const auto facts = session_->facts();
    const bool hasPlan = facts != nullptr && facts->plan != nullptr;
    pages_->setCurrentIndex(hasPlan ? 1 : 0);
    if (facts == facts_)
        return;
    facts_ = facts;
    traffic_ = hasPlan ? linkTraffic(*facts) : LinkTraffic{};
    chart_->setFacts(facts, traffic_);
    collectives_->setFacts(hasPlan ? facts : nullptr);
    if (!hasPlan)
        return;
    const Cluster& cluster = facts->plan->cluster;
    summary_->setText(tr("%1: %2 of %3 %4. Lines are as wide as what they carry; x solid, y "
                         "dashed, between stages dash-dotted. Draw over devices to give them to "
                         "a stage; right-click a link to limit its axis.")
                          .arg(toQt(cluster.name), counted(cluster.hosts, tr("host"), tr("hosts")))
                          .arg(cluster.devicesPerHost)
                          .arg(toQt(cluster.device.name)));
    links_->setRowCount(0);
    int row = 0;
    for (const AxisTraffic& traffic : traffic_.axes) {
        const QString where = traffic.crossesHosts ? tr("across hosts") : tr("in a host");
        setNumberRow(links_, row++,
                     {tr("Stage %1, %2 = %3, %4")
                          .arg(traffic.stage)
                          .arg(QLatin1Char(axisLetter(traffic.axis)))
                          .arg(traffic.groupSize)
                          .arg(where),
                      countText(traffic.collectives), bytesText(traffic.sent),
                      timeText(traffic.time), percentText(traffic.utilisation)});
    }
    for (const StageTraffic& traffic : traffic_.stages)
        setNumberRow(links_, row++,
                     {tr("Stage %1 to stage %2").arg(traffic.fromStage).arg(traffic.toStage),
                      countText(traffic.transfers),
                      tr("%1 in all").arg(bytesText(traffic.bytes)),
                      {},
                      {}});
    if (row == 0)
        setNumberRow(links_, row,
                     {tr("Nothing moves between devices in this plan"), {}, {}, {}, {}});
    fitTableHeight(links_);
    table_->resizeColumnsToContents();
    table_->setVisible(collectives_->rowCount() > 0);
    none_->setVisible(collectives_->rowCount() == 0);
    takeSelection();
}

void MeshView::takeSelection()
{
    const auto model = session_->model();
    if (facts_ == nullptr || model == nullptr || facts_ != session_->facts())
        return;
    const auto& all = session_->selection()->all();
    // A device alone is not its stage in whole.
    std::vector<Selection> others;
    std::ranges::copy_if(all, std::back_inserter(others),
                         [](const Selection& one) { return one.kind != Selection::Kind::kDevice; });
    const SelectionPlaces places = placesOf(all, *facts_, model->scopes);
    chart_->setSelected(placesOf(others, *facts_, model->scopes).stages, places.devices);
    QItemSelection rows;
    int newest = -1;
    for (const int communication : places.communications) {
        if (const int row = collectives_->rowOf(communication); row >= 0)
            rows.select(collectives_->index(newest = row, 0),
                        collectives_->index(row, CollectivesModel::kColumns - 1));
    }
    const auto update = QItemSelectionModel::ClearAndSelect;
    table_->selectionModel()->select(rows, update);
    if (newest >= 0) {
        table_->selectionModel()->setCurrentIndex(collectives_->index(newest, 0),
                                                  QItemSelectionModel::NoUpdate);
        table_->scrollTo(collectives_->index(newest, 0));
    }
}

} // namespace alpa::app
