#include "app/settings/theme.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QPainter>
#include <QStyleFactory>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Axis colours: worst pair CIEDE2000 16.5 under simulated protanopia, deuteranopia and tritanopia.
constexpr std::array<QRgb, 4> kAxis{0xFF0072B2, 0xFFE69F00, 0xFF56B4E9, 0xFF882255};
constexpr std::array<QRgb, 4> kAxisText{0xFFFFFFFF, 0xFF000000, 0xFF000000, 0xFFFFFFFF};

void setSharedColors(Theme& theme)
{
    for (size_t i = 0; i < kAxis.size(); ++i) {
        theme.axis[i] = QColor::fromRgba(kAxis[i]);
        theme.axisText[i] = QColor::fromRgba(kAxisText[i]);
    }
    theme.replicated = QColor(0x9AA0A6);
}

Theme makeLight()
{
    Theme theme;
    setSharedColors(theme);
    theme.window = QColor(0xF4F5F7);
    theme.surface = QColor(0xFFFFFF);
    theme.raised = QColor(0xFAFBFC);
    theme.border = QColor(0xD5D9E0);
    theme.text = QColor(0x1B1F27);
    theme.mutedText = QColor(0x5C6573);
    theme.accent = QColor(0x2457C5);
    theme.accentText = QColor(0xFFFFFF);
    theme.selection = QColor(0xD6E2FB);
    theme.hover = QColor(0xEBF0FA);
    theme.error = QColor(0xB3261E);
    theme.warning = QColor(0x8A5A00);
    theme.good = QColor(0x1B6E3C);
    theme.staleBar = QColor(0xFFF1CC);
    theme.forward = QColor(0x8FB8DE);
    theme.backward = QColor(0xB79BD9);
    theme.sync = QColor(0xE3B778);
    theme.update = QColor(0xB4BAC4);
    theme.transfer = QColor(0x7E8896);
    theme.parameters = QColor(0x4C78A8);
    theme.gradients = QColor(0xA78BC9);
    theme.optimizer = QColor(0xD9A44A);
    theme.activations = QColor(0x7FB3A3);
    theme.transient = QColor(0xBFC5CE);
    theme.limit = QColor(0xB3261E);
    theme.predicted = QColor(0x4C78A8);
    theme.measured = QColor(0xD55E00);
    theme.stageTint = {QColor(0xE6EBF3), QColor(0xF1EDE4)};
    return theme;
}

Theme makeDark()
{
    Theme theme;
    setSharedColors(theme);
    theme.isDark = true;
    theme.window = QColor(0x1B1E23);
    theme.surface = QColor(0x22262C);
    theme.raised = QColor(0x2A2F37);
    theme.border = QColor(0x3D444F);
    theme.text = QColor(0xE6E9EE);
    theme.mutedText = QColor(0xA3ACB9);
    theme.accent = QColor(0x7AA5FF);
    theme.accentText = QColor(0x0C1322);
    theme.selection = QColor(0x2F4572);
    theme.hover = QColor(0x303744);
    theme.error = QColor(0xFF8A80);
    theme.warning = QColor(0xF2C14E);
    theme.good = QColor(0x7BD39A);
    theme.staleBar = QColor(0x4A3D15);
    theme.forward = QColor(0x41699A);
    theme.backward = QColor(0x6F5396);
    theme.sync = QColor(0x8F6A2B);
    theme.update = QColor(0x5A6270);
    theme.transfer = QColor(0x98A2B3);
    theme.parameters = QColor(0x5E8CC0);
    theme.gradients = QColor(0x9B7DC4);
    theme.optimizer = QColor(0xC08E3A);
    theme.activations = QColor(0x5E9B88);
    theme.transient = QColor(0x6B7482);
    theme.limit = QColor(0xFF8A80);
    theme.predicted = QColor(0x6F9FD8);
    theme.measured = QColor(0xF28E4B);
    theme.stageTint = {QColor(0x2B323D), QColor(0x38342B)};
    return theme;
}

