#include "app/widgets/painted_chart.h"

#include <QEvent>
#include <QFontInfo>
#include <QPainter>

namespace alpa::app
{

namespace
{

constexpr double kUsualLetter = 12; ///< Pixels of the font that lengths in charts are chosen for.

} // namespace

double unitOf(const QFont& font) { return QFontInfo(font).pixelSize() / kUsualLetter; }

PaintedChart::PaintedChart(QWidget* parent)
    : QWidget(parent)
    , unit_(unitOf(font()))
{
}

QRectF PaintedChart::inUnits(const QRectF& area) const
{
    return {area.topLeft() / unit_, area.size() / unit_};
}

void PaintedChart::beginUnits(QPainter& painter, int letter) const
{
    painter.scale(unit_, unit_);
    QFont small = font();
    small.setPixelSize(letter);
    painter.setFont(small);
}

void PaintedChart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::FontChange)
        return;
    unit_ = unitOf(font());
    updateGeometry();
    update();
}

} // namespace alpa::app
