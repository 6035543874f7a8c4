#include "core/plan/stage_candidates.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "core/mesh/collective_time.h"

namespace alpa
{
namespace
{

/// Prices on memory, as multiples of (time / memory) of the plan without a price. They trace the trade-off
/// between step time and memory from both ends; the last one all but minimises memory.
constexpr double kMemoryPrices[] = {0.3, 2.0, 1000.0};

bool obeys(const PlanConstraints& constraints, int dp, int tp)
{
    return (!constraints.maxTp || tp <= *constraints.maxTp) && (!constraints.maxDp || dp <= *constraints.maxDp) &&
           (!constraints.fixedTp || tp == *constraints.fixedTp) && (!constraints.fixedDp || dp == *constraints.fixedDp);
}

std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize)
{
    std::vector<MeshShape> shapes;
    for (size_t s = 0; s < submeshes.size(); ++s) {
        const int devices = submeshes[s].devices();
        for (int tp = 1; tp <= devices; ++tp) {
            const int dp = devices / tp;
            if (devices % tp == 0 && microbatchSize % dp == 0 && obeys(constraints, dp, tp))
                shapes.push_back({.submesh = static_cast<int>(s), .dp = dp, .tp = tp});
        }
    }
    return shapes;
}

ShardingRules rulesFor(const PlanConstraints& constraints, const MeshShape& shape)
{
    ShardingRules rules;
    const bool dpIsBounded = constraints.fixedDp || (constraints.maxDp && *constraints.maxDp < shape.dp * shape.tp);
    rules.tensorAxisMaySplitBatch = !dpIsBounded && !constraints.fixedTp;
    rules.parameters = constraints.parameterStorage;
    rules.states = constraints.stateStorage;
    rules.specs = constraints.specs;
    return rules;
}

/// Finds the candidates of one mesh shape. Owns nothing shared, so shapes run on different threads.
class ShapeWork
{
public:
    ShapeWork(const CandidateRequest& request, const std::vector<SubmeshChoice>& submeshes, const MeshShape& shape,
              int config)
        : request_(request)
        , submesh_(submeshes[static_cast<size_t>(shape.submesh)])
        , shape_(shape)
        , config_(config)
        , limit_(memoryLimit(*request.cluster, *request.constraints))
    {
    }

    void run(const JobControl& control)
    {
        const Submesh place{.firstHost = 0, .hosts = submesh_.hosts, .firstDevice = 0,
                            .devicesPerHost = submesh_.devicesPerHost};
        const DeviceMesh mesh = makeDeviceMesh(*request_.cluster, place, {shape_.dp, shape_.tp});
        Result<StageSharder> created =
            StageSharder::create(*request_.model->layered, *request_.cluster, mesh,
                                 rulesFor(*request_.constraints, shape_), request_.microbatches);
        if (!created) {
            problems.insert(created.error().message);
            return;
        }
        sharder = std::make_shared<StageSharder>(std::move(created).value());
        const int layers = request_.model->layered->layerCount;
        for (int first = 0; first < layers; ++first) {
            for (int end = first + 1; end <= layers; ++end) {
                if (control.isCancelled())
                    return;
                if (isWorthwhile(first, end))
                    addStage(first, end, control);
            }
        }
    }

    std::shared_ptr<StageSharder> sharder;
    std::vector<StageCandidate> candidates;
    std::vector<StageRequest> requests;
    std::set<std::string> problems;
    std::optional<Bytes> smallestWhole;

private:
    bool isWorthwhile(int first, int end) const
    {
        const auto& layers = request_.model->layers;
        const int devices = request_.cluster->deviceCount();
        const bool isWhole = end - first == static_cast<int>(layers.size());
        if ((submesh_.devices() == devices) != isWhole)
            return false;
        for (const int cut : request_.constraints->cuts) {
            if (first < cut && cut < end)
                return false;
        }
        if (!request_.prune || isWhole)
            return true;
        double flops = 0;
        double total = 0;
        for (size_t layer = 0; layer < layers.size(); ++layer) {
            total += layers[layer].flops.count;
            if (static_cast<int>(layer) >= first && static_cast<int>(layer) < end)
                flops += layers[layer].flops.count;
        }
        const double share = flops / std::max(total, 1.0);
        const double deviceShare = static_cast<double>(submesh_.devices()) / devices;
        return deviceShare >= share / 2 && deviceShare <= share * 2; // Alpa's tolerance 1.
    }

    /// Stages that may follow, at the pace of this one: what 1F1B keeps in flight here.
    int expectedInFlight(int first, int end) const
    {
        const int after = request_.model->layered->layerCount - end;
        return std::min(request_.microbatches, 1 + (after + (end - first) - 1) / (end - first));
    }

