#include "app/settings/theme.h"

#include "app/settings/themed_style.h"

#include <QApplication>
#include <QFontMetrics>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

enum Variant { kLightVariant, kDarkVariant, kContrastVariant };

// Axis colours: worst pair CIEDE2000 16.5 under simulated protanopia, deuteranopia and tritanopia.
constexpr std::array<QRgb, 4> kAxis{0xFF0072B2, 0xFFE69F00, 0xFF56B4E9, 0xFF882255};
constexpr std::array<QRgb, 4> kAxisText{0xFFFFFFFF, 0xFF000000, 0xFF000000, 0xFFFFFFFF};

/// One meaning: its colour in the light, the dark and the high-contrast theme.
struct Token {
    QColor Theme::*field;
    std::array<QRgb, 3> colors;
};

constexpr Token kTokens[] = {
    {&Theme::window, {0xFFF4F5F7, 0xFF1B1E23, 0xFF000000}},
    {&Theme::surface, {0xFFFFFFFF, 0xFF22262C, 0xFF000000}},
    {&Theme::raised, {0xFFFAFBFC, 0xFF2A2F37, 0xFF101010}},
    {&Theme::border, {0xFFD5D9E0, 0xFF3D444F, 0xFF9A9A9A}},
    {&Theme::text, {0xFF1B1F27, 0xFFE6E9EE, 0xFFFFFFFF}},
    {&Theme::mutedText, {0xFF5C6573, 0xFFA3ACB9, 0xFFE4E4E4}},
    {&Theme::accent, {0xFF2457C5, 0xFF7AA5FF, 0xFFFFDD33}},
    {&Theme::accentText, {0xFFFFFFFF, 0xFF0C1322, 0xFF000000}},
    {&Theme::selection, {0xFFD6E2FB, 0xFF2F4572, 0xFF5A4A00}},
    {&Theme::hover, {0xFFEBF0FA, 0xFF303744, 0xFF2B2B2B}},
    {&Theme::error, {0xFFB3261E, 0xFFFF8A80, 0xFFFF9B93}},
    {&Theme::warning, {0xFF8A5A00, 0xFFF2C14E, 0xFFFFDD33}},
    {&Theme::good, {0xFF1B6E3C, 0xFF7BD39A, 0xFF7CF0A5}},
    {&Theme::staleBar, {0xFFFFF1CC, 0xFF4A3D15, 0xFF2E2600}},
    {&Theme::replicated, {0xFF9AA0A6, 0xFF9AA0A6, 0xFFFFFFFF}},
    {&Theme::forward, {0xFF8FB8DE, 0xFF41699A, 0xFF41699A}},
    {&Theme::backward, {0xFFB79BD9, 0xFF6F5396, 0xFF6F5396}},
    {&Theme::sync, {0xFFE3B778, 0xFF8F6A2B, 0xFF8F6A2B}},
    {&Theme::update, {0xFFB4BAC4, 0xFF5A6270, 0xFF5A6270}},
    {&Theme::transfer, {0xFF7E8896, 0xFF98A2B3, 0xFFFFFFFF}},
    {&Theme::parameters, {0xFF4C78A8, 0xFF5E8CC0, 0xFF5E8CC0}},
    {&Theme::gradients, {0xFFA78BC9, 0xFF9B7DC4, 0xFF9B7DC4}},
    {&Theme::optimizer, {0xFFD9A44A, 0xFFC08E3A, 0xFFC08E3A}},
    {&Theme::activations, {0xFF7FB3A3, 0xFF5E9B88, 0xFF5E9B88}},
    {&Theme::waiting, {0xFF5F9E8F, 0xFF467D6E, 0xFF467D6E}},
    {&Theme::transient, {0xFFBFC5CE, 0xFF6B7482, 0xFF6B7482}},
    {&Theme::limit, {0xFFB3261E, 0xFFFF8A80, 0xFFFF9B93}},
    {&Theme::predicted, {0xFF4C78A8, 0xFF6F9FD8, 0xFF8FC1FF}},
    {&Theme::measured, {0xFFD55E00, 0xFFF28E4B, 0xFFFFAA66}},
};
constexpr std::array<std::array<QRgb, 2>, 3> kStageTints{
    {{0xFFE6EBF3, 0xFFF1EDE4}, {0xFF2B323D, 0xFF38342B}, {0xFF262626, 0xFF3A3000}}};

Theme makeTheme(Variant variant)
{
    Theme theme;
    theme.isDark = variant != kLightVariant;
    for (const Token& token : kTokens)
        theme.*token.field = QColor::fromRgba(token.colors[variant]);
    for (size_t i = 0; i < kAxis.size(); ++i) {
        theme.axis[i] = QColor::fromRgba(kAxis[i]);
        theme.axisText[i] = QColor::fromRgba(kAxisText[i]);
    }
    for (size_t i = 0; i < theme.stageTint.size(); ++i)
        theme.stageTint[i] = QColor::fromRgba(kStageTints[variant][i]);
    return theme;
}

