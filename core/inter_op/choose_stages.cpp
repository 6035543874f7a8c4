#include "core/inter_op/choose_stages.h"

#include "core/base/text.h"
#include "core/inter_op/check_stages.h"
#include "core/inter_op/stage_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace alpa
{

namespace
{

/// Part of a stage's work for a microbatch that its way through the pipeline waits for.
double latencyShare(ScheduleKind schedule, double weightGradientShare)
{
    return schedule == ScheduleKind::kZeroBubble ? 1 - weightGradientShare : 1.0;
}

constexpr Bytes kUnlimited{std::numeric_limits<int64_t>::max()};

/// Which demands to drop, to find out which one excludes every plan.
struct Relaxation {
    bool memory = false;
    bool devices = false;
    bool stageCount = false;
    bool cuts = false;
};

int mostStages(const StageProblem& problem)
{
    return std::min(problem.layerCount, problem.deviceCount + problem.secondDeviceCount);
}

const SubmeshChoice& submeshOf(const StageProblem& problem, const StageCandidate& candidate)
{
    return problem.submeshes[static_cast<size_t>(candidate.submesh)];
}

/// Devices of either kind that a stage on the submesh takes.
DeviceCounts devicesOf(const SubmeshChoice& submesh)
{
    return submesh.kind == 0 ? DeviceCounts{submesh.devices(), 0}
                             : DeviceCounts{0, submesh.devices()};
}
DeviceCounts devicesOf(const StageProblem& problem, const StageCandidate& candidate)
{
    return devicesOf(submeshOf(problem, candidate));
}

/// t_i.
Seconds timeOf(const StageCandidate& candidate)
{
    return candidate.firstLayer > 0 ? candidate.perMicrobatch + candidate.inputTransfer
                                    : candidate.perMicrobatch;
}

/// Most microbatches in flight on a stage that `following` stages come after.
int inFlightBefore(const StageProblem& problem, int following)
{
    return inFlightLimit(problem.schedule, following + 1, 0, problem.microbatches);
}

Bytes memoryOf(const StageProblem& problem, const StageCandidate& candidate, int following)
{
    const int64_t inFlight = inFlightBefore(problem, following);
    return candidate.fixedMemory + candidate.perInFlightMicrobatch * inFlight + candidate.transient;
}

/// Most stages that may follow this candidate within `limit`; empty if it does not even fit as the
/// last stage.
std::optional<int> mostFollowing(const StageProblem& problem, const StageCandidate& candidate,
                                 Bytes limit)
{
    const int most = mostStages(problem) - 1;
    if (memoryOf(problem, candidate, most) <= limit)
        return most;
    // Memory grows with the stages that follow: bisect for the last that fits.
    int fitting = -1;
    int exceeding = most;
    while (exceeding - fitting > 1) {
        const int middle = (fitting + exceeding) / 2;
        (memoryOf(problem, candidate, middle) <= limit ? fitting : exceeding) = middle;
    }
    return fitting >= 0 ? std::optional<int>(fitting) : std::nullopt;
}

bool isWithinCuts(const StageConstraints& constraints, const StageCandidate& candidate)
{
    const std::vector<int>& forced = constraints.forcedCuts;
    const std::vector<int>& forbidden = constraints.forbiddenCuts;
    const bool crossesForced = std::any_of(forced.begin(), forced.end(), [&](int cut) {
        return candidate.firstLayer < cut && cut < candidate.endLayer;
    });
    const bool beginsAtForbidden =
        std::find(forbidden.begin(), forbidden.end(), candidate.firstLayer) != forbidden.end();
    return !crossesForced && !beginsAtForbidden;
}

StageSearchProblem searchProblemOf(const StageProblem& problem, const Relaxation& relax)
{
    const StageConstraints& constraints = problem.constraints;
    StageSearchProblem search;
    search.layerCount = problem.layerCount;
    search.devices = {problem.deviceCount, problem.secondDeviceCount};
    // In units of the latency's share, of which the search knows nothing.
    const double share = latencyShare(problem.schedule, problem.weightGradientShare);
    search.rounds = (problem.microbatches - share) / share;
    search.maxStages = problem.layerCount;
    if (!relax.stageCount) {
        search.maxStages =
            std::min(problem.layerCount, constraints.maxStages.value_or(problem.layerCount));
        if (constraints.stageCount) {
            search.minStages = *constraints.stageCount;
            search.maxStages = std::min(search.maxStages, *constraints.stageCount);
        }
    }
    search.allowIdleDevices = constraints.allowIdleDevices || relax.devices;
    const bool isLimited = problem.memoryLimit.has_value() && !relax.memory;
    struct Entry {
        std::tuple<int, int, int> key; ///< First layer, end, submesh.
        StageOption option;
    };
    std::vector<Entry> entries;
    entries.reserve(problem.candidates.size());
    for (size_t index = 0; index < problem.candidates.size(); ++index) {
        const StageCandidate& candidate = problem.candidates[index];
        const DeviceCounts devices = devicesOf(problem, candidate);
        const Bytes limit = isLimited ? *limitOf(problem, candidate) : kUnlimited;
        if (devices.first > problem.deviceCount || devices.second > problem.secondDeviceCount ||
            (!relax.cuts && !isWithinCuts(constraints, candidate)))
            continue;
        const std::optional<int> following = mostFollowing(problem, candidate, limit);
        if (following)
            entries.push_back({{candidate.firstLayer, candidate.endLayer, candidate.submesh},
                               {timeOf(candidate).count, candidate.perStep.count / share,
                                *following, static_cast<int>(index)}});
    }
    std::ranges::stable_sort(entries, {}, &Entry::key);
    for (const Entry& entry : entries) {
        const auto [first, end, submesh] = entry.key;
        const bool isNew = search.shapes.empty() || search.shapes.back().first != first ||
                           search.shapes.back().end != end ||
                           search.shapes.back().submesh != submesh;
        if (isNew) {
            const DeviceCounts devices = devicesOf(problem.submeshes[static_cast<size_t>(submesh)]);
            search.shapes.push_back({first, end, submesh, devices, {}});
        }
        search.shapes.back().options.push_back(entry.option);
    }
    normalise(search);
    return search;
}

/// The plan made of the candidates, not checked against any constraint.
StagePlan priced(const StageProblem& problem, const std::vector<int>& candidates)
{
    StagePlan plan;
    for (size_t stage = 0; stage < candidates.size(); ++stage) {
        const StageCandidate& candidate =
            problem.candidates[static_cast<size_t>(candidates[stage])];
        const auto following = static_cast<int>(candidates.size() - 1 - stage);
        const Seconds time = timeOf(candidate);
        plan.stages.push_back({candidates[stage], inFlightBefore(problem, following),
                               memoryOf(problem, candidate, following), time});
        plan.latency += time;
        plan.bottleneck = std::max(plan.bottleneck, time);
        plan.perStep = std::max(plan.perStep, candidate.perStep);
        plan.devicesUsed += devicesOf(problem, candidate).first;
        plan.secondDevicesUsed += devicesOf(problem, candidate).second;
    }
    plan.stepTime =
        stepTimeOf(plan, problem.schedule, problem.microbatches, problem.weightGradientShare);
    return plan;
}

std::vector<int> candidatesOf(const StageSearchProblem& search, const StageSearchResult& result)
{
    std::vector<int> candidates;
    for (const StageChoice& stage : result.stages) {
        const StageShape& shape = search.shapes[static_cast<size_t>(stage.shape)];
        candidates.push_back(shape.options[static_cast<size_t>(stage.option)].source);
    }
    return candidates;
}

/// A set of shape sequences that begin alike, without those that go on with one of the banned
/// shapes, and its best. Splitting such sets around their best enumerates plans in ascending order
/// (Lawler 1972, Murty 1968).
struct Family {
    StageSearchResult best;
    size_t prefix = 0;       ///< The family's sequences begin with this many stages of `best`.
    std::vector<int> banned; ///< Shapes that may not come next.
};

/// Enables what the family allows. A stage of the prefix is recognised by its layers alone.
std::vector<uint8_t> enabledIn(const StageSearchProblem& search,
                               const std::vector<StageChoice>& prefix,
                               const std::vector<int>& banned)
{
    const int fixedLayers =
        prefix.empty() ? 0 : search.shapes[static_cast<size_t>(prefix.back().shape)].end;
    std::vector<uint8_t> enabled(search.shapes.size(), 0);
    for (size_t shape = 0; shape < search.shapes.size(); ++shape)
        enabled[shape] = search.shapes[shape].first >= fixedLayers;
    for (const StageChoice& stage : prefix)
        enabled[static_cast<size_t>(stage.shape)] = 1;
    for (const int shape : banned)
        enabled[static_cast<size_t>(shape)] = 0;
    return enabled;
}

std::vector<StagePlan> findAlternatives(const StageProblem& problem,
                                        const StageSearchProblem& searchProblem,
                                        StageSearch& search, const StageSearchResult& best,
                                        const JobControl& job)
{
    const auto isBetter = [](const Family& a, const Family& b) {
        return a.best.objective < b.best.objective;
    };
    std::vector<Family> families{{best, 0, {}}};
    std::vector<StagePlan> alternatives;
    while (!families.empty() && static_cast<int>(alternatives.size()) <= problem.alternatives &&
           !job.isCancelled()) {
        const auto next = std::min_element(families.begin(), families.end(), isBetter);
        const Family family = std::move(*next);
        families.erase(next);
        alternatives.push_back(priced(problem, candidatesOf(searchProblem, family.best)));
        if (static_cast<int>(alternatives.size()) > problem.alternatives)
            break;
        for (size_t position = family.prefix; position < family.best.stages.size(); ++position) {
            const std::vector<StageChoice> prefix(family.best.stages.begin(),
                                                  family.best.stages.begin() +
                                                      static_cast<std::ptrdiff_t>(position));
            std::vector<int> banned =
                position == family.prefix ? family.banned : std::vector<int>{};
            banned.push_back(family.best.stages[position].shape);
            if (auto result = search.solve(enabledIn(searchProblem, prefix, banned), job))
                families.push_back({std::move(*result), position, std::move(banned)});
        }
    }
    if (!alternatives.empty())
        alternatives.erase(alternatives.begin());
    return alternatives;
}

/// The least limit per device under which a plan exists: the same recurrence with max in place of
/// plus. Assumes that without a limit one exists.
Bytes smallestBudget(const StageProblem& problem)
{
    const StageSearchProblem search = searchProblemOf(problem, {.memory = true});
    constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
    const int levels = std::min(mostStages(problem), search.maxStages);
    const auto row = static_cast<size_t>(problem.deviceCount) + 1;
    const size_t width = row * (static_cast<size_t>(problem.secondDeviceCount) + 1);
    const auto at = [&](int level, int layer, int used, int usedSecond) {
        return (static_cast<size_t>(level) * (static_cast<size_t>(problem.layerCount) + 1) +
                static_cast<size_t>(layer)) *
                   width +
               static_cast<size_t>(usedSecond) * row + static_cast<size_t>(used);
    };
    std::vector<int64_t> least(at(levels + 1, 0, 0, 0), kNone);
    least[at(0, problem.layerCount, 0, 0)] = 0;
    // normalise() drops candidates that are slow but small, so this walks the candidates
    // themselves.
    std::map<std::tuple<int, int, int>, std::vector<int>> groups;
    for (size_t index = 0; index < problem.candidates.size(); ++index) {
        const StageCandidate& candidate = problem.candidates[index];
        if (isWithinCuts(problem.constraints, candidate))
            groups[{-candidate.firstLayer, candidate.endLayer, candidate.submesh}].push_back(
                static_cast<int>(index));
    }
    for (const auto& [key, members] : groups) {
        const int first = -std::get<0>(key);
        const int end = std::get<1>(key);
        const DeviceCounts devices =
            devicesOf(problem, problem.candidates[static_cast<size_t>(members.front())]);
        for (int level = 1; level <= levels; ++level) {
            int64_t own = kNone;
            for (const int member : members)
                own =
                    std::min(own, memoryOf(problem, problem.candidates[static_cast<size_t>(member)],
                                           level - 1)
                                      .count);
            for (int second = devices.second; second <= problem.secondDeviceCount; ++second) {
                for (int used = devices.first; used <= problem.deviceCount; ++used) {
                    int64_t& cell = least[at(level, first, used, second)];
                    cell =
                        std::min(cell, std::max(own, least[at(level - 1, end, used - devices.first,
                                                              second - devices.second)]));
                }
            }
        }
    }
    int64_t best = kNone;
    for (int level = search.minStages; level <= levels; ++level) {
        for (int second = search.allowIdleDevices ? 0 : problem.secondDeviceCount;
             second <= problem.secondDeviceCount; ++second) {
            for (int used = search.allowIdleDevices ? 0 : problem.deviceCount;
                 used <= problem.deviceCount; ++used)
                best = std::min(best, least[at(level, 0, used, second)]);
        }
    }
    return Bytes(best);
}

bool isFeasible(const StageProblem& problem, const Relaxation& relax)
{
    const StageSearchProblem search = searchProblemOf(problem, relax);
    return StageSearch(search).isFeasible(std::vector<uint8_t>(search.shapes.size(), 1));
}

NoStagePlan explain(const StageProblem& problem)
{
    using Reason = NoStagePlan::Reason;
    if (problem.memoryLimit && isFeasible(problem, {.memory = true})) {
        const Bytes budget = smallestBudget(problem);
        return {Reason::kMemory, budget,
                "no plan fits in " + formatMemory(*problem.memoryLimit) +
                    " per device; the least is estimated at " + formatMemory(budget)};
    }
    if (isFeasible(problem, {.devices = true}))
        return {Reason::kDevices, std::nullopt,
                "no plan uses all " +
                    std::to_string(problem.deviceCount + problem.secondDeviceCount) +
                    " devices; with idle devices allowed there is one"};
    if (isFeasible(problem, {.stageCount = true}))
        return {Reason::kStageCount, std::nullopt, "no plan has the demanded number of stages"};
    if (isFeasible(problem, {.cuts = true}))
        return {Reason::kCuts, std::nullopt, "no plan has the demanded cuts"};
    if (isFeasible(problem, {.memory = true, .devices = true, .stageCount = true, .cuts = true}))
        return {Reason::kCombination, std::nullopt,
                "each constraint alone can be met, but not all of them together"};
    return {Reason::kCandidates, std::nullopt,
            "the stage candidates cover the layers in no way: some layers have none that fit the "
            "devices"};
}

} // namespace

std::optional<Bytes> limitOf(const StageProblem& problem, const StageCandidate& candidate)
{
    const bool isSecond = submeshOf(problem, candidate).kind == 1;
    return isSecond && problem.secondMemoryLimit ? problem.secondMemoryLimit : problem.memoryLimit;
}

Seconds stepTimeOf(const StagePlan& plan, ScheduleKind schedule, int microbatches,
                   double weightGradientShare)
{
    const double share = latencyShare(schedule, weightGradientShare);
    return plan.latency * share + plan.bottleneck * (microbatches - share) + plan.perStep;
}

Result<StageOutcome> chooseStages(const StageProblem& problem, const JobControl& job)
{
    RETURN_IF_ERROR(checkStageProblem(problem));
    const StageSearchProblem searchProblem = searchProblemOf(problem, {});
    StageSearch search(searchProblem);
    const std::optional<StageSearchResult> best =
        search.solve(std::vector<uint8_t>(searchProblem.shapes.size(), 1), job);
    if (job.isCancelled())
        return Error{ErrorCode::kCancelled, "choosing stages was cancelled"};
    if (!best)
        return StageOutcome(problem.explains ? explain(problem) : NoStagePlan{});
    StageSolution solution;
    solution.best = priced(problem, candidatesOf(searchProblem, *best));
    if (problem.alternatives > 0)
        solution.alternatives = findAlternatives(problem, searchProblem, search, *best, job);
    solution.programmesSolved = search.programmesSolved();
    if (job.isCancelled())
        return Error{ErrorCode::kCancelled, "choosing stages was cancelled"};
    return StageOutcome(std::move(solution));
}

Result<StagePlan> evaluateStages(const StageProblem& problem, const std::vector<int>& candidates)
{
    RETURN_IF_ERROR(checkStageProblem(problem));
    const auto violated = [](std::string what) {
        return Error{ErrorCode::kInvalidInput, "not a plan: " + what};
    };
    int layer = 0;
    for (const int index : candidates) {
        if (index < 0 || index >= static_cast<int>(problem.candidates.size()))
            return violated("there is no candidate " + std::to_string(index));
        const StageCandidate& candidate = problem.candidates[static_cast<size_t>(index)];
        if (candidate.firstLayer != layer)
            return violated("a stage begins at layer " + std::to_string(candidate.firstLayer) +
                            ", expected " + std::to_string(layer));
        if (!isWithinCuts(problem.constraints, candidate))
            return violated("the stage at layer " + std::to_string(layer) +
                            " breaks a demanded cut");
        layer = candidate.endLayer;
    }
    if (layer != problem.layerCount)
        return violated("layers from " + std::to_string(layer) + " on have no stage");
    const StagePlan plan = priced(problem, candidates);
    const StageConstraints& constraints = problem.constraints;
    const auto count = static_cast<int>(plan.stages.size());
    if (count != constraints.stageCount.value_or(count) ||
        count > constraints.maxStages.value_or(count))
        return violated("it has " + std::to_string(count) + " stages");
    for (const auto& [used, all] : {std::pair(plan.devicesUsed, problem.deviceCount),
                                    std::pair(plan.secondDevicesUsed, problem.secondDeviceCount)}) {
        if (used > all || (used < all && !constraints.allowIdleDevices))
            return violated("it uses " + std::to_string(used) + " of " + std::to_string(all) +
                            " devices");
    }
    for (const PlannedStage& stage : plan.stages) {
        const std::optional<Bytes> limit =
            limitOf(problem, problem.candidates[static_cast<size_t>(stage.candidate)]);
        if (limit && stage.memory > *limit)
            return violated("a stage needs " + formatMemory(stage.memory) + " of " +
                            formatMemory(*limit) + " per device");
    }
    return plan;
}

std::string text(const StageProblem& problem, const StagePlan& plan)
{
    std::string lines;
    for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
        const PlannedStage& planned = plan.stages[stage];
        const auto& candidate = problem.candidates[static_cast<size_t>(planned.candidate)];
        lines +=
            "stage " + std::to_string(stage) + ": layers " + std::to_string(candidate.firstLayer) +
            ".." + std::to_string(candidate.endLayer - 1) + " on " +
            text(problem.submeshes[static_cast<size_t>(candidate.submesh)]) + ", config " +
            std::to_string(candidate.config) + ", " + formatSeconds(planned.time) + ", " +
            std::to_string(planned.inFlight) + " in flight, " + formatMemory(planned.memory) + "\n";
    }
    const double share = latencyShare(problem.schedule, problem.weightGradientShare);
    const std::string part = share < 1 ? fmt::format("{:.4g} x ", share) : std::string();
    const double rounds = problem.microbatches - share;
    return lines + fmt::format("step {} = {}latency {} + {:.4g} x {} + once {}\n",
                               formatSeconds(plan.stepTime), part, formatSeconds(plan.latency),
                               rounds, formatSeconds(plan.bottleneck), formatSeconds(plan.perStep));
}

} // namespace alpa
