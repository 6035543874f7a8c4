// The memory page: what fills each stage's devices against the limit, and how it grows and shrinks
// over the step.
#pragma once

#include "app/session/session.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/memory_curve.h"
#include "app/widgets/when_shown.h"

class QComboBox;
class QStackedLayout;
class QTableWidget;

namespace alpa::app
{

class MemoryView : public QWidget
{
    Q_OBJECT

public:
    explicit MemoryView(Session* session, QWidget* parent = nullptr);

private:
    void refresh();
    void showStage(int stage);
    void setTips(int stage, const StageMemory& memory, Bytes limit);

    Session* session_;
    QStackedLayout* pages_;
    MemoryChart* chart_;
    MemoryCurve* curve_;
    QComboBox* stage_;
    QTableWidget* table_;
    WhenShown* refresh_;
};

} // namespace alpa::app
