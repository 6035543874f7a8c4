// The predicted step as a Gantt chart: one row a stage, every forward and backward with its
// microbatch number. Below each row, on demand, what the stage's devices were measured to do,
// coloured by how far it is from the prediction.
#pragma once

#include "app/session/measured_timeline.h"
#include "app/widgets/painted_chart.h"

#include <memory>
#include <optional>
#include <set>

namespace alpa::app
{

struct Theme;

class TimelineChart : public PaintedChart
{
    Q_OBJECT

public:
    static constexpr double kZoomStep = 0.7;    ///< Of what is shown, by one key.
    static constexpr double kScrollStep = 0.15; ///< Likewise.

    explicit TimelineChart(QWidget* parent = nullptr);
    void setPlan(std::shared_ptr<const ParallelPlan> plan); ///< May be null.
    /// `step`: which one is laid over the prediction; unset shows the whole run on its own time
    /// axis. Null: none.
    void setMeasured(std::shared_ptr<const MeasuredTimeline> measured, std::optional<int> step);
    bool hasMeasured() const { return measured_ != nullptr; }
    /// Part of the time axis that is shown, as shares of it.
    std::pair<double, double> shownShare() const { return {first_, last_}; }
    /// What is shown, in seconds of the time axis; may reach past its end.
    void setVisibleRange(Seconds first, Seconds last);
    void setSelectedStages(std::set<int> stages);
    /// Outlines their instructions, predicted and measured.
    void setSelectedOps(std::set<OpId> ops);
    const std::set<int>& selectedStages() const { return selectedStages_; }
    void setHoveredStage(int stage); ///< What the mouse is over anywhere; -1 for none.
    int hoveredStage() const { return hoveredStage_; }
    const MeasuredTimeline* measured() const { return measured_.get(); } ///< Null: none is shown.
    void zoomBy(double factor);  ///< About the middle; below 1 shows less.
    void scrollBy(double share); ///< Of what is shown, to the right.
    void showAll() { zoomBy(1e9); }
    QString tipAt(QPointF pixels) const; ///< What lies there, in words; empty if nothing.
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void stageClicked(int stage);
    void stageHovered(int stage);  ///< -1 when the mouse leaves.
    void opClicked(alpa::OpId op); ///< By one of its instructions.
    void visibleRangeChanged(alpa::Seconds first, alpa::Seconds last); ///< By the user alone.

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int stageAt(QPointF pixels) const; ///< -1 between the rows.
    struct MeasuredPlace {
        const MeasuredRow* row = nullptr;
        QRectF area;
        QRectF launches; ///< Empty if none of the shown step were recorded.
    };
    QRectF plotArea() const;
    QRectF rowArea(int stage) const;
    double rowHeight(int stage) const;
    int devicesShown(int stage) const;
    bool hasLaunches() const;
    /// End of the time axis.
    Seconds span() const;
    /// Where the measured time axis begins: at the step that is shown.
    Seconds origin() const;
    std::vector<MeasuredPlace> measuredPlaces() const;
    void paintTasks(QPainter& painter, const Theme& theme) const;
    void paintMeasured(QPainter& painter, const Theme& theme) const;
    void paintSpans(QPainter& painter, const MeasuredPlace& place, const Theme& theme) const;
    void paintLaunches(QPainter& painter, const MeasuredPlace& place,
                       const std::vector<MeasuredLaunch>& launches, const QRectF& area,
                       const Theme& theme) const;
    void paintInstructions(QPainter& painter, int stage, const Theme& theme) const;
    const MeasuredLaunch* launchAt(QPointF at, const MeasuredRow*& row) const;
    QString launchTip(QPointF at) const;
    double timeAt(double x) const;
    void paintLegend(QPainter& painter, const Theme& theme) const;
    QString measuredTip(QPointF at) const;
    double xOf(Seconds time) const;
    void zoomAt(double x, double factor);

    std::shared_ptr<const ParallelPlan> plan_;
    std::shared_ptr<const MeasuredTimeline> measured_;
    std::optional<PredictedSpans> predicted_;
    std::optional<int> step_;
    std::set<int> selectedStages_;
    std::set<OpId> selectedOps_;
    int hoveredStage_ = -1;
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
