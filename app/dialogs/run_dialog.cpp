#include "app/dialogs/run_dialog.h"

#include "app/settings/core_texts.h"
#include "app/settings/programs.h"
#include "app/settings/qt_text.h"
#include "app/widgets/cards.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProcess>
#include <QPushButton>
#include <QSpinBox>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kAnswerWithinMs = 15000;
enum Machine { kHere, kElsewhere };

} // namespace

RunDialog::RunDialog(Session* session, AppSettings* settings, QWidget* parent)
    : QDialog(parent)
    , session_(session)
    , settings_(settings)
    , plans_(new QListWidget)
    , machine_(new QComboBox)
    , host_(new QLineEdit)
    , program_(new QLineEdit)
    , found_(makeMuted({}))
    , look_(new QPushButton(tr("Look for devices")))
    , devices_(new QComboBox)
    , steps_(new QSpinBox)
    , repeats_(new QSpinBox)
    , rate_(new QDoubleSpinBox)
    , note_(makeMuted({}))
{
    setObjectName(u"runDialog"_s);
    setWindowTitle(tr("Run"));
    setMinimumWidth(520);
    plans_->setObjectName(u"runPlans"_s);
    plans_->setAccessibleName(tr("Plans to run"));
    plans_->setMaximumHeight(150);
    machine_->setObjectName(u"runMachine"_s);
    machine_->addItem(tr("This machine"));
    machine_->addItem(tr("Another machine, over ssh"));
    host_->setObjectName(u"runHost"_s);
    host_->setPlaceholderText(tr("gpu1 or me@10.0.0.7, with a key that needs no password"));
    program_->setObjectName(u"runProgram"_s);
    program_->setPlaceholderText(u"alpa"_s);
    program_->setToolTip(tr("Where the program alpa is on that machine"));
    found_->setObjectName(u"runFound"_s);
    look_->setObjectName(u"runLook"_s);
    devices_->setObjectName(u"runDevicesKind"_s);
    devices_->addItem(tr("CPU, one thread a device"), u"cpu"_s);
    devices_->addItem(tr("GPUs"), u"cuda"_s);
    steps_->setObjectName(u"runDialogSteps"_s);
    steps_->setRange(2, 1000000);
    repeats_->setObjectName(u"runRepeats"_s);
    repeats_->setRange(1, 100);
    repeats_->setToolTip(tr(
        "Each plan so often; several plans take turns (A, B, A, B), so that what slows the machine "
        "down meanwhile meets all of them"));
    rate_->setObjectName(u"runDialogRate"_s);
    rate_->setDecimals(6);
    rate_->setRange(0, 10);
    rate_->setSingleStep(1e-4);
    rate_->setSpecialValueText(tr("the plan's"));
    note_->setObjectName(u"runNote"_s);

    auto* place = new QHBoxLayout;
    place->addWidget(machine_, 1);
    place->addWidget(look_);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->addRow(tr("&Plans"), plans_);
    form->addRow(tr("&Where"), place);
    // A row of several fields has none of its own that the letter could lead to.
    if (auto* label = qobject_cast<QLabel*>(form->labelForField(place)))
        label->setBuddy(machine_);
    form->addRow(tr("&Host"), host_);
    form->addRow(tr("P&rogram there"), program_);
    form->addRow(QString(), found_);
    form->addRow(tr("&Devices"), devices_);
    form->addRow(tr("&Steps"), steps_);
    form->addRow(tr("R&epeats"), repeats_);
    form->addRow(tr("&Learning rate"), rate_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    run_ = buttons->addButton(tr("Run"), QDialogButtonBox::AcceptRole);
    run_->setObjectName(u"runAccept"_s);
    auto* column = new QVBoxLayout(this);
    column->addLayout(form);
    column->addWidget(note_);
    column->addWidget(buttons);

    fillPlans();
    const QVariantMap last = settings->dialogState(objectName());
    const RunOrder first;
    machine_->setCurrentIndex(last.value(u"machine"_s, int(kHere)).toInt());
    host_->setText(last.value(u"host"_s).toString());
    program_->setText(last.value(u"program"_s).toString());
    devices_->setCurrentIndex(std::max(0, devices_->findData(last.value(u"devices"_s))));
    steps_->setValue(last.value(u"steps"_s, first.steps).toInt());
    repeats_->setValue(last.value(u"repeats"_s, first.repeats).toInt());
    rate_->setValue(last.value(u"rate"_s, first.learningRate).toDouble());
    connect(plans_, &QListWidget::itemChanged, this, &RunDialog::refresh);
    connect(machine_, &QComboBox::currentIndexChanged, this, [this] {
        hasAnswer_ = false;
        refresh();
        if (machine_->currentIndex() == kHere)
            askForDevices();
    });
    connect(host_, &QLineEdit::textChanged, this, [this] {
        hasAnswer_ = false;
        refresh();
    });
    connect(look_, &QPushButton::clicked, this, &RunDialog::askForDevices);
    for (QSpinBox* box : {steps_, repeats_})
        connect(box, &QSpinBox::valueChanged, this, &RunDialog::refresh);
    connect(devices_, &QComboBox::currentIndexChanged, this, &RunDialog::refresh);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        remember();
        accept();
    });
    refresh();
    if (machine_->currentIndex() == kHere)
        askForDevices();
}

