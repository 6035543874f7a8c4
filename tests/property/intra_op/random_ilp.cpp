#include "tests/property/intra_op/random_ilp.h"

#include <algorithm>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

double randomCost(Rng& rng, int most, bool isIntegral)
{
    const int whole = rng.below(most + 1);
    return isIntegral ? whole : (whole + rng.uniform()) * 1e-6;
}

IlpMatrix randomMatrix(Rng& rng, int rows, int columns, bool isIntegral)
{
    IlpMatrix matrix{rows, columns, {}};
    const bool follows = rows == columns && rng.chance(0.2);
    const bool isSeparable = rng.chance(0.1);
    const double forbidden = rng.chance(0.3) ? 0.25 : 0.02;
    std::vector<double> rowCost;
    for (int i = 0; i < rows; ++i)
        rowCost.push_back(randomCost(rng, 1000, isIntegral));
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
            double cost = isSeparable ? rowCost[at(i)] + j : randomCost(rng, 1500, isIntegral);
            if (follows)
                cost = i == j ? 0 : kForbidden;
            else if (!isSeparable && rng.chance(forbidden))
                cost = kForbidden;
            else if (!isSeparable && rng.chance(0.3))
                cost = 0;
            matrix.entries.push_back(cost);
        }
    }
    return matrix;
}

IlpNode randomNode(Rng& rng, const RandomIlpOptions& options)
{
    IlpNode node;
    const int strategies = rng.between(1, options.strategies);
    for (int s = 0; s < strategies; ++s)
        node.costs.push_back(rng.chance(0.03) && s > 0 ? kForbidden
                                                       : randomCost(rng, 1000, options.isIntegral));
    int time = 0;
    while (options.hasMemory && time < options.times && rng.chance(0.8)) {
        IlpUsage usage;
        usage.begin = rng.between(time, options.times - 1);
        usage.end = rng.between(usage.begin, options.times);
        for (int s = 0; s < strategies; ++s)
            usage.bytes.push_back(rng.below(101));
        time = usage.end + 1;
        node.usages.push_back(std::move(usage));
    }
    return node;
}

template <typename Visit>
void forEachChoice(const IlpProblem& problem, Visit&& visit)
{
    std::vector<int> choice(problem.nodes.size(), 0);
    while (true) {
        visit(choice);
        size_t i = 0;
        for (; i < choice.size(); ++i) {
            if (++choice[i] < static_cast<int>(problem.nodes[i].costs.size()))
                break;
            choice[i] = 0;
        }
        if (i == choice.size())
            return;
    }
}

} // namespace

IlpProblem randomIlp(Rng& rng, const RandomIlpOptions& options)
{
    IlpProblem problem;
    for (int i = 0; i < options.nodes; ++i)
        problem.nodes.push_back(randomNode(rng, options));
    const double density = 0.2 + 0.5 * rng.uniform();
    for (int i = 0; i < options.nodes; ++i) {
        for (int j = 0; j < options.nodes; ++j) {
            // j < i now and then: edges in both directions and several per pair. j == i: self
            // edges.
            if (!rng.chance(i < j ? density : 0.05))
                continue;
            const int rows = static_cast<int>(problem.nodes[at(i)].costs.size());
            const int columns = static_cast<int>(problem.nodes[at(j)].costs.size());
            int matrix = -1;
            for (size_t m = 0; m < problem.matrices.size() && rng.chance(0.5); ++m) {
                if (problem.matrices[m].rows == rows && problem.matrices[m].columns == columns)
                    matrix = static_cast<int>(m);
            }
            if (matrix < 0) {
                matrix = static_cast<int>(problem.matrices.size());
                problem.matrices.push_back(randomMatrix(rng, rows, columns, options.isIntegral));
            }
            problem.edges.push_back({i, j, matrix});
        }
    }
    if (options.hasMemory) {
        int64_t least = INT64_MAX;
        int64_t most = 0;
        forEachChoice(problem, [&](const std::vector<int>& choice) {
            const int64_t peak = evaluate(problem, choice).peakUsage;
            least = std::min(least, peak);
            most = std::max(most, peak);
        });
        const double share = rng.uniform() * 0.8 - 0.1;
        problem.usageLimit = std::max<int64_t>(
            0, least + static_cast<int64_t>(share * static_cast<double>(most - least)));
    }
    return problem;
}

RandomIlpOptions smallOptions(Rng& rng, int size, bool hasMemory)
{
    return {.nodes = rng.between(1, 1 + size),
            .strategies = 4,
            .times = 8,
            .hasMemory = hasMemory,
            .isIntegral = rng.chance(0.5)};
}

void addLastingUsages(Rng& rng, IlpProblem& problem)
{
    for (IlpNode& node : problem.nodes) {
        IlpUsage usage{rng.below(8), 8, {}};
        for (size_t s = 0; s < node.costs.size(); ++s)
            usage.bytes.push_back(rng.below(100));
        node.usages.push_back(std::move(usage));
    }
}

std::optional<IlpSolution> solvedIlp(const IlpProblem& problem)
{
    const IlpOutcome outcome = solveIlp(problem);
    const auto* solution = std::get_if<IlpSolution>(&outcome);
    return solution != nullptr ? std::optional(*solution) : std::nullopt;
}

BruteForceResult bruteForce(const IlpProblem& problem)
{
    BruteForceResult result;
    forEachChoice(problem, [&](const std::vector<int>& choice) {
        const IlpEvaluation evaluation = evaluate(problem, choice);
        if (evaluation.cost == kForbidden)
            return;
        result.leastPeak = std::min(result.leastPeak.value_or(INT64_MAX), evaluation.peakUsage);
        if (evaluation.isFeasible)
            result.cost = std::min(result.cost.value_or(kForbidden), evaluation.cost);
    });
    return result;
}

} // namespace alpa
