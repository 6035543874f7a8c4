// Tells a person who looks at something else that a long job has ended: the desktop marks the
// window, and shows a message where it can.
#pragma once

#include "app/session/job_list.h"

#include <QObject>

#include <memory>

class QSystemTrayIcon;
class QWidget;

namespace alpa::app
{

class DoneNotice : public QObject
{
    Q_OBJECT

public:
    static constexpr qint64 kLongMs = 10000; ///< Shorter waits are waited for.

    DoneNotice(JobList* jobs, QWidget* window);
    ~DoneNotice() override;
    void setLeastMs(qint64 least) { least_ = least; }

Q_SIGNALS:
    void told(const QString& text);

private:
    void take(const QString& title, qint64 elapsedMs);

    QWidget* window_;
    qint64 least_ = kLongMs;
    std::unique_ptr<QSystemTrayIcon> tray_; ///< Null until the first message.
};

} // namespace alpa::app
