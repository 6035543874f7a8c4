// Layers in a row, coloured by stage: dragging a boundary, or moving it with the arrow keys, asks
// for another cut.
#pragma once

#include "app/widgets/painted_chart.h"

#include <QString>

#include <vector>

namespace alpa::app
{

class StageBoundaries : public PaintedChart
{
    Q_OBJECT

public:
    explicit StageBoundaries(QWidget* parent = nullptr);

    struct Layer {
        QString name;
        double weight = 1; ///< Width: its share of the work.
    };
    /// `firstLayers`: where stages begin, the first being 0.
    void setStages(std::vector<Layer> layers, std::vector<int> firstLayers);
    const std::vector<int>& firstLayers() const { return firsts_; }
    /// Centre of the handle before stage `stage` (from 1), for tests and tips.
    QPointF handleAt(int stage) const;
    double layerLeft(int layer) const;

    QSize sizeHint() const override { return inPixels({400, 46}); }
    QSize minimumSizeHint() const override { return {200, 46}; }

Q_SIGNALS:
    /// A person wants stages to begin so; the widget keeps showing the old ones until setStages.
    void boundariesWanted(const std::vector<int>& firstLayers);
    void stageClicked(int stage);
    void stageMenuRequested(int stage, const QPoint& globalPosition);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    int handleNear(QPointF at) const; ///< -1 if none is.
    int stageAt(QPointF at) const;
    void moveHandle(int stage, int layer);
    void propose();

    std::vector<Layer> layers_;
    std::vector<double> lefts_; ///< Shares of the width; one more than layers.
    std::vector<int> firsts_;   ///< As the plan has them.
    std::vector<int> wanted_;   ///< While something is moved.
    int current_ = 1;           ///< The handle that the keys move.
    int dragged_ = -1;
};

} // namespace alpa::app
