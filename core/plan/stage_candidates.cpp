#include "core/plan/stage_candidates.h"

#include "core/mesh/collective_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace alpa
{
namespace
{

/// Prices on memory, as multiples of (time / memory) of the plan without a price: one that weighs
/// both alike, one that all but minimises memory.
constexpr double kEvenPrice = 1.0;
constexpr double kLeanPrice = 1000.0;

bool obeys(const PlanConstraints& constraints, int dp, int tp)
{
    return (!constraints.maxTp || tp <= *constraints.maxTp) &&
           (!constraints.maxDp || dp <= *constraints.maxDp) &&
           (!constraints.fixedTp || tp == *constraints.fixedTp) &&
           (!constraints.fixedDp || dp == *constraints.fixedDp);
}

std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize)
{
    std::vector<MeshShape> shapes;
    for (size_t s = 0; s < submeshes.size(); ++s) {
        const int devices = submeshes[s].devices();
        // Tensor parallelism across hosts is slower than anything else; it is tried only when asked
        // for.
        const int mostTp = constraints.fixedTp ? devices : submeshes[s].devicesPerHost;
        for (int tp = 1; tp <= mostTp; ++tp) {
            const int dp = devices / tp;
            if (devices % tp == 0 && microbatchSize % dp == 0 && obeys(constraints, dp, tp))
                shapes.push_back({.submesh = static_cast<int>(s), .dp = dp, .tp = tp});
        }
    }
    return shapes;
}

/// Why there is no shape at all: the degrees clash with each other or with the size of a
/// microbatch.
std::string whyNoShape(const std::vector<SubmeshChoice>& submeshes,
                       const PlanConstraints& constraints, int64_t microbatchSize)
{
    const std::vector<MeshShape> ofAnyBatch = enumerateShapes(submeshes, constraints, 0);
    if (ofAnyBatch.empty())
        return "no mesh shape obeys the constraints";
    const int least = std::ranges::min(ofAnyBatch, {}, &MeshShape::dp).dp;
    return fmt::format("a microbatch of {} samples does not divide over {} devices, the least data "
                       "parallelism that the "
                       "constraints allow",
                       microbatchSize, least);
}

/// Finds the candidates of one mesh shape. Owns nothing shared, so shapes run on different threads.
class ShapeWork
{
public:
    ShapeWork(const CandidateRequest& request, const std::vector<SubmeshChoice>& submeshes,
              const MeshShape& shape, int config)
        : request_(request)
        , submesh_(submeshes[static_cast<size_t>(shape.submesh)])
        , shape_(shape)
        , config_(config)
        , limit_(memoryLimit(*request.cluster, *request.constraints))
    {
    }

    void run(const JobControl& control)
    {
        const Submesh place{.firstHost = 0,
                            .hosts = submesh_.hosts,
                            .firstDevice = 0,
                            .devicesPerHost = submesh_.devicesPerHost};
        const DeviceMesh mesh = makeDeviceMesh(*request_.cluster, place, {shape_.dp, shape_.tp});
        Result<StageSharder> created = StageSharder::create(
            *request_.model->layered, *request_.cluster, mesh,
            shardingRules(*request_.constraints, shape_), request_.microbatches);
        if (!created) {
            problems.insert(created.error().message);
            return;
        }
        sharder = std::make_shared<StageSharder>(std::move(created).value());
        const std::optional<bool> recomputation = request_.constraints->recomputation;
        addCandidates(0, recomputation.value_or(false), control);
        const bool isTight = std::ranges::any_of(candidates, [&](const StageCandidate& candidate) {
            return needOf(candidate, request_.microbatches) > limit_;
        });
        if (!isTight || candidates.empty())
            return;
        // The whole model's time over its memory sets the scale of the prices.
        const StageCandidate& last = candidates.back();
        const double scale = last.perMicrobatch.count /
                             static_cast<double>(std::max<int64_t>(1, needOf(last, 1).count));
        addCandidates(kEvenPrice * scale, recomputation.value_or(false), control);
        if (request_.isLean)
            addCandidates(kLeanPrice * scale, recomputation.value_or(false), control);
        if (recomputation)
            return;
        addCandidates(0, true, control);
        addCandidates(kEvenPrice * scale, true, control);
        if (request_.isLean)
            addCandidates(kLeanPrice * scale, true, control);
    }

    std::shared_ptr<StageSharder> sharder;
    std::vector<StageCandidate> candidates;
    std::vector<std::optional<Bytes>> recomputed;
    std::set<std::string> problems;
    std::optional<Bytes> smallestWhole;

private:
    /// What draft solutions of one or two layers add up to.
    struct Cost {
        double perMicrobatch = 0, perStep = 0, fixed = 0, activations = 0, recomputed = 0;
        Cost& add(const StageSharding& stage, double sign)
        {
            perMicrobatch += sign * stage.perMicrobatch.count;
            perStep += sign * stage.perStep.count;
            fixed += sign * static_cast<double>(stage.fixedMemory.count);
            activations += sign * static_cast<double>(stage.activations.count);
            recomputed += sign * static_cast<double>(stage.recomputed.count);
            return *this;
        }
    };

    static Bytes needOf(const StageCandidate& candidate, int inFlight)
    {
        return candidate.fixedMemory +
               candidate.perInFlightMicrobatch * static_cast<int64_t>(inFlight) +
               candidate.transient;
    }

    bool isWorthwhile(int first, int end) const
    {
        const int layers = request_.model->layered->layerCount;
        const bool isWhole = end - first == layers;
        if ((submesh_.devices() == request_.cluster->deviceCount()) != isWhole)
            return false;
        return std::ranges::none_of(request_.constraints->cuts,
                                    [&](int cut) { return first < cut && cut < end; });
    }

    void addCandidates(double price, bool recompute, const JobControl& control)
    {
        const int layers = request_.model->layered->layerCount;
        std::vector<std::optional<StageSharding>> single;
        std::vector<std::optional<StageSharding>> pair;
        for (int layer = 0; layer < layers && !control.isCancelled(); ++layer) {
            single.push_back(solve(layer, layer + 1, price, recompute, control));
            pair.push_back(layer + 1 < layers ? solve(layer, layer + 2, price, recompute, control)
                                              : std::nullopt);
        }
        for (int first = 0; first < layers && !control.isCancelled(); ++first) {
            Cost cost;
            for (int end = first + 1; end <= layers; ++end) {
                const auto last = static_cast<size_t>(end) - 1;
                if (!single[last] || (end - first > 1 && !pair[last - 1]))
                    break;
                if (end - first == 1)
                    cost.add(*single[last], 1);
                else if (end - first == 2)
                    cost = Cost().add(*pair[last - 1], 1);
                else
                    cost.add(*pair[last - 1], 1).add(*single[last - 1], -1);
                if (isWorthwhile(first, end))
                    addCandidate(first, end, cost, recompute);
            }
        }
    }

    /// One number for all runs, so that equal layers ask the same question wherever they stand:
    /// half a pipeline of stages of this size.
    int expectedInFlight() const
    {
        const int stages = std::max(1, request_.cluster->deviceCount() / submesh_.devices());
        return std::min(request_.microbatches, 1 + stages / 2);
    }

    /// Largest need while an op of these layers runs, taking every tensor as split over all
    /// devices.
    Bytes transientEstimate(int first, int end) const
    {
        const auto begin = request_.model->layered->largestResult.begin();
        const Bytes largest = *std::max_element(begin + first, begin + end);
        return largest * int64_t{3} / static_cast<int64_t>(submesh_.devices());
    }

    Seconds inputTransfer(int first, int end) const
    {
        Bytes bytes;
        const LayeredGraph& layered = *request_.model->layered;
        for (const LayerCopy& copy : sharder->problem().copies) {
            const int source = layered.layerOfValue[copy.value.index()];
            if (copy.layer >= first && copy.layer < end && !copy.isPerStep && source >= 0 &&
                (source < first || source >= end))
                bytes += layered.graph->type(copy.value).bytes();
        }
        if (bytes.count == 0)
            return Seconds(0);
        const Cluster& cluster = *request_.cluster;
        const bool leavesHost =
            cluster.hosts > 1 && submesh_.devices() * 2 > cluster.devicesPerHost;
        const Link& link = leavesHost ? cluster.betweenHosts : cluster.withinHost;
        const int lanes = leavesHost ? submesh_.hosts : submesh_.devices();
        return link.latency + Seconds(static_cast<double>(bytes.count) / (link.bandwidth * lanes));
    }

    std::optional<StageSharding> solve(int first, int end, double price, bool recompute,
                                       const JobControl& control)
    {
        const StageRequest request{.firstLayer = first,
                                   .endLayer = end,
                                   .inFlight = expectedInFlight(),
                                   .secondsPerByte = price,
                                   .memoryLimit = {},
                                   .recomputes = recompute,
                                   .isDraft = true};
        const StageShardingOutcome& outcome = sharder->solve(request, control);
        if (const auto* none = std::get_if<StageInfeasible>(&outcome))
            problems.insert(none->reason);
        const auto* stage = std::get_if<StageSharding>(&outcome);
        return stage != nullptr ? std::optional(*stage) : std::nullopt;
    }

    void addCandidate(int first, int end, const Cost& cost, bool recompute)
    {
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
        candidate.transient = transientEstimate(first, end) + held;
        candidate.inputTransfer = inputTransfer(first, end);
        if (end - first == request_.model->layered->layerCount) {
            const Bytes least = sharder->leastMemory(first, end) + candidate.transient;
            smallestWhole = std::min(smallestWhole.value_or(least), least);
        }
        candidates.push_back(candidate);
        recomputed.push_back(recompute ? std::optional(held) : std::nullopt);
    }

    const CandidateRequest& request_;
    SubmeshChoice submesh_;
    MeshShape shape_;
    int config_;
    Bytes limit_;
};

} // namespace

