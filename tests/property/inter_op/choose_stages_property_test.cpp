// Choosing stages against enumeration of every sequence of candidates.
#include "core/inter_op/choose_stages.h"
#include "tests/support/property.h"

#include <map>
#include <optional>

namespace alpa
{
namespace
{

/// At most 6 layers, 4 devices; candidates may be missing, and have up to three points of
/// trade-off.
StageProblem randomProblem(Rng& rng, int size)
{
    StageProblem problem;
    problem.layerCount = rng.between(1, 1 + std::min(5, size / 2));
    const int hosts = rng.between(1, 2);
    const int perHost = 1 << rng.below(hosts == 1 ? 3 : 2);
    problem.deviceCount = hosts * perHost;
    problem.submeshes = *enumerateSubmeshes(hosts, perHost, SubmeshSpace::kAll);
    if (rng.chance(0.4)) {
        // A second kind of hosts, with submeshes of its own.
        const int others = 1 + rng.below(2);
        problem.secondDeviceCount = others;
        const auto ofOthers = enumerateSubmeshes(others, 1, SubmeshSpace::kAll);
        for (SubmeshChoice submesh : *ofOthers) {
            submesh.kind = 1;
            problem.submeshes.push_back(submesh);
        }
    }
    problem.microbatches = rng.between(1, 8);
    problem.schedule = rng.chance(0.5) ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
    if (rng.chance(0.3)) {
        problem.schedule = ScheduleKind::kZeroBubble;
        problem.weightGradientShare = 0.5 * rng.uniform();
    }
    const double missing = 0.4 * rng.uniform();
    const double scale = rng.chance(0.5) ? 1.0 : 10.0; // Of once-per-step times.
    for (int first = 0; first < problem.layerCount; ++first)
        for (int end = first + 1; end <= problem.layerCount; ++end)
            for (int submesh = 0; submesh < static_cast<int>(problem.submeshes.size()); ++submesh)
                for (int point = 0; point < 3 && !rng.chance(missing); ++point) {
                    const double devices =
                        problem.submeshes[static_cast<size_t>(submesh)].devices();
                    StageCandidate candidate;
                    candidate.firstLayer = first;
                    candidate.endLayer = end;
                    candidate.submesh = submesh;
                    candidate.config = point;
                    candidate.perMicrobatch =
                        Seconds((end - first) / devices * (0.5 + rng.uniform()));
                    candidate.perStep = Seconds(scale * rng.uniform());
                    candidate.inputTransfer = Seconds(0.3 * rng.uniform());
                    candidate.fixedMemory = Bytes(rng.below(100));
                    candidate.perInFlightMicrobatch = Bytes(rng.below(30));
                    candidate.transient = Bytes(rng.below(20));
                    problem.candidates.push_back(candidate);
                }
    return problem;
}

void addConstraints(Rng& rng, StageProblem& problem)
{
    if (rng.chance(0.7))
        problem.memoryLimit = Bytes(rng.between(20, 250));
    if (problem.memoryLimit && rng.chance(0.5))
        problem.secondMemoryLimit = Bytes(rng.between(20, 250));
    if (rng.chance(0.2))
        problem.constraints.stageCount = rng.between(1, 4);
    if (rng.chance(0.2))
        problem.constraints.maxStages = rng.between(1, 4);
    problem.constraints.allowIdleDevices = rng.chance(0.3);
    for (int cut = 1; cut < problem.layerCount; ++cut) {
        if (rng.chance(0.1))
            problem.constraints.forcedCuts.push_back(cut);
        else if (rng.chance(0.1))
            problem.constraints.forbiddenCuts.push_back(cut);
    }
}

using Shape = std::vector<std::pair<int, int>>; ///< End layer and submesh of each stage.

/// The best objective of each sequence of shapes, by enumeration and by evaluateStages, which knows
/// no search.
class Enumeration
{
public:
    explicit Enumeration(const StageProblem& problem)
        : problem_(problem)
    {
        for (size_t index = 0; index < problem.candidates.size(); ++index)
            candidatesAt_[problem.candidates[index].firstLayer].push_back(static_cast<int>(index));
        extend(0, problem.deviceCount, problem.secondDeviceCount);
    }

    const std::map<Shape, double>& bestByShape() const { return bestByShape_; }
    /// Ascending.
    std::vector<double> objectives() const
    {
        std::vector<double> values;
        for (const auto& [shape, value] : bestByShape_)
            values.push_back(value);
        std::sort(values.begin(), values.end());
        return values;
    }

private:
    void extend(int layer, int devices, int others)
    {
        if (layer == problem_.layerCount) {
            if (const auto plan = evaluateStages(problem_, chosen_); plan.ok()) {
                const auto [entry, isNew] = bestByShape_.emplace(shape_, plan->stepTime.count);
                entry->second = std::min(entry->second, plan->stepTime.count);
            }
            return;
        }
        for (const int index : candidatesAt_[layer]) {
            const StageCandidate& candidate = problem_.candidates[static_cast<size_t>(index)];
            const SubmeshChoice& submesh =
                problem_.submeshes[static_cast<size_t>(candidate.submesh)];
            const int needed = submesh.kind == 0 ? submesh.devices() : 0;
            const int neededOthers = submesh.kind == 1 ? submesh.devices() : 0;
            if (needed > devices || neededOthers > others)
                continue;
            chosen_.push_back(index);
            shape_.emplace_back(candidate.endLayer, candidate.submesh);
            extend(candidate.endLayer, devices - needed, others - neededOthers);
            chosen_.pop_back();
            shape_.pop_back();
        }
    }

