// What charts that are painted share: they count in units, which grow with the window's font, so
// that a text and the room that it was given stay together at every font size.
#pragma once

#include <QWidget>

class QFont;
class QPainter;

namespace alpa::app
{

/// Pixels of a unit for texts in `font`: 1 at the usual size of 12 pixels a letter, 2 at 200 %.
double unitOf(const QFont& font);

class PaintedChart : public QWidget
{
    Q_OBJECT

public:
    explicit PaintedChart(QWidget* parent = nullptr);
    double unit() const { return unit_; } ///< In pixels.

protected:
    void changeEvent(QEvent* event) override;
    double unitWidth() const { return double(width()) / unit_; }
    double unitHeight() const { return double(height()) / unit_; }
    QPointF inUnits(QPointF at) const { return at / unit_; }
    QRectF inUnits(const QRectF& area) const;
    QSize inPixels(QSizeF size) const { return (size * unit_).toSize(); }
    /// From now on `painter` counts in units and writes letters of so many.
    void beginUnits(QPainter& painter, int letter) const;

private:
    double unit_;
};

} // namespace alpa::app
