// Fusion with what it draws too faintly on dark windows, boxes to tick and the frames of fields,
// and with icons as large as the letters beside them.
#pragma once

#include <QProxyStyle>

namespace alpa::app
{

class ThemedStyle : public QProxyStyle
{
    Q_OBJECT

public:
    ThemedStyle();
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                            QPainter* painter, const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option,
                    const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                           const QWidget* widget) const override;
};

} // namespace alpa::app
