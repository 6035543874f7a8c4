#include "app/settings/log_file.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QLoggingCategory>

#include <mutex>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// Qt hands messages to a function without a context, so the log that takes them has to be found
/// from nothing. Messages come from any thread, also while an entry is being written.
struct Receiver {
    std::recursive_mutex mutex; ///< Guards every log.
    LogFile* log = nullptr;
    QtMessageHandler before = nullptr;
};

Receiver& receiver()
{
    static Receiver instance;
    return instance;
}

void takeMessage(QtMsgType type, const QMessageLogContext& context, const QString& text)
{
    Receiver& to = receiver();
    QtMessageHandler before = nullptr;
    {
        const std::scoped_lock lock(to.mutex);
        before = to.before;
        if (to.log != nullptr)
            to.log->write(QString::fromLatin1(context.category), text);
    }
    if (before != nullptr)
        before(type, context, text);
}

QString readAll(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace

LogFile::LogFile(const QString& directory)
    : file_(directory + u"/alpa-explorer.log"_s)
{
    Receiver& to = receiver();
    const std::scoped_lock lock(to.mutex);
    to.log = this;
    if (to.before == nullptr)
        to.before = qInstallMessageHandler(takeMessage);
}

LogFile::~LogFile()
{
    Receiver& to = receiver();
    const std::scoped_lock lock(to.mutex);
    if (to.log == this)
        to.log = nullptr;
}

bool LogFile::open()
{
    if (file_.isOpen())
        return true;
    QDir().mkpath(QFileInfo(file_.fileName()).path());
    return file_.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::Unbuffered);
}

void LogFile::write(const QString& source, const QString& text)
{
    QString entry =
        QDateTime::currentDateTime().toString(u"yyyy-MM-dd HH:mm:ss.zzz "_s) + source + u": "_s;
    // An entry of several lines stays one: its further lines are indented.
    entry += QString(text).replace(u'\n', u"\n  "_s) + u'\n';
    entry.replace(QDir::homePath(), u"~"_s);
    const QByteArray line = entry.toUtf8();
    const std::scoped_lock lock(receiver().mutex);
    if (isWriting_)
        return;
    isWriting_ = true;
    if (open() && file_.size() + line.size() > kMostBytes) {
        file_.close();
        QFile::remove(olderPath());
        QFile::rename(path(), olderPath());
        open();
    }
    if (file_.isOpen())
        file_.write(line);
    isWriting_ = false;
}

QString LogFile::tail(qint64 bytes) const
{
    const std::scoped_lock lock(receiver().mutex);
    QString text = readAll(olderPath()) + readAll(path());
    if (text.size() <= bytes)
        return text;
    // From the first entry that is there whole: entries begin with a digit.
    qsizetype at = text.size() - bytes;
    do
        at = text.indexOf(u'\n', at) + 1;
    while (at > 0 && at < text.size() && !text[at].isDigit());
    return at > 0 ? text.mid(at) : QString();
}

} // namespace alpa::app