ShardingRules shardingRules(const PlanConstraints& constraints, const MeshShape& shape)
{
    ShardingRules rules;
    const bool dpIsBounded =
        constraints.fixedDp || (constraints.maxDp && *constraints.maxDp < shape.dp * shape.tp);
    rules.tensorAxisMaySplitBatch = !dpIsBounded && !constraints.fixedTp;
    rules.parameters = constraints.parameterStorage;
    rules.states = constraints.stateStorage;
    rules.specs = constraints.specs;
    return rules;
}

Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints)
{
    return constraints.memoryPerDevice
               ? std::min(*constraints.memoryPerDevice, cluster.device.memory)
               : cluster.device.memory;
}

Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control)
{
    CandidateSet set;
    ASSIGN_OR_RETURN(set.submeshes,
                     enumerateSubmeshes(request.cluster->hosts, request.cluster->devicesPerHost,
                                        SubmeshSpace::kPowerOfTwo));
    set.shapes =
        enumerateShapes(set.submeshes, *request.constraints, request.model->microbatchSize);
    std::vector<ShapeWork> works;
    for (size_t config = 0; config < set.shapes.size(); ++config)
        works.emplace_back(request, set.submeshes, set.shapes[config], static_cast<int>(config));
    // Shapes are taken in turn by whoever is free; results are read in order, so threads never
    // show.
    std::atomic<size_t> next{0};
    const auto takeTurns = [&] {
        for (size_t config = next++; config < works.size(); config = next++)
            works[config].run(control);
    };
    {
        std::vector<std::jthread> helpers;
        for (int thread = 1; thread < request.threads; ++thread)
            helpers.emplace_back(takeTurns);
        takeTurns();
    }
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    std::set<std::string> problems;
    std::set<std::string> unmatched;
    if (set.shapes.empty())
        problems.insert(
            whyNoShape(set.submeshes, *request.constraints, request.model->microbatchSize));
    for (ShapeWork& work : works) {
        for (size_t i = 0; i < work.candidates.size(); ++i) {
            work.candidates[i].tag = static_cast<int>(set.candidates.size());
            set.candidates.push_back(work.candidates[i]);
            set.recomputed.push_back(work.recomputed[i]);
        }
        problems.merge(work.problems);
        if (work.sharder) {
            const auto& patterns = work.sharder->problem().unmatchedPatterns;
            unmatched.insert(patterns.begin(), patterns.end());
        }
        if (work.smallestWhole &&
            (!set.smallestMemory || *work.smallestWhole < *set.smallestMemory))
            set.smallestMemory = work.smallestWhole;
        set.sharders.push_back(std::move(work.sharder));
    }
    set.problems.assign(problems.begin(), problems.end());
    set.unmatchedPatterns.assign(unmatched.begin(), unmatched.end());
    return set;
}

} // namespace alpa
