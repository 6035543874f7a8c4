// The three limits that are asked for most, in the tool bar: most tensor parallel, most stages, and
// memory of a device. The same constraints as in the form.
#pragma once

#include "app/session/session.h"

#include <QWidget>

class QDoubleSpinBox;
class QHBoxLayout;
class QSpinBox;

namespace alpa::app
{

class QuickLimits : public QWidget
{
    Q_OBJECT

public:
    explicit QuickLimits(Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    void entered(); ///< A value, by the Enter key.

private:
    QSpinBox* addDegree(QHBoxLayout* row, const QString& label, const QString& name,
                        std::optional<int> PlanConstraints::*field, int mergeId);
    void addMemory(QHBoxLayout* row);
    void takeSetup();

    Session* session_;
    QSpinBox* maxTp_ = nullptr;
    QSpinBox* maxPp_ = nullptr;
    QDoubleSpinBox* memory_ = nullptr;
    bool isTaking_ = false; ///< Values come from the session, not from a person.
};

} // namespace alpa::app
