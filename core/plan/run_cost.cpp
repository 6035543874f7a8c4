#include "core/plan/run_cost.h"

namespace alpa
{
namespace
{

/// Summed kind by kind, so that runs of the same blocks cost exactly the same. Nothing if a part
/// has no solution.
std::optional<RunCost> costOf(const BlockCosts& costs, const std::vector<int>& singleCount,
                              const std::vector<int>& pairCount)
{
    RunCost cost;
    const auto add = [&cost](const std::vector<std::optional<StageSharding>>& solved,
                             const std::vector<int>& counts) {
        for (size_t k = 0; k < counts.size(); ++k) {
            if (counts[k] != 0 && !solved[k])
                return false;
            if (counts[k] != 0)
                cost.add(*solved[k], counts[k]);
        }
        return true;
    };
    if (!add(costs.pairs, pairCount) || !add(costs.singles, singleCount))
        return std::nullopt;
    return cost;
}

} // namespace

void RunCost::add(const StageSharding& stage, double times)
{
    perMicrobatch += times * stage.perMicrobatch.count;
    perStep += times * stage.perStep.count;
    fixed += times * static_cast<double>(stage.fixedMemory.count);
    activations += times * static_cast<double>(stage.activations.count);
}

void RunCost::add(const RunCost& other, double times)
{
    perMicrobatch += times * other.perMicrobatch;
    perStep += times * other.perStep;
    fixed += times * other.fixed;
    activations += times * other.activations;
}

void forEachRunFrom(const DraftModel& model, const BlockRuns& runs, int first,
                    const BlockCosts& costs,
                    const std::function<void(int end, const std::optional<RunCost>& cost)>& visit)
{
    std::vector<int> singleCount(costs.singles.size(), 0);
    std::vector<int> pairCount(costs.pairs.size(), 0);
    const int begin = model.begins[static_cast<size_t>(first)];
    const auto countOf = [](std::vector<int>& counts, const std::vector<int>& kinds,
                            int block) -> int& {
        return counts[static_cast<size_t>(kinds[static_cast<size_t>(block)])];
    };
    int block = begin;
    for (int end = first + 1; end <= model.layerCount(); ++end) {
        // Extends the run by a layer: one more pair a block, one more inner block.
        for (; block < model.begins[static_cast<size_t>(end)]; ++block) {
            if (block == begin)
                continue;
            ++countOf(pairCount, runs.pairOf, block - 1);
            if (block > begin + 1)
                --countOf(singleCount, runs.singleOf, block - 1);
        }
        int& only = countOf(singleCount, runs.singleOf, begin);
        const bool isSingle = block - begin == 1;
        only += isSingle ? 1 : 0;
        visit(end, costOf(costs, singleCount, pairCount));
        only -= isSingle ? 1 : 0;
    }
}

} // namespace alpa
