// Branches of case and if: the one that is known to be taken, or all of them and a choice between
// their results.
#include "core/import/inliner.h"
#include "core/import/known_scalars.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// More are a table, and every one is computed.
constexpr size_t kMostBranches = 64;

} // namespace

/// Computing all branches computes the same: no operation of ours has effects, and what a branch
/// that is not taken divides by zero is chosen away. Nothing for what is no choice; poisoned values
/// after an error.
std::optional<std::vector<ValueId>> Inliner::takeBranch(const MlirOp& op, const Values& operands,
                                                        Frame& frame)
{
    const bool isIf = op.name == "stablehlo.if";
    if (operands.size() != 1 || op.regions.empty() || op.regions.size() > kMostBranches ||
        (isIf && op.regions.size() != 2) || result_.graph.type(operands[0]).rank() != 0)
        return std::nullopt;
    const auto last = static_cast<double>(op.regions.size() - 1);
    if (const std::optional<double> known = knownScalar(result_.graph, operands[0])) {
        // An index out of range means the last branch.
        const double index =
            isIf ? (*known != 0 ? 0 : 1) : (*known < 0 || *known > last ? last : *known);
        auto values = convertRegion(op.regions[static_cast<size_t>(index)], {}, frame);
        return values && values->size() == resultCount(op) ? values : poison(resultCount(op));
    }
    std::vector<Values> branches;
    for (const MlirRegion& region : op.regions) {
        auto values = convertRegion(region, {}, frame);
        const bool isSound = values && values->size() == resultCount(op) &&
                             std::ranges::all_of(*values, [](ValueId id) { return id.isValid(); });
        if (!isSound)
            return poison(resultCount(op));
        branches.push_back(std::move(*values));
    }
    if (isIf)
        std::swap(branches[0], branches[1]); // As case over a predicate: false is 0.
    return selectBranches(op, operands[0], branches, frame);
}

std::optional<std::vector<ValueId>> Inliner::selectBranches(const MlirOp& op, ValueId index,
                                                            const std::vector<Values>& branches,
                                                            const Frame& frame)
{
    const TensorType indexType = result_.graph.type(index);
    std::vector<ValueId> isAt; // All but the last, which also takes what is out of range.
    for (size_t at = 0; at + 1 < branches.size(); ++at) {
        const ValueId number =
            addChoice(OpKind::kConstant, {}, ConstantAttributes{{static_cast<double>(at)}},
                      indexType, op, frame);
        isAt.push_back(addChoice(OpKind::kCompare, {index, number},
                                 CompareAttributes{CompareDirection::kEq}, {DType::kPred, {}}, op,
                                 frame));
    }
    Values chosen = branches.back();
    for (size_t result = 0; result < chosen.size(); ++result) {
        for (size_t at = isAt.size(); at-- > 0;) {
            const TensorType type = result_.graph.type(chosen[result]);
            if (result_.graph.type(branches[at][result]) != type) {
                sink_.error(op.nameOffset, "the branches return values of different types");
                return poison(chosen.size());
            }
            chosen[result] =
                addChoice(OpKind::kSelect, {isAt[at], branches[at][result], chosen[result]}, {},
                          type, op, frame);
        }
    }
    return chosen;
}

ValueId Inliner::addChoice(OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                           TensorType type, const MlirOp& op, const Frame& frame)
{
    Op choice;
    choice.kind = kind;
    choice.phase = phaseOf(op, frame);
    choice.scope = result_.graph.scope(scopePath(op, frame));
    choice.sourceLine = source_.place(op.begin).line;
    choice.operands = std::move(operands);
    choice.attributes = std::move(attributes);
    const OpId id = result_.graph.addOp(std::move(choice), {std::move(type)});
    return result_.graph.op(id).results.front();
}

} // namespace alpa
