#include "core/plan/candidate_family.h"

#include "core/plan/block_runs.h"
#include "core/plan/draft_memory.h"
#include "core/plan/plan_context.h"
#include "core/plan/run_cost.h"
#include "core/plan/team.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

constexpr int64_t kMostShare = 8; ///< A stage's part of the layers over its part of the devices.

std::string stageMeshesText(const PlanConstraints& constraints, const MeshShape& shape)
{
    std::string text;
    for (const StageMesh& mesh : constraints.stageMeshes)
        text += fmt::format("{}={} ", mesh.layer, alpa::text(mesh));
    if (shape.tensorAxisMaySplitBatch)
        text += *shape.tensorAxisMaySplitBatch ? "one axis" : "several axes";
    return text;
}

class FamilyWork
{
public:
    explicit FamilyWork(const FamilyRequest& request)
        : request_(request)
        , model_(*request.model)
        , layered_(*request.model->model->layered)
        , runs_(*request.runs)
    {
    }

    FamilyKey key() const
    {
        const PlanConstraints& constraints = *request_.constraints;
        return {.model = model_.model,
                .mesh = meshKey(),
                .microbatches = request_.microbatches,
                .recomputation = request_.recomputation,
                .secondsPerByte = request_.secondsPerByte,
                .allowsAnyRun = allowsAnyRun(),
                .cuts = forcedCuts(constraints),
                .stageMeshes = stageMeshesText(constraints, request_.shape),
                .deviceCount = request_.deviceCount,
                .usesAllDevices = constraints.usesAllDevices,
                .partly = request_.partly,
                .shardings =
                    request_.isExact ? shardingsText(constraints, request_.shape) : std::string()};
    }

    Result<std::shared_ptr<const CandidateFamily>> run(const JobControl& control)
    {
        auto created = request_.context->sharder(model_.model, meshKey());
        if (created) {
            sharder_ = std::move(created).value();
            measure();
            addCandidates(control);
        } else {
            making_.problems.insert(created.error().message);
        }
        if (control.isCancelled())
            return Error(ErrorCode::kCancelled, "cancelled");
        return std::make_shared<const CandidateFamily>(std::move(making_));
    }

private:
    using Solved = std::vector<std::optional<StageSharding>>;

    static Bytes needOf(const StageCandidate& candidate, int inFlight)
    {
        return candidate.fixedMemory +
               candidate.perInFlightMicrobatch * static_cast<int64_t>(inFlight) +
               candidate.transient;
    }

    MeshKey meshKey() const
    {
        return {request_.submesh.hosts, request_.submesh.devicesPerHost, request_.shape.axes,
                request_.submesh.kind};
    }

    int layerOf(int block) const { return model_.layerOfBlock[static_cast<size_t>(block)]; }

    /// Bytes that a block reads from blocks before it and after it.
    void measure()
    {
        fromBefore_.assign(static_cast<size_t>(layered_.layerCount), Bytes(0));
        fromAfter_ = fromBefore_;
        for (const LayerCopy& copy : sharder_->problem().copies) {
            const int source = layered_.layerOfValue[copy.value.index()];
            if (source < 0 || copy.isPerStep)
                continue;
            auto& side = source < copy.layer ? fromBefore_ : fromAfter_;
            side[static_cast<size_t>(copy.layer)] += layered_.graph->type(copy.value).bytes();
        }
    }

    /// A demanded number of stages or a cut may need runs that are never worthwhile otherwise.
    bool allowsAnyRun() const
    {
        return request_.constraints->fixedPp || !forcedCuts(*request_.constraints).empty();
    }

    bool isWorthwhile(int first, int end) const
    {
        const bool isWhole = end - first == model_.layerCount();
        // Many more layers than the devices' share of them make a bottleneck that nothing repays.
        const int devices = request_.deviceCount;
        if (!allowsAnyRun() && !isWhole && end - first > 1 &&
            int64_t{end - first} * devices >
                kMostShare * int64_t{model_.layerCount()} * request_.submesh.devices())
            return false;
        const bool isOnAll = request_.submesh.devices() == devices;
        if (isOnAll != isWhole && (isOnAll || request_.constraints->usesAllDevices))
            return false;
        return fitsStageMeshes(*request_.constraints, request_.submesh, request_.shape, first) &&
               std::ranges::none_of(forcedCuts(*request_.constraints),
                                    [&](int cut) { return first < cut && cut < end; });
    }