    /// Largest need while an op of these layers runs, taking every tensor as split over all devices.
    Bytes transientEstimate(int first, int end) const
    {
        const LayeredGraph& layered = *request_.model->layered;
        int64_t largest = 0;
        for (int layer = first; layer < end; ++layer) {
            for (const OpId id : layered.opsOfLayer[static_cast<size_t>(layer)]) {
                const Op& op = layered.graph->op(id);
                if (op.phase == Phase::kUpdate)
                    continue;
                int64_t bytes = 0;
                for (const ValueId result : op.results)
                    bytes += layered.graph->type(result).bytes().count;
                largest = std::max(largest, bytes);
            }
        }
        return Bytes(3 * largest / submesh_.devices());
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
        const bool leavesHost = cluster.hosts > 1 && submesh_.devices() * 2 > cluster.devicesPerHost;
        const Link& link = leavesHost ? cluster.betweenHosts : cluster.withinHost;
        const int lanes = leavesHost ? submesh_.hosts : submesh_.devices();
        return link.latency + Seconds(static_cast<double>(bytes.count) / (link.bandwidth * lanes));
    }

    void addStage(int first, int end, const JobControl& control)
    {
        StageRequest request{.firstLayer = first, .endLayer = end, .inFlight = expectedInFlight(first, end),
                             .secondsPerByte = 0, .memoryLimit = {}};
        const std::optional<StageSharding> fastest = solve(request, control);
        if (!fastest)
            return;
        const Bytes transient = transientEstimate(first, end);
        addCandidate(request, *fastest, transient);
        const Bytes worst =
            fastest->fixedMemory + fastest->activations * static_cast<int64_t>(request_.microbatches) + transient;
        if (worst <= limit_) {
            noteWhole(first, end, *fastest, transient);
            return;
        }
        const double memory = static_cast<double>(
            std::max<int64_t>(1, (fastest->fixedMemory + fastest->activations * static_cast<int64_t>(request.inFlight)).count));
        for (const double price : kMemoryPrices) {
            request.secondsPerByte = price * fastest->objective / memory;
            const std::optional<StageSharding> leaner = solve(request, control);
            if (!leaner)
                return;
            addCandidate(request, *leaner, transient);
            noteWhole(first, end, *leaner, transient);
        }
    }

    void noteWhole(int first, int end, const StageSharding& stage, Bytes transient)
    {
        if (end - first != request_.model->layered->layerCount)
            return;
        const Bytes need = stage.fixedMemory + stage.activations + transient;
        if (!smallestWhole || need < *smallestWhole)
            smallestWhole = need;
    }

    std::optional<StageSharding> solve(const StageRequest& request, const JobControl& control)
    {
        const StageShardingOutcome& outcome = sharder->solve(request, control);
        if (const auto* none = std::get_if<StageInfeasible>(&outcome))
            problems.insert(none->reason);
        const auto* stage = std::get_if<StageSharding>(&outcome);
        return stage != nullptr ? std::optional(*stage) : std::nullopt;
    }

    void addCandidate(const StageRequest& request, const StageSharding& stage, Bytes transient)
    {
        StageCandidate candidate;
        candidate.firstLayer = request.firstLayer;
        candidate.endLayer = request.endLayer;
        candidate.submesh = shape_.submesh;
        candidate.config = config_;
        candidate.perMicrobatch = stage.perMicrobatch;
        candidate.perStep = stage.perStep;
        candidate.fixedMemory = stage.fixedMemory;
        candidate.perInFlightMicrobatch = stage.activations;
        candidate.transient = transient;
        candidate.inputTransfer = inputTransfer(request.firstLayer, request.endLayer);
        for (size_t i = candidates.size(); i-- > 0;) {
            if (candidates[i].firstLayer != request.firstLayer || candidates[i].endLayer != request.endLayer)
                break;
            if (candidates[i] == candidate)
                return;
        }
        candidates.push_back(candidate);
        requests.push_back(request);
    }

    const CandidateRequest& request_;
    SubmeshChoice submesh_;
    MeshShape shape_;
    int config_;
    Bytes limit_;
};

} // namespace

Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints)
{
    return constraints.memoryPerDevice ? std::min(*constraints.memoryPerDevice, cluster.device.memory)
                                       : cluster.device.memory;
}

Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control)
{
    CandidateSet set;
    ASSIGN_OR_RETURN(set.submeshes, enumerateSubmeshes(request.cluster->hosts, request.cluster->devicesPerHost,
                                                       SubmeshSpace::kPowerOfTwo));
    set.shapes = enumerateShapes(set.submeshes, *request.constraints, request.model->microbatchSize);
    std::vector<ShapeWork> works;
    for (size_t config = 0; config < set.shapes.size(); ++config)
        works.emplace_back(request, set.submeshes, set.shapes[config], static_cast<int>(config));
    // Shapes are taken in turn by whoever is free; results are read in order, so threads never show.
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
    for (ShapeWork& work : works) {
        for (size_t i = 0; i < work.candidates.size(); ++i) {
            work.candidates[i].tag = static_cast<int>(set.candidates.size());
            set.candidates.push_back(work.candidates[i]);
            set.requests.push_back(work.requests[i]);
        }
        problems.merge(work.problems);
        if (work.sharder) {
            const auto& patterns = work.sharder->problem().unmatchedPatterns;
            unmatched.insert(patterns.begin(), patterns.end());
        }
        if (work.smallestWhole && (!set.smallestMemory || *work.smallestWhole < *set.smallestMemory))
            set.smallestMemory = work.smallestWhole;
        set.sharders.push_back(std::move(work.sharder));
    }
    set.problems.assign(problems.begin(), problems.end());
    set.unmatchedPatterns.assign(unmatched.begin(), unmatched.end());
    return set;
}

} // namespace alpa
