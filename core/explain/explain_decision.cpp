#include "core/explain/explain_decision.h"

#include "core/base/text.h"
#include "core/explain/explain_costs.h"
#include "core/intra_op/ilp_regret.h"
#include "core/plan/assemble_plan.h"
#include "core/plan/make_plan.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/step_model.h"
#include "core/plan/strategy_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace alpa
{
namespace
{

/// The integer programme of one stage of a plan, solved again.
class StageAgain
{
public:
    static Result<std::unique_ptr<StageAgain>>
    solve(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
          size_t index, const JobControl& control)
    {
        const PlanStage& stage = plan.stages[index];
        const PlanConstraints constraints = withStrategy(
            plan.options.constraints, plan.options.strategy, plan.cluster.deviceCount());
        std::vector<int> axes;
        for (const MeshAxis& axis : stage.mesh.axes)
            axes.push_back(axis.size);
        MeshShape shape = shapeOfStage(constraints, stage.firstLayer, std::move(axes));
        shape.cp = plan.contextParallel();
        ASSIGN_OR_RETURN(std::shared_ptr<StageSharder> sharder,
                         StageSharder::create(layered, plan.cluster, stage.mesh));
        auto again =
            std::unique_ptr<StageAgain>(new StageAgain(plan, layered, index, std::move(sharder)));
        std::vector<SpecMatch> matches;
        for (int layer = stage.firstLayer; layer < stage.endLayer; ++layer) {
            const auto own = matchSpecs(*layered, layer, constraints.specs);
            matches.insert(matches.end(), own.begin(), own.end());
        }
        again->request_.forbidden = forbiddenIn(*again->sharder_, constraints, shape,
                                                stage.firstLayer, stage.endLayer, matches);
        RETURN_IF_ERROR(again->solveAgain(control));
        return again;
    }

    const std::vector<int>& nodes() const { return nodes_; }
    const MeshNode& node(size_t position) const
    {
        return sharder_->problem().nodes[static_cast<size_t>(nodes_[position])];
    }
    bool isExact() const { return solution_.isOptimal; }

    /// Labels of the ops that take their sharding from the node at `position`.
    std::vector<std::string> followers(size_t position) const
    {
        std::vector<std::string> labels;
        const MeshProblem& problem = sharder_->problem();
        for (const OpId id : stage_.ops) {
            if (problem.ops[id.index()].node == nodes_[position] && node(position).op != id)
                labels.push_back(opLabel(*plan_.graph, plan_.graph->op(id)));
        }
        return labels;
    }

    Result<DecisionExplanation> explain(size_t position, const JobControl& control)
    {
        DecisionExplanation explanation;
        const MeshNode& decision = node(position);
        explanation.layer = decision.layer;
        explanation.label = decisionLabel(*plan_.graph, decision);
        explanation.followers = followers(position);
        explanation.isExact = solution_.isOptimal;
        explanation.isBoundByMemory = request_.memoryLimit.has_value();
        IlpOptions options;
        options.control = control;
        options.findsSmallestLimit = false;
        const std::vector<double> regrets =
            regretOf(ilp_, solution_, static_cast<int>(position), options);
        if (regrets.empty())
            return Error(ErrorCode::kCancelled, "cancelled");
        const std::vector<double> alone = costsAlone(position);
        const auto chosen = static_cast<size_t>(solution_.choice[position]);
        for (size_t k = 0; k < regrets.size(); ++k) {
            StrategyTerms terms = termsOf(position, k);
            // Sums of equal numbers in another order differ in the last digits.
            const auto step = [&](double seconds) {
                const bool isNothing = std::abs(seconds) < 1e-9 * solution_.cost;
                return isNothing ? Seconds(0) : steps_.added(index_, Seconds(seconds));
            };
            terms.alone = step(alone[k] - alone[chosen]);
            terms.regret = k == chosen ? Seconds(0) : step(regrets[k]);
            if (k == chosen)
                explanation.strategies.insert(explanation.strategies.begin(), terms);
            else
                explanation.strategies.push_back(terms);
        }
        std::stable_sort(explanation.strategies.begin() + 1, explanation.strategies.end(),
                         [](const StrategyTerms& a, const StrategyTerms& b) {
                             return std::pair(a.regret, a.alone) < std::pair(b.regret, b.alone);
                         });
        return explanation;
    }

private:
    StageAgain(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
               size_t index, std::shared_ptr<StageSharder> sharder)
        : plan_(plan)
        , layered_(layered)
        , index_(index)
        , stage_(plan.stages[index])
        , steps_(plan, *layered)
        , sharder_(std::move(sharder))
        , nodes_(sharder_->nodesOf(stage_.firstLayer, stage_.endLayer))
    {
        const PlanStage& stage = stage_;
        request_ = {.firstLayer = stage.firstLayer,
                    .endLayer = stage.endLayer,
                    .microbatches = plan.microbatches,
                    .inFlight = stage.memory.inFlight,
                    .secondsPerByte = 0,
                    .memoryLimit = {},
                    .repeatsCheapOps = stage.repeatsCheapOps,
                    .recomputes = stage.recomputes,
                    .recomputedLayers = stage.recomputedLayers,
                    .effort = StageEffort::kFull,
                    .forbidden = {}};
        if (stage.certificate.memoryBinds)
            request_.memoryLimit =
                memoryLimit(plan.cluster, plan.options.constraints, plan.kindOf(stage)) -
                transientOf(stage);
    }

    /// What the planner set aside for short-lived tensors; recomputed activations are the
    /// problem's.
    Bytes transientOf(const PlanStage& stage) const
    {
        Bytes recomputed;
        for (size_t i = 0; i < stage.ops.size(); ++i) {
            const ValueId result = plan_.graph->op(stage.ops[i]).results[0];
            if (stage.runsAgain(plan_.layerOfOp[stage.ops[i].index()]) &&
                layered_->isSaved[result.index()] != 0)
                recomputed +=
                    plan_.graph->type(result).bytes() /
                    int64_t{stage.mesh.groupSize(stage.shardings[i].results[0].splitAxes())};
        }
        return std::max(Bytes(0), stage.memory.transient - recomputed);
    }

    Status solveAgain(const JobControl& control)
    {
        const StageShardingOutcome& outcome = sharder_->solve(request_, control);
        const auto* found = std::get_if<StageSharding>(&outcome);
        if (found == nullptr)
            return std::holds_alternative<StageCancelled>(outcome)
                       ? Error(ErrorCode::kCancelled, "cancelled")
                       : Error(ErrorCode::kInvalidInput,
                               "the stage of layers " + std::to_string(stage_.firstLayer) + " to " +
                                   std::to_string(stage_.endLayer - 1) +
                                   " cannot be sharded again");
        ilp_ = sharder_->ilp(request_);
        solution_.choice = found->choice;
        solution_.cost = found->objective;
        solution_.lowerBound = found->lowerBound;
        solution_.isOptimal = found->isOptimal;
        return {};
    }

    /// Cost of the whole stage's decisions at and around the node, by its strategy.
    std::vector<double> costsAlone(size_t position) const
    {
        std::vector<double> costs = ilp_.nodes[position].costs;
        const auto index = static_cast<int>(position);
        for (const IlpEdge& edge : ilp_.edges) {
            const IlpMatrix& matrix = ilp_.matrices[static_cast<size_t>(edge.matrix)];
            for (size_t k = 0; k < costs.size(); ++k) {
                if (edge.from == index)
                    costs[k] += matrix.at(static_cast<int>(k),
                                          solution_.choice[static_cast<size_t>(edge.to)]);
                else if (edge.to == index)
                    costs[k] += matrix.at(solution_.choice[static_cast<size_t>(edge.from)],
                                          static_cast<int>(k));
            }
        }
        return costs;
    }

    StrategyTerms termsOf(size_t position, size_t k)
    {
        const MeshProblem& problem = sharder_->problem();
        const MeshNode& decision = node(position);
        StrategyTerms terms;
        terms.result = sharder_->tables().list(decision.specs)[k];
        terms.strategy = strategyText(*layered_, stage_.mesh, decision, terms.result, k);
        const double forward = runsAgain(request_, decision.layer) ? decision.forward[k] : 0.0;
        terms.perStep = Seconds(decision.perStep[k]);
        terms.compute = computeOf(nodes_[position], k);
        terms.reduce = Seconds(decision.perMicrobatch[k] + forward) - terms.compute;
        if (terms.reduce.count < 1e-12)
            terms.reduce = Seconds(0);
        terms.memory = Bytes(decision.fixedBytes[k] +
                             decision.activationBytes[k] *
                                 (runsAgain(request_, decision.layer) ? 1 : request_.inFlight));
        for (const MeshEdge& edge : problem.edges) {
            const bool isFrom = edge.from == nodes_[position];
            if (!isFrom && edge.to != nodes_[position])
                continue;
            const int other = positionOf(isFrom ? edge.to : edge.from);
            if (other < 0)
                continue;
            const SpecTables::Matrix& matrix = sharder_->tables().matrixAt(edge.matrix);
            const int chosen = solution_.choice[static_cast<size_t>(other)];
            const int row = isFrom ? static_cast<int>(k) : chosen;
            const int column = isFrom ? chosen : static_cast<int>(k);
            const Seconds time(
                matrix.entries[static_cast<size_t>(row * matrix.columns + column)] *
                timesPaid(edge, problem.nodes[static_cast<size_t>(edge.to)].layer, request_));
            (edge.isPerStep ? terms.perStep : isFrom ? terms.out : terms.in) += time;
        }
        return terms;
    }

    /// Of the ops that follow the node, under its strategy k.
    Seconds computeOf(int index, size_t k)
    {
        const MeshProblem& problem = sharder_->problem();
        Seconds sum;
        for (const OpId id : stage_.ops) {
            const OpDecision& op = problem.ops[id.index()];
            const Phase phase = plan_.graph->op(id).phase;
            if (op.node != index || phase == Phase::kUpdate)
                continue;
            AxisSet axes = sharder_->tables().list(op.result)[k].splitAxes();
            std::vector<ShardingSpec> operands;
            for (const SpecListId list : op.operands) {
                operands.push_back(sharder_->tables().list(list)[k]);
                axes |= operands.back().splitAxes();
            }
            operands.resize(std::max<size_t>(operands.size(), 2));
            const Seconds time =
                layered_->computeOn(id, 1.0 / stage_.mesh.groupSize(axes), operands[0], operands[1],
                                    sharder_->tables().axisSizes());
            sum +=
                time * (phase == Phase::kForward && runsAgain(request_, plan_.layerOfOp[id.index()])
                            ? 2.0
                            : 1.0);
        }
        return sum;
    }

    int positionOf(int node) const
    {
        const auto place = std::ranges::find(nodes_, node);
        return place == nodes_.end() ? -1 : static_cast<int>(place - nodes_.begin());
    }

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

/// What speaks against `other`, the largest first.
std::string reasons(const StrategyTerms& chosen, const StrategyTerms& other, int microbatches)
{
    struct Reason {
        const char* name;
        Seconds more;
    };
    const double times = microbatches;
    std::vector<Reason> list{
        {"computing", (other.compute - chosen.compute) * times},
        {"reducing its partial results", (other.reduce - chosen.reduce) * times},
        {"resharding what it reads", (other.in - chosen.in) * times},
        {"resharding its result", (other.out - chosen.out) * times},
        {"gradient sync and update", other.perStep - chosen.perStep}};
    std::ranges::stable_sort(list, {}, [](const Reason& reason) { return -reason.more.count; });
    std::string text;
    for (const Reason& reason : list) {
        if (reason.more.count > 1e-9 && std::isfinite(reason.more.count))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", formatSeconds(reason.more),
                                reason.name);
    }
    return text;
}

std::string verdictOf(const DecisionExplanation& explanation, int microbatches)
{
    if (explanation.strategies.size() < 2)
        return "there is no other strategy";
    const StrategyTerms& chosen = explanation.strategies[0];
    const StrategyTerms& other = explanation.strategies[1];
    if (!(other.regret < kForever))
        return explanation.isBoundByMemory ? "no other strategy fits in memory"
                                           : "no other strategy is possible";
    if (other.regret.count == 0)
        return fmt::format("{} would be as good", other.strategy);
    std::string text = fmt::format("{}{} would add {} to the step",
                                   explanation.isExact ? "" : "about: ", other.strategy,
                                   formatSeconds(other.regret));
    const std::string why = reasons(chosen, other, microbatches);
    if (!why.empty())
        text += fmt::format("; by itself it costs more for {}", why);
    else if (other.regret.count > 0)
        text += "; by itself it costs no more, but what it forces elsewhere does";
    return text;
}

bool matches(const StrategyTerms& terms, const std::string& pattern)
{
    if (pattern.empty() || matchesPattern(terms.strategy, pattern))
        return true;
    const Result<ShardingSpec> spec = parseSpec(pattern);
    return spec.ok() && *spec == terms.result;
}

bool isMeant(const std::string& label, const std::vector<std::string>& followers,
             const std::string& pattern)
{
    return matchesPattern(label, pattern) ||
           std::ranges::any_of(followers, [&](const std::string& follower) {
               return matchesPattern(follower, pattern);
           });
}

} // namespace

Result<std::vector<DecisionExplanation>>
explainDecisions(const ParallelPlan& plan, const WhyRequest& request, const JobControl& control)
{
    std::vector<std::shared_ptr<const LayeredGraph>> layered; // By kind of device.
    for (int kind = 0; kind < plan.cluster.kindCount(); ++kind)
        layered.push_back(std::make_shared<const LayeredGraph>(layeredGraphOf(plan, kind)));
    std::vector<DecisionExplanation> explanations;
    bool isMatched = false;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        if (static_cast<int>(explanations.size()) >= request.limit)
            break;
        ASSIGN_OR_RETURN(
            const auto stage,
            StageAgain::solve(plan, layered[static_cast<size_t>(plan.kindOf(plan.stages[s]))], s,
                              control));
        for (size_t n = 0; n < stage->nodes().size(); ++n) {
            const MeshNode& node = stage->node(n);
            if (node.kind == DecisionKind::kCopy || node.perMicrobatch.size() < 2)
                continue;
            const std::string label = decisionLabel(*plan.graph, node);
            if (!isMeant(label, stage->followers(n), request.pattern))
                continue;
            isMatched = true;
            if (static_cast<int>(explanations.size()) >= request.limit)
                break;
            control.report("weighing " + label, -1);
            ASSIGN_OR_RETURN(DecisionExplanation explanation, stage->explain(n, control));
            explanation.stage = static_cast<int>(s);
            if (!request.strategy.empty()) {
                auto& list = explanation.strategies;
                list.erase(std::remove_if(list.begin() + 1, list.end(),
                                          [&](const StrategyTerms& terms) {
                                              return !matches(terms, request.strategy);
                                          }),
                           list.end());
            }
            explanation.verdict = verdictOf(explanation, plan.microbatches);
            explanations.push_back(std::move(explanation));
        }
    }
    if (!isMatched)
        return Error(
            ErrorCode::kNotFound,
            fmt::format("'{}' matches no decision of the plan (a stage on one device has none); "
                        "alpa show PLAN shardings lists them",
                        request.pattern));
    return explanations;
}

} // namespace alpa
