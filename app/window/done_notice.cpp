#include "app/window/done_notice.h"

#include <QApplication>
#include <QSystemTrayIcon>
#include <QWidget>

namespace alpa::app
{

DoneNotice::DoneNotice(JobList* jobs, QWidget* window)
    : QObject(window)
    , window_(window)
{
    connect(jobs, &JobList::ended, this, &DoneNotice::take);
}

DoneNotice::~DoneNotice() = default;

void DoneNotice::take(const QString& title, qint64 elapsedMs)
{
    if (elapsedMs < least_ || window_->isActiveWindow())
        return;
    const QString text = tr("%1: done after %2 s").arg(title).arg(elapsedMs / 1000);
    QApplication::alert(window_);
    if (QSystemTrayIcon::isSystemTrayAvailable() && QSystemTrayIcon::supportsMessages()) {
        if (tray_ == nullptr)
            tray_ = std::make_unique<QSystemTrayIcon>(window_->windowIcon());
        tray_->show();
        tray_->showMessage(window_->windowTitle().remove(QStringLiteral("[*]")), text);
    }
    Q_EMIT told(text);
}

} // namespace alpa::app
