// What the window's tests share: waiting for something to become true, and the sample models.
#pragma once

#include <functional>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QString>

namespace alpa::app
{

/// Runs the event loop until `isTrue`, at most `timeoutMs`. Returns what `isTrue` says at the end.
inline bool waitUntil(const std::function<bool()>& isTrue, int timeoutMs = 60000)
{
    QElapsedTimer clock;
    clock.start();
    while (!isTrue() && clock.elapsed() < timeoutMs)
        QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
    return isTrue();
}

inline QString samplePath(const QString& name)
{
    return QStringLiteral(ALPA_SOURCE_DIR "/sample_models/%1/%1.loss.stablehlo.mlir.gz").arg(name);
}

} // namespace alpa::app
