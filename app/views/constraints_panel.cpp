#include "app/views/constraints_panel.h"

#include "app/settings/qt_text.h"
#include "app/views/constraints_table.h"
#include "app/views/obstacle_banner.h"
#include "app/views/pins_table.h"
#include "app/views/what_if_panel.h"
#include "app/widgets/cards.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QGroupBox>
#include <QLineEdit>
#include <QScrollArea>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// The two constraints on recomputation as one choice.
enum class Recomputation { kSearched, kNone, kSelective, kFull };

Recomputation recomputationOf(const PlanConstraints& constraints)
{
    if (constraints.recomputation == true)
        return Recomputation::kFull;
    if (constraints.selectiveRecomputation == true)
        return Recomputation::kSelective;
    return constraints.recomputation == false ? Recomputation::kNone : Recomputation::kSearched;
}

void setRecomputation(PlanConstraints& constraints, Recomputation choice)
{
    constraints.recomputation.reset();
    constraints.selectiveRecomputation.reset();
    if (choice == Recomputation::kSearched)
        return;
    constraints.recomputation = choice == Recomputation::kFull;
    constraints.selectiveRecomputation = choice == Recomputation::kSelective;
}

// Ids by which edits of one field in a row become one undo step.
constexpr int kLeastField = 64; ///< What does not fit then is cut off or scrolls in the field.

enum MergeId { kMergeCluster = 1, kMergeBatch, kMergeMemory, kMergeFirstDegree };

/// "h200" and 4 of "h200-x4"; the whole name and 0 if it is no preset.
std::pair<QString, int> splitCluster(const QString& name)
{
    const qsizetype at = name.lastIndexOf(u"-x"_s);
    bool isNumber = false;
    const int count = at < 0 ? 0 : name.mid(at + 2).toInt(&isNumber);
    return isNumber ? std::pair(name.left(at), count) : std::pair(name, 0);
}

QGroupBox* makeGroup(const QString& title, QFormLayout*& form)
{
    auto* group = new QGroupBox(title);
    form = new QFormLayout(group);
    form->setContentsMargins(0, 6, 0, 0);
    form->setSpacing(6);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return group;
}

} // namespace

