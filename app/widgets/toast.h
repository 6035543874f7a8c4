// A few words over the window that go by themselves: what an edit brought, with the way back.
#pragma once

#include <QFrame>
#include <QTimer>

class QLabel;
class QPushButton;

namespace alpa::app
{

class Toast : public QFrame
{
    Q_OBJECT

public:
    /// Stands at the bottom of `over`, in the middle.
    explicit Toast(QWidget* over);
    /// `action` empty: no button.
    void say(const QString& text, const QString& action = {});
    QString text() const;

Q_SIGNALS:
    void actionTaken();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void moveIntoPlace();

    QLabel* text_;
    QPushButton* action_;
    QTimer clock_;
};

} // namespace alpa::app
