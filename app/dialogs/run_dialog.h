// What to run, where and how often: the dialog before a run. It remembers what was chosen last.
#pragma once

#include "app/session/run_order.h"
#include "app/session/session.h"
#include "app/settings/app_settings.h"

#include <QDialog>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProcess;
class QPushButton;
class QSpinBox;

namespace alpa::app
{

class RunDialog : public QDialog
{
    Q_OBJECT

public:
    RunDialog(Session* session, AppSettings* settings, QWidget* parent = nullptr);
    ~RunDialog() override;
    RunOrder order() const;

Q_SIGNALS:
    void devicesFound(); ///< The machine has answered, whatever it said.

private:
    void fillPlans();
    void askForDevices();
    void takeDevices(const FoundDevices& found);
    void refresh();
    void remember();
    RunPlace place() const;

    Session* session_;
    AppSettings* settings_;
    QListWidget* plans_;
    QComboBox* machine_;
    QLineEdit* host_;
    QLineEdit* program_;
    QLabel* found_;
    QPushButton* look_;
    QComboBox* devices_;
    QSpinBox* steps_;
    QSpinBox* repeats_;
    QDoubleSpinBox* rate_;
    QLabel* note_;
    QPushButton* run_;
    QProcess* asking_ = nullptr;
    FoundDevices answer_;
    bool hasAnswer_ = false;
};

} // namespace alpa::app
