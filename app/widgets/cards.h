// Small building blocks of the pages: a card with one number, an empty state, headings.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>

class QToolButton;

namespace alpa::app
{

/// A framed number: a small title, the value in large digits, a line below.
class NumberCard : public QFrame
{
    Q_OBJECT

public:
    NumberCard(const QString& title, const QString& name, QWidget* parent = nullptr);
    void setValue(const QString& value, const QString& detail = {});
    QString value() const { return value_->text(); }
    void setWarning(bool on);
    /// A click, Enter or Space opens `target`, which the tip and screen readers name.
    void setLink(const QString& target);

Q_SIGNALS:
    void activated();

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    bool isLink() const { return focusPolicy() != Qt::NoFocus; }

    QString title_;
    QLabel* value_;
    QLabel* detail_;
};

/// What stands where there is nothing yet: one line of guidance and the button that helps.
class EmptyState : public QWidget
{
    Q_OBJECT

public:
    explicit EmptyState(const QString& title, const QString& guidance, QWidget* parent = nullptr);
    QPushButton* addButton(const QString& text);
    void setGuidance(const QString& guidance);

private:
    QLabel* guidance_;
};

/// A tool button whose only text is its tip and its name for screen readers.
QToolButton* makeIconButton(const QString& icon, const QString& name, const QString& text);
QLabel* makeHeading(const QString& text);
/// Wrapped, in the muted colour.
QLabel* makeMuted(const QString& text);
/// A framed area for content of its own.
QFrame* makeCard();

} // namespace alpa::app
