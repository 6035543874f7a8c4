#include "app/session/regret_finder.h"

#include "app/settings/qt_text.h"

#include <algorithm>
#include <utility>

namespace alpa::app
{

RegretFinder::RegretFinder(Session* session, QObject* parent)
    : QObject(parent)
    , session_(session)
{
    connect(session, &Session::shownPlanChanged, this, &RegretFinder::takePlan);
    connect(session, &Session::modelChanged, this, &RegretFinder::takePlan);
    // The planner needs the processors more.
    connect(session, &Session::planningChanged, this, [this] {
        if (session_->isPlanning())
            dropRequests();
    });
}

RegretFinder::~RegretFinder() { stop_.request_stop(); }

void RegretFinder::takePlan()
{
    const auto facts = session_->facts();
    const auto plan = facts == nullptr ? nullptr : facts->plan;
    if (plan == plan_)
        return;
    plan_ = plan;
    known_.clear();
    dropRequests();
}

void RegretFinder::dropRequests()
{
    stop_.request_stop();
    stop_ = std::stop_source();
    isPrepared_ = false;
    const std::scoped_lock lock(mutex_);
    requests_.clear();
}

void RegretFinder::add(Place place, bool isNext)
{
    {
        const std::scoped_lock lock(mutex_);
        std::erase_if(requests_, [&](const Request& old) { return old.place == place; });
        requests_.insert(isNext ? requests_.begin() : requests_.end(),
                         {plan_, stop_.get_token(), place});
    }
    if (!thread_.joinable())
        thread_ = std::jthread([this](const std::stop_token& end) { work(end); });
    wakeUp_.notify_one();
}

void RegretFinder::want(DecisionPlace place)
{
    if (plan_ != nullptr && place.isValid() && !known_.contains({place.stage, place.index}))
        add({place.stage, place.index}, true);
}

void RegretFinder::prepare()
{
    if (plan_ == nullptr || isPrepared_ || session_->isPlanning())
        return;
    isPrepared_ = true;
    for (int stage = 0; stage < plan_->pipelineParallel(); ++stage)
        add({stage, -1}, false);
}

void RegretFinder::work(const std::stop_token& end)
{
    std::unique_ptr<DecisionExplainer> explainer;
    while (!end.stop_requested()) {
        std::unique_lock lock(mutex_);
        if (!wakeUp_.wait(lock, end, [this] { return !requests_.empty(); }))
            return;
        const Request request = std::move(requests_.front());
        requests_.pop_front();
        lock.unlock();
        if (request.stop.stop_requested())
            continue;
        if (explainer == nullptr || explainer->plan() != request.plan)
            explainer = std::make_unique<DecisionExplainer>(request.plan);
        answer(request, *explainer);
    }
}

/// On the thread beside the window.
void RegretFinder::answer(const Request& request, DecisionExplainer& explainer)
{
    JobControl control;
    control.stop = request.stop;
    const auto [stage, decision] = request.place;
    if (decision < 0) {
        // What cannot be solved again is told when one of its decisions is wanted.
        (void)explainer.prepare(stage, control);
        return;
    }
    const auto& decisions = request.plan->stages[static_cast<size_t>(stage)].decisions;
    Result<DecisionExplanation> found =
        explainer.explain(stage, decisions[static_cast<size_t>(decision)].label, control);
    if (!found.ok())
        return;
    auto kept = std::make_shared<const DecisionExplanation>(std::move(found.value()));
    QMetaObject::invokeMethod(
        this,
        [this, kept, plan = request.plan, place = request.place] {
            if (plan != plan_)
                return;
            known_[place] = kept;
            Q_EMIT this->found(place.first, place.second);
        },
        Qt::QueuedConnection);
}

std::shared_ptr<const DecisionExplanation> RegretFinder::known(DecisionPlace place) const
{
    const auto found = known_.find({place.stage, place.index});
    return found == known_.end() ? nullptr : found->second;
}

QString RegretFinder::sentence(DecisionPlace place) const
{
    const auto explanation = known(place);
    if (explanation == nullptr)
        return {};
    if (explanation->strategies.size() < 2)
        return tr("There is no other way to shard it.");
    const StrategyTerms& next = explanation->strategies[1];
    if (!(next.regret < kForever))
        return tr("No other sharding of it has a plan.");
    if (next.regret.count == 0)
        return tr("%1 would be as good.").arg(toQt(next.strategy));
    return tr("Next best: %1, which adds %2 to the step with all else chosen anew.")
        .arg(toQt(next.strategy), timeText(next.regret));
}

} // namespace alpa::app