Theme makeContrast()
{
    Theme theme = makeDark();
    theme.window = QColor(Qt::black);
    theme.surface = QColor(Qt::black);
    theme.raised = QColor(0x101010);
    theme.border = QColor(0x9A9A9A);
    theme.text = QColor(0xFFFFFF);
    theme.mutedText = QColor(0xE4E4E4);
    theme.accent = QColor(0xFFDD33);
    theme.accentText = QColor(Qt::black);
    theme.selection = QColor(0x5A4A00);
    theme.hover = QColor(0x2B2B2B);
    theme.error = QColor(0xFF9B93);
    theme.warning = QColor(0xFFDD33);
    theme.good = QColor(0x7CF0A5);
    theme.staleBar = QColor(0x2E2600);
    theme.replicated = QColor(0xFFFFFF);
    theme.transfer = QColor(0xFFFFFF);
    theme.limit = QColor(0xFF9B93);
    theme.predicted = QColor(0x8FC1FF);
    theme.measured = QColor(0xFFAA66);
    theme.stageTint = {QColor(0x262626), QColor(0x3A3000)};
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
        palette.setColor(QPalette::Disabled, role, theme.isDark ? QColor(0x6F7885) : QColor(0x9AA2AE));
    palette.setColor(QPalette::Disabled, QPalette::Highlight, theme.border);
    return palette;
}

// Only what Fusion's palette cannot say: padding, thin borders, flat headers.
QString styleSheetFor(const Theme& theme, double points)
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
        QTabBar::tab { padding: 6px 14px; border: none; border-bottom: 2px solid transparent; color: @muted; }
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
        QTreeView::item:selected, QTableView::item:selected, QListView::item:selected { background: @selection; color: @text; }
        QTreeView::item:hover, QListView::item:hover { background: @hover; }
        QGroupBox { border: none; border-top: 1px solid @border; margin-top: 18px; padding-top: 8px; font-weight: 600; }
        QGroupBox::title { subcontrol-origin: margin; left: 0; padding: 0 6px 0 0; }
        QFrame#card, QFrame[card="true"] { background: @surface; border: 1px solid @border; border-radius: 6px; }
        QLabel[muted="true"] { color: @muted; }
        QLabel[heading="true"] { font-weight: 600; }
        QLabel[value="true"] { font-size: @valuept; font-weight: 700; }
        QLabel[title="true"] { font-size: @titlept; font-weight: 700; }
        QScrollArea { border: none; background: transparent; }
    )"_s;
    sheet.replace("@border"_L1, theme.border.name()).replace("@accent"_L1, theme.accent.name());
    sheet.replace("@window"_L1, theme.window.name()).replace("@muted"_L1, theme.mutedText.name());
    sheet.replace("@text"_L1, theme.text.name()).replace("@raised"_L1, theme.raised.name());
    sheet.replace("@surface"_L1, theme.surface.name()).replace("@selection"_L1, theme.selection.name());
    sheet.replace("@hover"_L1, theme.hover.name());
    sheet.replace("@value"_L1, QString::number(points + 4, 'f', 1)).replace("@title"_L1, QString::number(points * 2 + 2, 'f', 1));
    return sheet;
}

} // namespace

const Theme& lightTheme()
{
    static const Theme theme = makeLight();
    return theme;
}

const Theme& darkTheme()
{
    static const Theme theme = makeDark();
    return theme;
}

const Theme& contrastTheme()
{
    static const Theme theme = makeContrast();
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
    static const bool desktopIsDark = QApplication::palette().color(QPalette::Window).lightnessF() < 0.5F;
    const bool isDark = choice == ThemeChoice::kDark || (choice == ThemeChoice::kAuto && desktopIsDark);
    const Theme& theme = choice == ThemeChoice::kContrast ? contrastTheme() : isDark ? darkTheme() : lightTheme();
    const double points = desktopPoints * std::clamp(fontPercent, kLeastFontPercent, kMostFontPercent) / 100;
    QFont font = QApplication::font();
    font.setPointSizeF(points);
    QApplication::setStyle(QStyleFactory::create(u"Fusion"_s));
    QApplication::setFont(font);
    QApplication::setPalette(paletteFor(theme));
    qApp->setStyleSheet(styleSheetFor(theme, points));
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
    return mixed(theme.surface, theme.isDark ? QColor(0x7A5A12) : QColor(0xF2B84B), 0.06 + 0.94 * share);
}

QColor divergingColor(double share, const Theme& theme)
{
    const QColor below = theme.isDark ? QColor(0x1F5A8A) : QColor(0x7FB6E3);
    const QColor above = theme.isDark ? QColor(0x8C3F12) : QColor(0xF09A6B);
    return mixed(theme.surface, share < 0 ? below : above, std::abs(share));
}

Qt::PenStyle axisPenStyle(int axis)
{
    static constexpr Qt::PenStyle kStyles[] = {Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine};
    return kStyles[axis & 3];
}

void fillAxisPattern(QPainter& painter, const QRectF& area, int axis, bool isPartial, const Theme& theme)
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