ConstraintsPanel::ConstraintsPanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , scroll_(new QScrollArea)
    , preset_(new QComboBox)
    , count_(new QSpinBox)
    , strategy_(new QComboBox)
    , optimizer_(new QComboBox)
    , allDevices_(new QCheckBox)
    , meshAxes_(new QComboBox)
    , schedule_(new QComboBox)
    , recomputation_(new QComboBox)
    , batch_(new QSpinBox)
    , memory_(new QDoubleSpinBox)
{
    setObjectName(u"constraintsPanel"_s);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(12, 8, 12, 12);
    column->setSpacing(6);
    column->addWidget(new ObstacleBanner(session));

    auto* asked = new QGroupBox(tr("In force"));
    auto* askedColumn = new QVBoxLayout(asked);
    askedColumn->setContentsMargins(0, 6, 0, 0);
    askedColumn->addWidget(new ConstraintsTable(session));
    column->addWidget(asked);
    QFormLayout* form = nullptr;
    column->addWidget(makeGroup(tr("Cluster and training"), form));
    addCluster(form);
    addTraining(form);
    column->addWidget(makeGroup(tr("Limits"), form));
    addDegree(form, tr("Max TP"), u"maxTp"_s, tr("no limit"), &PlanConstraints::maxTp);
    addDegree(form, tr("Max DP"), u"maxDp"_s, tr("no limit"), &PlanConstraints::maxDp);
    addDegree(form, tr("Max PP"), u"maxPp"_s, tr("no limit"), &PlanConstraints::maxPp);
    memory_->setObjectName(u"memoryLimit"_s);
    memory_->setRange(0, 4096);
    memory_->setDecimals(1);
    memory_->setSuffix(tr(" GiB"));
    memory_->setSpecialValueText(tr("all of the device"));
    memory_->setKeyboardTracking(false);
    form->addRow(tr("Memory/device"), memory_);
    addDegree(form, tr("Microbatches"), u"microbatches"_s, tr("searched"),
              &PlanConstraints::microbatches);
    column->addWidget(makeGroup(tr("Fixed degrees"), form));
    addDegree(form, tr("TP ="), u"fixedTp"_s, tr("free"), &PlanConstraints::fixedTp);
    addDegree(form, tr("DP ="), u"fixedDp"_s, tr("free"), &PlanConstraints::fixedDp);
    addDegree(form, tr("PP ="), u"fixedPp"_s, tr("free"), &PlanConstraints::fixedPp);
    addDegree(form, tr("CP ="), u"contextParallel"_s, tr("searched"),
              &PlanConstraints::contextParallel)
        ->setToolTip(tr("Context parallelism: devices that split the sequence"));
    meshAxes_->setObjectName(u"meshAxes"_s);
    meshAxes_->addItem(tr("up to 2 axes"), 2);
    meshAxes_->addItem(tr("up to 3 axes"), 3);
    meshAxes_->setToolTip(
        tr("How many axes a searched mesh may have; three take longer to search"));
    form->addRow(tr("Meshes"), meshAxes_);
    connect(meshAxes_, &QComboBox::currentIndexChanged, this, [this] {
        Setup next = session_->setup();
        next.options.constraints.mostMeshAxes = meshAxes_->currentData().toInt();
        edit(next, tr("Meshes of %1").arg(meshAxes_->currentText()), -1);
    });
    schedule_->setObjectName(u"schedule"_s);
    schedule_->addItem(tr("searched"));
    for (const ScheduleKind kind : {ScheduleKind::k1f1b, ScheduleKind::kGpipe,
                                    ScheduleKind::kInterleaved1f1b, ScheduleKind::kZeroBubble})
        schedule_->addItem(scheduleTitle(kind), int(kind));
    form->addRow(tr("Schedule"), schedule_);
    recomputation_->setObjectName(u"recomputation"_s);
    recomputation_->addItem(tr("searched"), int(Recomputation::kSearched));
    recomputation_->addItem(tr("none"), int(Recomputation::kNone));
    recomputation_->addItem(tr("selective"), int(Recomputation::kSelective));
    recomputation_->addItem(tr("full"), int(Recomputation::kFull));
    recomputation_->setToolTip(tr(
        "Forward operations run again in the backward pass instead of keeping what they computed"));
    form->addRow(tr("Recomputation"), recomputation_);
    addDegree(form, tr("Recomputed layers"), u"recomputedLayers"_s, tr("searched"),
              &PlanConstraints::recomputedLayers)
        ->setToolTip(tr("So many first layers of each stage run again in the backward pass"));
    allDevices_->setObjectName(u"allDevices"_s);
    allDevices_->setText(tr("Leave no device idle"));
    form->addRow(allDevices_);
    connect(allDevices_, &QCheckBox::toggled, this, [this](bool on) {
        Setup next = session_->setup();
        next.options.constraints.usesAllDevices = on;
        edit(next, on ? tr("Leave no device idle") : tr("Devices may stay idle"), -1);
    });
    addStorage(form, tr("Parameters kept"), u"parameterStorage"_s,
               &PlanConstraints::parameterStorage);
    addStorage(form, tr("Optimizer kept"), u"stateStorage"_s, &PlanConstraints::stateStorage);
    auto* pins = new QGroupBox(tr("Pinned shardings"));
    auto* pinsColumn = new QVBoxLayout(pins);
    pinsColumn->setContentsMargins(0, 6, 0, 0);
    pinsColumn->addWidget(new PinsTable(session));
    column->addWidget(pins);
    auto* whatIf = new QGroupBox(tr("What if"));
    auto* whatIfColumn = new QVBoxLayout(whatIf);
    whatIfColumn->setContentsMargins(0, 6, 0, 0);
    whatIfColumn->addWidget(new WhatIfPanel(session));
    column->addWidget(whatIf);
    column->addStretch();
    scroll_->setWidgetResizable(true);
    scroll_->setWidget(content);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll_);

    connect(memory_, &QDoubleSpinBox::valueChanged, this, [this](double gib) {
        Setup next = session_->setup();
        next.options.constraints.memoryPerDevice =
            gib > 0 ? std::optional(gibibytes(gib)) : std::nullopt;
        edit(next,
             gib > 0 ? tr("Memory %1 GiB per device").arg(gib) : tr("All of the device's memory"),
             kMergeMemory);
    });
    connect(schedule_, &QComboBox::currentIndexChanged, this, [this] {
        Setup next = session_->setup();
        const QVariant kind = schedule_->currentData();
        next.options.constraints.schedule =
            kind.isValid() ? std::optional(static_cast<ScheduleKind>(kind.toInt())) : std::nullopt;
        edit(next, tr("Schedule %1").arg(schedule_->currentText()), -1);
    });
    connect(recomputation_, &QComboBox::currentIndexChanged, this, [this] {
        Setup next = session_->setup();
        setRecomputation(next.options.constraints,
                         static_cast<Recomputation>(recomputation_->currentData().toInt()));
        edit(next, tr("Recomputation %1").arg(recomputation_->currentText()), -1);
    });
    connect(session, &Session::setupChanged, this, &ConstraintsPanel::takeSetup);
    connect(session, &Session::modelChanged, this, &ConstraintsPanel::takeSetup);
    for (QLineEdit* field : findChildren<QLineEdit*>())
        field->installEventFilter(this);
    // Their longest texts must not widen the form beyond its dock.
    for (QWidget* field : findChildren<QWidget*>()) {
        const auto* button = qobject_cast<QAbstractButton*>(field);
        if (qobject_cast<QAbstractSpinBox*>(field) != nullptr ||
            qobject_cast<QComboBox*>(field) != nullptr ||
            (button != nullptr && !button->text().isEmpty()))
            field->setMinimumWidth(kLeastField);
    }
    takeSetup();
}

