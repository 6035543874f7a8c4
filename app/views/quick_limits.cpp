#include "app/views/quick_limits.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Edits of one field in a row become one undo step; apart from the ids of the form.
enum MergeId { kMergeTp = 2001, kMergePp, kMergeMemory };
constexpr int kMostDevices = 65536;
constexpr double kMostGib = 4096;

void addLabel(QHBoxLayout* row, const QString& text, QWidget* field)
{
    auto* label = new QLabel(text);
    label->setProperty("muted", true);
    label->setBuddy(field);
    row->addWidget(label);
    row->addWidget(field);
}

} // namespace

QuickLimits::QuickLimits(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
{
    setObjectName(u"quickLimits"_s);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(6, 0, 0, 0);
    row->setSpacing(4);
    maxTp_ = addDegree(row, tr("TP ≤"), u"quickTp"_s, &PlanConstraints::maxTp, kMergeTp);
    maxTp_->setToolTip(tr("Most devices that split each tensor (tensor parallelism)"));
    maxPp_ = addDegree(row, tr("PP ≤"), u"quickPp"_s, &PlanConstraints::maxPp, kMergePp);
    maxPp_->setToolTip(tr("Most stages that follow each other (pipeline parallelism)"));
    addMemory(row);
    for (QLineEdit* line : findChildren<QLineEdit*>())
        connect(line, &QLineEdit::returnPressed, this, &QuickLimits::entered, Qt::QueuedConnection);
    connect(session, &Session::setupChanged, this, &QuickLimits::takeSetup);
    connect(session, &Session::modelChanged, this, &QuickLimits::takeSetup);
    takeSetup();
}

QSpinBox* QuickLimits::addDegree(QHBoxLayout* row, const QString& label, const QString& name,
                                 std::optional<int> PlanConstraints::*field, int mergeId)
{
    auto* box = new QSpinBox;
    box->setObjectName(name);
    box->setAccessibleName(label);
    box->setRange(0, kMostDevices);
    box->setSpecialValueText(u"–"_s);
    box->setKeyboardTracking(false);
    box->setMaximumWidth(fontMetrics().averageCharWidth() * 11);
    addLabel(row, label, box);
    connect(box, &QSpinBox::valueChanged, this, [this, label, field, mergeId](int value) {
        if (isTaking_)
            return;
        Setup next = session_->setup();
        next.options.constraints.*field = value > 0 ? std::optional(value) : std::nullopt;
        session_->editSetup(
            next, value > 0 ? tr("%1 %2").arg(label).arg(value) : tr("%1 free").arg(label),
            mergeId);
    });
    return box;
}

void QuickLimits::addMemory(QHBoxLayout* row)
{
    memory_ = new QDoubleSpinBox;
    memory_->setObjectName(u"quickMemory"_s);
    memory_->setAccessibleName(tr("Memory of a device"));
    memory_->setToolTip(tr("Most memory of a device that a plan may use"));
    memory_->setRange(0, kMostGib);
    memory_->setDecimals(1);
    memory_->setSuffix(tr(" GiB"));
    memory_->setSpecialValueText(u"–"_s);
    memory_->setKeyboardTracking(false);
    memory_->setMaximumWidth(fontMetrics().averageCharWidth() * 17);
    addLabel(row, tr("Mem ≤"), memory_);
    connect(memory_, &QDoubleSpinBox::valueChanged, this, [this](double gib) {
        if (isTaking_)
            return;
        Setup next = session_->setup();
        next.options.constraints.memoryPerDevice =
            gib > 0 ? std::optional(gibibytes(gib)) : std::nullopt;
        session_->editSetup(next,
                            gib > 0 ? tr("Memory %1 GiB per device").arg(gib)
                                    : tr("All of the device's memory"),
                            kMergeMemory);
    });
}

void QuickLimits::takeSetup()
{
    isTaking_ = true;
    const PlanConstraints& asked = session_->setup().options.constraints;
    maxTp_->setValue(asked.maxTp.value_or(0));
    maxPp_->setValue(asked.maxPp.value_or(0));
    memory_->setValue(asked.memoryPerDevice ? *asked.memoryPerDevice / kGiB : 0.0);
    setEnabled(session_->model() != nullptr);
    isTaking_ = false;
}

} // namespace alpa::app
