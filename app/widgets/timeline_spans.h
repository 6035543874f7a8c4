// How measured spans of a row are walked over and drawn, segments and instructions alike: what is
// narrower than a pixel is drawn once a pixel.
#pragma once

#include "app/settings/theme.h"

#include <QRectF>

#include <algorithm>
#include <optional>
#include <vector>

namespace alpa::app
{

/// Calls `paint` for those in [from, to] (seconds); of what begins in the same pixel, for the
/// first. Spans of one row do not overlap, so ends ascend as starts do.
template <typename Span, typename Paint>
void forEachShown(const std::vector<Span>& spans, double from, double to, double pixel,
                  Paint&& paint)
{
    const auto startOf = [](const Span& span) { return double(span.start); };
    const auto endOf = [](const Span& span) { return double(span.end); };
    auto at = std::ranges::lower_bound(spans, from, {}, endOf);
    while (at != spans.end() && startOf(*at) <= to) {
        paint(*at);
        const double next = startOf(*at) + pixel;
        const bool isThin = endOf(*at) < next;
        ++at;
        if (isThin)
            at = std::ranges::lower_bound(at, spans.end(), next, {}, startOf);
    }
}

/// Between two places of the time axis, with a gap before the next if there is room.
inline QRectF spanBox(double left, double right, const QRectF& row)
{
    return QRectF(left, row.top() + 1, std::max(right - left - (right - left > 3 ? 1 : 0), 1.0),
                  row.height() - 2);
}

constexpr double kFullError = 0.5;       ///< Half as long again has the full colour.
constexpr double kBesideShare = 2.0 / 3; ///< What runs beside lies below this share of a row.

inline QColor spanColor(const std::optional<double>& error, const Theme& theme)
{
    return error ? divergingColor(std::clamp(*error / kFullError, -1.0, 1.0), theme) : theme.update;
}

} // namespace alpa::app
