#include "app/widgets/veil.h"

#include "app/settings/theme.h"

#include <QEvent>
#include <QPainter>

namespace alpa::app
{

namespace
{

constexpr int kDelayMs = 400; ///< Longer than a replan of a small model takes.
constexpr double kDimming = 0.3;

} // namespace

Veil::Veil(QWidget* over)
    : QWidget(over)
{
    setObjectName(QStringLiteral("veil"));
    setAttribute(Qt::WA_TransparentForMouseEvents);
    delay_.setSingleShot(true);
    delay_.setInterval(kDelayMs);
    connect(&delay_, &QTimer::timeout, this, [this] {
        resize(parentWidget()->size());
        raise();
        show();
    });
    over->installEventFilter(this);
    hide();
}

void Veil::setDrawn(bool isDrawn)
{
    if (!isDrawn) {
        delay_.stop();
        hide();
    } else if (!isVisible() && !delay_.isActive()) {
        delay_.start();
    }
}

void Veil::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    QColor color = themeOf(this).window;
    color.setAlphaF(float(kDimming));
    painter.fillRect(rect(), color);
}

bool Veil::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize)
        resize(parentWidget()->size());
    return QWidget::eventFilter(watched, event);
}

} // namespace alpa::app