    void addCandidates(const JobControl& control)
    {
        if (request_.recomputation == Recomputation::kLayers)
            return addPartlyRecomputed(control);
        const BlockCosts costs = solveBlocks(request_.recomputation, control);
        if (control.isCancelled())
            return;
        addBounds(costs);
        const bool runsAgain = request_.recomputation == Recomputation::kFull;
        hold(runsAgain ? &costs : nullptr);
        for (int first = 0; first < model_.layerCount(); ++first) {
            forEachRunFrom(model_, runs_, first, costs, [&](int end, std::optional<RunCost> cost) {
                if (!cost || !isWorthwhile(first, end))
                    return;
                cost->activations -= static_cast<double>(memory_->betweenBlocks(first, end).count);
                addCandidate(first, end, *cost, runsAgain ? end - first : 0);
            });
        }
    }

    void addBounds(const BlockCosts& costs)
    {
        if (request_.secondsPerByte == 0)
            making_.bounds = boundRuns(model_, runs_, *sharder_, costs.singles, costs.pairs);
    }

    /// Runs of which the first layers are computed again, the others kept: the cost of keeping all
    /// plus what recomputing the first ones alone changes.
    void addPartlyRecomputed(const JobControl& control)
    {
        const BlockCosts kept = solveBlocks(Recomputation::kNone, control);
        const BlockCosts again = solveBlocks(Recomputation::kFull, control);
        if (control.isCancelled())
            return;
        addBounds(kept); // Nothing that runs again takes less.
        hold(&again);
        for (int first = 0; first < model_.layerCount(); ++first) {
            std::vector<std::optional<RunCost>> whole;
            std::vector<std::optional<RunCost>> changes;
            forEachRunFrom(model_, runs_, first, kept,
                           [&](int, const std::optional<RunCost>& cost) { whole.push_back(cost); });
            forEachRunFrom(model_, runs_, first, again, [&](int end, std::optional<RunCost> cost) {
                const std::optional<RunCost>& without = whole[static_cast<size_t>(end - first) - 1];
                if (cost && without) {
                    cost->add(*without, -1);
                    cost->activations -=
                        static_cast<double>(memory_->betweenBlocks(first, end).count);
                }
                changes.push_back(without ? cost : std::nullopt);
            });
            for (int end = first + 1; end <= model_.layerCount(); ++end) {
                if (whole[static_cast<size_t>(end - first) - 1] && isWorthwhile(first, end))
                    addPartlyRecomputed(first, end, *whole[static_cast<size_t>(end - first) - 1],
                                        changes);
            }
        }
    }

    /// Adds the demanded number of layers; or else the fewest that fit with every number of
    /// microbatches in flight, and twice as many again and again, since drafts underestimate needs.
    void addPartlyRecomputed(int first, int end, const RunCost& whole,
                             const std::vector<std::optional<RunCost>>& changes)
    {
        const int most = end - first;
        const PartialRecomputation& partly = request_.partly;
        const auto addWith = [&](int layers) {
            if (const auto cost = partCost(first, end, whole, changes, layers))
                addCandidate(first, end, *cost, layers);
        };
        if (partly.layers)
            return addWith(std::min(*partly.layers, most));
        if (most == 1 ||
            needOf(candidateOf(first, end, whole, 0), partly.inFlight) * int64_t{2} <= partly.limit)
            return;
        std::set<int> counts;
        int fewest = 1; // More in flight never need fewer.
        for (int inFlight = 1; inFlight <= partly.inFlight && fewest < most; ++inFlight) {
            while (fewest < most && !fitsPartly(first, end, whole, changes, fewest, inFlight))
                ++fewest;
            counts.insert(fewest);
        }
        for (int layers = *counts.begin(); layers < most; layers *= 2)
            counts.insert(layers);
        for (const int layers : counts) {
            if (layers < most)
                addWith(layers);
        }
    }

