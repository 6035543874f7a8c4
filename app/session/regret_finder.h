// What other choices than the plan's would cost, with all else chosen anew, ready while the mouse
// is over a thing: stages are solved again beside the window, decisions are weighed as they are
// pointed at, and kept.
#pragma once

#include "app/session/session.h"
#include "core/explain/explain_decision.h"

#include <QObject>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace alpa::app
{

class RegretFinder : public QObject
{
    Q_OBJECT

public:
    explicit RegretFinder(Session* session, QObject* parent = nullptr);
    ~RegretFinder() override;
    /// Of a decision of the shown plan; null while it is not known, and if it cannot be weighed.
    std::shared_ptr<const DecisionExplanation> known(DecisionPlace place) const;
    /// Weighs the decision before all that was wanted earlier; found() tells when it is known.
    void want(DecisionPlace place);
    /// Solves the stages of the shown plan again, when nothing else is wanted.
    void prepare();
    /// "Instead of it x: dim 0 would add 3.1 ms to the step"; empty while it is not known.
    QString sentence(DecisionPlace place) const;

Q_SIGNALS:
    void found(int stage, int decision);

private:
    using Place = std::pair<int, int>; ///< Stage and decision; a decision of -1: solve the stage.
    struct Request {
        std::shared_ptr<const ParallelPlan> plan;
        std::stop_token stop;
        Place place;
    };
    void takePlan();
    void dropRequests();
    void add(Place place, bool isNext);
    void work(const std::stop_token& end);
    void answer(const Request& request, DecisionExplainer& explainer);

    Session* session_;
    std::shared_ptr<const ParallelPlan> plan_; ///< The shown one; null if there is none.
    bool isPrepared_ = false;
    std::map<Place, std::shared_ptr<const DecisionExplanation>> known_;
    std::stop_source stop_; ///< Of requests about plan_.
    std::mutex mutex_;      ///< Guards requests_.
    std::condition_variable_any wakeUp_;
    std::deque<Request> requests_; ///< The next one first.
    std::jthread thread_; ///< Begun at the first request. Last: joined before what it uses ends.
};

} // namespace alpa::app
