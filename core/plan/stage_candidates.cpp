#include "core/plan/stage_candidates.h"

#include "core/plan/block_runs.h"
#include "core/plan/in_turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

/// Prices on memory, as multiples of (time / memory) of the plan without a price: one that weighs
/// both alike, one that all but minimises memory.
constexpr double kEvenPrice = 1.0;
constexpr double kLeanPrice = 1000.0;

constexpr int64_t kMostShare = 8; ///< A stage's part of the layers over its part of the devices.

/// What solutions of single blocks or pairs add up to.
struct RunCost {
    double perMicrobatch = 0, perStep = 0, fixed = 0, activations = 0, recomputed = 0;
    void add(const StageSharding& stage, double times)
    {
        perMicrobatch += times * stage.perMicrobatch.count;
        perStep += times * stage.perStep.count;
        fixed += times * static_cast<double>(stage.fixedMemory.count);
        activations += times * static_cast<double>(stage.activations.count);
        recomputed += times * static_cast<double>(stage.recomputed.count);
    }
};

enum class Recomputation { kNone, kSelective, kFull };

/// What the constraints leave, the fastest first.
std::vector<Recomputation> recomputations(const PlanConstraints& constraints)
{
    std::vector<Recomputation> kinds;
    const bool mustRepeat = constraints.recomputation.value_or(false);
    const bool mustSelect = constraints.selectiveRecomputation.value_or(false);
    if (!mustRepeat && !mustSelect)
        kinds.push_back(Recomputation::kNone);
    if (!mustRepeat && constraints.selectiveRecomputation.value_or(true))
        kinds.push_back(Recomputation::kSelective);
    if (mustRepeat || (!mustSelect && constraints.recomputation.value_or(true)))
        kinds.push_back(Recomputation::kFull);
    return kinds;
}

/// Finds the candidates of one mesh shape. Owns nothing shared, so shapes run on different threads.
class ShapeWork
{
public:
    ShapeWork(const CandidateRequest& request, const BlockRuns& runs, const CandidateSet& set,
              int config, bool isExact)
        : request_(request)
        , model_(*request.model)
        , layered_(*request.model->model->layered)
        , runs_(runs)
        , shape_(set.shapes[static_cast<size_t>(config)])
        , submesh_(set.submeshes[static_cast<size_t>(shape_.submesh)])
        , config_(config)
        , isExact_(isExact)
        , limit_(memoryLimit(request.context->cluster(), *request.constraints))
    {
    }

    void run(const JobControl& control)
    {
        const MeshKey mesh{submesh_.hosts, submesh_.devicesPerHost, shape_.axes};
        auto created = request_.context->sharder(model_.model, mesh);
        if (!created) {
            found.problems.insert(created.error().message);
            return;
        }
        sharder_ = std::move(created).value();
        measure();
        const std::vector<Recomputation> kinds = recomputations(*request_.constraints);
        addCandidates(0, kinds.front(), control);
        // Half the memory is left to what drafts underestimate.
        const int inFlight = mostInFlight();
        const auto isTooLarge = [&](const StageCandidate& candidate) {
            return needOf(candidate, inFlight) * int64_t{2} > limit_;
        };
        if (std::ranges::none_of(found.candidates, isTooLarge))
            return;
        // The last run's time over its memory sets the scale of the prices.
        const StageCandidate last = found.candidates.back();
        const double scale = last.perMicrobatch.count /
                             static_cast<double>(std::max<int64_t>(1, needOf(last, 1).count));
        for (const Recomputation kind : kinds) {
            if (kind != kinds.front())
                addCandidates(0, kind, control);
            addCandidates(kEvenPrice * scale, kind, control);
            if (request_.isLean)
                addCandidates(kLeanPrice * scale, kind, control);
        }
    }

    ShapeCandidates found;

private:
    using Solved = std::vector<std::optional<StageSharding>>;