void ConstraintsPanel::focusLimits()
{
    auto* first = findChild<QSpinBox*>(u"maxTp"_s);
    scroll_->ensureWidgetVisible(first);
    first->setFocus();
    first->selectAll();
}

QSpinBox* ConstraintsPanel::addDegree(QFormLayout* form, const QString& label, const QString& name,
                                      const QString& unset,
                                      std::optional<int> PlanConstraints::*field)
{
    auto* box = new QSpinBox;
    box->setObjectName(name);
    box->setRange(0, 65536);
    box->setSpecialValueText(unset);
    box->setKeyboardTracking(false); // while typing "16" nobody wants a plan for 1
    box->setAccessibleName(label);
    form->addRow(label, box);
    const int mergeId = kMergeFirstDegree + int(degrees_.size());
    degrees_.push_back({box, field});
    connect(box, &QSpinBox::valueChanged, this, [this, label, field, mergeId](int value) {
        Setup next = session_->setup();
        next.options.constraints.*field = value > 0 ? std::optional(value) : std::nullopt;
        edit(next, value > 0 ? tr("%1 %2").arg(label).arg(value) : tr("%1 free").arg(label),
             mergeId);
    });
    return box;
}

QComboBox* ConstraintsPanel::addStorage(QFormLayout* form, const QString& label,
                                        const QString& name, StorageRule PlanConstraints::*field)
{
    auto* box = new QComboBox;
    box->setObjectName(name);
    box->addItem(tr("free"), int(StorageRule::kFree));
    box->addItem(tr("replicated over data axis"), int(StorageRule::kReplicated));
    box->addItem(tr("split over data axis"), int(StorageRule::kSplit));
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    form->addRow(label, box);
    storages_.push_back({box, field});
    connect(box, &QComboBox::currentIndexChanged, this, [this, box, label, field] {
        Setup next = session_->setup();
        next.options.constraints.*field = static_cast<StorageRule>(box->currentData().toInt());
        edit(next, tr("%1 %2").arg(label, box->currentText()), -1);
    });
    return box;
}

void ConstraintsPanel::addCluster(QFormLayout* form)
{
    preset_->setObjectName(u"clusterPreset"_s);
    preset_->setAccessibleName(tr("Cluster"));
    for (const ClusterPreset& preset : clusterPresets()) {
        QString name = toQt(preset.name);
        name.remove(u"-xN"_s);
        preset_->addItem(name, name);
        preset_->setItemData(preset_->count() - 1, toQt(preset.description), Qt::ToolTipRole);
    }
    count_->setObjectName(u"clusterCount"_s);
    count_->setRange(1, 4096);
    count_->setPrefix(u"× "_s);
    count_->setKeyboardTracking(false);
    count_->setAccessibleName(tr("Count of devices or hosts"));
    auto* row = new QHBoxLayout;
    row->addWidget(preset_, 1);
    row->addWidget(count_);
    form->addRow(tr("Cluster"), row);
    connect(preset_, &QComboBox::currentIndexChanged, this, &ConstraintsPanel::editCluster);
    connect(count_, &QSpinBox::valueChanged, this, &ConstraintsPanel::editCluster);
}

