#include "app/session/session.h"

#include "app/session/setup_command.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Long enough to type "16" into a spin box, short enough to feel immediate.
constexpr int kReplanDelayMs = 300;

} // namespace

Session::Session(QObject* parent)
    : QObject(parent)
{
    setup_.cluster = u"h200-x4"_s;
    replanTimer_.setSingleShot(true);
    replanTimer_.setInterval(kReplanDelayMs);
    connect(&replanTimer_, &QTimer::timeout, this, &Session::planNow);
    connect(&jobs_, &JobList::progressed, this, &Session::planningChanged);
    connect(&runs_, &RunQueue::changed, this, &Session::runsChanged);
    connect(&runs_, &RunQueue::finished, this, &Session::plansChanged);
}

Session::~Session() = default;

void Session::editSetup(const Setup& next, const QString& text, int mergeId, const QString& author)
{
    if (next == setup_)
        return;
    undoStack_.push(new SetupCommand(this, next, text, mergeId, author));
}

void Session::setInitialSetup(const Setup& setup)
{
    setup_ = setup;
    undoStack_.clear();
    Q_EMIT setupChanged();
}

void Session::applySetup(const Setup& setup)
{
    setup_ = setup;
    cancelPlanning();
    Q_EMIT setupChanged();
    const PlanEntry* known = answerTo(setup_);
    if (known != nullptr && known->facts != nullptr)
        show(known->id);
    else
        Q_EMIT shownPlanChanged();
    if (known == nullptr && replansAtOnce_ && !waitsToReplan() && model_ != nullptr)
        replanTimer_.start();
}

const PlanEntry* Session::entry(int id) const
{
    const auto found =
        std::ranges::find_if(entries_, [&](const auto& entry) { return entry->id == id; });
    return found == entries_.end() ? nullptr : found->get();
}

const PlanEntry* Session::answerTo(const Setup& setup) const
{
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
        return entry->error.isEmpty() && asksTheSame(entry->setup, setup);
    });
    return found == entries_.end() ? nullptr : found->get();
}

bool Session::isStale() const
{
    const PlanEntry* shown = shownPlan();
    return shown != nullptr && !asksTheSame(shown->setup, setup_);
}

const PlanEntry* Session::obstacle() const
{
    const auto found = std::ranges::find_if(
        entries_, [&](const auto& entry) { return asksTheSame(entry->setup, setup_); });
    return found == entries_.end() || (*found)->facts != nullptr ? nullptr : found->get();
}

std::shared_ptr<const GraphFacts> Session::facts() const
{
    const PlanEntry* shown = shownPlan();
    return shown != nullptr ? shown->facts : modelFacts_;
}

void Session::setBaseline(int id)
{
    baselineId_ = baselineId_ == id ? 0 : id;
    Q_EMIT plansChanged();
}

void Session::showPlan(int id)
{
    const PlanEntry* wanted = entry(id);
    if (wanted != nullptr)
        editSetup(wanted->setup, tr("Show %1").arg(wanted->name), SetupCommand::kShowPlanMerge);
}

void Session::removePlan(int id)
{
    if (id == shownId_)
        return;
    std::erase_if(entries_, [&](const auto& entry) { return entry->id == id; });
    if (baselineId_ == id)
        baselineId_ = 0;
    Q_EMIT plansChanged();
}

void Session::show(int id)
{
    shownId_ = id;
    Q_EMIT shownPlanChanged();
}

void Session::queueRuns(const RunOrder& order, const QString& program)
{
    std::vector<std::shared_ptr<const PlanEntry>> plans;
    for (const int id : order.planIds) {
        for (const auto& entry : entries_) {
            if (entry->id == id && entry->facts != nullptr)
                plans.push_back(entry);
        }
    }
    if (!plans.empty())
        runs_.add(order, plans, program);
}

std::optional<Seconds> Session::measuredStep(int planId) const
{
    const std::optional<Measurement> measured = runs_.measurement(planId);
    return measured ? std::optional(measured->median) : std::nullopt;
}

} // namespace alpa::app
