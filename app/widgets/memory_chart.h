// Memory of one device of each stage as stacked bars against the limit.
#pragma once

#include "core/plan/parallel_plan.h"

#include <QWidget>

#include <memory>

namespace alpa::app
{

/// The limit a plan was made under: the constraint, else the device's memory.
Bytes memoryLimit(const ParallelPlan& plan);

class MemoryChart : public QWidget
{
    Q_OBJECT

public:
    explicit MemoryChart(QWidget* parent = nullptr);
    void setPlan(std::shared_ptr<const ParallelPlan> plan); ///< May be null.
    void setSelectedStage(int stage);
    int selectedStage() const { return selectedStage_; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {360, sizeHint().height()}; }

Q_SIGNALS:
    void stageClicked(int stage);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    QRectF barArea(int stage) const;
    double scaleMaximum() const;

    std::shared_ptr<const ParallelPlan> plan_;
    int selectedStage_ = -1;
};

/// Memory of one stage's device over the predicted step.
class MemoryCurve : public QWidget
{
    Q_OBJECT

public:
    explicit MemoryCurve(QWidget* parent = nullptr);
    void setStage(std::shared_ptr<const ParallelPlan> plan, int stage);
    QSize sizeHint() const override { return {600, 200}; }
    QSize minimumSizeHint() const override { return {320, 170}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::shared_ptr<const ParallelPlan> plan_;
    int stage_ = 0;
};

} // namespace alpa::app
