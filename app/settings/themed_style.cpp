#include "app/settings/themed_style.h"

#include "app/settings/theme.h"

#include <QApplication>
#include <QFontInfo>
#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>

#include <algorithm>
#include <array>
#include <cmath>

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

/// Fusion draws the frames of fields darker than the window, which cannot be seen where that is
/// dark.
void frameField(const QStyleOption& option, QPainter& painter)
{
    const Theme& theme = themeOf(option.palette);
    if (!theme.isDark)
        return;
    const bool hasFocus = option.state.testFlag(QStyle::State_HasFocus);
    painter.save();
    painter.setPen(hasFocus ? theme.accent : theme.border);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(option.rect.adjusted(0, 0, -1, -1));
    painter.restore();
}

constexpr int kUsualLetter = 12; ///< Pixels that icons of the usual sizes go with.

int letterSize() { return QFontInfo(QApplication::font()).pixelSize(); }

} // namespace

ThemedStyle::ThemedStyle()
    : QProxyStyle(QStyleFactory::create(u"Fusion"_s))
{
}

void ThemedStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option,
                                QPainter* painter, const QWidget* widget) const
{
    if (element == PE_IndicatorCheckBox) {
        drawBox(*option, *painter);
        return;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    if (element == PE_FrameLineEdit)
        frameField(*option, *painter);
}

void ThemedStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                     QPainter* painter, const QWidget* widget) const
{
    QProxyStyle::drawComplexControl(control, option, painter, widget);
    if (control == CC_SpinBox || control == CC_ComboBox)
        frameField(*option, *painter);
}

int ThemedStyle::pixelMetric(PixelMetric metric, const QStyleOption* option,
                             const QWidget* widget) const
{
    constexpr std::array kOfLetters = {
        PM_SmallIconSize,  PM_ButtonIconSize, PM_ToolBarIconSize, PM_ListViewIconSize,
        PM_TabBarIconSize, PM_IndicatorWidth, PM_IndicatorHeight, PM_TreeViewIndentation};
    const int usual = QProxyStyle::pixelMetric(metric, option, widget);
    if (std::ranges::find(kOfLetters, metric) == kOfLetters.end())
        return usual;
    // Never below the usual: small letters do not make small targets.
    return std::max(usual, int(std::lround(usual * double(letterSize()) / kUsualLetter)));
}

QSize ThemedStyle::sizeFromContents(ContentsType type, const QStyleOption* option,
                                    const QSize& contents, const QWidget* widget) const
{
    QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
    const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option);
    if (type == CT_ToolButton && button != nullptr && !button->text.isEmpty() &&
        button->features.testFlag(QStyleOptionToolButton::HasMenu))
        size.rwidth() += pixelMetric(PM_MenuButtonIndicator, option, widget); // Fusion: none
    return size;
}

} // namespace alpa::app
