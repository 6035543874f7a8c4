#include "app/dialogs/import_dialog.h"

#include "app/settings/qt_text.h"
#include "app/widgets/cards.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kUsualBatch = 8;
constexpr int kUsualLength = 128;
constexpr int kNoLoss = -1;

/// What such a dimension mostly is; the person knows better.
int usualSize(const QString& name)
{
    return name.contains(u"batch"_s, Qt::CaseInsensitive) || name == "N"_L1 ? kUsualBatch
                                                                            : kUsualLength;
}

} // namespace

ImportDialog::ImportDialog(const Model& model, QWidget* parent)
    : QDialog(parent)
    , before_(model.choices)
    , loss_(new QComboBox)
    , rules_(new QLineEdit(model.choices.rules))
{
    setObjectName(u"importDialog"_s);
    setWindowTitle(tr("Open %1").arg(model.name));
    setMinimumWidth(460);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    const auto addDim = [&](const QString& name, int value) {
        auto* box = new QSpinBox;
        box->setObjectName(u"dim_"_s + name);
        box->setRange(1, 1 << 30);
        box->setValue(value);
        box->setAccessibleName(tr("Size of %1").arg(name));
        form->addRow(tr("Size of %1").arg(name), box);
        dims_.emplace_back(name, box);
    };
    for (const auto& [name, size] : model.choices.dims)
        addDim(toQt(name), int(size));
    for (const QString& name : model.openDims)
        addDim(name, usualSize(name));
    loss_->setObjectName(u"importLoss"_s);
    loss_->setAccessibleName(tr("Loss"));
    loss_->addItem(tr("The model has one"), kNoLoss);
    loss_->addItem(tr("Mean of the output"), int(LossKind::kMean));
    loss_->addItem(tr("Mean square against a target"), int(LossKind::kMeanSquare));
    loss_->addItem(tr("Cross-entropy against labels"), int(LossKind::kCrossEntropy));
    const LossKind usual = model.choices.loss.value_or(LossKind::kMeanSquare);
    loss_->setCurrentIndex(
        loss_->findData(model.needsLoss || model.choices.loss ? int(usual) : kNoLoss));
    form->addRow(tr("&Loss"), loss_);
    addRules(form);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Open | QDialogButtonBox::Cancel);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(makeMuted(
        model.needsLoss ? tr("This model computes an output, but no loss: training needs one.")
        : !model.openDims.empty()
            ? tr("This file leaves sizes open. A plan is for definite sizes; the global batch can "
                 "be "
                 "changed later.")
            : tr("The model is read again with these choices, and planned anew.")));
    column->addLayout(form);
    column->addWidget(buttons);
}

void ImportDialog::addRules(QFormLayout* form)
{
    rules_->setObjectName(u"importRules"_s);
    rules_->setAccessibleName(tr("File of rules"));
    rules_->setPlaceholderText(tr("none: unknown operations stay whole on every device"));
    rules_->setToolTip(
        tr("JSON that says how operations that nobody knows may be split:\n"
           "{\"rules\": [{\"op\": \"stablehlo.custom_call @name*\", \"rule\": \"([b, s], [s]) -> "
           "([b, s]) blocked {s}\", \"flops\": \"2*b*s\"}]}"));
    auto* browse = new QPushButton(tr("Choose…"));
    browse->setObjectName(u"chooseRules"_s);
    auto* row = new QHBoxLayout;
    row->addWidget(rules_, 1);
    row->addWidget(browse);
    form->addRow(tr("&Rules"), row);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path =
            QFileDialog::getOpenFileName(this, tr("Rules for unknown operations"), rules_->text(),
                                         tr("Rules (*.json);;All files (*)"));
        if (!path.isEmpty())
            rules_->setText(path);
    });
}

ImportChoices ImportDialog::choices() const
{
    ImportChoices chosen = before_;
    for (const auto& [name, box] : dims_)
        chosen.dims[fromQt(name)] = box->value();
    const int loss = loss_->currentData().toInt();
    chosen.loss = loss == kNoLoss ? std::nullopt : std::optional(static_cast<LossKind>(loss));
    chosen.rules = rules_->text().trimmed();
    return chosen;
}

} // namespace alpa::app
