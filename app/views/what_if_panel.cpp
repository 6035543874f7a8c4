#include "app/views/what_if_panel.h"

#include "app/settings/qt_text.h"
#include "app/widgets/cards.h"

#include <QGridLayout>
#include <QSlider>
#include <QVBoxLayout>

#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Sliders count quarter doublings of memory and bandwidth, whole doublings of devices.
constexpr int kPerDoubling = 4;
constexpr int kDoublings = 3;
enum MergeId { kMergeMemory = 600, kMergeBandwidth, kMergeDevices };

double factorOf(int position)
{
    const double factor = std::exp2(double(position) / kPerDoubling);
    return std::round(factor * 100) / 100;
}

int positionOf(double factor) { return int(std::lround(std::log2(factor) * kPerDoubling)); }

} // namespace

WhatIfPanel::WhatIfPanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , reset_(new QPushButton(tr("Back to the real cluster")))
    , note_(makeMuted({}))
{
    setObjectName(u"whatIfPanel"_s);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setColumnStretch(0, 1);
    memory_ = addRow(grid, tr("Memory"), u"whatIfMemory"_s, kPerDoubling, kMergeMemory);
    bandwidth_ = addRow(grid, tr("Bandwidth"), u"whatIfBandwidth"_s, kPerDoubling, kMergeBandwidth);
    devices_ = addRow(grid, tr("Devices"), u"whatIfDevices"_s, 1, kMergeDevices);
    reset_->setObjectName(u"whatIfReset"_s);
    note_->setObjectName(u"whatIfNote"_s);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(grid);
    column->addWidget(note_);
    column->addWidget(reset_);
    connect(reset_, &QPushButton::clicked, this, [this] {
        Setup next = session_->setup();
        next.whatIf = {};
        session_->editSetup(next, tr("The real cluster"));
    });
    connect(session, &Session::setupChanged, this, &WhatIfPanel::takeSetup);
    takeSetup();
}

WhatIfPanel::Row WhatIfPanel::addRow(QGridLayout* grid, const QString& title, const QString& name,
                                     int perDoubling, int mergeId)
{
    Row row{new QSlider(Qt::Horizontal), new QLabel};
    row.slider->setObjectName(name);
    row.slider->setAccessibleName(tr("What if: %1").arg(title));
    row.slider->setRange(-perDoubling * (kDoublings - 1), perDoubling * kDoublings);
    row.slider->setPageStep(perDoubling);
    row.slider->setTickInterval(perDoubling);
    row.slider->setTickPosition(QSlider::TicksBelow);
    row.value->setObjectName(name + u"Value"_s);
    const int at = grid->rowCount();
    auto* label = new QLabel(title);
    label->setBuddy(row.slider);
    grid->addWidget(label, at, 0);
    grid->addWidget(row.value, at, 1, Qt::AlignRight);
    grid->addWidget(row.slider, at + 1, 0, 1, 2); // below, so that large letters fit beside it
    connect(row.slider, &QSlider::valueChanged, this, [this, mergeId] { edit(mergeId); });
    return row;
}

void WhatIfPanel::edit(int mergeId)
{
    if (isTaking_)
        return;
    Setup next = session_->setup();
    WhatIf& change = next.whatIf;
    if (mergeId == kMergeMemory)
        change.memory = factorOf(memory_.slider->value());
    else if (mergeId == kMergeBandwidth)
        change.bandwidth = factorOf(bandwidth_.slider->value());
    else if (const double wanted = realDevices_ * std::exp2(devices_.slider->value()); wanted >= 1)
        change.devices = wanted == realDevices_ ? 0 : int(wanted);
    session_->editSetup(
        next, change.isNone() ? tr("The real cluster") : tr("What if: %1").arg(whatIfText(change)),
        mergeId);
    takeSetup();
}

void WhatIfPanel::takeSetup()
{
    const Setup& setup = session_->setup();
    if (cluster_ != setup.cluster) {
        cluster_ = setup.cluster;
        const Result<Cluster> cluster = loadCluster(fromQt(setup.cluster));
        realDevices_ = cluster.ok() ? cluster->deviceCount() : 0;
    }
    isTaking_ = true;
    const WhatIf& change = setup.whatIf;
    memory_.slider->setValue(positionOf(change.memory));
    bandwidth_.slider->setValue(positionOf(change.bandwidth));
    devices_.slider->setEnabled(realDevices_ > 0);
    const bool isOther = change.devices > 0 && realDevices_ > 0;
    devices_.slider->setValue(
        isOther ? int(std::lround(std::log2(double(change.devices) / realDevices_))) : 0);
    isTaking_ = false;
    memory_.value->setText(tr("× %1").arg(change.memory, 0, 'g', 3));
    bandwidth_.value->setText(tr("× %1").arg(change.bandwidth, 0, 'g', 3));
    const int devices = change.devices > 0 ? change.devices : realDevices_;
    devices_.value->setText(counted(devices, tr("device"), tr("devices")));
    reset_->setVisible(!change.isNone());
    note_->setText(
        change.isNone()
            ? tr("Plans for a cluster that does not exist, to see what it would bring.")
            : tr("Hypothetical: plans are for %1 with %2.").arg(setup.cluster, whatIfText(change)));
}

} // namespace alpa::app
