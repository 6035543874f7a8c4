// The program's log: what the window said, why something failed, and what Qt has to say, one entry
// with its time after the other. Kept beside the journals and small.
#pragma once

#include <QFile>
#include <QString>

namespace alpa::app
{

class LogFile
{
public:
    /// Beyond it the file becomes the older one, in place of the older one before.
    static constexpr qint64 kMostBytes = 256 << 10;

    /// Writes to `directory`/alpa-explorer.log, made with the first entry. While it lives, messages
    /// of Qt go into it too, besides where they went before; of several logs into the newest.
    explicit LogFile(const QString& directory);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    /// From any thread. Whoever's home the paths lie in stays out of it. Where the file cannot be
    /// written nothing is kept.
    void write(const QString& source, const QString& text);
    QString path() const { return file_.fileName(); }
    QString olderPath() const { return path() + QStringLiteral(".1"); }
    /// The newest entries, whole, at most `bytes`; oldest first.
    QString tail(qint64 bytes) const;

private:
    bool open();

    QFile file_;
    bool isWriting_ = false; ///< What is said of writing itself is not written.
};

} // namespace alpa::app
