// What the window's tests share: waiting for something to become true, and the sample models.
#pragma once

#include "core/plan/make_plan.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QString>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace alpa::app
{

/// How long a test waits for what takes `ms` on an idle machine with an optimised program: the
/// variable ALPA_TEST_PATIENCE says how many times as long, for sanitizers and loaded machines.
inline qint64 patient(qint64 ms)
{
    static const int times = std::max(1, qEnvironmentVariableIntValue("ALPA_TEST_PATIENCE"));
    return ms * times;
}

/// Runs the event loop until `isTrue`, at most patient(`ms`). Returns what `isTrue` says at the
/// end.
inline bool waitUntil(const std::function<bool()>& isTrue, int ms = 60000)
{
    const qint64 timeoutMs = patient(ms);
    QElapsedTimer clock;
    clock.start();
    QTimer tick; // Wakes the loop where no event comes by itself.
    tick.start(20);
    while (!isTrue() && clock.elapsed() < timeoutMs)
        QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
    return isTrue();
}

/// Has its plan, and searches on until it is stopped.
inline Result<PlanOutcome> holdingPlanner(const PlanRequest& request, const JobControl& control,
                                          PlanCache* cache, const IncumbentCallback& onIncumbent)
{
    const Result<PlanOutcome> outcome = makePlan(request, control, cache);
    if (outcome.ok())
        onIncumbent(std::get<std::shared_ptr<const ParallelPlan>>(*outcome));
    while (!control.isCancelled())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Error(ErrorCode::kCancelled, "cancelled");
}

inline QString samplePath(const QString& name)
{
    return QStringLiteral(ALPA_SOURCE_DIR "/sample_models/%1/%1.loss.stablehlo.mlir.gz").arg(name);
}

} // namespace alpa::app
