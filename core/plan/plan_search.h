// One search for a plan under one set of constraints: drafts of all microbatch counts, the best of
// which are finished.
#pragma once

#include "core/plan/ahead.h"
#include "core/plan/drafter.h"
#include "core/plan/finish_plan.h"

#include <functional>
#include <limits>
#include <vector>

namespace alpa
{

class PlanSearch
{
public:
    /// Keeps references to `request` and `context`.
    PlanSearch(const PlanRequest& request, PlanConstraints constraints, PlanContext& context,
               const JobControl& control);
    PlanSearch(const PlanSearch&) = delete;
    PlanSearch& operator=(const PlanSearch&) = delete;

    /// The best plan over `counts` microbatches, or over all counts if empty. Drafts that promise
    /// nothing below about `cutoff` are left as they are.
    Result<Attempt> search(const std::vector<int>& counts, Seconds cutoff = kForever);
    /// The first plan that search() would find, whatever it takes.
    Result<Attempt> searchAny();
    /// Lets be known what is asked for after search(), if that finds a plan of about `promised`.
    using AfterwardsCallback = std::function<void(Seconds promised, const JobControl& control)>;
    /// Called on another thread while search() finishes drafts, if there may be one.
    void beforeAfterwards(AfterwardsCallback callback) { afterwards_ = std::move(callback); }
    /// Told of every plan that search() finds and that is better than those before.
    void onBetter(AttemptCallback callback) { onBetter_ = std::move(callback); }
    int threads() const { return threads_; }
    /// No plan that obeys the constraints takes less, its stages cut at these layers, as far as is
    /// known by now: it only rises while search() goes on. 0: nothing is known.
    Seconds bound() const { return drafter_.bound().step(); }
    /// The same wherever stages are cut: what devices compute at least.
    Seconds boundOfAnyCuts() const { return drafter_.bound().compute(); }
    /// Are the layers not those that were asked for, because more stages or cuts were?
    bool cutsFiner() const { return drafter_.cutsFiner(); }
    /// Does any plan obey the constraints, as far as drafts tell?
    Result<bool> isFeasible();

private:
    Status finishNearest(std::vector<Draft> drafts, Seconds cutoff, Attempt& best);
    void lookAhead(const Draft& draft, const std::vector<Draft>& others, Seconds cutoff);
    Ahead::Job jobOfNext(const Draft& draft, const std::vector<Draft>& others,
                         Seconds cutoff) const;

    const PlanRequest& request_;
    PlanContext& context_;
    const JobControl control_;
    const PlanConstraints constraints_;
    SearchEffort effort_;
    int threads_;
    int mostFailures_ = std::numeric_limits<int>::max(); ///< Drafts of a round that do not fit.
    AttemptCallback onBetter_;
    AfterwardsCallback afterwards_;
    Drafter drafter_;
    Ahead ahead_; ///< Last: its jobs use the others.
};

} // namespace alpa
