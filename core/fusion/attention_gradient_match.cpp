#include "core/fusion/attention_match.h"

namespace alpa::fusion
{
namespace
{

class GradientMatcher
{
public:
    explicit GradientMatcher(AttentionMatch& match)
        : match_(match)
        , ops_(match.ops)
        , found_(match.found)
    {
    }

    bool run()
    {
        int gradWeights = -1;
        for (const int node : match_.graph.users(match_.weights)) {
            if (node == match_.valuesNode)
                continue;
            if (!ops_.is(node, OpKind::kDot) || gradWeights >= 0)
                return false;
            gradWeights = node; // The gradient of the values.
        }
        if (gradWeights < 0 || !matchGradValues(gradWeights))
            return false;
        // The gradient of P: the product of grad O with the values.
        int gradP = -1;
        for (const int node : match_.graph.users(match_.gradO)) {
            if (node != gradWeights && ops_.is(node, OpKind::kDot) &&
                (ops_.at(node).inputs[0] == match_.v || ops_.at(node).inputs[1] == match_.v))
                gradP = node;
        }
        if (gradP < 0 || ops_.at(gradP).inputs[0] != match_.gradO)
            return false;
        ops_.cover(gradP);
        return matchGradScores(ops_.out(gradP));
    }

private:
    bool matchGradValues(int node)
    {
        const auto side = match_.sideOf(node, match_.weights);
        if (!side || side->own.contracted != 2) // Contracted over the queries.
            return false;
        match_.gradO = side->other;
        const ProductRoles& g = side->others;
        match_.gradORoles = {g.batch, g.head, g.contracted, g.free};
        ops_.cover(node);
        found_.backwardNode = node;
        found_.gradV = match_.resultOf(ops_.out(node), side->results, found_.shape.gradV);
        return true;
    }

    bool matchGradScores(BufferId gradP)
    {
        const int convert = ops_.user(gradP, OpKind::kConvert);
        const int divide = convert < 0 ? -1 : ops_.user(ops_.out(convert), OpKind::kDivide);
        if (divide < 0 || ops_.at(divide).inputs[0] != ops_.out(convert) ||
            !ops_.isSpreadOf(ops_.at(divide).inputs[1], match_.sum))
            return false;
        const BufferId scaled = ops_.out(divide);
        const int weighted = ops_.binaryUser(scaled, OpKind::kMultiply, match_.probabilities);
        const int negate = weighted < 0 ? -1 : ops_.user(ops_.out(weighted), OpKind::kNegate);
        const int sum = negate < 0 ? -1 : ops_.user(ops_.out(negate), OpKind::kReduce);
        const int add = ops_.user(scaled, OpKind::kAdd);
        if (sum < 0 || add < 0 ||
            std::get<ReduceAttributes>(ops_.at(sum).attributes).dims != std::vector<int>{3})
            return false;
        const BufferId spread = ops_.at(add).inputs[ops_.at(add).inputs[0] == scaled ? 1 : 0];
        const int multiply = ops_.binaryUser(ops_.out(add), OpKind::kMultiply, match_.exponential);
        if (!ops_.isSpreadOf(spread, ops_.out(sum)) || multiply < 0)
            return false;
        const int narrow = ops_.user(ops_.out(multiply), OpKind::kConvert);
        if (narrow < 0)
            return false;
        for (const int node : {convert, divide, weighted, negate, sum, add, multiply, narrow})
            ops_.cover(node);
        BufferId gradS = ops_.out(narrow);
        return takeMaskBack(gradS) && takeScaleBack(gradS) && matchGradOperands(gradS);
    }

    bool takeMaskBack(BufferId& gradS)
    {
        if (!found_.shape.isCausal)
            return true;
        const int select = ops_.user(gradS, OpKind::kSelect);
        if (select < 0 || ops_.at(select).inputs[1] != gradS ||
            !ops_.isCausalMask(ops_.at(select).inputs[0]) ||
            ops_.constant(ops_.at(select).inputs[2]) != 0.0)
            return false;
        ops_.cover(select);
        gradS = ops_.out(select);
        return true;
    }

    bool takeScaleBack(BufferId& gradS)
    {
        if (found_.shape.scale == 1.0)
            return true;
        const std::vector<int>& users = match_.graph.users(gradS);
        if (users.size() != 1)
            return false;
        double scale = 1;
        BufferId before = ops_.out(users[0]);
        const BufferId after = before;
        match_.takeScale(before, scale);
        if (before != gradS || scale != found_.shape.scale)
            return false;
        gradS = after;
        return true;
    }

    /// grad Q = grad S K and grad K = grad S^T Q.
    bool matchGradOperands(BufferId gradS)
    {
        if (match_.graph.users(gradS).size() != 2)
            return false;
        bool hasQ = false;
        bool hasK = false;
        for (const int node : match_.graph.users(gradS)) {
            const auto side = ops_.is(node, OpKind::kDot) ? match_.sideOf(node, gradS)
                                                          : std::optional<ProductSide>();
            if (!side)
                return false;
            ops_.cover(node);
            if (side->other == match_.k && side->own.contracted == 3 && !hasQ) {
                found_.gradQ = match_.resultOf(ops_.out(node), side->results, found_.shape.gradQ);
                hasQ = true;
            } else if (side->other == match_.q && side->own.contracted == 2 && !hasK) {
                found_.gradK = match_.resultOf(ops_.out(node), side->results, found_.shape.gradK);
                hasK = true;
            } else {
                return false;
            }
        }
        found_.hasBackward = hasQ && hasK;
        return found_.hasBackward;
    }

    AttentionMatch& match_;
    OpPattern& ops_;
    Attention& found_;
};

} // namespace

bool matchAttentionGradients(AttentionMatch& match) { return GradientMatcher(match).run(); }

} // namespace alpa::fusion
