#include "app/settings/themed_style.h"

#include "app/settings/theme.h"

#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kTickWidth = 2;

/// A framed box with a tick, a dash where it is so in part, or nothing.
void drawBox(const QStyleOption& option, QPainter& painter)
{
    const Theme& theme = themeOf(option.palette);
    const bool isEnabled = option.state.testFlag(QStyle::State_Enabled);
    const bool isMet = option.state.testFlag(QStyle::State_MouseOver) ||
                       option.state.testFlag(QStyle::State_HasFocus);
    const QRectF box = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5);
    const QColor ink = isEnabled ? theme.text : theme.mutedText;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(isMet && isEnabled ? theme.accent : theme.mutedText, 1));
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(box, 2, 2);
    painter.setPen(QPen(ink, kTickWidth, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const auto at = [&](double x, double y) {
        return box.topLeft() + QPointF(x * box.width(), y * box.height());
    };
    if (option.state.testFlag(QStyle::State_On))
        painter.drawPolyline(QPolygonF{at(0.22, 0.52), at(0.42, 0.74), at(0.8, 0.28)});
    else if (option.state.testFlag(QStyle::State_NoChange))
        painter.drawLine(at(0.25, 0.5), at(0.75, 0.5));
    painter.restore();
}

} // namespace

ThemedStyle::ThemedStyle()
    : QProxyStyle(QStyleFactory::create(u"Fusion"_s))
{
}

void ThemedStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option,
                                QPainter* painter, const QWidget* widget) const
{
    if (element == PE_IndicatorCheckBox)
        drawBox(*option, *painter);
    else
        QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void ThemedStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                     QPainter* painter, const QWidget* widget) const
{
    QProxyStyle::drawComplexControl(control, option, painter, widget);
    const Theme& theme = themeOf(option->palette);
    if (control != CC_SpinBox || &theme != &contrastTheme())
        return;
    // Fusion draws the frames of fields darker than the window, which is black here.
    painter->save();
    painter->setPen(theme.border);
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
    painter->restore();
}

} // namespace alpa::app
