// The integer programme of one stage of a plan, solved again: what "Why?" weighs its decisions
// with.
#pragma once

#include "core/explain/explain_decision.h"
#include "core/intra_op/ilp_problem.h"
#include "core/intra_op/stage_sharding.h"
#include "core/plan/step_model.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

class StageAgain
{
public:
    /// Repeats the search of stage `index`: milliseconds, or as long as planning the stage took
    /// where memory binds. `plan` must live on. Fails with kInvalidInput if the stage cannot be
    /// solved again, with kCancelled when stopped.
    static Result<std::unique_ptr<StageAgain>>
    solve(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
          size_t index, const JobControl& control);

    const std::vector<int>& nodes() const { return nodes_; }
    const MeshNode& node(size_t position) const;
    /// Labels of the ops that take their sharding from the node at `position`.
    std::vector<std::string> followers(size_t position) const;
    /// Without its verdict. One re-optimisation of the stage for each of the node's strategies.
    Result<DecisionExplanation> explain(size_t position, const JobControl& control);

private:
    StageAgain(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
               size_t index, std::shared_ptr<StageSharder> sharder);
    Status limitMemory(const JobControl& control);
    Error cannotShard() const;
    Status solveAgain(const JobControl& control);
    std::vector<double> costsAlone(size_t position) const;
    StrategyTerms termsOf(size_t position, size_t k);
    Seconds computeOf(int index, size_t k);
    int positionOf(int node) const;

    const ParallelPlan& plan_;
    std::shared_ptr<const LayeredGraph> layered_;
    size_t index_;
    const PlanStage& stage_;
    StepModel steps_;
    std::shared_ptr<StageSharder> sharder_;
    std::vector<int> nodes_;
    StageRequest request_;
    IlpProblem ilp_;
    IlpSolution solution_;
};

} // namespace alpa
