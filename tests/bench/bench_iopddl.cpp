// Solves contest instances: bench_iopddl FILE... [--work N] [--cancels N]. One line each, the
// answer checked by evaluate(). With --cancels, solves each so many times more, tells the solver to
// stop at times spread over the first solve, and prints how long it takes to return.
#include "core/base/files.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/iopddl.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace
{

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measureCancels(const alpa::IlpProblem& problem, alpa::IlpOptions options, int cancels,
                    double solveSeconds)
{
    double worst = 0;
    for (int i = 0; i < cancels; ++i) {
        std::stop_source source;
        options.control.stop = source.get_token();
        // The golden ratio spreads any number of them evenly and hits no rhythm of the search.
        const double share = std::fmod(0.5 + 0.6180339887498949 * i, 1.0);
        std::chrono::steady_clock::time_point told;
        std::jthread canceller([&] {
            std::this_thread::sleep_for(std::chrono::duration<double>(share * solveSeconds));
            told = std::chrono::steady_clock::now();
            source.request_stop();
        });
        alpa::solveIlp(problem, options);
        const auto ended = std::chrono::steady_clock::now();
        canceller.join();
        const double seconds = std::chrono::duration<double>(ended - told).count();
        std::printf("  told to stop after %.3f s: returned in %.1f ms\n", share * solveSeconds,
                    1e3 * seconds);
        worst = std::max(worst, seconds);
    }
    std::printf("  worst of %d cancels: %.1f ms\n", cancels, 1e3 * worst);
}

bool solveFile(const std::string& path, const alpa::IlpOptions& options, int cancels)
{
    using namespace alpa;
    const auto start = std::chrono::steady_clock::now();
    const Result<std::string> text = readFile(path);
    if (!text.ok()) {
        std::printf("%s: %s\n", path.c_str(), text.error().message.c_str());
        return false;
    }
    const Result<IopddlInstance> instance = readIopddl(*text);
    if (!instance.ok()) {
        std::printf("%s: %s\n", path.c_str(), instance.error().message.c_str());
        return false;
    }
    const double readSeconds = secondsSince(start);
    const std::clock_t cpu = std::clock();
    const auto solveStart = std::chrono::steady_clock::now();
    const IlpOutcome outcome = solveIlp(instance->problem, options);
    const double cpuSeconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    const double solveSeconds = secondsSince(solveStart);
    const IlpSolution* solution = std::get_if<IlpSolution>(&outcome);
    if (!solution) {
        std::printf("%s: no solution\n", path.c_str());
        return false;
    }
    const IlpEvaluation check = evaluate(instance->problem, solution->choice);
    const IlpStatistics& s = solution->statistics;
    std::printf("%s: cost %.0f bound %.0f gap %.4f %% optimal %d feasible %d; read %.2f s, solved "
                "%.2f s (CPU %.2f); nodes %d -> %d, "
                "strategies %d -> %d, edges %d -> %d, iterations %d, branch nodes %d, %s\n",
                path.c_str(), solution->cost, solution->lowerBound, 100 * solution->gap(),
                solution->isOptimal, check.isFeasible && check.cost == solution->cost, readSeconds,
                solveSeconds, cpuSeconds, s.nodes, s.reducedNodes, s.strategies,
                s.reducedStrategies, s.edges, s.reducedEdges, s.trwsIterations, s.branchNodes,
                s.method.c_str());
    if (cancels > 0)
        measureCancels(instance->problem, options, cancels, solveSeconds);
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    alpa::IlpOptions options;
    std::vector<std::string> paths;
    int cancels = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::string(argv[i]) == "--work" && i + 1 < argc)
            options.workLimit = std::atoll(argv[++i]);
        else if (std::string(argv[i]) == "--cancels" && i + 1 < argc)
            cancels = std::atoi(argv[++i]);
        else
            paths.emplace_back(argv[i]);
    }
    if (std::getenv("TRACE"))
        options.onBound = [](double cost, double bound) {
            std::printf("  %.3f s: %.0f, %.0f\n",
                        static_cast<double>(std::clock()) / CLOCKS_PER_SEC, cost, bound);
        };
    bool isGood = !paths.empty();
    for (const std::string& path : paths)
        isGood &= solveFile(path, options, cancels);
    return isGood ? 0 : 1;
}