    /// Do so many microbatches fit if the first `layers` layers run again?
    bool fitsPartly(int first, int end, const RunCost& whole,
                    const std::vector<std::optional<RunCost>>& changes, int layers,
                    int inFlight) const
    {
        const auto cost = partCost(first, end, whole, changes, layers);
        return cost &&
               needOf(candidateOf(first, end, *cost, layers), inFlight) <= request_.partly.limit;
    }

    /// Of a run whose first `layers` layers run again; nothing if a part has no solution.
    std::optional<RunCost> partCost(int first, int end, RunCost whole,
                                    const std::vector<std::optional<RunCost>>& changes,
                                    int layers) const
    {
        if (layers == 0)
            return whole;
        const std::optional<RunCost>& change = changes[static_cast<size_t>(layers) - 1];
        if (!change)
            return std::nullopt;
        whole.add(*change, 1);
        if (first + layers < end) // Alone, the last one has nobody to keep its results for.
            whole.activations += static_cast<double>(memory_->checkpoint(first + layers - 1).count);
        return whole;
    }

    /// One number for all runs, so that equal blocks ask the same question wherever they stand:
    /// half a pipeline of stages of this size.
    int expectedInFlight() const
    {
        const int stages = std::max(1, request_.deviceCount / request_.submesh.devices());
        return std::min(request_.microbatches, 1 + stages / 2);
    }

    /// Layers of such a stage that would run again in turn.
    int expectedTurns() const
    {
        return std::max(1, model_.layerCount() * request_.submesh.devices() / request_.deviceCount);
    }

    void hold(const BlockCosts* again)
    {
        memory_.emplace(model_, request_.submesh.devices(), runs_, again);
    }

    Seconds inputTransfer(int firstBlock, int endBlock) const
    {
        Bytes bytes;
        if (firstBlock > 0)
            bytes += fromBefore_[static_cast<size_t>(layerOf(firstBlock))];
        if (endBlock < model_.blockCount())
            bytes += fromAfter_[static_cast<size_t>(layerOf(endBlock - 1))];
        if (bytes.count == 0)
            return Seconds(0);
        const Cluster& cluster = request_.context->cluster();
        const bool leavesHost =
            cluster.hosts > 1 && request_.submesh.devices() * 2 > cluster.devicesPerHost;
        const HostRates rates = cluster.ratesOf(request_.submesh.kind);
        const Link& link = leavesHost ? rates.betweenHosts : rates.withinHost;
        const int lanes = leavesHost ? request_.submesh.hosts : request_.submesh.devices();
        return link.latency + Seconds(static_cast<double>(bytes.count) / (link.bandwidth * lanes));
    }

    BlockCosts solveBlocks(Recomputation recomputation, const JobControl& control)
    {
        return {.singles = solve(runs_.singles, recomputation, control),
                .pairs = solve(runs_.pairs, recomputation, control)};
    }

    Solved solve(const std::vector<BlockKind>& kinds, Recomputation recomputation,
                 const JobControl& control)
    {
        std::vector<const StageShardingOutcome*> outcomes(kinds.size(), nullptr);
        request_.context->team().run(kinds.size(), request_.threads, [&](size_t i) {
            if (!control.isCancelled())
                outcomes[i] = &sharder_->solve(requestOf(kinds[i], recomputation), control);
        });
        Solved solved;
        for (const StageShardingOutcome* outcome : outcomes) {
            if (outcome == nullptr)
                break; // Cancelled.
            if (const auto* none = std::get_if<StageInfeasible>(outcome))
                making_.problems.insert(none->reason);
            const auto* stage = std::get_if<StageSharding>(outcome);
            solved.push_back(stage != nullptr ? std::optional(*stage) : std::nullopt);
        }
        return solved;
    }