    const StageProblem& problem_;
    std::map<int, std::vector<int>> candidatesAt_;
    std::vector<int> chosen_;
    Shape shape_;
    std::map<Shape, double> bestByShape_;
};

std::vector<int> candidatesOf(const StagePlan& plan)
{
    std::vector<int> candidates;
    for (const PlannedStage& stage : plan.stages)
        candidates.push_back(stage.candidate);
    return candidates;
}

const StageSolution* solutionOf(const Result<StageOutcome>& outcome)
{
    return outcome.ok() ? std::get_if<StageSolution>(&outcome.value()) : nullptr;
}

TEST(ChooseStagesProperty, EqualsEnumerationOfAllCutsAndSubmeshes)
{
    int solved = 0;
    int refused = 0;
    forEachSeed(1500, [&](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        addConstraints(rng, problem);
        const auto expected = Enumeration(problem).objectives();
        const auto outcome = chooseStages(problem);
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        const StageSolution* solution = solutionOf(outcome);
        ASSERT_EQ(solution != nullptr, !expected.empty());
        (solution ? solved : refused) += 1;
        if (!solution)
            return;
        EXPECT_NEAR(solution->best.stepTime.count, expected.front(), 1e-11 * expected.front());
        const auto evaluated = evaluateStages(problem, candidatesOf(solution->best));
        ASSERT_TRUE(evaluated.ok()) << evaluated.error().message;
        EXPECT_EQ(*evaluated, solution->best);
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(solved, 500);
        EXPECT_GT(refused, 100);
    }
}

TEST(ChooseStagesProperty, RunnersUpAreTheNextBestShapes)
{
    forEachSeed(400, [](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        addConstraints(rng, problem);
        problem.alternatives = rng.between(1, 12);
        const auto expected = Enumeration(problem).objectives();
        const auto outcome = chooseStages(problem);
        const StageSolution* solution = solutionOf(outcome);
        ASSERT_EQ(solution != nullptr, !expected.empty());
        if (!solution)
            return;
        const size_t count =
            std::min(expected.size() - 1, static_cast<size_t>(problem.alternatives));
        ASSERT_EQ(solution->alternatives.size(), count);
        for (size_t rank = 0; rank < count; ++rank) {
            EXPECT_NEAR(solution->alternatives[rank].stepTime.count, expected[rank + 1],
                        1e-11 * expected[rank + 1]);
            ASSERT_TRUE(evaluateStages(problem, candidatesOf(solution->alternatives[rank])).ok());
        }
    });
}

TEST(ChooseStagesProperty, TheSmallestBudgetIsTight)
{
    int refusals = 0;
    forEachSeed(1500, [&](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        addConstraints(rng, problem);
        problem.memoryLimit = Bytes(rng.between(1, 60));
        problem.secondMemoryLimit.reset();
        const auto outcome = chooseStages(problem);
        ASSERT_TRUE(outcome.ok());
        const auto* refusal = std::get_if<NoStagePlan>(&outcome.value());
        if (!refusal || refusal->reason != NoStagePlan::Reason::kMemory)
            return;
        ++refusals;
        ASSERT_TRUE(refusal->smallestBudget.has_value());
        ASSERT_GT(*refusal->smallestBudget, *problem.memoryLimit);
        problem.memoryLimit = refusal->smallestBudget;
        EXPECT_FALSE(Enumeration(problem).objectives().empty());
        problem.memoryLimit = *refusal->smallestBudget - Bytes(1);
        EXPECT_TRUE(Enumeration(problem).objectives().empty());
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(refusals, 200);
    }
}

TEST(ChooseStagesProperty, MoreMemoryIsNeverWorse)
{
    forEachSeed(300, [](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        std::optional<double> previous;
        for (int limit = 20; limit <= 300; limit += 35) {
            problem.memoryLimit = Bytes(limit);
            const auto outcome = chooseStages(problem);
            const StageSolution* solution = solutionOf(outcome);
            if (previous) {
                ASSERT_NE(solution, nullptr);
                EXPECT_LE(solution->best.stepTime.count, *previous * (1 + 1e-11));
            }
            if (solution)
                previous = solution->best.stepTime.count;
        }
    });
}

TEST(ChooseStagesProperty, MoreDevicesAreNeverWorseWhenSomeMayIdle)
{
    forEachSeed(300, [](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        problem.constraints.allowIdleDevices = true;
        std::optional<double> previous;
        for (const int devices : {1, 2, 3, 4, 6}) {
            problem.deviceCount = devices;
            const auto outcome = chooseStages(problem);
            const StageSolution* solution = solutionOf(outcome);
            if (previous) {
                ASSERT_NE(solution, nullptr);
                EXPECT_LE(solution->best.stepTime.count, *previous * (1 + 1e-11));
            }
            if (solution) {
                previous = solution->best.stepTime.count;
            }
        }
    });
}

TEST(ChooseStagesProperty, ObeysFixedStageCounts)
{
    forEachSeed(200, [](Rng& rng, int size) {
        StageProblem problem = randomProblem(rng, size);
        std::map<size_t, double> bestByCount;
        const Enumeration enumeration(problem);
        for (const auto& [shape, value] : enumeration.bestByShape()) {
            const auto [entry, isNew] = bestByCount.emplace(shape.size(), value);
            entry->second = std::min(entry->second, value);
        }
        for (int count = 1; count <= 5; ++count) {
            problem.constraints.stageCount = count;
            const auto outcome = chooseStages(problem);
            const StageSolution* solution = solutionOf(outcome);
            const auto expected = bestByCount.find(static_cast<size_t>(count));
            ASSERT_EQ(solution != nullptr, expected != bestByCount.end());
            if (!solution)
                continue;
            EXPECT_EQ(solution->best.stages.size(), static_cast<size_t>(count));
            EXPECT_NEAR(solution->best.stepTime.count, expected->second, 1e-11 * expected->second);
        }
    });
}

} // namespace
} // namespace alpa
