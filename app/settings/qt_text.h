// Between the core's texts (UTF-8 std::string) and Qt's, and the numbers of the window: the digits
// that the command line prints.
#pragma once

#include "core/base/units.h"

#include <QString>

#include <string>
#include <string_view>

namespace alpa::app
{

inline QString toQt(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
inline std::string fromQt(const QString& text) { return text.toStdString(); }

QString timeText(Seconds time);
/// "12 s", "3 min": as exact as a guess deserves.
QString roughTimeText(Seconds time);
QString memoryText(Bytes bytes);
QString bytesText(Bytes bytes);
QString flopsText(Flops flops);
QString countText(int64_t count);
/// "118.5 k", "1.316 B": counts of parameters on cards.
QString shortCountText(double count);
QString numberText(double number);
/// "1 stage", "3 stages".
QString counted(int64_t count, const QString& one, const QString& many);
/// "12.3 %".
QString percentText(double fraction);
/// "+8.1 %", "-0.4 %" of `value` against `reference`.
QString changeText(double value, double reference);

} // namespace alpa::app
