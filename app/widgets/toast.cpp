#include "app/widgets/toast.h"

#include "app/settings/icons.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kShownMs = 8000; ///< Long enough to read a line and to reach its button.
constexpr int kMargin = 14;

} // namespace

Toast::Toast(QWidget* over)
    : QFrame(over)
    , text_(new QLabel)
    , action_(new QPushButton)
{
    setObjectName(u"toast"_s);
    setAutoFillBackground(true);
    text_->setObjectName(u"toastText"_s);
    text_->setTextFormat(Qt::PlainText);
    action_->setObjectName(u"toastAction"_s);
    action_->setAccessibleName(tr("Take it back"));
    auto* close = new QToolButton;
    close->setIcon(themedIcon(u"close"_s));
    close->setAutoRaise(true);
    close->setToolTip(tr("Close"));
    close->setAccessibleName(tr("Close"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 8, 8);
    row->addWidget(text_);
    row->addWidget(action_);
    row->addWidget(close);
    clock_.setSingleShot(true);
    clock_.setInterval(kShownMs);
    connect(&clock_, &QTimer::timeout, this, &QWidget::hide);
    connect(close, &QToolButton::clicked, this, &QWidget::hide);
    connect(action_, &QPushButton::clicked, this, [this] {
        hide();
        Q_EMIT actionTaken();
    });
    over->installEventFilter(this);
    hide();
}

QString Toast::text() const { return text_->text(); }

void Toast::say(const QString& text, const QString& action)
{
    text_->setText(text);
    action_->setText(action);
    action_->setVisible(!action.isEmpty());
    show();
    moveIntoPlace();
    raise();
    clock_.start();
    QAccessibleEvent spoken(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&spoken);
}

void Toast::moveIntoPlace()
{
    adjustSize();
    const QWidget* over = parentWidget();
    resize(std::min(width(), over->width() - 2 * kMargin), height());
    move((over->width() - width()) / 2, over->height() - height() - kMargin);
}

bool Toast::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize && isVisible())
        moveIntoPlace();
    return QFrame::eventFilter(watched, event);
}

} // namespace alpa::app
