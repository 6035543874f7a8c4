// "Why this sharding here, and not that?": the strategies of one decision beside each other, each
// with its terms and with what the step would take if it were forced and all the rest of its stage
// re-optimised.
#pragma once

#include "core/base/job.h"
#include "core/plan/parallel_plan.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

/// One strategy of a decision. Times of one microbatch unless said otherwise, with the neighbours
/// as chosen.
struct StrategyTerms {
    std::string strategy; ///< "x: dim 0 of 32, y: dim 1 of 8192", or the spec of a stored tensor.
    ShardingSpec result;
    Seconds compute; ///< Of the op and of those that follow it.
    Seconds reduce;  ///< Collectives that their own partial results need.
    Seconds in, out; ///< Resharding of what they read; for those who read them.
    Seconds perStep; ///< Gradient sync and update, once per step.
    Bytes memory;    ///< Per device, with all microbatches in flight.
    Seconds alone;   ///< Step time added if nothing else changed; kForever if impossible then.
    /// Step time added with all else of the stage re-optimised; kForever if no sharding of the
    /// stage has it, or none that fits in memory.
    Seconds regret;
    /// Proven: it adds no less. Equal to `regret` where the search came to its end.
    Seconds regretLeast;
    bool isExact() const { return regretLeast == regret; }
};

struct DecisionExplanation {
    int stage = 0;
    int layer = 0;
    std::string label;                     ///< "GPT/block_0/fc:dot", "block_0.fc.kernel"
    std::vector<std::string> followers;    ///< Ops that take their sharding from it.
    std::vector<StrategyTerms> strategies; ///< The chosen one first, then by regret.
    bool isExact = true; ///< The stage's sharding is proven optimal.
    bool isBoundByMemory = false;
    std::string
        verdict; ///< One sentence: the best of the others and the terms that speak against it.
};

struct WhyRequest {
    std::string pattern;  ///< A decision's label, or that of an op that follows one; * and ? as in
                          ///< file names.
    std::string strategy; ///< Only strategies whose text or result matches; empty: all.
    int limit = 8;        ///< At most so many decisions.
};

/// Explanations in the order of the plan. Fails with kNotFound if the pattern matches nothing, with
/// kInvalidInput if the stage cannot be solved again, with kCancelled when stopped. The search of a
/// stage is repeated: milliseconds, or as long as planning the stage took where memory binds.
Result<std::vector<DecisionExplanation>>
explainDecisions(const ParallelPlan& plan, const WhyRequest& request, const JobControl& control);

/// Explains decisions one by one: each stage is solved again once, and every decision of it after
/// that takes milliseconds. For one thread at a time.
class DecisionExplainer
{
public:
    explicit DecisionExplainer(std::shared_ptr<const ParallelPlan> plan);
    ~DecisionExplainer();
    const std::shared_ptr<const ParallelPlan>& plan() const { return plan_; }
    /// Solves a stage again, so that the first decision of it does not wait for that.
    Status prepare(int stage, const JobControl& control);
    /// Fails with kNotFound if nothing was decided under the label, else as explainDecisions.
    Result<DecisionExplanation> explain(int stage, const std::string& label,
                                        const JobControl& control);

private:
    struct Stages;
    std::shared_ptr<const ParallelPlan> plan_;
    std::unique_ptr<Stages> stages_;
};

std::string formatExplanations(const std::vector<DecisionExplanation>& explanations);
std::string explanationsToJson(const std::vector<DecisionExplanation>& explanations);

} // namespace alpa
