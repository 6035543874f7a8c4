// The 60-second tour: a card at the bottom of the window that goes from one thing to the next and
// frames what it speaks of.
#pragma once

#include <QFrame>
#include <QPointer>

#include <functional>
#include <vector>

class QLabel;
class QPushButton;

namespace alpa::app
{

struct TourStop {
    QString title;
    QString text;
    QString target;                ///< Object name of what is framed; empty: nothing.
    std::function<void()> prepare; ///< Brings it into view; may be empty.
};

class Tour : public QFrame
{
    Q_OBJECT

public:
    Tour(std::vector<TourStop> stops, QWidget* window);
    int stop() const { return at_; }
    int stopCount() const { return int(stops_.size()); }

Q_SIGNALS:
    void ended();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void show(int stop);
    void place();
    void end();

    std::vector<TourStop> stops_;
    QWidget* window_;
    int at_ = 0;
    QLabel* title_;
    QLabel* text_;
    QPushButton* back_;
    QPushButton* next_;
    QPointer<QFrame> frame_;
};

} // namespace alpa::app
