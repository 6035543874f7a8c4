// What is asked of the planner, as a form. Every edit is one step of the undo stack and replans at
// once.
#pragma once

#include "app/session/session.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QScrollArea;
class QSpinBox;

namespace alpa::app
{

class ConstraintsPanel : public QWidget
{
    Q_OBJECT

public:
    explicit ConstraintsPanel(Session* session, QWidget* parent = nullptr);

    /// Ctrl+Z in a field undoes the last constraint, not the last digit.
    bool eventFilter(QObject* watched, QEvent* event) override;
    void focusLimits(); ///< The first of the limits, ready to be typed over.

Q_SIGNALS:
    void clusterEdited(const QString& name);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    /// A spin box whose lowest value reads as "no limit"; its edits set an optional field of the
    /// constraints.
    QSpinBox* addDegree(QFormLayout* form, const QString& label, const QString& name,
                        const QString& unset, std::optional<int> PlanConstraints::*field);
    QComboBox* addStorage(QFormLayout* form, const QString& label, const QString& name,
                          StorageRule PlanConstraints::*field);
    void addCluster(QFormLayout* form);
    void addTraining(QFormLayout* form);
    void takeSetup();
    void wrapRows();
    void edit(const Setup& next, const QString& text, int mergeId);
    void editCluster();

    struct DegreeField {
        QSpinBox* box;
        std::optional<int> PlanConstraints::*field;
    };
    struct StorageField {
        QComboBox* box;
        StorageRule PlanConstraints::*field;
    };

    Session* session_;
    QScrollArea* scroll_;
    QComboBox* preset_;
    QSpinBox* count_;
    QComboBox* strategy_;
    QComboBox* optimizer_;
    QCheckBox* allDevices_;
    QComboBox* meshAxes_;
    QComboBox* schedule_;
    QComboBox* recomputation_;
    QSpinBox* batch_;
    QDoubleSpinBox* memory_;
    std::vector<DegreeField> degrees_;
    std::vector<StorageField> storages_;
    bool isTaking_ = false; ///< Widgets are being set from the setup: their signals are no edits.
};

} // namespace alpa::app
