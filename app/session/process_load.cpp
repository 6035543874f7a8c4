#include "app/session/process_load.h"

#include <QFile>
#include <QList>

#include <unistd.h>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr qint64 kLeastMs = 500;
// Fields of /proc/PID/stat behind the name, which may hold spaces: proc(5) numbers utime 14 and
// stime 15, the first one behind the name being 3.
constexpr int kUserTime = 14 - 3;
constexpr int kSystemTime = 15 - 3;

} // namespace

std::optional<double> cpuSeconds(const QByteArray& stat, double ticksPerSecond)
{
    const qsizetype name = stat.lastIndexOf(')');
    if (name < 0)
        return std::nullopt;
    const QList<QByteArray> fields = stat.mid(name + 2).split(' ');
    if (fields.size() <= kSystemTime)
        return std::nullopt;
    bool isUser = false, isSystem = false;
    const double ticks =
        fields[kUserTime].toDouble(&isUser) + fields[kSystemTime].toDouble(&isSystem);
    return isUser && isSystem ? std::optional(ticks / ticksPerSecond) : std::nullopt;
}

std::optional<double> ProcessLoad::sample(qint64 processId)
{
    if (processId == 0 || (clock_.isValid() && clock_.elapsed() < kLeastMs))
        return busy_;
    QFile file(u"/proc/%1/stat"_s.arg(processId));
    if (!file.open(QIODevice::ReadOnly))
        return busy_;
    const std::optional<double> now =
        cpuSeconds(file.readAll(), static_cast<double>(::sysconf(_SC_CLK_TCK)));
    if (now && before_ && clock_.isValid())
        busy_ = (*now - *before_) / (static_cast<double>(clock_.elapsed()) * 1e-3);
    before_ = now;
    clock_.start();
    return busy_;
}

} // namespace alpa::app
