#include "app/session/setup.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>

namespace alpa::app
{

using namespace Qt::StringLiterals;

bool operator==(const Setup& a, const Setup& b)
{
    return asksTheSame(a, b) && a.parked == b.parked;
}

bool asksTheSame(const Setup& a, const Setup& b)
{
    // Threads never change a plan, so they do not make a setup another one.
    return a.cluster == b.cluster && a.whatIf == b.whatIf &&
           a.options.globalBatch == b.options.globalBatch && a.options.layers == b.options.layers &&
           a.options.optimizer == b.options.optimizer && a.options.strategy == b.options.strategy &&
           a.options.constraints == b.options.constraints;
}

Result<Cluster> plannedCluster(const Setup& setup)
{
    ASSIGN_OR_RETURN(Cluster cluster, loadCluster(fromQt(setup.cluster)));
    return applyWhatIf(std::move(cluster), setup.whatIf);
}

QString whatIfText(const WhatIf& change)
{
    QStringList parts;
    const auto factor = [](double value) { return QString::number(value, 'g', 3); };
    if (change.memory != 1)
        parts << QCoreApplication::translate("Setup", "memory × %1").arg(factor(change.memory));
    if (change.bandwidth != 1)
        parts
            << QCoreApplication::translate("Setup", "bandwidth × %1").arg(factor(change.bandwidth));
    if (change.devices != 0)
        parts << counted(change.devices, QCoreApplication::translate("Setup", "device"),
                         QCoreApplication::translate("Setup", "devices"));
    return parts.join(u", "_s);
}

QString strategyTitle(PlanStrategy strategy)
{
    switch (strategy) {
    case PlanStrategy::kAuto:
        return QCoreApplication::translate("Setup", "Automatic");
    case PlanStrategy::kDataParallel:
        return QCoreApplication::translate("Setup", "Data parallel");
    case PlanStrategy::kZero2:
        return QCoreApplication::translate("Setup", "ZeRO-2");
    case PlanStrategy::kZero3:
        return QCoreApplication::translate("Setup", "ZeRO-3");
    case PlanStrategy::kMegatron:
        return QCoreApplication::translate("Setup", "Megatron grid");
    case PlanStrategy::kPipeline:
        return QCoreApplication::translate("Setup", "Pipeline only");
    }
    return {};
}

QString scheduleTitle(ScheduleKind kind)
{
    switch (kind) {
    case ScheduleKind::kGpipe:
        return u"GPipe"_s;
    case ScheduleKind::k1f1b:
        return u"1F1B"_s;
    case ScheduleKind::kInterleaved1f1b:
        return u"interleaved 1F1B"_s;
    case ScheduleKind::kZeroBubble:
        return u"zero-bubble"_s;
    }
    return {};
}

QString describeSetup(const Setup& setup)
{
    QString text = strategyTitle(setup.options.strategy);
    const std::string constraints = formatConstraints(setup.options.constraints);
    if (constraints != "none")
        text += u", "_s + toQt(constraints);
    if (!setup.whatIf.isNone())
        text += QCoreApplication::translate("Setup", ", what if: %1").arg(whatIfText(setup.whatIf));
    return text;
}

Setup baselineSetup(const Setup& setup, PlanStrategy strategy)
{
    Setup baseline;
    baseline.cluster = setup.cluster;
    baseline.whatIf = setup.whatIf;
    baseline.options.globalBatch = setup.options.globalBatch;
    baseline.options.optimizer = setup.options.optimizer;
    baseline.options.constraints.memoryPerDevice = setup.options.constraints.memoryPerDevice;
    baseline.options.strategy = strategy;
    return baseline;
}

} // namespace alpa::app
