#include "core/fusion/composite_match.h"

namespace alpa::fusion
{

bool CompositeMatch::rotaryEmbedding(int concatenate)
{
    const Instruction& made = ops_.at(concatenate);
    if (made.inputs.size() != 2 || std::get<ConcatenateAttributes>(made.attributes).dim !=
                                       ops_.type(ops_.out(concatenate)).rank() - 1)
        return false;
    ops_.cover(concatenate);
    return turnsHalves(concatenate) || turnsWhole(concatenate);
}

std::optional<CompositeMatch::Half> CompositeMatch::halfOf(BufferId id) const
{
    const int slice = ops_.made(id, OpKind::kSlice);
    if (slice < 0)
        return std::nullopt;
    const auto& cut = std::get<SliceAttributes>(ops_.at(slice).attributes);
    const BufferId x = ops_.at(slice).inputs[0];
    const std::vector<int64_t>& whole = ops_.type(x).dims;
    const std::vector<int64_t>& dims = ops_.type(id).dims;
    const size_t last = dims.size() - 1;
    for (size_t d = 0; d < last; ++d) {
        if (dims[d] != whole[d])
            return std::nullopt;
    }
    if (2 * dims[last] != whole[last] || cut.strides[last] != 1 ||
        (cut.starts[last] != 0 && cut.starts[last] != dims[last]))
        return std::nullopt;
    return Half{x, cut.starts[last] != 0};
}

std::optional<CompositeMatch::TurnedHalf> CompositeMatch::turnedHalf(BufferId id) const
{
    const int node = ops_.made(id, OpKind::kMultiply);
    for (size_t side = 0; node >= 0 && side < 2; ++side) {
        if (const auto half = halfOf(ops_.at(node).inputs[side]))
            return TurnedHalf{node, *half, ops_.at(node).inputs[1 - side]};
    }
    return std::nullopt;
}

bool CompositeMatch::turnsHalves(int concatenate)
{
    const int difference = ops_.made(ops_.at(concatenate).inputs[0], OpKind::kSubtract);
    const int sum = ops_.made(ops_.at(concatenate).inputs[1], OpKind::kAdd);
    if (difference < 0 || sum < 0)
        return false;
    const auto lowerCosine = turnedHalf(ops_.at(difference).inputs[0]);
    const auto upperSine = turnedHalf(ops_.at(difference).inputs[1]);
    auto upperCosine = turnedHalf(ops_.at(sum).inputs[0]);
    auto lowerSine = turnedHalf(ops_.at(sum).inputs[1]);
    if (!lowerCosine || !upperSine || !upperCosine || !lowerSine)
        return false;
    if (lowerSine->half.isUpper)
        std::swap(lowerSine, upperCosine);
    for (const TurnedHalf& one : {*lowerCosine, *upperSine, *upperCosine, *lowerSine}) {
        if (one.half.x != lowerCosine->half.x)
            return false;
        ops_.cover(one.node);
        const auto& inputs = ops_.at(one.node).inputs;
        ops_.cover(graph_.producer(inputs[0] == one.table ? inputs[1] : inputs[0]));
    }
    if (lowerCosine->half.isUpper || !upperSine->half.isUpper || !upperCosine->half.isUpper ||
        lowerSine->half.isUpper || !isSame(lowerCosine->table, upperCosine->table) ||
        !isSame(lowerSine->table, upperSine->table))
        return false;
    ops_.cover(difference);
    ops_.cover(sum);
    x_ = lowerCosine->half.x;
    found_.cosine = ValueId(lowerCosine->table.index());
    found_.sine = ValueId(upperSine->table.index());
    return ends(ops_.out(concatenate));
}

bool CompositeMatch::turnsWhole(int concatenate)
{
    const int negated = ops_.made(ops_.at(concatenate).inputs[0], OpKind::kNegate);
    const auto upper = negated < 0 ? std::nullopt : halfOf(ops_.at(negated).inputs[0]);
    const auto lower = halfOf(ops_.at(concatenate).inputs[1]);
    const int sine = forwardUser(ops_.out(concatenate));
    if (!upper || !lower || !upper->isUpper || lower->isUpper || upper->x != lower->x || sine < 0 ||
        !ops_.is(sine, OpKind::kMultiply))
        return false;
    const int sum = forwardUser(ops_.out(sine));
    if (sum < 0 || !ops_.is(sum, OpKind::kAdd))
        return false;
    x_ = lower->x;
    const auto otherOf = [&](int node, BufferId one) {
        const std::vector<BufferId>& inputs = ops_.at(node).inputs;
        return inputs[0] == one ? inputs[1] : inputs[0];
    };
    const int cosine = ops_.made(otherOf(sum, ops_.out(sine)), OpKind::kMultiply);
    if (cosine < 0 || (ops_.at(cosine).inputs[0] != x_ && ops_.at(cosine).inputs[1] != x_))
        return false;
    found_.cosine = ValueId(otherOf(cosine, x_).index());
    found_.sine = ValueId(otherOf(sine, ops_.out(concatenate)).index());
    for (const int node : {negated, sine, sum, cosine, graph_.producer(ops_.at(negated).inputs[0]),
                           graph_.producer(ops_.at(concatenate).inputs[1])})
        ops_.cover(node);
    return ends(ops_.out(sum));
}

} // namespace alpa::fusion
