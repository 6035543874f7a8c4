// The drafts of one search for a plan: of every number of microbatches that promises something, on
// all devices and on fewer.
#pragma once

#include "core/plan/choose_draft.h"
#include "core/plan/fewer_devices.h"
#include "core/plan/space_bound.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alpa
{

class Drafter
{
public:
    /// Keeps the references.
    Drafter(const PlanRequest& request, const PlanConstraints& constraints, PlanContext& context,
            const JobControl& control, int threads);

    /// What takes longer than about this is of no use from now on.
    void setCutoff(Seconds cutoff) { cutoff_ = cutoff; }
    /// From now on shardings that all but minimise memory are drafted too.
    void draftLeanest() { isLean_ = true; }

    /// Of `counts` microbatches, or of all numbers if empty. `findsAny`: the first that obeys the
    /// constraints will do. None: `none` says why.
    Result<std::vector<Draft>> draft(const std::vector<int>& counts, NoPlan& none,
                                     bool findsAny = false);
    /// Refines the stages of a draft (DraftChooser), and lets bounds know of what that costs.
    Result<bool> refine(Draft& draft, NoPlan& none);

    int64_t globalBatch() const;
    /// What no plan undercuts, as far as is known by now.
    const SpaceBound& bound() const { return space_; }
    /// Are the layers not those that were asked for, because more stages or cuts were?
    bool cutsFiner() const { return layers_ != request_.options.layers; }

private:
    /// A number of microbatches, and what fewer devices may gain with it.
    struct CountBound {
        int microbatches = 1;
        std::shared_ptr<const DraftModel> model;
        ShareBound bound;
    };
    /// One search over numbers of microbatches.
    struct CountRound {
        int64_t globalBatch = 1;
        const std::vector<int>& counts; ///< Of the round, ascending.
        bool isLean = false;
        std::set<int> seen{}; ///< Of counts.
        std::vector<Draft> drafts{};
        Seconds best = kForever; ///< Of drafts.
        std::string refusal{};   ///< Of the first number that needs another batch.
    };
    Result<std::vector<Draft>> draftCounts(int64_t globalBatch, const std::vector<int>& counts,
                                           bool isLean, bool findsAny, NoPlan& none);
    Status draftFamily(const std::vector<int>& family, bool findsAny, CountRound& round,
                       NoPlan& none);
    Status draftNearBest(CountRound& round, NoPlan& none);
    Result<std::optional<Seconds>> draftNext(int count, CountRound& round, NoPlan& none);
    Status noteUntried(const CountRound& round);
    Result<std::optional<Draft>> draftCount(int64_t globalBatch, int microbatches, bool isLean,
                                            NoPlan& none);
    Status draftRecomputing(int64_t globalBatch, Seconds best, std::vector<Draft>& drafts);
    Status checkPatterns(const DraftModel& model);
    Result<std::optional<Draft>> draftOn(const DeviceShare& share,
                                         const std::shared_ptr<const DraftModel>& model,
                                         int microbatches, bool isLean, NoPlan& none);
    Status draftFewer(int64_t globalBatch, const std::vector<int>& counts, bool isLean,
                      Seconds best, std::vector<Draft>& drafts);
    Result<bool> draftShare(const DeviceShare& share, CountBound& count, bool isLean, Seconds& best,
                            std::vector<Draft>& drafts);
    Result<std::shared_ptr<const DraftModel>> promisingModel(int64_t globalBatch, int microbatches,
                                                             NoPlan& none);
    Status noteTried(const std::shared_ptr<const DraftModel>& model, int microbatches);
    bool isHopeless(const DraftModel& model, int microbatches,
                    const std::vector<RecomputationKind>& kinds, NoPlan& none) const;
    bool isTooSlow(const DraftModel& model, int microbatches) const;
    std::optional<int> layersForStages(int usual) const;

    const PlanRequest& request_;
    const PlanConstraints& constraints_;
    PlanContext& context_;
    const JobControl& control_;
    DraftChooser chooser_;
    SearchEffort effort_;
    Bytes limit_;
    Seconds cutoff_ = kForever; ///< What takes longer is of no use.
    std::vector<int> leftOut_;  ///< Numbers of the round at hand that must recompute.
    bool isLean_ = false;       ///< Nothing that was drafted without the leanest shardings fits.
    std::optional<int> layers_;
    std::string draftConstraints_; ///< Of a DraftKey.
    bool hasShardingRules_ = false;
    bool knowsPatterns_ = false; ///< All models name the same.
    SpaceBound space_;
};

} // namespace alpa
