#include "core/explain/stage_again.h"

#include "core/intra_op/ilp_regret.h"
#include "core/plan/assemble_plan.h"
#include "core/plan/make_plan.h"
#include "core/plan/mesh_shapes.h"
#include "core/plan/shard_within.h"
#include "core/plan/strategy_text.h"

#include <algorithm>
#include <cmath>

namespace alpa
{

Result<std::unique_ptr<StageAgain>>
StageAgain::solve(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
                  size_t index, const JobControl& control)
{
    const PlanStage& stage = plan.stages[index];
    const PlanConstraints constraints =
        withStrategy(plan.options.constraints, plan.options.strategy, plan.cluster.deviceCount());
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
    again->request_.forbidden = forbiddenIn(*again->sharder_, constraints, shape, stage.firstLayer,
                                            stage.endLayer, matches);
    RETURN_IF_ERROR(again->solveAgain(control));
    return again;
}

const MeshNode& StageAgain::node(size_t position) const
{
    return sharder_->problem().nodes[static_cast<size_t>(nodes_[position])];
}

/// Labels of the ops that take their sharding from the node at `position`.
std::vector<std::string> StageAgain::followers(size_t position) const
{
    std::vector<std::string> labels;
    const MeshProblem& problem = sharder_->problem();
    for (const OpId id : stage_.ops) {
        if (problem.ops[id.index()].node == nodes_[position] && node(position).op != id)
            labels.push_back(opLabel(*plan_.graph, plan_.graph->op(id)));
    }
    return labels;
}

Result<DecisionExplanation> StageAgain::explain(size_t position, const JobControl& control)
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
    const std::vector<RegretRange> regrets =
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
        terms.regret = k == chosen ? Seconds(0) : step(regrets[k].most);
        terms.regretLeast = regrets[k].isExact() ? terms.regret : step(regrets[k].least);
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

StageAgain::StageAgain(const ParallelPlan& plan, const std::shared_ptr<const LayeredGraph>& layered,
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
                .moments = {},
                .repeatsCheapOps = stage.repeatsCheapOps,
                .recomputes = stage.recomputes,
                .recomputedLayers = stage.recomputedLayers,
                .turns = 0,
                .effort = StageEffort::kFull,
                .forbidden = {}};
}

/// Where memory binds: at which moments it does.
Status StageAgain::limitMemory(const JobControl& control)
{
    if (!stage_.certificate.memoryBinds)
        return {};
    ChosenStage again{.submesh = stage_.submesh,
                      .mesh = stage_.mesh,
                      .sharder = sharder_,
                      .request = request_,
                      .sharding = {}};
    again.request.effort = StageEffort::kQuick;
    const bool fits = shardWithin(
        again, memoryLimit(plan_.cluster, plan_.options.constraints, plan_.kindOf(stage_)),
        keptBy(plan_.schedule, static_cast<int>(plan_.stages.size()), static_cast<int>(index_),
               plan_.microbatches, plan_.chunks),
        [this](const ChosenStage& stage) {
            return std::make_shared<const StageFigures>(
                countFigures(*layered_, plan_.cluster, stage));
        },
        control);
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    if (!fits)
        return cannotShard();
    request_.memoryLimit = again.request.memoryLimit;
    request_.moments = std::move(again.request.moments);
    return {};
}

Error StageAgain::cannotShard() const
{
    return Error(ErrorCode::kInvalidInput,
                 "the stage of layers " + std::to_string(stage_.firstLayer) + " to " +
                     std::to_string(stage_.endLayer - 1) + " cannot be sharded again");
}

Status StageAgain::solveAgain(const JobControl& control)
{
    RETURN_IF_ERROR(limitMemory(control));
    const StageShardingOutcome& outcome = sharder_->solve(request_, control);
    const auto* found = std::get_if<StageSharding>(&outcome);
    if (found == nullptr)
        return std::holds_alternative<StageCancelled>(outcome)
                   ? Error(ErrorCode::kCancelled, "cancelled")
                   : cannotShard();
    ilp_ = sharder_->ilp(request_);
    solution_.choice = found->choice;
    solution_.cost = found->objective;
    solution_.lowerBound = found->lowerBound;
    solution_.isOptimal = found->isOptimal;
    return {};
}

/// Cost of the whole stage's decisions at and around the node, by its strategy.
std::vector<double> StageAgain::costsAlone(size_t position) const
{
    std::vector<double> costs = ilp_.nodes[position].costs;
    const auto index = static_cast<int>(position);
    for (const IlpEdge& edge : ilp_.edges) {
        const IlpMatrix& matrix = ilp_.matrices[static_cast<size_t>(edge.matrix)];
        for (size_t k = 0; k < costs.size(); ++k) {
            if (edge.from == index)
                costs[k] +=
                    matrix.at(static_cast<int>(k), solution_.choice[static_cast<size_t>(edge.to)]);
            else if (edge.to == index)
                costs[k] += matrix.at(solution_.choice[static_cast<size_t>(edge.from)],
                                      static_cast<int>(k));
        }
    }
    return costs;
}

StrategyTerms StageAgain::termsOf(size_t position, size_t k)
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
    terms.memory =
        Bytes(decision.fixedBytes[k] + keptBytes(request_, decision, k) * request_.inFlight +
              repeatedBytes(request_, decision, k));
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
Seconds StageAgain::computeOf(int index, size_t k)
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
        const Seconds time = layered_->computeOn(id, 1.0 / stage_.mesh.groupSize(axes), operands[0],
                                                 operands[1], sharder_->tables().axisSizes());
        sum += time * (phase == Phase::kForward && runsAgain(request_, plan_.layerOfOp[id.index()])
                           ? 2.0
                           : 1.0);
    }
    return sum;
}

int StageAgain::positionOf(int node) const
{
    const auto place = std::ranges::find(nodes_, node);
    return place == nodes_.end() ? -1 : static_cast<int>(place - nodes_.begin());
}

} // namespace alpa
