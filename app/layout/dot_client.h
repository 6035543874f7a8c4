// The window's side of the layout helper: requests in, layouts out, without ever blocking. A
// request that takes too long is ended by killing the helper; the next one starts a new helper.
#pragma once

#include "app/layout/layout_graph.h"

#include <QElapsedTimer>
#include <QObject>
#include <QProcess>
#include <QTimer>

#include <cstdint>
#include <deque>
#include <memory>

namespace alpa::app
{

class DotClient : public QObject
{
    Q_OBJECT

public:
    /// `program`: path of alpa-layoutd; when empty every request fails at once.
    explicit DotClient(QString program, QObject* parent = nullptr);
    ~DotClient() override;

    /// Asks for a layout, after those asked before. `key` comes back with the answer.
    void request(quint64 key, const LayoutGraph& graph);
    /// Forgets what is queued and kills what runs.
    void cancelAll();
    bool isBusy() const { return isActive_ || !queue_.empty(); }

    /// Above this estimate dot is not asked at all (it would take seconds to minutes).
    static constexpr int64_t kLargestEffort = 2500;
    /// Above this estimate dot's iterations are limited.
    static constexpr int64_t kLargestUnlimitedEffort = 1000;

Q_SIGNALS:
    void answered(quint64 key, std::shared_ptr<const alpa::app::GraphLayout> layout,
                  double milliseconds);
    void failed(quint64 key); ///< Crash, deadline or no helper: use another layout.

private:
    struct Request {
        quint64 key = 0;
        QByteArray message;
        size_t nodes = 0;
        size_t edges = 0;
        int deadlineMs = 0;
    };
    void sendNext();
    void readAnswer();
    void giveUp();

    QString program_;
    QProcess process_;
    QTimer deadline_;
    QElapsedTimer clock_;
    std::deque<Request> queue_;
    bool isActive_ = false; ///< The front of the queue has been sent.
    QByteArray buffer_;
};

} // namespace alpa::app
