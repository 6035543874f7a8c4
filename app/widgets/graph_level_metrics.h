// Sizes and fonts of boxes, for those who lay them out and those who paint them.
#pragma once

#include <QApplication>
#include <QFont>

namespace alpa::app
{

constexpr double kTitleHeight = 26;
constexpr double kSubtitleHeight = 17;
constexpr double kRowHeight = 20;
constexpr double kPadding = 8;
constexpr double kHeatBar = 4;
// Below these scales text cannot be read, so it is not drawn: 11 px text at 0.55 is 6 px.
constexpr double kTextScale = 0.55;
constexpr double kBadgeScale = 0.4;
constexpr double kDimmedOpacity = 0.2; ///< Of what a filter leaves out: there, but behind.

inline QFont titleFont()
{
    QFont font = QApplication::font();
    font.setPixelSize(13);
    font.setBold(true);
    return font;
}

inline QFont smallFont(bool isBold = false)
{
    QFont font = QApplication::font();
    font.setPixelSize(11);
    font.setBold(isBold);
    return font;
}

} // namespace alpa::app
