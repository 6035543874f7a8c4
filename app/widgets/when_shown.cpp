#include "app/widgets/when_shown.h"

#include <QEvent>

#include <utility>

namespace alpa::app
{

WhenShown::WhenShown(QWidget* page, std::function<void()> work)
    : QObject(page)
    , page_(page)
    , work_(std::move(work))
{
    page->installEventFilter(this);
}

void WhenShown::request()
{
    isWanted_ = !page_->isVisible();
    if (!isWanted_)
        work_();
}

bool WhenShown::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Show && std::exchange(isWanted_, false))
        work_();
    return QObject::eventFilter(watched, event);
}

} // namespace alpa::app