QPalette paletteFor(const Theme& theme)
{
    QPalette palette;
    palette.setColor(QPalette::Window, theme.window);
    palette.setColor(QPalette::WindowText, theme.text);
    palette.setColor(QPalette::Base, theme.surface);
    palette.setColor(QPalette::AlternateBase, theme.raised);
    palette.setColor(QPalette::Text, theme.text);
    palette.setColor(QPalette::Button, theme.raised);
    palette.setColor(QPalette::ButtonText, theme.text);
    palette.setColor(QPalette::BrightText, theme.error);
    palette.setColor(QPalette::Highlight, theme.accent);
    palette.setColor(QPalette::HighlightedText, theme.accentText);
    palette.setColor(QPalette::Link, theme.accent);
    palette.setColor(QPalette::LinkVisited, theme.accent);
    palette.setColor(QPalette::ToolTipBase, theme.raised);
    palette.setColor(QPalette::ToolTipText, theme.text);
    palette.setColor(QPalette::PlaceholderText, theme.mutedText);
    palette.setColor(QPalette::Mid, theme.border);
    palette.setColor(QPalette::Dark, theme.border);
    palette.setColor(QPalette::Midlight, theme.border);
    palette.setColor(QPalette::Light, theme.surface);
    palette.setColor(QPalette::Shadow, theme.isDark ? QColor(Qt::black) : theme.border);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role,
                         theme.isDark ? QColor(0x6F7885) : QColor(0x9AA2AE));
    palette.setColor(QPalette::Disabled, QPalette::Highlight, theme.border);
    return palette;
}

// Only what Fusion's palette cannot say: padding, thin borders, flat headers.
QString styleSheetFor(const Theme& theme, const QFont& font)
{
    QString sheet = uR"(
        QToolTip { border: 1px solid @border; padding: 4px 6px; }
        QMainWindow::separator { background: @border; width: 1px; height: 1px; }
        QMainWindow::separator:hover { background: @accent; }
        QToolBar { border: none; border-bottom: 1px solid @border; background: @window; spacing: 4px; padding: 4px 6px; }
        QStatusBar { border-top: 1px solid @border; }
        QStatusBar::item { border: none; }
        QDockWidget { titlebar-close-icon: none; }
        QDockWidget::title { background: @window; padding: 6px 8px; border-bottom: 1px solid @border; }
        QTabWidget::pane { border: none; border-top: 1px solid @border; }
        QTabBar::tab { padding: 6px 11px; border: none; border-bottom: 2px solid transparent; color: @muted; }
        QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
        QTabBar::tab:hover { color: @text; }
        QTabBar::tab:focus { color: @accent; }
        QHeaderView::section { background: @raised; border: none; border-bottom: 1px solid @border; padding: 5px 6px; color: @muted; }
        QProgressBar { border: 1px solid @border; border-radius: 3px; background: @surface; color: @text; text-align: center; }
        QProgressBar::chunk { background: @selection; border-radius: 2px; }
        QTableView#compareTable QHeaderView::section { padding: 5px 18px 5px 6px; }
        QTreeView, QTableView, QListView, QPlainTextEdit { border: none; background: @surface; alternate-background-color: @raised; }
        QTreeView::item, QListView::item { padding: 3px 2px; border: 0px; }
        QTableView::item { padding: 2px 6px; border: 0px; }
        QTableView#memoryTable::item { padding: 2px 2px; }
        QTableView#memoryTable QHeaderView::section { padding: 5px 2px; }
        QTreeView::item:selected, QTableView::item:selected, QListView::item:selected { background: @selection; color: @text; }
        QTreeView::item:hover, QListView::item:hover { background: @hover; }
        QGroupBox { border: none; border-top: 1px solid @border; margin-top: @group; padding-top: 2px; font-weight: 600; }
        QGroupBox::title { subcontrol-origin: margin; left: 0; top: 8px; padding: 0 6px 0 0; }
        QToolButton[popupMode="2"] { padding-right: 14px; }
        QToolButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; right: 3px; }
        QFrame[link="true"]:hover, QFrame[link="true"]:focus { border-color: @accent; }
        QFrame#card, QFrame[card="true"] { background: @surface; border: 1px solid @border; border-radius: 6px; }
        QFrame#obstacleBanner { border: none; border-left: 3px solid @error; background: @raised; }
        QFrame#toast { background: @raised; border: 1px solid @accent; border-radius: 6px; }
        QLabel[muted="true"] { color: @muted; }
        QLabel[heading="true"] { font-weight: 600; }
        QLabel[value="true"] { font-size: @valuept; font-weight: 700; }
        QLabel[title="true"] { font-size: @titlept; font-weight: 700; }
        QScrollArea { border: none; background: transparent; }
    )"_s;
    sheet.replace("@border"_L1, theme.border.name()).replace("@accent"_L1, theme.accent.name());
    sheet.replace("@window"_L1, theme.window.name()).replace("@muted"_L1, theme.mutedText.name());
    sheet.replace("@text"_L1, theme.text.name()).replace("@raised"_L1, theme.raised.name());
    sheet.replace("@surface"_L1, theme.surface.name())
        .replace("@selection"_L1, theme.selection.name());
    sheet.replace("@hover"_L1, theme.hover.name()).replace("@error"_L1, theme.error.name());
    // The title of a group stands between its margin and its line.
    sheet.replace("@group"_L1, u"%1px"_s.arg(QFontMetrics(font).height() + 13));
    const double points = font.pointSizeF();
    sheet.replace("@value"_L1, QString::number(points + 4, 'f', 1))
        .replace("@title"_L1, QString::number(points * 2 + 2, 'f', 1));
    return sheet;
}

} // namespace