void ConstraintsPanel::editCluster()
{
    if (isTaking_)
        return;
    Setup next = session_->setup();
    next.cluster = u"%1-x%2"_s.arg(preset_->currentData().toString()).arg(count_->value());
    edit(next, tr("Cluster %1").arg(next.cluster), kMergeCluster);
    Q_EMIT clusterEdited(next.cluster);
}

void ConstraintsPanel::addTraining(QFormLayout* form)
{
    strategy_->setObjectName(u"strategy"_s);
    strategy_->setAccessibleName(tr("Strategy"));
    for (const PlanStrategy strategy :
         {PlanStrategy::kAuto, PlanStrategy::kDataParallel, PlanStrategy::kZero2,
          PlanStrategy::kZero3, PlanStrategy::kMegatron, PlanStrategy::kPipeline})
        strategy_->addItem(strategyTitle(strategy), int(strategy));
    form->addRow(tr("Strategy"), strategy_);
    batch_->setObjectName(u"globalBatch"_s);
    batch_->setRange(0, 1 << 24);
    batch_->setSpecialValueText(tr("as in the file"));
    batch_->setKeyboardTracking(false);
    form->addRow(tr("Global batch"), batch_);
    optimizer_->setObjectName(u"optimizer"_s);
    optimizer_->addItem(tr("SGD"), int(OptimizerOptions::Kind::kSgd));
    optimizer_->addItem(tr("Adam"), int(OptimizerOptions::Kind::kAdam));
    optimizer_->addItem(tr("AdamW"), int(OptimizerOptions::Kind::kAdamW));
    form->addRow(tr("Optimizer"), optimizer_);
    connect(strategy_, &QComboBox::currentIndexChanged, this, [this] {
        Setup next = session_->setup();
        next.options.strategy = static_cast<PlanStrategy>(strategy_->currentData().toInt());
        edit(next, tr("Strategy %1").arg(strategy_->currentText()), -1);
    });
    connect(batch_, &QSpinBox::valueChanged, this, [this](int value) {
        Setup next = session_->setup();
        next.options.globalBatch = value > 0 ? std::optional(int64_t{value}) : std::nullopt;
        edit(next, value > 0 ? tr("Global batch %1").arg(value) : tr("Batch of the file"),
             kMergeBatch);
    });
    connect(optimizer_, &QComboBox::currentIndexChanged, this, [this] {
        Setup next = session_->setup();
        next.options.optimizer.kind =
            static_cast<OptimizerOptions::Kind>(optimizer_->currentData().toInt());
        edit(next, tr("Optimizer %1").arg(optimizer_->currentText()), -1);
    });
}

void ConstraintsPanel::edit(const Setup& next, const QString& text, int mergeId)
{
    if (!isTaking_)
        session_->editSetup(next, text, mergeId);
}

void ConstraintsPanel::takeSetup()
{
    isTaking_ = true;
    const Setup& setup = session_->setup();
    const auto [preset, count] = splitCluster(setup.cluster);
    int at = preset_->findData(preset);
    if (at < 0) {
        preset_->addItem(QFileInfo(preset).fileName(), preset);
        at = preset_->count() - 1;
    }
    preset_->setCurrentIndex(at);
    count_->setEnabled(count > 0);
    count_->setValue(std::max(count, 1));
    strategy_->setCurrentIndex(strategy_->findData(int(setup.options.strategy)));
    optimizer_->setCurrentIndex(optimizer_->findData(int(setup.options.optimizer.kind)));
    batch_->setValue(int(setup.options.globalBatch.value_or(0)));
    if (session_->model() != nullptr)
        batch_->setSpecialValueText(tr("%1, as in the file").arg(session_->model()->batch));
    const PlanConstraints& constraints = setup.options.constraints;
    for (const DegreeField& degree : degrees_)
        degree.box->setValue((constraints.*degree.field).value_or(0));
    for (const StorageField& storage : storages_)
        storage.box->setCurrentIndex(storage.box->findData(int(constraints.*storage.field)));
    allDevices_->setChecked(constraints.usesAllDevices);
    meshAxes_->setCurrentIndex(meshAxes_->findData(constraints.mostMeshAxes));
    memory_->setValue(constraints.memoryPerDevice ? *constraints.memoryPerDevice / kGiB : 0.0);
    schedule_->setCurrentIndex(
        constraints.schedule ? schedule_->findData(int(*constraints.schedule)) : 0);
    recomputation_->setCurrentIndex(recomputation_->findData(int(recomputationOf(constraints))));
    isTaking_ = false;
}

} // namespace alpa::app
