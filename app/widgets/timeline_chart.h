// The predicted step as a Gantt chart: one row a stage, every forward and backward with its microbatch number.
#pragma once

#include <memory>

#include "core/plan/parallel_plan.h"

#include <QWidget>

namespace alpa::app
{

class TimelineChart : public QWidget
{
    Q_OBJECT

public:
    explicit TimelineChart(QWidget* parent = nullptr);
    void setPlan(std::shared_ptr<const ParallelPlan> plan); ///< May be null.
    void setSelectedStage(int stage);
    int selectedStage() const { return selectedStage_; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void stageClicked(int stage);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRectF plotArea() const;
    QRectF rowArea(int stage) const;
    double xOf(Seconds time) const;
    QString tipAt(QPointF at) const;
    void zoomAt(double x, double factor);
    void scrollBy(double share);

    std::shared_ptr<const ParallelPlan> plan_;
    int selectedStage_ = -1;
    double first_ = 0; ///< Share of the step at the left edge.
    double last_ = 1;  ///< And at the right edge.
    double draggedAt_ = 0;
};

/// "Stage 0 · host 0, devices 0–3 · x=2, y=2".
QString stageText(const ParallelPlan& plan, int stage);
/// "host 0, devices 0–3", "hosts 1–2, 8 devices each".
QString submeshText(const PlanStage& stage);
/// "x = 2, y = 2".
QString meshAxesText(const DeviceMesh& mesh);
/// Round steps for an axis of about `wanted` ticks over `span`.
double tickStep(double span, int wanted);

} // namespace alpa::app
