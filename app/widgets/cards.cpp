#include "app/widgets/cards.h"

#include "app/settings/icons.h"
#include "app/settings/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolButton>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

QFrame* makeCard()
{
    auto* card = new QFrame;
    card->setProperty("card", true);
    return card;
}

QToolButton* makeIconButton(const QString& icon, const QString& name, const QString& text)
{
    auto* button = new QToolButton;
    button->setObjectName(name);
    button->setIcon(themedIcon(icon));
    button->setToolTip(text);
    button->setAccessibleName(text);
    return button;
}

QLabel* makeHeading(const QString& text)
{
    auto* label = new QLabel(text);
    label->setProperty("heading", true);
    return label;
}

QLabel* makeMuted(const QString& text)
{
    auto* label = new QLabel(text);
    label->setProperty("muted", true);
    label->setWordWrap(true);
    return label;
}

NumberCard::NumberCard(const QString& title, const QString& name, QWidget* parent)
    : QFrame(parent)
    , title_(title)
    , value_(new QLabel(u"–"_s))
    , detail_(makeMuted({}))
{
    setProperty("card", true);
    setObjectName(name);
    setMinimumWidth(112);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(11, 9, 8, 9);
    layout->setSpacing(2);
    layout->addWidget(makeMuted(title));
    value_->setProperty("value", true);
    value_->setWordWrap(true);
    value_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(value_);
    layout->addWidget(detail_);
    layout->addStretch();
}

void NumberCard::setValue(const QString& value, const QString& detail)
{
    value_->setText(value);
    detail_->setText(detail);
    setAccessibleDescription(u"%1, %2"_s.arg(value, detail));
}

void NumberCard::setLink(const QString& target)
{
    setProperty("link", true);
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setToolTip(target);
    setAccessibleName(u"%1: %2"_s.arg(title_, target));
    // A text that can be selected would keep the click to itself.
    value_->setTextInteractionFlags(Qt::NoTextInteraction);
}

void NumberCard::mouseReleaseEvent(QMouseEvent* event)
{
    QFrame::mouseReleaseEvent(event);
    if (isLink() && event->button() == Qt::LeftButton && rect().contains(event->pos()))
        Q_EMIT activated();
}

void NumberCard::keyPressEvent(QKeyEvent* event)
{
    const bool isTaken = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter ||
                         event->key() == Qt::Key_Space;
    if (isLink() && isTaken)
        Q_EMIT activated();
    else
        QFrame::keyPressEvent(event);
}

void NumberCard::setWarning(bool on)
{
    QPalette colors = palette();
    if (on)
        colors.setColor(QPalette::WindowText, themeOf(this).error);
    value_->setPalette(colors);
}

EmptyState::EmptyState(const QString& title, const QString& guidance, QWidget* parent)
    : QWidget(parent)
    , guidance_(makeMuted(guidance))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 24);
    layout->addStretch();
    QLabel* heading = makeHeading(title);
    heading->setAlignment(Qt::AlignCenter);
    layout->addWidget(heading);
    guidance_->setAlignment(Qt::AlignCenter);
    layout->addWidget(guidance_);
    layout->addStretch();
}

void EmptyState::setGuidance(const QString& guidance) { guidance_->setText(guidance); }

QPushButton* EmptyState::addButton(const QString& text)
{
    auto* button = new QPushButton(text);
    auto* column = static_cast<QVBoxLayout*>(layout());
    column->insertSpacing(column->count() - 1, 8);
    column->insertWidget(column->count() - 1, button, 0, Qt::AlignHCenter);
    return button;
}

} // namespace alpa::app
