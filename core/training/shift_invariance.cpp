#include "core/training/shift_invariance.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace alpa
{
namespace
{

/// How a value depends on the shift d: v + d (a summand), or v e^(degree d) (a factor).
struct Dependence {
    bool isSummand = false;
    int degree = 0;
    friend bool operator==(const Dependence&, const Dependence&) = default;
};

/// The shapes in which a quantity per row may stand so that its rows stay those of the reduction.
struct RowShapes {
    std::vector<int64_t> full;    ///< Of the reduction's operand.
    std::vector<int64_t> kept;    ///< Reduced dimensions of size 1.
    std::vector<int64_t> reduced; ///< Reduced dimensions left out.
    std::vector<int> dims;        ///< The reduced dimensions, sorted.
    std::vector<int> others;
};

class ShiftProof
{
public:
    /// Keeps references; `users` are those of every value.
    ShiftProof(const Graph& graph, const std::vector<std::vector<OpId>>& users,
               const std::vector<bool>& isBehindLoss, size_t extremum)
        : graph_(graph)
        , users_(users)
        , isBehindLoss_(isBehindLoss)
        , extremum_(extremum)
    {
        const Op& op = graph.ops[extremum];
        rows_.full = graph.type(op.operands[0]).dims;
        rows_.dims = std::get<ReduceAttributes>(op.attributes).dims;
        std::ranges::sort(rows_.dims);
        rows_.reduced = graph.type(op.results[0]).dims;
        rows_.kept = rows_.full;
        for (int d = 0; d < static_cast<int>(rows_.full.size()); ++d) {
            if (std::ranges::binary_search(rows_.dims, d))
                rows_.kept[static_cast<size_t>(d)] = 1;
            else
                rows_.others.push_back(d);
        }
    }

    bool holds()
    {
        setShift(graph_.ops[extremum_]);
        while (!pending_.empty()) {
            const size_t next = *pending_.begin();
            pending_.erase(pending_.begin());
            if (isBehindLoss_[next] && !follow(graph_.ops[next]))
                return false;
        }
        return std::ranges::none_of(graph_.outputs, [&](const GraphOutput& output) {
            return shifts_.contains(output.value.index()) ||
                   dependences_.contains(output.value.index());
        });
    }

private:
    const Graph& graph_;
    const std::vector<std::vector<OpId>>& users_;
    const std::vector<bool>& isBehindLoss_;
    size_t extremum_;
    std::set<size_t> pending_; ///< Ops that read what depends on the shift, in their order.
    RowShapes rows_;
    std::map<size_t, bool> shifts_; ///< Values computed from the extremum alone: possible t.
    std::map<size_t, Dependence> dependences_;

    const std::vector<int64_t>& dims(ValueId id) const { return graph_.type(id).dims; }
    bool isShift(ValueId id) const { return shifts_.contains(id.index()); }
    std::optional<Dependence> dependence(ValueId id) const
    {
        const auto found = dependences_.find(id.index());
        return found == dependences_.end() ? std::nullopt : std::optional(found->second);
    }
    void set(const Op& op, Dependence dependence)
    {
        if (!dependence.isSummand && dependence.degree == 0)
            return;
        dependences_[op.results[0].index()] = dependence;
        visitUsers(op);
    }
    void setShift(const Op& op)
    {
        shifts_[op.results[0].index()] = true;
        visitUsers(op);
    }
    void visitUsers(const Op& op)
    {
        for (const OpId user : users_[op.results[0].index()])
            pending_.insert(user.index());
    }

    /// Does the op only change between the row shapes, each row staying in place?
    bool keepsRows(const Op& op) const
    {
        const std::vector<int64_t>& from = dims(op.operands[0]);
        const std::vector<int64_t>& to = dims(op.results[0]);
        if (op.kind == OpKind::kConvert)
            return isFloating(graph_.type(op.results[0]).dtype);
        if (op.kind == OpKind::kReshape)
            return from == to || (from == rows_.kept && to == rows_.reduced) ||
                   (from == rows_.reduced && to == rows_.kept);
        if (op.kind != OpKind::kBroadcast || (to != rows_.full && to != rows_.kept))
            return false;
        const std::vector<int>& mapped = std::get<DimsAttributes>(op.attributes).dims;
        if (from == rows_.reduced && mapped == rows_.others)
            return true;
        return (from == rows_.kept || from == to) && std::ranges::is_sorted(mapped) &&
               mapped.size() == to.size();
    }

    bool isConstant(ValueId id) const
    {
        const OpId producer = graph_.value(id).producer;
        if (!producer.isValid())
            return false;
        const Op& op = graph_.op(producer);
        return op.kind == OpKind::kConstant ||
               (op.kind == OpKind::kBroadcast && isConstant(op.operands[0]));
    }

    /// False when the op uses the shift in a way that is not understood.
    bool follow(const Op& op)
    {
        const bool hasShift =
            std::ranges::any_of(op.operands, [&](ValueId id) { return isShift(id); });
        const bool hasDependence = std::ranges::any_of(
            op.operands, [&](ValueId id) { return dependences_.contains(id.index()); });
        if (hasShift && hasDependence)
            return false;
        if (hasShift)
            return followShift(op);
        return !hasDependence || followDependence(op);
    }

    bool followShift(const Op& op)
    {
        const auto isShiftOrConstant = [&](ValueId id) { return isShift(id) || isConstant(id); };
        const bool isRowwise = op.kind == OpKind::kMaximum || op.kind == OpKind::kMinimum ||
                               op.kind == OpKind::kSelect || op.kind == OpKind::kIsFinite;
        if ((isRowwise && std::ranges::all_of(op.operands, isShiftOrConstant)) ||
            (op.operands.size() == 1 && keepsRows(op))) {
            setShift(op);
            return true;
        }
        if (op.kind != OpKind::kSubtract || isShift(op.operands[0]) ||
            dims(op.results[0]) != rows_.full)
            return false;
        set(op, {.isSummand = true, .degree = 0});
        return true;
    }

    bool followDependence(const Op& op)
    {
        const std::optional<Dependence> first = dependence(op.operands[0]);
        if (op.kind == OpKind::kReduce)
            return followReduce(op, *first);
        if (op.operands.size() == 1) {
            if (op.kind == OpKind::kExp && first->isSummand)
                set(op, {.isSummand = false, .degree = 1});
            else if (op.kind == OpKind::kLog &&
                     *first == Dependence{.isSummand = false, .degree = 1})
                set(op, {.isSummand = true, .degree = 0});
            else if (keepsRows(op) || (op.kind == OpKind::kNegate && !first->isSummand))
                set(op, *first);
            else
                return false;
            return true;
        }
        return op.operands.size() == 2 && followBinary(op, first, dependence(op.operands[1]));
    }

    bool followReduce(const Op& op, const Dependence& first)
    {
        const auto& reduce = std::get<ReduceAttributes>(op.attributes);
        std::vector<int> reduced = reduce.dims;
        std::ranges::sort(reduced);
        if (dims(op.operands[0]) != rows_.full || reduced != rows_.dims ||
            reduce.kind != ReduceKind::kAdd || first.isSummand)
            return false;
        set(op, first);
        return true;
    }

    /// Operands of one shape, and rows in the same places.
    bool followBinary(const Op& op, const std::optional<Dependence>& x,
                      const std::optional<Dependence>& y)
    {
        const bool isEitherSummand = (x && x->isSummand) || (y && y->isSummand);
        if (op.kind == OpKind::kSubtract || op.kind == OpKind::kAdd) {
            if (x && y && *x == *y && !(isEitherSummand && op.kind == OpKind::kAdd))
                set(op, isEitherSummand ? Dependence{} : *x);
            else if (isEitherSummand && !y)
                set(op, *x);
            else if (isEitherSummand && !x && op.kind == OpKind::kAdd)
                set(op, *y);
            else
                return false;
            return true;
        }
        if (isEitherSummand || (op.kind != OpKind::kMultiply && op.kind != OpKind::kDivide))
            return false;
        const int sign = op.kind == OpKind::kMultiply ? 1 : -1;
        set(op, {.isSummand = false, .degree = (x ? x->degree : 0) + sign * (y ? y->degree : 0)});
        return true;
    }
};

} // namespace

std::vector<bool> shiftOnlyExtrema(const Graph& graph, const std::vector<bool>& isBehindLoss)
{
    std::vector<bool> isShiftOnly(graph.ops.size(), false);
    const std::vector<std::vector<OpId>> users = valueUsers(graph);
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        const auto* reduce = std::get_if<ReduceAttributes>(&op.attributes);
        if (!isBehindLoss[i] || reduce == nullptr ||
            (reduce->kind != ReduceKind::kMaximum && reduce->kind != ReduceKind::kMinimum))
            continue;
        isShiftOnly[i] = ShiftProof(graph, users, isBehindLoss, i).holds();
    }
    return isShiftOnly;
}

} // namespace alpa
