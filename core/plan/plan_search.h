// One search for a plan under one set of constraints: drafts of all microbatch counts, the best of
// which are finished.
#pragma once

#include "core/base/job.h"
#include "core/plan/fewer_devices.h"
#include "core/plan/finish_plan.h"
#include "core/plan/plan_context.h"
#include "core/plan/space_bound.h"

#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace alpa
{

class PlanSearch
{
public:
    /// Keeps references to `request` and `context`.
    PlanSearch(const PlanRequest& request, PlanConstraints constraints, PlanContext& context,
               const JobControl& control);

    /// The best plan over `counts` microbatches, or over all counts if empty. Drafts that promise
    /// nothing below about `cutoff` are left as they are.
    Result<Attempt> search(const std::vector<int>& counts, Seconds cutoff = kForever);
    /// The first plan that search() would find, whatever it takes.
    Result<Attempt> searchAny();
    /// Told of every plan that search() finds and that is better than those before.
    void onBetter(AttemptCallback callback) { onBetter_ = std::move(callback); }
    int threads() const { return threads_; }
    /// No plan that obeys the constraints takes less, its stages cut at these layers, as far as is
    /// known by now: it only rises while search() goes on. 0: nothing is known.
    Seconds bound() const { return space_.step(); }
    /// The same wherever stages are cut: what devices compute at least.
    Seconds boundOfAnyCuts() const { return space_.compute(); }
    /// Are the layers not those that were asked for, because more stages or cuts were?
    bool cutsFiner() const { return layers_ != request_.options.layers; }
    /// Does any plan obey the constraints, as far as drafts tell?
    Result<bool> isFeasible();

private:
    /// A number of microbatches, and what fewer devices may gain with it.
    struct CountBound {
        int microbatches = 1;
        std::shared_ptr<const DraftModel> model;
        ShareBound bound;
    };
    Status finishNearest(std::vector<Draft> drafts, Seconds cutoff, Attempt& best);
    int64_t globalBatch() const;
    /// `findsAny`: the first that obeys the constraints will do.
    Result<std::vector<Draft>> draft(const std::vector<int>& counts, NoPlan& none,
                                     bool findsAny = false);
    std::vector<int> microbatchCounts(int64_t globalBatch) const;
    Result<std::vector<Draft>> draftCounts(int64_t globalBatch, const std::vector<int>& counts,
                                           bool isLean, bool findsAny, NoPlan& none);
    Result<std::optional<Draft>> draftCount(int64_t globalBatch, int microbatches, bool isLean,
                                            NoPlan& none);
    Status draftRecomputing(int64_t globalBatch, Seconds best, std::vector<Draft>& drafts);
    Result<std::shared_ptr<const DraftOutcome>> outcomeOf(Draft draft) const;
    Result<bool> makeSet(Draft& draft, NoPlan& none) const;
    Status checkPatterns(const DraftModel& model);
    Result<std::optional<Draft>> draftOn(const DeviceShare& share,
                                         const std::shared_ptr<const DraftModel>& model,
                                         int microbatches, bool isLean, NoPlan& none);
    Status draftFewer(int64_t globalBatch, const std::vector<int>& counts, bool isLean,
                      Seconds best, std::vector<Draft>& drafts);
    Result<bool> draftShare(const DeviceShare& share, CountBound& count, bool isLean, Seconds& best,
                            std::vector<Draft>& drafts);
    Result<bool> chooseDraft(Draft& draft, NoPlan& none) const;
    Result<bool> refine(Draft& draft, NoPlan& none) const;
    CandidateRequest candidateRequest(const Draft& draft) const;
    std::jthread prepareNext(const Draft& draft, const std::vector<Draft>& others,
                             Seconds cutoff) const;
    Result<std::shared_ptr<const DraftModel>> promisingModel(int64_t globalBatch, int microbatches,
                                                             NoPlan& none);
    Status noteTried(const std::shared_ptr<const DraftModel>& model, int microbatches);
    bool isHopeless(const DraftModel& model, int microbatches,
                    const std::vector<RecomputationKind>& kinds, NoPlan& none) const;
    bool isTooSlow(const DraftModel& model, int microbatches) const;
    std::optional<int> layersForStages(int usual) const;

    const PlanRequest& request_;
    PlanContext& context_;
    JobControl control_;
    PlanConstraints constraints_;
    SearchEffort effort_;
    Bytes limit_;
    int threads_ = 1;
    Seconds cutoff_ = kForever; ///< What takes longer is of no use.
    std::vector<int>
        leftOut_; ///< Numbers of microbatches of the round at hand that must recompute.
    int mostFailures_ = std::numeric_limits<int>::max(); ///< Drafts of a round that do not fit.
    bool isLean_ = false;   ///< Nothing that was drafted without the leanest shardings fits.
    bool explains_ = false; ///< Why no stages can be chosen.
    std::optional<int> layers_;
    std::string draftConstraints_; ///< Of a DraftKey.
    bool hasShardingRules_ = false;
    bool knowsPatterns_ = false; ///< All models name the same.
    AttemptCallback onBetter_;
    SpaceBound space_;
};

} // namespace alpa
