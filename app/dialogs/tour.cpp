#include "app/dialogs/tour.h"

#include "app/settings/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kWidth = 560;
constexpr int kMargin = 44; ///< Above the status bar.

} // namespace

Tour::Tour(std::vector<TourStop> stops, QWidget* window)
    : QFrame(window)
    , stops_(std::move(stops))
    , window_(window)
    , title_(new QLabel)
    , text_(new QLabel)
    , back_(new QPushButton(tr("Back")))
    , next_(new QPushButton)
    , frame_(new QFrame(window))
{
    setObjectName(u"tour"_s);
    setAccessibleName(tr("Tour"));
    setAttribute(Qt::WA_DeleteOnClose);
    setAutoFillBackground(true);
    setFocusPolicy(Qt::StrongFocus);
    const Theme& theme = themeOf(window);
    setStyleSheet(
        u"QFrame#tour { background: %1; border: 2px solid %2; border-radius: 8px; }"_s.arg(
            theme.raised.name(), theme.accent.name()));
    frame_->setObjectName(u"tourFrame"_s);
    frame_->setAttribute(Qt::WA_TransparentForMouseEvents);
    frame_->setStyleSheet(
        u"QFrame#tourFrame { border: 3px solid %1; border-radius: 4px; background: transparent; }"_s
            .arg(theme.accent.name()));
    title_->setProperty("heading", true);
    text_->setObjectName(u"tourText"_s);
    text_->setWordWrap(true);
    back_->setObjectName(u"tourBack"_s);
    next_->setObjectName(u"tourNext"_s);
    auto* close = new QPushButton(tr("End the tour"));
    close->setObjectName(u"tourEnd"_s);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(close);
    buttons->addStretch();
    buttons->addWidget(back_);
    buttons->addWidget(next_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 16, 12);
    column->addWidget(title_);
    column->addWidget(text_);
    column->addLayout(buttons);
    connect(back_, &QPushButton::clicked, this, [this] { show(at_ - 1); });
    connect(next_, &QPushButton::clicked, this, [this] {
        if (at_ + 1 < int(stops_.size()))
            show(at_ + 1);
        else
            end();
    });
    connect(close, &QPushButton::clicked, this, &Tour::end);
    window->installEventFilter(this);
    QWidget::show();
    show(0);
    next_->setFocus();
}

void Tour::show(int stop)
{
    if (stop < 0 || stop >= int(stops_.size()))
        return;
    at_ = stop;
    const TourStop& what = stops_[static_cast<size_t>(stop)];
    if (what.prepare)
        what.prepare();
    title_->setText(tr("%1 of %2 · %3").arg(stop + 1).arg(stops_.size()).arg(what.title));
    text_->setText(what.text);
    setAccessibleDescription(what.text);
    back_->setEnabled(stop > 0);
    next_->setText(stop + 1 < int(stops_.size()) ? tr("Next") : tr("Done"));
    place();
    // Pages that have just been opened know their place only after they were laid out.
    QTimer::singleShot(0, this, &Tour::place);
}

void Tour::place()
{
    setFixedWidth(std::min(kWidth, window_->width() - 40));
    adjustSize();
    move((window_->width() - width()) / 2, window_->height() - height() - kMargin);
    const QString& name = stops_[static_cast<size_t>(at_)].target;
    const auto* target = name.isEmpty() ? nullptr : window_->findChild<QWidget*>(name);
    const bool isThere = target != nullptr && target->isVisible();
    frame_->setVisible(isThere);
    if (isThere)
        frame_->setGeometry(QRect(target->mapTo(window_, QPoint(0, 0)), target->size())
                                .adjusted(-3, -3, 3, 3)
                                .intersected(window_->rect()));
    frame_->raise();
    raise();
}

void Tour::end()
{
    if (frame_ != nullptr)
        frame_->deleteLater();
    Q_EMIT ended();
    close();
}

bool Tour::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize)
        place();
    return QFrame::eventFilter(watched, event);
}

void Tour::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        end();
    else
        QFrame::keyPressEvent(event);
}

} // namespace alpa::app
