#include "core/plan/block_runs.h"

#include <fmt/format.h>

#include <map>

namespace alpa
{
namespace
{

/// Gives each distinct kind a number, in order of appearance.
class KindTable
{
public:
    explicit KindTable(std::vector<BlockKind>& kinds)
        : kinds_(kinds)
    {
    }
    int number(BlockKind kind)
    {
        const auto [place, isNew] = numbers_.try_emplace(kind, static_cast<int>(kinds_.size()));
        if (isNew)
            kinds_.push_back(std::move(kind));
        return place->second;
    }

private:
    std::vector<BlockKind>& kinds_;
    std::map<BlockKind, int> numbers_;
};

std::string whyUnmatched(const DraftModel& model, const SpecConstraint& constraint)
{
    for (int block = 0; block < model.blockCount(); ++block) {
        const int layer = model.layerOfBlock[static_cast<size_t>(block)];
        const RenameFunction rename =
            model.shortened ? model.shortened->renaming(layer, block) : RenameFunction{};
        if (!matchSpecs(*model.model->layered, layer, {constraint}, rename, MatchedRank::kAny)
                 .empty())
            return fmt::format("'{}' matches nothing of {} dimensions, which {} is for",
                               constraint.pattern, int{constraint.spec.rank},
                               formatSpec(constraint.spec));
    }
    return fmt::format("'{}' matches no parameter and no forward op (scope:kind)",
                       constraint.pattern);
}

} // namespace

BlockRuns findBlockRuns(const DraftModel& model, const std::vector<SpecConstraint>& constraints)
{
    BlockRuns runs;
    KindTable singles(runs.singles);
    KindTable pairs(runs.pairs);
    std::vector<uint8_t> isMatched(constraints.size(), 0);
    const auto matchesOf = [&](int block, int layer) {
        const RenameFunction rename = constraints.empty() || !model.shortened
                                          ? RenameFunction{}
                                          : model.shortened->renaming(layer, block);
        std::vector<SpecMatch> matches =
            matchSpecs(*model.model->layered, layer, constraints, rename);
        for (const SpecMatch& match : matches)
            isMatched[static_cast<size_t>(match.constraint)] = 1;
        return matches;
    };
    for (int block = 0; block < model.blockCount(); ++block) {
        const int layer = model.layerOfBlock[static_cast<size_t>(block)];
        runs.singleOf.push_back(singles.number(
            {.firstLayer = layer, .endLayer = layer + 1, .matches = matchesOf(block, layer)}));
        if (block + 1 == model.blockCount())
            break;
        const int first = model.pairOf(block);
        BlockKind pair{
            .firstLayer = first, .endLayer = first + 2, .matches = matchesOf(block, first)};
        const std::vector<SpecMatch> second = matchesOf(block + 1, first + 1);
        pair.matches.insert(pair.matches.end(), second.begin(), second.end());
        runs.pairOf.push_back(pairs.number(std::move(pair)));
    }
    for (size_t c = 0; c < constraints.size(); ++c) {
        if (isMatched[c] == 0)
            runs.unmatchedPatterns.push_back(whyUnmatched(model, constraints[c]));
    }
    return runs;
}

} // namespace alpa
