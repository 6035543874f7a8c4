#include "app/session/run_queue.h"

#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "core/plan/plan_file.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Traces stay in the run's memory until it ends, some 100 bytes a segment run.
constexpr int kMostTracedSteps = 1000;

} // namespace

RunQueue::~RunQueue() = default;

RunRecord& RunQueue::record(int runId)
{
    return *std::ranges::find_if(records_, [&](const RunRecord& one) { return one.id == runId; });
}

void RunQueue::add(const RunOrder& order,
                   const std::vector<std::shared_ptr<const PlanEntry>>& plans,
                   const QString& program)
{
    for (int repeat = 0; repeat < order.repeats; ++repeat) {
        for (const auto& plan : plans) {
            RunRecord record;
            record.id = nextId_++;
            record.planId = plan->id;
            record.planName = plan->name;
            record.host = order.place.host;
            record.devices = u"%1:%2"_s.arg(order.devices).arg(plan->plan()->cluster.deviceCount());
            record.stepsWanted = order.steps;
            record.repeat = repeat;
            record.state = RunRecord::State::kWaiting;
            if (order.steps <= kMostTracedSteps)
                record.traceFile = directory_.filePath(u"trace-%1.json"_s.arg(record.id));
            records_.push_back(record);
            waiting_.push_back({record.id, plan, order, program});
        }
    }
    Q_EMIT changed();
    startNext();
}

void RunQueue::startNext()
{
    if (waiting_.empty() || isStarting_ || isActive())
        return;
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    isStarting_ = true;
    record(next.runId).state = RunRecord::State::kStarting;
    run_ = std::make_unique<RunProcess>(record(next.runId));
    const int id = next.runId;
    connect(run_.get(), &RunProcess::changed, this, [this, id] {
        record(id) = run_->record();
        Q_EMIT changed();
    });
    connect(run_.get(), &RunProcess::finished, this, [this, id] {
        record(id) = run_->record();
        Q_EMIT changed();
        Q_EMIT finished();
        // Later: the process is still telling of its end.
        QMetaObject::invokeMethod(this, &RunQueue::startNext, Qt::QueuedConnection);
    });
    Q_EMIT changed();
    // The plan file of a large model takes a moment to write.
    const QString file = directory_.filePath(u"plan-%1.json"_s.arg(next.plan->id));
    auto problem = std::make_shared<QString>();
    auto work = [plan = next.plan->facts->plan, file, problem](const JobControl&) {
        const Status saved = savePlan(*plan, fromQt(file));
        if (!saved.ok())
            *problem = coreText(saved.error().message);
    };
    jobs_->start(tr("Write plan for the run"), work, [this, problem, next, file] {
        isStarting_ = false;
        if (run_ == nullptr)
            return;
        if (!problem->isEmpty())
            run_->fail(*problem);
        else
            start(next, file);
    });
}

void RunQueue::start(const Waiting& next, const QString& file)
{
    if (next.order.place.host.isEmpty() && next.program.isEmpty()) {
        run_->fail(tr("the program alpa is neither beside this one nor on the search path"));
        return;
    }
    const RunCommand command =
        runCommand(next.order.place, next.program, file, run_->record().devices, next.order.steps,
                   next.order.learningRate, run_->record().traceFile);
    run_->start(command);
}

void RunQueue::stopCurrent()
{
    if (run_ != nullptr)
        run_->stop();
}

void RunQueue::removeWaiting(int runId)
{
    std::erase_if(waiting_, [&](const Waiting& one) { return one.runId == runId; });
    std::erase_if(records_, [&](const RunRecord& one) {
        return one.id == runId && one.state == RunRecord::State::kWaiting;
    });
    Q_EMIT changed();
}

void RunQueue::stopAll()
{
    waiting_.clear();
    std::erase_if(records_,
                  [](const RunRecord& one) { return one.state == RunRecord::State::kWaiting; });
    stopCurrent();
    Q_EMIT changed();
}

void RunQueue::clear()
{
    stopAll();
    if (!isActive())
        records_.clear();
    Q_EMIT changed();
}

std::optional<Measurement> RunQueue::measurement(int planId) const
{
    // Of the machine and devices that the newest run used: others are not comparable.
    const auto newest = std::find_if(records_.rbegin(), records_.rend(), [&](const RunRecord& run) {
        return run.planId == planId && run.steps.size() > 1;
    });
    if (newest == records_.rend())
        return std::nullopt;
    std::vector<double> seconds;
    int runs = 0;
    for (const RunRecord& run : records_) {
        if (run.planId != planId || run.host != newest->host || run.devices != newest->devices ||
            run.steps.size() < 2)
            continue;
        ++runs;
        for (size_t step = 1; step < run.steps.size(); ++step)
            seconds.push_back(run.steps[step].time.count);
    }
    std::optional<Measurement> measured = measure(std::move(seconds));
    if (measured)
        measured->runs = runs;
    return measured;
}

} // namespace alpa::app
