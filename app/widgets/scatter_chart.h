// Points with names over two quantities: trade-offs between plans with their frontier, predictions
// against measurements.
#pragma once

#include <QWidget>

#include <functional>
#include <optional>
#include <vector>

namespace alpa::app
{

struct ScatterPoint {
    int id = 0; ///< Of the plan.
    QString label;
    double x = 0, y = 0;
    std::optional<double> low, high; ///< Whiskers over y.
    int group = 0;                   ///< Shape of the mark: circle, square, triangle, diamond.
    bool isEmphasized = false;
    bool isStarred = false;
    QString tip;
};

class ScatterChart : public QWidget
{
    Q_OBJECT

public:
    using Format = std::function<QString(double)>;
    ScatterChart(const QString& name, const QString& accessibleName, QWidget* parent = nullptr);
    void setAxes(const QString& xTitle, Format xFormat, const QString& yTitle, Format yFormat);
    void setPoints(std::vector<ScatterPoint> points);
    /// Marks the points that no other beats in both (less is better), joined by steps.
    void setShowsFrontier(bool on);
    void setShowsDiagonal(bool on); ///< Where x equals y; both axes then have one scale.
    void setEmptyText(const QString& text) { emptyText_ = text; }
    const std::vector<ScatterPoint>& points() const { return points_; }
    /// Indices into points(), by x.
    std::vector<size_t> frontier() const;
    QPointF placeOf(size_t point) const;    ///< In the widget.
    std::vector<QRectF> labelAreas() const; ///< Of the points' names, by point.
    QSize sizeHint() const override { return {560, 340}; }
    QSize minimumSizeHint() const override { return {300, 200}; }

Q_SIGNALS:
    void pointClicked(int id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Range {
        double low = 0, high = 1;
    };
    QRectF plotArea() const;
    void refreshRanges();
    QPointF place(double x, double y) const;
    int pointNear(QPointF at) const;
    void paintAxes(QPainter& painter) const;
    void paintPoint(QPainter& painter, size_t index) const;
    void paintLabels(QPainter& painter) const;
    QFont fontOf(const ScatterPoint& point) const;
    static QString labelOf(const ScatterPoint& point);

    QString xTitle_, yTitle_, emptyText_;
    Format xFormat_, yFormat_;
    std::vector<ScatterPoint> points_;
    Range x_, y_;
    bool showsFrontier_ = false;
    bool showsDiagonal_ = false;
    int current_ = -1; ///< That the keys stand on.
};

} // namespace alpa::app
