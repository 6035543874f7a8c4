// Watches the thread of the window: how long it was busy without looking at events. What takes long
// belongs on a job; this says so in the log when something does not.
#pragma once

#include <QElapsedTimer>
#include <QObject>

namespace alpa::app
{

class StallWatch : public QObject
{
    Q_OBJECT

public:
    static constexpr qint64 kLogMs = 50;

    explicit StallWatch(QObject* parent = nullptr);
    qint64 longestMs() const { return longest_; }
    int count() const { return count_; } ///< Of stalls over kLogMs.

Q_SIGNALS:
    void stalled(qint64 milliseconds);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void endTurn();

    QElapsedTimer busy_;
    qint64 longest_ = 0;
    int count_ = 0;
};

} // namespace alpa::app
