// Memory of one device of each stage as stacked bars against the limit.
#pragma once

#include "app/widgets/painted_chart.h"
#include "core/plan/parallel_plan.h"

#include <memory>
#include <set>
#include <vector>

namespace alpa::app
{

/// The limit a plan was made under: the constraint, else the device's memory.
Bytes memoryLimit(const ParallelPlan& plan);

class MemoryChart : public PaintedChart
{
    Q_OBJECT

public:
    explicit MemoryChart(QWidget* parent = nullptr);
    void setPlan(std::shared_ptr<const ParallelPlan> plan); ///< May be null.
    void setSelectedStages(std::set<int> stages);
    const std::set<int>& selectedStages() const { return selectedStages_; }
    void setHoveredStage(int stage); ///< What the mouse is over anywhere; -1 for none.
    int hoveredStage() const { return hoveredStage_; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override
    {
        return {inPixels({360, 0}).width(), sizeHint().height()};
    }

Q_SIGNALS:
    void stageClicked(int stage);
    void stageHovered(int stage); ///< -1 when the mouse leaves.

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    int stageAt(QPointF pixels) const; ///< -1 between the rows.
    QRectF barArea(int stage) const;
    double scaleMaximum() const;
    struct LegendEntry;
    /// Of the parts that some stage has, in as many lines as the width asks for.
    std::vector<LegendEntry> legend() const;
    double legendHeight() const;

    std::shared_ptr<const ParallelPlan> plan_;
    std::set<int> selectedStages_;
    int hoveredStage_ = -1;
};

} // namespace alpa::app
