// How long the inter-op planners take, on the inputs on which Alpa was timed (CPU seconds of one
// core, Python with numba, in brackets: training_dp as Alpa calls it, training_dp_2 as it could).
#include "core/inter_op/choose_stages.h"
#include "core/inter_op/cluster_layers.h"
#include "core/inter_op/stage_dp.h"
#include "tests/support/stage_dp_cases.h"

#include <benchmark/benchmark.h>

#include <cmath>

namespace alpa
{
namespace
{

const std::vector<StageDpCase>& stageDpCases()
{
    static const std::vector<StageDpCase> cases{
        {"GPT-2.6B", 8, 8, 4, 4, 128},                     // 0.69, 0.006
        {"GPT-15B", 16, 32, 6, 5, 128, 1.0},               // 5.4, 0.134
        {"GPT-15B unpruned", 16, 32, 6, 5, 128},           // 7.9, 0.32
        {"GPT-39B", 16, 64, 6, 6, 1024, 1.0},              // 6.3, 0.14
        {"WRN-13B tol .25", 33, 64, 6, 5, 38, 0.25, true}, // 140, 1.0
        {"WRN-13B tol 1", 33, 64, 6, 5, 38, 1.0, true},    // 330, 7.3
    };
    return cases;
}

void solveStageDpCase(benchmark::State& state)
{
    const StageDpCase& stageCase = stageDpCases()[static_cast<size_t>(state.range(0))];
    const StageDpProblem problem = makeStageDpProblem(stageCase);
    state.SetLabel(stageCase.name);
    int programmes = 0;
    for (auto iteration : state) {
        const auto solution = solveStageDp(problem);
        programmes = (*solution)->programmesSolved;
        benchmark::DoNotOptimize(solution);
    }
    state.counters["programmes"] = programmes;
}
BENCHMARK(solveStageDpCase)->DenseRange(0, 5)->Unit(benchmark::kMillisecond);

/// The same tensor as candidates with memory that decides how deep the pipeline may be, and
/// once-per-step work.
StageProblem candidatesOf(const StageDpProblem& dense)
{
    StageProblem problem;
    problem.layerCount = dense.layerCount;
    problem.deviceCount = dense.deviceCount;
    problem.microbatches = dense.microbatches;
    problem.submeshes = dense.submeshes;
    size_t cell = 0;
    for (int i = 0; i < dense.layerCount; ++i) {
        for (int j = 0; j < dense.layerCount; ++j) {
            for (int m = 0; m < static_cast<int>(dense.submeshes.size()); ++m) {
                for (int c = 0; c < dense.configCount; ++c, ++cell) {
                    if (std::isinf(dense.computeCost[cell]))
                        continue;
                    const int devices = dense.submeshes[static_cast<size_t>(m)].devices();
                    const int layers = j - i + 1;
                    StageCandidate candidate{i, j + 1, m, c, Seconds(dense.computeCost[cell])};
                    candidate.perStep = Seconds(0.02 * layers / devices * (dense.configCount - c));
                    candidate.inputTransfer = Seconds(1e-5 * (1 + c));
                    candidate.fixedMemory = kMiB * (4000 * layers / devices);
                    candidate.perInFlightMicrobatch = kMiB * (600 * layers / (devices * (c + 1)));
                    problem.candidates.push_back(candidate);
                }
            }
        }
    }
    problem.memoryLimit = kGiB * 16;
    return problem;
}

void timeChoosing(benchmark::State& state, const StageProblem& problem)
{
    int programmes = 0;
    for (auto iteration : state) {
        const auto outcome = chooseStages(problem);
        if (const auto* solution = std::get_if<StageSolution>(&outcome.value()))
            programmes = solution->programmesSolved;
        else
            state.SkipWithError(std::get<NoStagePlan>(outcome.value()).message.c_str());
    }
    state.counters["programmes"] = programmes;
    state.counters["candidates"] = static_cast<double>(problem.candidates.size());
}

void chooseStagesCase(benchmark::State& state)
{
    const StageDpCase& stageCase = stageDpCases()[static_cast<size_t>(state.range(0))];
    StageProblem problem = candidatesOf(makeStageDpProblem(stageCase));
    problem.alternatives = static_cast<int>(state.range(1));
    state.SetLabel(stageCase.name);
    timeChoosing(state, problem);
}
BENCHMARK(chooseStagesCase)
    ->ArgsProduct({{0, 1, 2, 3, 4, 5}, {0, 4}})
    ->Unit(benchmark::kMillisecond);

/// 64 layers on 128 hosts of eight devices, whole hosts by powers of two, memory for few in flight.
void chooseStagesOnThousandDevices(benchmark::State& state)
{
    StageDpProblem dense;
    dense.layerCount = 64;
    dense.deviceCount = 1024;
    dense.microbatches = 256;
    dense.configCount = 3;
    const auto submeshes = enumerateSubmeshes(128, 8, SubmeshSpace::kPowerOfTwo);
    dense.submeshes = *submeshes;
    NumpyRandom random(0);
    for (int i = 0; i < 64; ++i) {
        for (int j = 0; j < 64; ++j) {
            for (const SubmeshChoice& submesh : dense.submeshes) {
                const double share = (j - i + 1) / 64.0;
                const double devices = submesh.devices() / 1024.0;
                const bool isKept = j >= i && share <= 2 * devices && devices <= 2 * share;
                for (int c = 0; c < 3; ++c)
                    dense.computeCost.push_back(isKept ? share / devices * (1 + 0.1 * random.next())
                                                       : std::numeric_limits<double>::infinity());
            }
        }
    }
    StageProblem problem = candidatesOf(dense);
    problem.memoryLimit = kMiB * 700;
    timeChoosing(state, problem);
}
BENCHMARK(chooseStagesOnThousandDevices)->Unit(benchmark::kMillisecond);

/// Transformer blocks of 46 ops, heavy ones at six places; Alpa's peers took 4.5, 6.8, 11.9
/// and 15.1 s, of which about 4 s compiling.
ClusteringProblem transformer(int blocks)
{
    ClusteringProblem problem;
    const int ops = 46 * blocks;
    for (int op = 0; op < ops; ++op) {
        const int place = op % 46;
        const double gigaflops = place == 4                   ? 6
                                 : place == 14 || place == 22 ? 0.5
                                 : place == 28                ? 2
                                 : place == 34 || place == 40 ? 8
                                                              : 0;
        problem.cost.push_back(gigaflops * 1e9);
        problem.isHeavy.push_back(gigaflops > 0 ? 1 : 0);
        if (op + 1 < ops)
            problem.values.push_back(
                {op, {op + 1}, place == 45 ? 2e6 : (6 + (place + 1) % 7) * 1e6});
    }
    return problem;
}

void clusterTransformer(benchmark::State& state)
{
    const ClusteringProblem problem = transformer(static_cast<int>(state.range(0)));
    for (auto iteration : state) {
        const auto layers =
            clusterLayers(problem, {.layerCount = static_cast<int>(state.range(1))});
        if (!layers.ok())
            state.SkipWithError(layers.error().message.c_str());
        benchmark::DoNotOptimize(layers);
    }
    state.SetLabel(std::to_string(problem.cost.size()) + " ops");
}
BENCHMARK(clusterTransformer)
    ->Args({24, 6})
    ->Args({48, 16})
    ->Args({48, 48})
    ->Args({96, 16})
    ->Unit(benchmark::kMillisecond);

void searchTransformerLayerCount(benchmark::State& state)
{
    const ClusteringProblem problem = transformer(static_cast<int>(state.range(0)));
    int count = 0;
    for (auto iteration : state)
        count = *searchLayerCount(problem);
    state.counters["layers"] = count;
}
BENCHMARK(searchTransformerLayerCount)->Arg(24)->Arg(96)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace alpa

BENCHMARK_MAIN();