const Theme& lightTheme()
{
    static const Theme theme = makeTheme(kLightVariant);
    return theme;
}

const Theme& darkTheme()
{
    static const Theme theme = makeTheme(kDarkVariant);
    return theme;
}

const Theme& contrastTheme()
{
    static const Theme theme = makeTheme(kContrastVariant);
    return theme;
}

const Theme& themeOf(const QPalette& palette)
{
    if (palette.color(QPalette::Window) == contrastTheme().window)
        return contrastTheme();
    return palette.color(QPalette::Window).lightnessF() < 0.5F ? darkTheme() : lightTheme();
}

void applyTheme(ThemeChoice choice, int fontPercent)
{
    static const double desktopPoints = QApplication::font().pointSizeF();
    static const bool desktopIsDark =
        QApplication::palette().color(QPalette::Window).lightnessF() < 0.5F;
    const bool isDark =
        choice == ThemeChoice::kDark || (choice == ThemeChoice::kAuto && desktopIsDark);
    const Theme& theme = choice == ThemeChoice::kContrast ? contrastTheme()
                         : isDark                         ? darkTheme()
                                                          : lightTheme();
    const double points =
        desktopPoints * std::clamp(fontPercent, kLeastFontPercent, kMostFontPercent) / 100;
    QFont font = QApplication::font();
    font.setPointSizeF(points);
    QApplication::setStyle(new ThemedStyle);
    QApplication::setFont(font);
    QApplication::setPalette(paletteFor(theme));
    qApp->setStyleSheet(styleSheetFor(theme, font));
}

namespace
{

QColor mixed(const QColor& from, const QColor& to, double share)
{
    const auto part = float(std::clamp(share, 0.0, 1.0));
    return QColor::fromRgbF(from.redF() + (to.redF() - from.redF()) * part,
                            from.greenF() + (to.greenF() - from.greenF()) * part,
                            from.blueF() + (to.blueF() - from.blueF()) * part);
}

} // namespace

QColor heatColor(double share, const Theme& theme)
{
    return mixed(theme.surface, theme.isDark ? QColor(0x7A5A12) : QColor(0xF2B84B),
                 0.06 + 0.94 * share);
}

QColor divergingColor(double share, const Theme& theme)
{
    const QColor below = theme.isDark ? QColor(0x1F5A8A) : QColor(0x7FB6E3);
    const QColor above = theme.isDark ? QColor(0x8C3F12) : QColor(0xF09A6B);
    return mixed(theme.surface, share < 0 ? below : above, std::abs(share));
}

Qt::PenStyle axisPenStyle(int axis)
{
    static constexpr Qt::PenStyle kStyles[] = {Qt::SolidLine, Qt::DashLine, Qt::DotLine,
                                               Qt::DashDotLine};
    return kStyles[axis & 3];
}

QPen movedRim(double width, const Theme& theme)
{
    constexpr double kRim = 1.2, kDash = 9, kGap = 5; // pixels at 1:1
    QPen rim(theme.error, width + 2 * kRim, Qt::CustomDashLine, Qt::FlatCap);
    rim.setDashPattern({kDash / rim.widthF(), kGap / rim.widthF()});
    return rim;
}

void fillAxisPattern(QPainter& painter, const QRectF& area, int axis, bool isPartial,
                     const Theme& theme)
{
    const auto index = static_cast<size_t>(axis % 4);
    painter.fillRect(area, theme.axis[index]);
    Qt::BrushStyle style = Qt::NoBrush;
    if (isPartial)
        style = Qt::DiagCrossPattern;
    else if (index == 1)
        style = Qt::BDiagPattern;
    else if (index == 2)
        style = Qt::Dense6Pattern;
    else if (index == 3)
        style = Qt::VerPattern;
    if (style == Qt::NoBrush)
        return;
    QColor ink = theme.axisText[index];
    ink.setAlpha(90);
    painter.fillRect(area, QBrush(ink, style));
}

} // namespace alpa::app