    static Bytes needOf(const StageCandidate& candidate, int inFlight)
    {
        return candidate.fixedMemory +
               candidate.perInFlightMicrobatch * static_cast<int64_t>(inFlight) +
               candidate.transient;
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

    bool isWorthwhile(int first, int end) const
    {
        const bool isWhole = end - first == model_.layerCount();
        // Many more layers than the devices' share of them make a bottleneck that nothing repays.
        const int devices = request_.context->cluster().deviceCount();
        const bool isFree = !request_.constraints->fixedPp && request_.constraints->cuts.empty();
        if (isFree && !isWhole && end - first > 1 &&
            int64_t{end - first} * devices >
                kMostShare * int64_t{model_.layerCount()} * submesh_.devices())
            return false;
        if ((submesh_.devices() == request_.context->cluster().deviceCount()) != isWhole)
            return false;
        return std::ranges::none_of(request_.constraints->cuts,
                                    [&](int cut) { return first < cut && cut < end; });
    }

    void addCandidates(double price, Recomputation recompute, const JobControl& control)
    {
        const Solved singles = solve(runs_.singles, price, recompute, control);
        const Solved pairs = solve(runs_.pairs, price, recompute, control);
        if (control.isCancelled())
            return;
        for (int first = 0; first < model_.layerCount(); ++first) {
            std::vector<int> singleCount(singles.size(), 0);
            std::vector<int> pairCount(pairs.size(), 0);
            int block = model_.begins[static_cast<size_t>(first)];
            const int begin = block;
            for (int end = first + 1; end <= model_.layerCount(); ++end) {
                // Extends the run by a layer: one more pair a block, one more inner block.
                for (; block < model_.begins[static_cast<size_t>(end)]; ++block) {
                    if (block > begin)
                        ++pairCount[static_cast<size_t>(
                            runs_.pairOf[static_cast<size_t>(block) - 1])];
                    if (block > begin + 1)
                        --singleCount[static_cast<size_t>(
                            runs_.singleOf[static_cast<size_t>(block) - 1])];
                }
                if (!isWorthwhile(first, end))
                    continue;
                const std::optional<RunCost> cost =
                    block - begin == 1
                        ? costOf(singles, {}, runs_.singleOf[static_cast<size_t>(begin)], {}, {})
                        : costOf(singles, pairs, -1, singleCount, pairCount);
                if (cost)
                    addCandidate(first, end, *cost, recompute);
            }
        }
    }

    /// Summed kind by kind, so that runs of the same blocks cost exactly the same. Nothing if a
    /// part has no solution.
    static std::optional<RunCost> costOf(const Solved& singles, const Solved& pairs, int only,
                                         const std::vector<int>& singleCount,
                                         const std::vector<int>& pairCount)
    {
        RunCost cost;
        if (only >= 0) {
            if (!singles[static_cast<size_t>(only)])
                return std::nullopt;
            cost.add(*singles[static_cast<size_t>(only)], 1);
            return cost;
        }
        for (size_t k = 0; k < pairCount.size(); ++k) {
            if (pairCount[k] != 0 && !pairs[k])
                return std::nullopt;
            if (pairCount[k] != 0)
                cost.add(*pairs[k], pairCount[k]);
        }
        for (size_t k = 0; k < singleCount.size(); ++k) {
            if (singleCount[k] != 0 && !singles[k])
                return std::nullopt;
            if (singleCount[k] != 0)
                cost.add(*singles[k], singleCount[k]);
        }
        return cost;
    }

    /// One number for all runs, so that equal blocks ask the same question wherever they stand:
    /// half a pipeline of stages of this size.
    int expectedInFlight() const
    {
        const int stages =
            std::max(1, request_.context->cluster().deviceCount() / submesh_.devices());
        return std::min(request_.microbatches, 1 + stages / 2);
    }

    /// Microbatches that a stage on this submesh may ever hold at once.
    int mostInFlight() const
    {
        const int stages = std::min(model_.layerCount(),
                                    request_.context->cluster().deviceCount() / submesh_.devices());
        const auto schedule = request_.constraints->schedule;
        return schedule && *schedule != ScheduleKind::k1f1b
                   ? request_.microbatches
                   : std::min(request_.microbatches, stages);
    }

    /// Largest need while an op of these layers runs, taking every tensor as split over all
    /// devices.
    Bytes transientEstimate(int firstBlock, int endBlock) const
    {
        Bytes largest;
        for (int block = firstBlock; block < endBlock; ++block)
            largest =
                std::max(largest, layered_.largestResult[static_cast<size_t>(layerOf(block))]);
        return largest * int64_t{3} / static_cast<int64_t>(submesh_.devices());
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
            cluster.hosts > 1 && submesh_.devices() * 2 > cluster.devicesPerHost;
        const Link& link = leavesHost ? cluster.betweenHosts : cluster.withinHost;
        const int lanes = leavesHost ? submesh_.hosts : submesh_.devices();
        return link.latency + Seconds(static_cast<double>(bytes.count) / (link.bandwidth * lanes));
    }

    Solved solve(const std::vector<BlockKind>& kinds, double price, Recomputation recompute,
                 const JobControl& control)
    {
        Solved solved;
        for (const BlockKind& kind : kinds) {
            if (control.isCancelled())
                break;
            StageRequest request{
                .firstLayer = kind.firstLayer,
                .endLayer = kind.endLayer,
                .microbatches = request_.microbatches,
                .inFlight = expectedInFlight(),
                .secondsPerByte = price,
                .memoryLimit = {},
                .repeatsCheapOps = recompute == Recomputation::kSelective,
                .recomputes = recompute == Recomputation::kFull,
                .isDraft = true,
                .forbidden = isExact_ ? forbiddenIn(*sharder_, *request_.constraints, shape_,
                                                    kind.firstLayer, kind.endLayer, kind.matches)
                                      : nullptr};
            const StageShardingOutcome& outcome = sharder_->solve(request, control);
            if (const auto* none = std::get_if<StageInfeasible>(&outcome))
                found.problems.insert(none->reason);
            const auto* stage = std::get_if<StageSharding>(&outcome);
            solved.push_back(stage != nullptr ? std::optional(*stage) : std::nullopt);
        }
        return solved;
    }

    void addCandidate(int first, int end, const RunCost& cost, Recomputation recompute)
    {
        const int firstBlock = model_.begins[static_cast<size_t>(first)];
        const int endBlock = model_.begins[static_cast<size_t>(end)];
        StageCandidate candidate;
        candidate.firstLayer = first;
        candidate.endLayer = end;
        candidate.submesh = shape_.submesh;
        candidate.config = config_;
        candidate.perMicrobatch = Seconds(std::max(cost.perMicrobatch, 0.0));
        candidate.perStep = Seconds(std::max(cost.perStep, 0.0));
        candidate.fixedMemory = Bytes(static_cast<int64_t>(std::max(cost.fixed, 0.0)));
        candidate.perInFlightMicrobatch =
            Bytes(static_cast<int64_t>(std::max(cost.activations, 0.0)));
        const Bytes held(static_cast<int64_t>(std::max(cost.recomputed, 0.0)));
        candidate.transient = transientEstimate(firstBlock, endBlock) + held;
        candidate.inputTransfer = inputTransfer(firstBlock, endBlock);
        if (end - first == model_.layerCount()) {
            Bytes least = candidate.transient;
            for (int block = firstBlock; block < endBlock; ++block)
                least += sharder_->leastMemory(layerOf(block), layerOf(block) + 1);
            found.smallestWhole = std::min(found.smallestWhole.value_or(least), least);
        }
        found.candidates.push_back(candidate);
        found.recomputed.push_back(recompute == Recomputation::kFull ? std::optional(held)
                                                                     : std::nullopt);
        found.repeatsCheapOps.push_back(recompute == Recomputation::kSelective);
    }

    const CandidateRequest& request_;
    const DraftModel& model_;
    const LayeredGraph& layered_;
    const BlockRuns& runs_;
    MeshShape shape_;
    SubmeshChoice submesh_;
    int config_;
    bool isExact_;
    Bytes limit_;
    std::shared_ptr<StageSharder> sharder_;
    std::vector<Bytes> fromBefore_, fromAfter_; ///< Per layer of the draft model.
};

/// Puts the shapes' candidates into one list.
void collect(const CandidateRequest& request, CandidateSet& set)
{
    set.candidates.clear();
    set.recomputed.clear();
    set.repeatsCheapOps.clear();
    set.smallestMemory.reset();
    std::set<std::string> problems;
    if (set.shapes.empty())
        problems.insert(
            whyNoShape(set.submeshes, *request.constraints, request.model->model->microbatchSize));
    for (const ShapeCandidates& shape : set.ofShape) {
        for (size_t i = 0; i < shape.candidates.size(); ++i) {
            StageCandidate candidate = shape.candidates[i];
            candidate.tag = static_cast<int>(set.candidates.size());
            set.candidates.push_back(candidate);
            set.recomputed.push_back(shape.recomputed[i]);
            set.repeatsCheapOps.push_back(shape.repeatsCheapOps[i]);
        }
        problems.insert(shape.problems.begin(), shape.problems.end());
        if (shape.smallestWhole)
            set.smallestMemory =
                std::min(set.smallestMemory.value_or(*shape.smallestWhole), *shape.smallestWhole);
    }
    set.problems.assign(problems.begin(), problems.end());
}

} // namespace

Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints)
{
    return constraints.memoryPerDevice
               ? std::min(*constraints.memoryPerDevice, cluster.device.memory)
               : cluster.device.memory;
}

