// Solves generated GPT problems and prints one line each: bench_ilp [layers] [memory ratio or 0]
// [replicated 0|1] [work limit]
#include "core/base/rng.h"
#include "core/intra_op/ilp_regret.h"
#include "core/intra_op/ilp_solver.h"
#include "tests/unit/intra_op/gpt_ilp.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace
{

/// Random edits, each of the problem as given: a strategy pinned or forbidden, another limit.
/// Prints the CPU time of solving again, with the first answer as a start and without it.
void replan(const alpa::IlpProblem& problem, const alpa::IlpSolution& first,
            alpa::IlpOptions options)
{
    using namespace alpa;
    Rng rng(5);
    constexpr int kEdits = 20;
    std::vector<double> seconds[2];
    double gaps[2] = {0, 0};
    int worse = 0;
    for (int edit = 0; edit < kEdits; ++edit) {
        IlpProblem edited = problem;
        const size_t node = static_cast<size_t>(rng.below(static_cast<int>(problem.nodes.size())));
        std::vector<double>& costs = edited.nodes[node].costs;
        const size_t chosen = static_cast<size_t>(first.choice[node]);
        const size_t other = static_cast<size_t>(rng.below(static_cast<int>(costs.size())));
        if (edit % 3 == 0 && costs.size() > 1)
            costs[chosen] = kForbidden;
        else if (edit % 3 == 1 && costs[other] < kForbidden)
            for (size_t s = 0; s < costs.size(); ++s)
                costs[s] = s == other ? costs[s] : kForbidden;
        else if (edited.usageLimit)
            *edited.usageLimit += *edited.usageLimit / 100 * rng.between(-5, 5);
        double found[2] = {kForbidden, kForbidden};
        for (int warm = 0; warm < 2; ++warm) {
            options.warmStart = warm ? first.warmStart() : IlpWarmStart();
            const auto start = std::chrono::steady_clock::now();
            const IlpOutcome outcome = solveIlp(edited, options);
            seconds[warm].push_back(
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            if (const auto* solution = std::get_if<IlpSolution>(&outcome)) {
                gaps[warm] = std::max(gaps[warm], solution->gap());
                found[warm] = solution->cost;
            }
        }
        worse += found[1] > found[0] * (1 + 1e-9);
    }
    for (int warm = 0; warm < 2; ++warm) {
        std::sort(seconds[warm].begin(), seconds[warm].end());
        std::printf("%d edits, %s: median %.4f s, worst %.4f s, largest gap %.4f %%\n", kEdits,
                    warm ? "warm" : "cold", seconds[warm][kEdits / 2], seconds[warm].back(),
                    100 * gaps[warm]);
    }
    std::printf("warm costs more than cold in %d\n", worse);
}

/// Regrets of every alternative of some nodes, by the quick form.
void timeRegrets(const alpa::IlpProblem& problem, const alpa::IlpSolution& solution)
{
    using namespace alpa;
    constexpr size_t kNodes = 25;
    std::vector<double> seconds;
    int exact = 0, all = 0;
    double widest = 0;
    for (size_t i = 0; i < kNodes; ++i) {
        const size_t node = i * problem.nodes.size() / kNodes;
        const auto start = std::chrono::steady_clock::now();
        const std::vector<RegretRange> ranges =
            regretRangesOf(problem, solution, static_cast<int>(node));
        seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        for (const RegretRange& range : ranges) {
            ++all;
            exact += range.isExact();
            if (range.most < kForbidden)
                widest = std::max(widest, range.most - range.least);
        }
    }
    std::sort(seconds.begin(), seconds.end());
    std::printf("regrets of %zu nodes: median %.4f s, worst %.4f s; %d of %d exact, widest range "
                "%.4f %% of the cost\n",
                kNodes, seconds[kNodes / 2], seconds.back(), exact, all,
                100 * widest / solution.cost);
}

} // namespace

int main(int argc, char** argv)
{
    using namespace alpa;
    GptIlpOptions gpt;
    gpt.layers = argc > 1 ? std::atoi(argv[1]) : 4;
    if (const double ratio = argc > 2 ? std::atof(argv[2]) : 0; ratio > 0)
        gpt.memoryRatio = ratio;
    gpt.hasReplicatedCompute = argc <= 3 || std::atoi(argv[3]) != 0;
    const IlpProblem problem = gptIlp(gpt);
    IlpOptions options;
    if (argc > 4)
        options.workLimit = std::atoll(argv[4]);
    if (std::getenv("TRACE"))
        options.onBound = [](double cost, double bound) {
            std::printf("  %.3f s: %.0f, %.0f\n",
                        static_cast<double>(std::clock()) / CLOCKS_PER_SEC, cost, bound);
        };
    for (int i = std::getenv("REPEAT") ? std::atoi(std::getenv("REPEAT")) : 0; i > 1; --i)
        solveIlp(problem, options);
    const std::clock_t cpu = std::clock();
    const auto start = std::chrono::steady_clock::now();
    const IlpOutcome outcome = solveIlp(problem, options);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const IlpSolution* solution = std::get_if<IlpSolution>(&outcome);
    if (!solution) {
        std::printf("no solution in %.4f s\n", seconds.count());
        return 1;
    }
    const IlpStatistics& s = solution->statistics;
    std::printf("layers %d: cost %.0f bound %.0f gap %.4f %% optimal %d in %.4f s (CPU %.4f); "
                "nodes %d -> %d, strategies %d -> %d, edges %d -> "
                "%d, iterations %d, branch nodes %d, %s\n",
                gpt.layers, solution->cost, solution->lowerBound, 100 * solution->gap(),
                solution->isOptimal, seconds.count(),
                static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, s.nodes, s.reducedNodes,
                s.strategies, s.reducedStrategies, s.edges, s.reducedEdges, s.trwsIterations,
                s.branchNodes, s.method.c_str());
    if (const char* work = std::getenv("REPLAN")) {
        options.onBound = nullptr;
        options.workLimit = std::atoll(work);
        replan(problem, *solution, options);
    }
    if (std::getenv("REGRET"))
        timeRegrets(problem, *solution);
    return 0;
}
