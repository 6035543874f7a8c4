// Colours by meaning: light, dark, high contrast. Meaning never rests on colour alone: mesh axes
// also have a letter and a pattern, stages a number.
#pragma once

#include <QColor>
#include <QPalette>
#include <QPen>
#include <QWidget>

#include <array>

namespace alpa::app
{

enum class ThemeChoice { kAuto, kLight, kDark, kContrast };

/// One value per meaning. `axis[i]` belongs to mesh axis i (x, y, z, w).
struct Theme {
    bool isDark = false;
    QColor window, surface, raised, border, text, mutedText;
    QColor accent, accentText, selection, hover;
    QColor error, warning, good, staleBar;
    std::array<QColor, 4> axis, axisText;
    QColor replicated;                                ///< Outline of the hollow cell.
    QColor forward, backward, sync, update, transfer; ///< Timeline.
    QColor parameters, gradients, optimizer, activations, waiting, transient; ///< Memory.
    QColor limit;                    ///< Memory limit line.
    QColor predicted, measured;      ///< Paired bars.
    std::array<QColor, 2> stageTint; ///< Alternating: hue does not scale past a few stages.
};

const Theme& lightTheme();
const Theme& darkTheme();
/// Black and white with a yellow accent: every text at least 12:1, every line at least 4.5:1.
const Theme& contrastTheme();
/// By the palette's window colour, so that a widget needs no further wiring.
const Theme& themeOf(const QPalette& palette);
inline const Theme& themeOf(const QWidget* widget) { return themeOf(widget->palette()); }

/// Makes the whole application look so; kAuto follows the desktop's palette at start. `fontPercent`
/// is of the desktop's own font size.
void applyTheme(ThemeChoice choice, int fontPercent = 100);
constexpr int kLeastFontPercent = 80;
constexpr int kMostFontPercent = 200;

/// Fill of a box for `share` in [0, 1] of the scale, one hue from the surface on, so that text
/// stays readable on it.
QColor heatColor(double share, const Theme& theme);
/// For `share` in [-1, 1]: blue below zero, vermillion above, the surface at zero.
QColor divergingColor(double share, const Theme& theme);
/// Line style of a mesh axis: solid, dashed, dotted, dash-dotted.
Qt::PenStyle axisPenStyle(int axis);
/// The dashed red rim of a line of that width for what has to move.
QPen movedRim(double width, const Theme& theme);

/// A brush with the axis' pattern over its colour: solid, 45 degree hatch, dots, vertical bars. A
/// partial axis is cross-hatched.
void fillAxisPattern(QPainter& painter, const QRectF& area, int axis, bool isPartial,
                     const Theme& theme);

} // namespace alpa::app
