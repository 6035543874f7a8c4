// Fusion with what it draws too faintly on dark windows: boxes to tick, and in high contrast the
// frames of number fields.
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
};

} // namespace alpa::app