RunDialog::~RunDialog()
{
    if (asking_ == nullptr)
        return;
    // Its end must not be told to what is being destroyed.
    asking_->disconnect(this);
    asking_->kill();
    asking_->waitForFinished(1000);
}

void RunDialog::fillPlans()
{
    const PlanEntry* shown = session_->shownPlan();
    const PlanEntry* baseline = session_->baseline();
    for (const auto& entry : session_->entries()) {
        if (entry->plan() == nullptr)
            continue;
        auto* item = new QListWidgetItem(
            tr("%1 · %2 · predicted %3 on %4")
                .arg(entry->name)
                .arg(counted(entry->plan()->cluster.deviceCount(), tr("device"), tr("devices")),
                     timeText(entry->plan()->stepTime), toQt(entry->plan()->cluster.name)));
        const bool isChosen = (shown != nullptr && entry->id == shown->id) ||
                              (baseline != nullptr && entry->id == baseline->id);
        item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
        item->setCheckState(isChosen ? Qt::Checked : Qt::Unchecked);
        item->setData(Qt::UserRole, entry->id);
        plans_->addItem(item);
    }
}

RunPlace RunDialog::place() const
{
    if (machine_->currentIndex() == kHere)
        return {};
    return {host_->text().trimmed(), program_->text().trimmed()};
}

RunOrder RunDialog::order() const
{
    RunOrder order;
    for (int row = 0; row < plans_->count(); ++row) {
        if (plans_->item(row)->checkState() == Qt::Checked)
            order.planIds.push_back(plans_->item(row)->data(Qt::UserRole).toInt());
    }
    order.place = place();
    order.devices = devices_->currentData().toString();
    order.steps = steps_->value();
    order.repeats = repeats_->value();
    order.learningRate = rate_->value();
    return order;
}

void RunDialog::remember()
{
    settings_->setDialogState(objectName(), {{u"machine"_s, machine_->currentIndex()},
                                             {u"host"_s, host_->text()},
                                             {u"program"_s, program_->text()},
                                             {u"devices"_s, devices_->currentData()},
                                             {u"steps"_s, steps_->value()},
                                             {u"repeats"_s, repeats_->value()},
                                             {u"rate"_s, rate_->value()}});
}

