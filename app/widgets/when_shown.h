// Keeps hidden pages from costing anything: what a page shows is brought up to date only when
// somebody looks at it.
#pragma once

#include <QWidget>

#include <functional>

namespace alpa::app
{

/// Does the work of a page at once while it is visible, else when it is shown next. A child of the
/// page.
class WhenShown : public QObject
{
    Q_OBJECT

public:
    WhenShown(QWidget* page, std::function<void()> work);
    /// Of requests while the page is hidden one remains.
    void request();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* page_;
    std::function<void()> work_;
    bool isWanted_ = false;
};

} // namespace alpa::app
