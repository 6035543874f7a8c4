// The stages of a draft, chosen among costed candidates: without the constraints on shardings
// first, and again with them where the choice rests on what they change.
#pragma once

#include "core/plan/draft.h"

#include <memory>

namespace alpa
{

/// Keeps the first reason, or the one that tells of the smallest memory.
void keepReason(NoPlan& kept, const NoPlan& none);

class DraftChooser
{
public:
    /// Keeps the references.
    DraftChooser(const PlanRequest& request, const PlanConstraints& constraints,
                 PlanContext& context, const JobControl& control, int threads)
        : request_(request)
        , constraints_(constraints)
        , context_(context)
        , control_(control)
        , threads_(threads)
    {
    }

    /// From now on it is found out why there are no stages.
    void explain() { explains_ = true; }
    bool explains() const { return explains_; }

    CandidateRequest request(const Draft& draft) const;
    /// Finds the draft's candidates without constraints on shardings, and chooses among them.
    /// False: `none` says why there is no choice.
    Result<bool> makeSet(Draft& draft, NoPlan& none) const;
    /// What makeSet() comes to.
    Result<std::shared_ptr<const DraftOutcome>> outcomeOf(Draft draft) const;
    /// Costs what the choice rests on under all constraints, and chooses again, until it rests on
    /// nothing else. False: `none` says why there is no choice.
    Result<bool> refine(Draft& draft, NoPlan& none) const;

private:
    Result<bool> choose(Draft& draft, NoPlan& none) const;

    const PlanRequest& request_;
    const PlanConstraints& constraints_;
    PlanContext& context_;
    const JobControl& control_;
    int threads_;
    bool explains_ = false;
};

} // namespace alpa
