#include "core/plan/run_bounds.h"

#include "core/plan/block_runs.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace alpa
{
namespace
{

constexpr double kImpossible = std::numeric_limits<double>::infinity();

/// Per question: what no answer undercuts.
std::vector<double> lowerBounds(const std::vector<std::optional<StageSharding>>& solved)
{
    std::vector<double> bounds;
    for (const std::optional<StageSharding>& stage : solved)
        bounds.push_back(stage ? stage->lowerBound + stage->scalars.count : kImpossible);
    return bounds;
}

/// Seconds of a microbatch, without communication.
struct LeastPasses {
    double forward = 0, backward = 0;
};

/// Of one layer of the draft model.
LeastPasses leastPassesOf(const MeshProblem& problem, int layer)
{
    LeastPasses least;
    for (const int index : problem.nodesOfLayer[static_cast<size_t>(layer)]) {
        const MeshNode& node = problem.nodes[static_cast<size_t>(index)];
        double forward = kImpossible;
        double backward = kImpossible;
        for (size_t k = 0; k < node.perMicrobatch.size(); ++k) {
            if (node.perMicrobatch[k] < kForbidden) {
                forward = std::min(forward, node.forward[k]);
                backward = std::min(backward, node.perMicrobatch[k] - node.forward[k]);
            }
        }
        least.forward += forward < kImpossible ? forward : 0.0;
        least.backward += backward < kImpossible ? backward : 0.0;
    }
    return least;
}

/// Per layer of the draft model: does it read, in every microbatch, what the one before it computes
/// in the forward pass?
std::vector<bool> findFollowers(const LayeredGraph& layered, const MeshProblem& problem)
{
    std::vector<bool> follows(static_cast<size_t>(layered.layerCount), false);
    for (const LayerCopy& copy : problem.copies) {
        const OpId producer = layered.graph->value(copy.value).producer;
        if (!copy.isPerStep && producer.isValid() &&
            layered.graph->op(producer).phase == Phase::kForward &&
            layered.layerOfValue[copy.value.index()] == copy.layer - 1)
            follows[static_cast<size_t>(copy.layer)] = true;
    }
    return follows;
}

} // namespace

RunBounds boundRuns(const DraftModel& model, const BlockRuns& runs, const StageSharder& sharder,
                    const std::vector<std::optional<StageSharding>>& singles,
                    const std::vector<std::optional<StageSharding>>& pairs)
{
    const std::vector<double> alone = lowerBounds(singles);
    const std::vector<double> together = lowerBounds(pairs);
    const int layers = model.layerCount();
    RunBounds bounds;
    bounds.layerCount = layers;
    bounds.least.assign(static_cast<size_t>(layers * layers), kImpossible);
    for (int first = 0; first < layers; ++first) {
        const int begin = model.begins[static_cast<size_t>(first)];
        double before = 0; // Of the blocks up to the last but one,
        double least = 0;  // and up to the last one.
        int end = first;
        for (int block = begin; block < model.blockCount(); ++block) {
            const auto at = static_cast<size_t>(block);
            double next = least + alone[static_cast<size_t>(runs.singleOf[at])];
            if (block > begin)
                next = std::max(next, before + together[static_cast<size_t>(runs.pairOf[at - 1])]);
            before = std::exchange(least, next);
            if (block + 1 == model.begins[static_cast<size_t>(end) + 1])
                bounds.least[static_cast<size_t>(first * layers + end++)] = least;
        }
    }
    const std::vector<bool> follows = findFollowers(sharder.layered(), sharder.problem());
    for (int layer = 0; layer < layers; ++layer) {
        const int begin = model.begins[static_cast<size_t>(layer)];
        LeastPasses sum;
        for (int block = begin; block < model.begins[static_cast<size_t>(layer) + 1]; ++block) {
            const LeastPasses least =
                leastPassesOf(sharder.problem(), model.layerOfBlock[static_cast<size_t>(block)]);
            sum.forward += least.forward;
            sum.backward += least.backward;
        }
        bounds.leastForward.push_back(sum.forward);
        bounds.leastBackward.push_back(sum.backward);
        bounds.isChain = bounds.isChain &&
                         (begin == 0 || follows[static_cast<size_t>(model.pairOf(begin - 1)) + 1]);
    }
    return bounds;
}

} // namespace alpa
