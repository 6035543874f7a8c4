// Memory of one stage's device over the predicted step: what is always there below, what the
// microbatches in flight keep above it, and the peak marked.
#pragma once

#include "app/widgets/painted_chart.h"
#include "core/plan/parallel_plan.h"

#include <memory>

namespace alpa::app
{

class MemoryCurve : public PaintedChart
{
    Q_OBJECT

public:
    explicit MemoryCurve(QWidget* parent = nullptr);
    void setStage(std::shared_ptr<const ParallelPlan> plan, int stage);
    QSize sizeHint() const override { return inPixels({600, 220}); }
    QSize minimumSizeHint() const override { return inPixels({320, 170}); }
    /// Where the peak is marked, in pixels.
    QPointF peakAt() const;
    /// What the device holds at a place of the curve, in words; empty outside of it.
    QString textAt(QPointF pixels) const;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    const StageTimeline& timeline() const;
    QRectF plotArea() const;
    double most() const; ///< Bytes at the top.
    QPointF place(Seconds time, double bytes) const;
    void paintAxes(QPainter& painter) const;
    void paintParts(QPainter& painter) const;
    void paintPeak(QPainter& painter) const;
    void paintLimit(QPainter& painter) const;
    /// The first point with the most memory.
    const MemoryPoint* peak() const;

    std::shared_ptr<const ParallelPlan> plan_;
    int stage_ = 0;
};

} // namespace alpa::app