MeshKey CandidateSet::meshKey(int config) const
{
    const MeshShape& shape = shapes[static_cast<size_t>(config)];
    const SubmeshChoice& submesh = submeshes[static_cast<size_t>(shape.submesh)];
    return {submesh.hosts, submesh.devicesPerHost, shape.axes};
}

bool CandidateSet::isExact() const
{
    return std::ranges::all_of(ofShape, &ShapeCandidates::isExact);
}

Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control)
{
    CandidateSet set;
    const PlanConstraints& constraints = *request.constraints;
    const Cluster& cluster = request.context->cluster();
    ASSIGN_OR_RETURN(set.submeshes, enumerateSubmeshes(cluster.hosts, cluster.devicesPerHost,
                                                       SubmeshSpace::kPowerOfTwo));
    set.shapes = enumerateShapes(set.submeshes, constraints, request.model->model->microbatchSize);
    set.unmatchedPatterns = findBlockRuns(*request.model, constraints.specs).unmatchedPatterns;
    std::vector<ShapeWork> works;
    const BlockRuns runs = findBlockRuns(
        *request.model, request.isExact ? constraints.specs : std::vector<SpecConstraint>());
    for (size_t config = 0; config < set.shapes.size(); ++config)
        works.emplace_back(request, runs, set, static_cast<int>(config), request.isExact);
    runInTurns(works.size(), request.threads, [&](size_t config) { works[config].run(control); });
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    for (size_t config = 0; config < works.size(); ++config) {
        works[config].found.isExact =
            request.isExact ||
            (constraints.specs.empty() &&
             shardingRules(constraints, set.shapes[config]) == ShardingRules{});
        set.ofShape.push_back(std::move(works[config].found));
    }
    collect(request, set);
    return set;
}

Status refineCandidates(const CandidateRequest& request, const std::vector<int>& configs,
                        CandidateSet& set, const JobControl& control)
{
    const BlockRuns runs = findBlockRuns(*request.model, request.constraints->specs);
    std::vector<ShapeWork> works;
    for (const int config : configs)
        works.emplace_back(request, runs, set, config, true);
    runInTurns(works.size(), request.threads, [&](size_t i) { works[i].run(control); });
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    for (size_t i = 0; i < works.size(); ++i)
        set.ofShape[static_cast<size_t>(configs[i])] = std::move(works[i].found);
    collect(request, set);
    return {};
}

} // namespace alpa
