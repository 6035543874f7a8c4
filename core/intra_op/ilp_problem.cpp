#include "core/intra_op/ilp_problem.h"

#include "core/base/check.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace alpa
{
namespace
{

/// Peak of the summed usages and the first time it is reached.
std::pair<int64_t, int> peakOf(const IlpProblem& problem, const std::vector<int>& choice)
{
    std::vector<std::pair<int, int64_t>> changes;
    for (size_t i = 0; i < problem.nodes.size(); ++i) {
        for (const IlpUsage& usage : problem.nodes[i].usages) {
            const int64_t bytes = usage.bytes[static_cast<size_t>(choice[i])];
            if (usage.begin < usage.end && bytes != 0) {
                changes.emplace_back(usage.begin, bytes);
                changes.emplace_back(usage.end, -bytes);
            }
        }
    }
    std::sort(changes.begin(), changes.end());
    int64_t now = 0;
    int64_t peak = 0;
    int peakTime = 0;
    for (size_t i = 0; i < changes.size();) {
        const int time = changes[i].first;
        for (; i < changes.size() && changes[i].first == time; ++i)
            now += changes[i].second;
        if (now > peak) {
            peak = now;
            peakTime = time;
        }
    }
    return {peak, peakTime};
}

} // namespace

IlpEvaluation evaluate(const IlpProblem& problem, const std::vector<int>& choice)
{
    CHECK(choice.size() == problem.nodes.size(), "one choice per node");
    IlpEvaluation result;
    for (size_t i = 0; i < choice.size(); ++i)
        result.cost += problem.nodes[i].costs[static_cast<size_t>(choice[i])];
    for (const IlpEdge& edge : problem.edges) {
        const IlpMatrix& matrix = problem.matrices[static_cast<size_t>(edge.matrix)];
        result.cost +=
            matrix.at(choice[static_cast<size_t>(edge.from)], choice[static_cast<size_t>(edge.to)]);
    }
    std::tie(result.peakUsage, result.peakTime) = peakOf(problem, choice);
    result.isFeasible = result.cost < kForbidden &&
                        result.peakUsage <= problem.usageLimit.value_or(result.peakUsage);
    return result;
}

} // namespace alpa
