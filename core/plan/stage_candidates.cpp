#include "core/plan/stage_candidates.h"

#include "core/plan/block_runs.h"
#include "core/plan/team.h"

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

Bytes needOf(const StageCandidate& candidate, int inFlight)
{
    return candidate.fixedMemory +
           candidate.perInFlightMicrobatch * static_cast<int64_t>(inFlight) + candidate.transient;
}

/// Finds the families of one mesh shape. Owns nothing shared, so shapes run on different threads.
class ShapeWork
{
public:
    ShapeWork(const CandidateRequest& request, const BlockRuns& runs, const CandidateSet& set,
              int config)
        : request_(request)
        , runs_(runs)
        , submesh_(
              set.submeshes[static_cast<size_t>(set.shapes[static_cast<size_t>(config)].submesh)])
        , shape_(set.shapes[static_cast<size_t>(config)])
        , config_(config)
    {
    }

    /// Fails with kCancelled only.
    Status run(const JobControl& control)
    {
        const std::vector<Recomputation> kinds = allowedRecomputations(*request_.constraints);
        RETURN_IF_ERROR(add(kinds.front(), 0, request_.isExact, control));
        const std::vector<StageCandidate>& first = families.front().found->candidates;
        if (first.empty() || !isTight(first))
            return {};
        // The last run's time over its memory sets the scale of the prices.
        const StageCandidate last = first.back(); // A copy: families grow below.
        const double scale = last.perMicrobatch.count /
                             static_cast<double>(std::max<int64_t>(1, needOf(last, 1).count));
        for (const Recomputation kind : kinds) {
            if (kind != kinds.front())
                RETURN_IF_ERROR(add(kind, 0, request_.isExact, control));
            RETURN_IF_ERROR(add(kind, kEvenPrice * scale, request_.isExact, control));
            if (request_.isLean)
                RETURN_IF_ERROR(add(kind, kLeanPrice * scale, request_.isExact, control));
        }
        return {};
    }

    Status add(Recomputation kind, double price, bool isExact, const JobControl& control,
               int threads = 1)
    {
        FamilyOfShape family{.config = config_,
                             .recomputation = kind,
                             .secondsPerByte = price,
                             .isExact =
                                 isExact || shardingsText(*request_.constraints, shape_).empty(),
                             .found = nullptr};
        ASSIGN_OR_RETURN(family.found, findFamily({.context = request_.context,
                                                   .model = request_.model,
                                                   .constraints = request_.constraints,
                                                   .runs = &runs_,
                                                   .submesh = submesh_,
                                                   .shape = shape_,
                                                   .microbatches = request_.microbatches,
                                                   .recomputation = kind,
                                                   .secondsPerByte = price,
                                                   .deviceCount = deviceCount(),
                                                   .partly = partly(kind),
                                                   .isExact = isExact,
                                                   .threads = threads},
                                                  control));
        families.push_back(std::move(family));
        return {};
    }

    std::vector<FamilyOfShape> families;

private:
    int deviceCount() const { return request_.share.devices(request_.context->cluster()); }

    PartialRecomputation partly(Recomputation kind) const
    {
        if (kind != Recomputation::kLayers)
            return {};
        return {.layers = request_.constraints->recomputedLayers,
                .limit =
                    memoryLimit(request_.context->cluster(), *request_.constraints, submesh_.kind),
                .inFlight = mostInFlight()};
    }

    /// May memory be scarce? Half of it is left to what drafts underestimate.
    bool isTight(const std::vector<StageCandidate>& candidates) const
    {
        const Bytes limit =
            memoryLimit(request_.context->cluster(), *request_.constraints, submesh_.kind);
        const int inFlight = mostInFlight();
        return std::ranges::any_of(candidates, [&](const StageCandidate& candidate) {
            return needOf(candidate, inFlight) * int64_t{2} > limit;
        });
    }

    /// Microbatches that a stage on this submesh may ever hold at once.
    int mostInFlight() const
    {
        const int stages =
            std::min(request_.model->layerCount(), deviceCount() / submesh_.devices());
        const auto schedule = request_.constraints->schedule;
        return schedule && *schedule != ScheduleKind::k1f1b
                   ? request_.microbatches
                   : std::min(request_.microbatches, stages);
    }

    const CandidateRequest& request_;
    const BlockRuns& runs_;
    SubmeshChoice submesh_;
    MeshShape shape_;
    int config_;
};

/// Calls `work` for every element; fails as the first that fails.
template <typename Work>
Status inTurns(const CandidateRequest& request, std::vector<ShapeWork>& works, const Work& work)
{
    std::vector<Status> ends(works.size());
    request.context->team().run(works.size(), request.threads,
                                [&](size_t i) { ends[i] = work(works[i], i); });
    for (const Status& end : ends)
        RETURN_IF_ERROR(end);
    return {};
}

