#include "app/settings/qt_text.h"

#include "core/base/text.h"

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

QString timeText(Seconds time)
{
    // The command line keeps to ASCII.
    QString text = toQt(formatSeconds(time));
    return text.endsWith(u" us"_s) ? text.chopped(2) + u"µs"_s : text;
}
QString roughTimeText(Seconds time)
{
    constexpr double kMinute = 60;
    constexpr double kHour = 3600;
    const double seconds = time.count;
    const auto rounded = [](double value) {
        return QString::number(std::max(1.0, std::round(value)));
    };
    if (seconds < 2 * kMinute)
        return rounded(seconds) + u" s"_s;
    return seconds < 2 * kHour ? rounded(seconds / kMinute) + u" min"_s
                               : rounded(seconds / kHour) + u" h"_s;
}

QString memoryText(Bytes bytes) { return toQt(formatMemory(bytes)); }
QString bytesText(Bytes bytes) { return toQt(formatBytes(bytes)); }
QString flopsText(Flops flops) { return toQt(formatFlops(flops)); }
QString countText(int64_t count) { return toQt(formatCount(count)); }
QString numberText(double number) { return toQt(formatNumber(number)); }

QString shortCountText(double count)
{
    if (count >= 1e9)
        return numberText(count / 1e9) + u" B"_s;
    if (count >= 1e6)
        return numberText(count / 1e6) + u" M"_s;
    if (count >= 1e4)
        return numberText(count / 1e3) + u" k"_s;
    return numberText(count);
}

QString counted(int64_t count, const QString& one, const QString& many)
{
    return countText(count) + u' ' + (count == 1 ? one : many);
}

QString percentText(double fraction) { return QString::number(fraction * 100.0, 'f', 1) + u" %"_s; }

QString changeText(double value, double reference)
{
    if (reference <= 0 || !std::isfinite(value))
        return {};
    const double change = (value / reference - 1.0) * 100.0;
    return (change >= 0 ? u"+"_s : u"−"_s) + QString::number(std::abs(change), 'f', 1) + u" %"_s;
}

} // namespace alpa::app
