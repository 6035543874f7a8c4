// Solves contest instances: bench_iopddl FILE... [--work N]. One line each, the answer checked by
// evaluate().
#include "core/base/files.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/iopddl.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace
{

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool solveFile(const std::string& path, const alpa::IlpOptions& options)
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
                secondsSince(solveStart), cpuSeconds, s.nodes, s.reducedNodes, s.strategies,
                s.reducedStrategies, s.edges, s.reducedEdges, s.trwsIterations, s.branchNodes,
                s.method.c_str());
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    alpa::IlpOptions options;
    std::vector<std::string> paths;
    for (int i = 1; i < argc; ++i) {
        if (std::string(argv[i]) == "--work" && i + 1 < argc)
            options.workLimit = std::atoll(argv[++i]);
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
        isGood &= solveFile(path, options);
    return isGood ? 0 : 1;
}