/// Puts the families' candidates into one list.
void collect(const CandidateRequest& request, CandidateSet& set)
{
    set.candidates.clear();
    set.recomputed.clear();
    set.repeatsCheapOps.clear();
    set.recomputedLayers.clear();
    set.familyOf.clear();
    set.smallestMemory.reset();
    std::set<std::string> problems;
    if (set.shapes.empty())
        problems.insert(whyNoShape(set.submeshes, *request.constraints,
                                   request.model->model->microbatchSize, request.model->sizes));
    for (size_t f = 0; f < set.families.size(); ++f) {
        const FamilyOfShape& family = set.families[f];
        const CandidateFamily& found = *family.found;
        for (size_t i = 0; i < found.candidates.size(); ++i) {
            StageCandidate candidate = found.candidates[i];
            candidate.config = family.config;
            candidate.submesh = set.shapes[static_cast<size_t>(family.config)].submesh;
            candidate.tag = static_cast<int>(set.candidates.size());
            // What else lives briefly is mostly less than drafted, and known when stages are
            // sharded.
            if (request.isLean)
                candidate.transient = found.recomputed[i];
            set.candidates.push_back(candidate);
            const bool isAgain =
                family.recomputation == Recomputation::kFull || found.recomputedLayers[i] > 0;
            set.recomputed.push_back(isAgain ? std::optional(found.recomputed[i]) : std::nullopt);
            set.recomputedLayers.push_back(found.recomputedLayers[i]);
            set.repeatsCheapOps.push_back(family.recomputation == Recomputation::kSelective);
            set.familyOf.push_back(static_cast<int>(f));
        }
        problems.insert(found.problems.begin(), found.problems.end());
        if (found.smallestWhole)
            set.smallestMemory =
                std::min(set.smallestMemory.value_or(*found.smallestWhole), *found.smallestWhole);
    }
    set.problems.assign(problems.begin(), problems.end());
}

} // namespace

Bytes memoryLimit(const Cluster& cluster, const PlanConstraints& constraints, int kind)
{
    const Bytes usable = cluster.deviceOf(kind).usableMemory();
    return constraints.memoryPerDevice ? std::min(*constraints.memoryPerDevice, usable) : usable;
}

MeshKey CandidateSet::meshKey(int config) const
{
    const MeshShape& shape = shapes[static_cast<size_t>(config)];
    const SubmeshChoice& submesh = submeshes[static_cast<size_t>(shape.submesh)];
    return {submesh.hosts, submesh.devicesPerHost, shape.axes, submesh.kind};
}

bool CandidateSet::isExact() const
{
    return std::ranges::all_of(families, &FamilyOfShape::isExact);
}

Result<CandidateSet> makeCandidates(const CandidateRequest& request, const JobControl& control)
{
    CandidateSet set;
    const PlanConstraints& constraints = *request.constraints;
    const Cluster& cluster = request.context->cluster();
    ASSIGN_OR_RETURN(set.submeshes, submeshesOf(cluster, request.share, constraints));
    set.shapes = enumerateShapes(set.submeshes, constraints, request.model->model->microbatchSize,
                                 request.model->sizes);
    const auto runs = request.context->blockRuns(
        *request.model, request.isExact ? constraints.specs : std::vector<SpecConstraint>());
    std::vector<ShapeWork> works;
    for (size_t config = 0; config < set.shapes.size(); ++config)
        works.emplace_back(request, *runs, set, static_cast<int>(config));
    RETURN_IF_ERROR(
        inTurns(request, works, [&](ShapeWork& work, size_t) { return work.run(control); }));
    for (ShapeWork& work : works)
        std::ranges::move(work.families, std::back_inserter(set.families));
    collect(request, set);
    return set;
}

Status refineCandidates(const CandidateRequest& request, const std::vector<int>& families,
                        CandidateSet& set, const JobControl& control)
{
    const auto runs = request.context->blockRuns(*request.model, request.constraints->specs);
    std::vector<ShapeWork> works;
    for (const int family : families)
        works.emplace_back(request, *runs, set, set.families[static_cast<size_t>(family)].config);
    // Few families: their blocks are shared out instead.
    const int inside = works.size() < static_cast<size_t>(request.threads) ? request.threads : 1;
    RETURN_IF_ERROR(inTurns(request, works, [&](ShapeWork& work, size_t i) {
        const FamilyOfShape& family = set.families[static_cast<size_t>(families[i])];
        return work.add(family.recomputation, family.secondsPerByte, true, control, inside);
    }));
    for (size_t i = 0; i < works.size(); ++i)
        set.families[static_cast<size_t>(families[i])] = std::move(works[i].families.front());
    collect(request, set);
    return {};
}

} // namespace alpa
