#include "app/layout/dot_client.h"

#include "app/layout/dot_protocol.h"

#include <cstring>

namespace alpa::app
{

namespace
{

// Ten times what the estimate predicts (50 ms up to 1000, 1.2 s up to 2500), and never less than a
// loaded machine needs to start the helper.
int deadlineFor(int64_t effort)
{
    return effort <= DotClient::kLargestUnlimitedEffort ? 2000 : 12000;
}

} // namespace

DotClient::DotClient(QString program, QObject* parent)
    : QObject(parent)
    , program_(std::move(program))
{
    deadline_.setSingleShot(true);
    connect(&deadline_, &QTimer::timeout, this, &DotClient::giveUp);
    connect(&process_, &QProcess::readyReadStandardOutput, this, &DotClient::readAnswer);
    connect(&process_, &QProcess::finished, this, [this] {
        if (isActive_)
            giveUp();
    });
    connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart && isActive_)
            giveUp();
    });
}

DotClient::~DotClient()
{
    process_.disconnect(this);
    process_.kill();
    process_.waitForFinished(500);
}

void DotClient::request(quint64 key, const LayoutGraph& graph)
{
    const int64_t effort = estimateDotEffort(graph);
    if (program_.isEmpty() || effort > kLargestEffort) {
        QMetaObject::invokeMethod(
            this, [this, key] { Q_EMIT failed(key); }, Qt::QueuedConnection);
        return;
    }
    const std::string text = writeDot(graph, effort > kLargestUnlimitedEffort);
    const auto length = static_cast<uint32_t>(text.size());
    Request request;
    request.key = key;
    request.message = QByteArray(reinterpret_cast<const char*>(&length), sizeof(length));
    request.message.append(text.data(), static_cast<qsizetype>(text.size()));
    request.nodes = graph.nodes.size();
    request.edges = graph.edges.size();
    request.deadlineMs = deadlineFor(effort);
    queue_.push_back(std::move(request));
    sendNext();
}

void DotClient::cancelAll()
{
    queue_.clear();
    if (!isActive_)
        return;
    isActive_ = false;
    deadline_.stop();
    // The next request must not be written to the one that is dying; it is gone within
    // milliseconds.
    process_.kill();
    process_.waitForFinished(200);
}

void DotClient::sendNext()
{
    if (isActive_ || queue_.empty())
        return;
    isActive_ = true;
    buffer_.clear();
    if (process_.state() == QProcess::NotRunning)
        process_.start(program_, QStringList());
    process_.write(queue_.front().message);
    clock_.start();
    deadline_.start(queue_.front().deadlineMs);
}

void DotClient::readAnswer()
{
    buffer_ += process_.readAllStandardOutput();
    uint32_t length = 0;
    if (!isActive_ || buffer_.size() < qsizetype(sizeof(length)))
        return;
    std::memcpy(&length, buffer_.constData(), sizeof(length));
    if (buffer_.size() < qsizetype(sizeof(length) + length))
        return;
    deadline_.stop();
    const Request request = queue_.front();
    queue_.pop_front();
    isActive_ = false;
    const std::string_view bytes(buffer_.constData() + sizeof(length), length);
    auto layout = decodeLayout(bytes, request.nodes, request.edges);
    const double milliseconds = double(clock_.nsecsElapsed()) * 1e-6;
    sendNext();
    if (layout)
        Q_EMIT answered(request.key, std::make_shared<const GraphLayout>(std::move(*layout)),
                        milliseconds);
    else
        Q_EMIT failed(request.key);
}

void DotClient::giveUp()
{
    deadline_.stop();
    if (!isActive_)
        return;
    const quint64 key = queue_.front().key;
    queue_.pop_front();
    isActive_ = false;
    if (process_.state() != QProcess::NotRunning) {
        process_.kill();
        process_.waitForFinished(200); // a killed helper is gone within milliseconds
    }
    Q_EMIT failed(key);
    sendNext();
}

} // namespace alpa::app
