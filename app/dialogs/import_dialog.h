// What a model file leaves open: sizes of its open dimensions, and a loss to train with.
#pragma once

#include "app/session/model.h"

#include <QDialog>

class QComboBox;
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
    ImportChoices before_;
    std::vector<std::pair<QString, QSpinBox*>> dims_;
    QComboBox* loss_;
};

} // namespace alpa::app
