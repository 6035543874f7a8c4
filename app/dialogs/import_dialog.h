// What a model file leaves open: sizes of its open dimensions, a loss to train with, and rules for
// operations that nobody knows.
#pragma once

#include "app/session/model.h"

#include <QDialog>

class QComboBox;
class QFormLayout;
class QLineEdit;
class QSpinBox;

namespace alpa::app
{

class ImportDialog : public QDialog
{
    Q_OBJECT

public:
    explicit ImportDialog(const Model& model, QWidget* parent = nullptr);
    ImportChoices choices() const;

private:
    void addRules(QFormLayout* form);

    ImportChoices before_;
    std::vector<std::pair<QString, QSpinBox*>> dims_;
    QComboBox* loss_;
    QLineEdit* rules_;
};

} // namespace alpa::app