    StageRequest requestOf(const BlockKind& kind, Recomputation recomputation) const
    {
        return {.firstLayer = kind.firstLayer,
                .endLayer = kind.endLayer,
                .microbatches = request_.microbatches,
                .inFlight = expectedInFlight(),
                .secondsPerByte = request_.secondsPerByte,
                .memoryLimit = {},
                .moments = {},
                .repeatsCheapOps = recomputation == Recomputation::kSelective,
                .recomputes = recomputation == Recomputation::kFull,
                .recomputedLayers = 0,
                .turns = expectedTurns(),
                .effort = StageEffort::kDraft,
                .forbidden = request_.isExact
                                 ? forbiddenIn(*sharder_, *request_.constraints, request_.shape,
                                               kind.firstLayer, kind.endLayer, kind.matches)
                                 : nullptr};
    }

    StageCandidate candidateOf(int first, int end, const RunCost& cost, int layersAgain) const
    {
        const int firstBlock = model_.begins[static_cast<size_t>(first)];
        const int endBlock = model_.begins[static_cast<size_t>(end)];
        StageCandidate candidate;
        candidate.firstLayer = first;
        candidate.endLayer = end;
        candidate.perMicrobatch = Seconds(std::max(cost.perMicrobatch, 0.0));
        candidate.perStep = Seconds(std::max(cost.perStep, 0.0));
        candidate.fixedMemory = Bytes(static_cast<int64_t>(std::max(cost.fixed, 0.0)));
        candidate.perInFlightMicrobatch =
            Bytes(static_cast<int64_t>(std::max(cost.activations, 0.0)));
        candidate.transient = memory_->peak(first, end, layersAgain).all;
        candidate.inputTransfer = inputTransfer(firstBlock, endBlock);
        return candidate;
    }

    void addCandidate(int first, int end, const RunCost& cost, int layersAgain)
    {
        const StageCandidate candidate = candidateOf(first, end, cost, layersAgain);
        if (end - first == model_.layerCount()) {
            Bytes least = candidate.transient;
            for (int block = 0; block < model_.blockCount(); ++block)
                least += sharder_->leastMemory(layerOf(block), layerOf(block) + 1);
            making_.smallestWhole = std::min(making_.smallestWhole.value_or(least), least);
        }
        making_.candidates.push_back(candidate);
        making_.recomputed.push_back(memory_->peak(first, end, layersAgain).repeated);
        making_.recomputedLayers.push_back(
            request_.recomputation == Recomputation::kLayers ? layersAgain : 0);
    }

    const FamilyRequest& request_;
    const DraftModel& model_;
    const LayeredGraph& layered_;
    const BlockRuns& runs_;
    CandidateFamily making_;
    std::shared_ptr<StageSharder> sharder_;
    std::optional<DraftMemory> memory_;
    std::vector<Bytes> fromBefore_, fromAfter_; ///< Per layer of the draft model.
};

} // namespace

Result<std::shared_ptr<const CandidateFamily>> findFamily(const FamilyRequest& request,
                                                          const JobControl& control)
{
    FamilyWork work(request);
    return request.context->family(work.key(), [&] { return work.run(control); });
}

std::string specsText(const std::vector<SpecConstraint>& specs)
{
    std::string text;
    for (const SpecConstraint& spec : specs)
        text += fmt::format("{} {} {}\n", spec.forbids, formatSpec(spec.spec), spec.pattern);
    return text;
}

/// Constraints that forbid strategies on meshes of this shape; empty: none.
std::string shardingsText(const PlanConstraints& constraints, const MeshShape& shape)
{
    const ShardingRules rules = shardingRules(constraints, shape);
    if (constraints.specs.empty() && rules == ShardingRules{})
        return {};
    std::string text =
        fmt::format("{} {} {}", rules.tensorAxisMaySplitBatch, static_cast<int>(rules.parameters),
                    static_cast<int>(rules.states));
    if (rules.contextAxis)
        text += fmt::format(" {}", *rules.contextAxis);
    return text + "\n" + specsText(constraints.specs);
}

} // namespace alpa
