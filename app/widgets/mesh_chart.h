// The cluster as hosts with their devices, tinted by stage, and the links between them as wide as
// what they carry.
#pragma once

#include "app/session/link_traffic.h"
#include "app/widgets/painted_chart.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace alpa::app
{

class MeshChart : public PaintedChart
{
    Q_OBJECT

public:
    explicit MeshChart(QWidget* parent = nullptr);
    void setFacts(std::shared_ptr<const GraphFacts> facts,
                  LinkTraffic traffic); ///< Facts may be null.
    void setHovered(std::optional<int> stage, std::optional<int> device);
    /// Stages in whole, and devices alone.
    void setSelected(std::set<int> stages, std::set<int> devices);
    const std::set<int>& selectedStages() const { return selectedStages_; }
    const std::set<int>& selectedDevices() const { return selectedDevices_; }
    QRectF deviceArea(int device) const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {320, 120}; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void deviceHovered(int device); ///< -1 when the mouse leaves.
    void deviceClicked(int device);
    /// The mouse was drawn from one device to another.
    void devicesDragged(int from, int to, const QPoint& globalPosition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Grid {
        int hostColumns = 1;
        int deviceColumns = 1;
        double hostWidth = 0, hostHeight = 0;
    };
    Grid gridFor(double width) const;
    int deviceAt(QPointF at) const;
    void paintHosts(QPainter& painter, const QRectF& exposed) const;
    void paintAxes(QPainter& painter) const;
    void paintStageLinks(QPainter& painter) const;
    QPointF centerOf(int stage) const;
    std::pair<QPointF, QPointF> neighbours(int fromStage, int toStage) const;
    QString tipAt(QPointF at) const;
    QString stagesText(int device) const;
    bool isDragged(int device) const;
    bool isQuiet(int stage) const;

    std::shared_ptr<const GraphFacts> facts_;
    LinkTraffic traffic_;
    std::vector<int>
        stageOf_; ///< By device; -1: idle. The first stage where several share a device.
    std::set<int> selectedStages_, selectedDevices_;
    std::optional<int> hoveredStage_, hoveredDevice_;
    std::optional<int> dragFrom_, dragTo_; ///< While the mouse is drawn over devices.
};

} // namespace alpa::app