void RunDialog::askForDevices()
{
    const RunPlace where = place();
    const QString local = findProgram(u"alpa"_s);
    if (asking_ != nullptr) {
        asking_->disconnect(this);
        asking_->kill();
        asking_->deleteLater();
        asking_ = nullptr;
    }
    if (machine_->currentIndex() == kElsewhere && where.host.isEmpty()) {
        takeDevices(readDevices({}, tr("name the machine first")));
        return;
    }
    if (where.host.isEmpty() && local.isEmpty()) {
        takeDevices(readDevices(
            {}, tr("the program alpa is neither beside this one nor on the search path")));
        return;
    }
    found_->setText(tr("Looking for devices…"));
    const RunCommand command = devicesCommand(where, local);
    auto* process = new QProcess(this);
    asking_ = process;
    const auto end = [this, process](const QString& problem) {
        if (asking_ != process)
            return;
        asking_ = nullptr;
        process->deleteLater();
        takeDevices(readDevices(process->readAllStandardOutput(), problem));
    };
    connect(process, &QProcess::errorOccurred, this, [end, process](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            end(tr("cannot start %1: %2").arg(process->program(), process->errorString()));
    });
    connect(process, &QProcess::finished, this, [end, process](int code, QProcess::ExitStatus) {
        const QString said =
            QString::fromUtf8(process->readAllStandardError()).trimmed().section(u'\n', -1);
        end(code == 0 ? QString() : said.isEmpty() ? tr("it ended with code %1").arg(code) : said);
    });
    QTimer::singleShot(kAnswerWithinMs, process, [process] { process->kill(); });
    process->start(command.program, command.arguments);
}

void RunDialog::takeDevices(const FoundDevices& found)
{
    answer_ = found;
    hasAnswer_ = true;
    refresh();
    Q_EMIT devicesFound();
}

void RunDialog::refresh()
{
    const bool isElsewhere = machine_->currentIndex() == kElsewhere;
    host_->setEnabled(isElsewhere);
    program_->setEnabled(isElsewhere);
    if (hasAnswer_ && !answer_.problem.isEmpty())
        found_->setText(tr("No answer: %1").arg(answer_.problem));
    else if (hasAnswer_ && answer_.gpus == 0)
        found_->setText(tr("Found %1; no GPU (%2), so runs are on the CPU.")
                            .arg(counted(answer_.cores, tr("core"), tr("cores")),
                                 answer_.gpuNote.isEmpty() ? tr("none is there")
                                                           : coreText(fromQt(answer_.gpuNote))));
    else if (hasAnswer_)
        found_->setText(tr("Found %1 and %2.")
                            .arg(counted(answer_.cores, tr("core"), tr("cores")),
                                 counted(answer_.gpus, tr("GPU"), tr("GPUs"))));
    else if (asking_ == nullptr)
        found_->setText(tr("Not asked yet."));
    if (hasAnswer_ && answer_.problem.isEmpty() && answer_.gpus == 0)
        devices_->setCurrentIndex(0);
    const RunOrder now = order();
    int most = 0;
    for (const int id : now.planIds)
        most = std::max(most, session_->entry(id)->plan()->cluster.deviceCount());
    QString note;
    if (now.planIds.empty())
        note = tr("Choose a plan.");
    else if (now.devices == "cuda"_L1 && hasAnswer_ && answer_.problem.isEmpty() &&
             answer_.gpus < most)
        note = tr("The plan is for %1; there are %2.")
                   .arg(counted(most, tr("GPU"), tr("GPUs")))
                   .arg(answer_.gpus);
    else if (now.planIds.size() > 1)
        note = tr("%1 runs, the plans in turns.").arg(int(now.planIds.size()) * now.repeats);
    else if (now.devices == "cpu"_L1 &&
             !toQt(session_->entry(now.planIds.front())->plan()->cluster.name).startsWith(u"cpu"_s))
        note = tr("Planned for another device than the CPU: times cannot match the prediction.");
    note_->setText(note);
    run_->setEnabled(!now.planIds.empty() && (!isElsewhere || !now.place.host.isEmpty()));
}

} // namespace alpa::app
