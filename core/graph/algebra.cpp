// Ops that equal one of their operands, and chains of shape ops.
#include "core/graph/simplify_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace alpa
{
namespace
{

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The number which leaves the other operand as it is, on the right side and (when commutative) on
/// the left.
struct Neutral {
    double number;
    bool isCommutative;
};

std::optional<Neutral> neutralOf(OpKind kind, DType dtype)
{
// Only kinds with a neutral element are listed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (kind) {
    case OpKind::kAdd:
        return Neutral{0, true};
    case OpKind::kSubtract:
        return Neutral{0, false};
    case OpKind::kMultiply:
        return Neutral{1, true};
    case OpKind::kDivide:
    case OpKind::kPower:
        return Neutral{1, false};
    case OpKind::kMaximum:
        return isFloating(dtype) ? std::optional(Neutral{-kInfinity, true}) : std::nullopt;
    case OpKind::kMinimum:
        return isFloating(dtype) ? std::optional(Neutral{kInfinity, true}) : std::nullopt;
    case OpKind::kAnd:
        return dtype == DType::kPred ? std::optional(Neutral{1, true}) : std::nullopt;
    case OpKind::kOr:
        return Neutral{0, true};
    default:
        return std::nullopt;
    }
#pragma GCC diagnostic pop
}

bool isIdentity(const std::vector<int>& dims)
{
    for (size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] != static_cast<int>(i))
            return false;
    }
    return true;
}

/// Are all reversed dimensions of size 1?
bool reversesNothing(const std::vector<int>& dims, const TensorType& type)
{
    return std::ranges::all_of(dims,
                               [&](int dim) { return type.dims[static_cast<size_t>(dim)] == 1; });
}

/// Is `op`, whose result has the type of its operand, without effect?
bool keepsItsOperand(const Graph& graph, const Op& op)
{
// Only kinds that may keep their operand are listed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (op.kind) {
    case OpKind::kReshape:
    case OpKind::kConcatenate:
    case OpKind::kDynamicSlice: // A slice of everything starts at 0, as starts are clamped.
    case OpKind::kSlice:
        return op.kind != OpKind::kConcatenate || op.operands.size() == 1;
    case OpKind::kBroadcast:
    case OpKind::kTranspose:
        return isIdentity(std::get<DimsAttributes>(op.attributes).dims);
    case OpKind::kReverse:
        return reversesNothing(std::get<DimsAttributes>(op.attributes).dims,
                               graph.type(op.operands[0]));
    case OpKind::kReduce:
        return std::get<ReduceAttributes>(op.attributes).dims.empty();
    case OpKind::kPad: {
        const auto& pad = std::get<PadAttributes>(op.attributes);
        const auto isZero = [](int64_t amount) { return amount == 0; };
        return std::ranges::all_of(pad.low, isZero) && std::ranges::all_of(pad.high, isZero) &&
               std::ranges::all_of(pad.interior, isZero);
    }
    default:
        return false;
    }
#pragma GCC diagnostic pop
}

std::optional<ValueId> equalSelect(const Graph& graph, const Op& op)
{
    if (op.operands[1] == op.operands[2])
        return op.operands[1];
    if (const std::optional<double> predicate = splatOf(graph, op.operands[0]))
        return op.operands[*predicate != 0 ? 1 : 2];
    const bool isOwnPredicate = graph.type(op.operands[0]) == graph.type(op.results[0]) &&
                                splatOf(graph, op.operands[1]) == 1 &&
                                splatOf(graph, op.operands[2]) == 0;
    return isOwnPredicate ? std::optional(op.operands[0]) : std::nullopt;
}

/// A conversion to a wider floating-point type and back, which loses nothing.
std::optional<ValueId> equalConvert(const Graph& graph, const Op& op)
{
    const TensorType& wide = graph.type(op.operands[0]);
    const TensorType& type = graph.type(op.results[0]);
    if (wide == type)
        return op.operands[0];
    const OpId producer = graph.value(op.operands[0]).producer;
    if (!producer.isValid() || graph.op(producer).kind != OpKind::kConvert)
        return std::nullopt;
    const ValueId source = graph.op(producer).operands[0];
    const bool isExact = graph.type(source) == type && isFloating(type.dtype) &&
                         isFloating(wide.dtype) && dtypeBytes(wide.dtype) > dtypeBytes(type.dtype);
    return isExact ? std::optional(source) : std::nullopt;
}

/// The op that makes the first operand, when it is of the same kind.
const Op* sameKindProducer(const Graph& graph, const Op& op)
{
    const OpId producer = graph.value(op.operands[0]).producer;
    if (!producer.isValid() || graph.op(producer).kind != op.kind)
        return nullptr;
    return &graph.op(producer);
}

/// For a reshape that only inserts dimensions of size 1: where each dimension of its operand goes.
/// Nothing for others, and for operands with such dimensions of their own.
std::optional<std::vector<int>> insertedAround(const TensorType& operand, const TensorType& result)
{
    std::vector<int> places;
    for (int dim = 0; dim < result.rank(); ++dim) {
        const int64_t size = result.dims[static_cast<size_t>(dim)];
        if (size == 1)
            continue;
        if (places.size() == operand.dims.size() || operand.dims[places.size()] != size)
            return std::nullopt;
        places.push_back(dim);
    }
    return places.size() == operand.dims.size() ? std::optional(places) : std::nullopt;
}

/// A broadcast of a reshape that only inserts dimensions becomes a broadcast of the reshape's
/// operand.
void skipInsertedDims(const Graph& graph, Op& op)
{
    const OpId producer = graph.value(op.operands[0]).producer;
    if (!producer.isValid() || graph.op(producer).kind != OpKind::kReshape)
        return;
    const ValueId source = graph.op(producer).operands[0];
    std::optional<std::vector<int>> places =
        insertedAround(graph.type(source), graph.type(op.operands[0]));
    if (!places)
        return;
    const std::vector<int>& dims = std::get<DimsAttributes>(op.attributes).dims;
    for (int& place : *places)
        place = dims[static_cast<size_t>(place)];
    op.attributes = DimsAttributes{*std::move(places)};
    op.operands[0] = source;
}

/// A reduction over dimensions of size 1 only drops them.
void reshapeTrivialReduce(const Graph& graph, Op& op)
{
    const TensorType& operand = graph.type(op.operands[0]);
    if (!std::ranges::all_of(std::get<ReduceAttributes>(op.attributes).dims,
                             [&](int dim) { return operand.dims[static_cast<size_t>(dim)] == 1; }))
        return;
    op.kind = OpKind::kReshape;
    op.attributes = std::monostate{};
}

} // namespace

std::optional<ValueId> equalValue(const Graph& graph, const Op& op)
{
    if (op.results.size() != 1 || op.operands.empty())
        return std::nullopt;
    if (op.kind == OpKind::kSelect)
        return equalSelect(graph, op);
    if (op.kind == OpKind::kConvert)
        return equalConvert(graph, op);
    if (op.kind == OpKind::kNegate || op.kind == OpKind::kNot) {
        const Op* producer = sameKindProducer(graph, op);
        return producer ? std::optional(producer->operands[0]) : std::nullopt;
    }
    const TensorType& type = graph.type(op.results[0]);
    if (op.operands.size() == 2) {
        if (const std::optional<Neutral> neutral = neutralOf(op.kind, type.dtype)) {
            if (splatOf(graph, op.operands[1]) == neutral->number)
                return op.operands[0];
            if (neutral->isCommutative && splatOf(graph, op.operands[0]) == neutral->number)
                return op.operands[1];
            return std::nullopt;
        }
    }
    if (type == graph.type(op.operands[0]) && keepsItsOperand(graph, op))
        return op.operands[0];
    return std::nullopt;
}

void skipOperand(const Graph& graph, Op& op)
{
    if (op.kind == OpKind::kReduce)
        reshapeTrivialReduce(graph, op);
    const bool isChain = op.kind == OpKind::kReshape || op.kind == OpKind::kTranspose ||
                         op.kind == OpKind::kBroadcast;
    const Op* inner = isChain ? sameKindProducer(graph, op) : nullptr;
    if (inner == nullptr) {
        if (op.kind == OpKind::kBroadcast)
            skipInsertedDims(graph, op);
        return;
    }
    if (op.kind != OpKind::kReshape) {
        const std::vector<int>& outerDims = std::get<DimsAttributes>(op.attributes).dims;
        const std::vector<int>& innerDims = std::get<DimsAttributes>(inner->attributes).dims;
        // Transpose: result i is middle outer[i], which is operand inner[outer[i]]. Broadcast:
        // operand i is middle inner[i], which is result outer[inner[i]].
        const bool isTranspose = op.kind == OpKind::kTranspose;
        const std::vector<int>& first = isTranspose ? outerDims : innerDims;
        const std::vector<int>& second = isTranspose ? innerDims : outerDims;
        std::vector<int> dims;
        for (const int dim : first)
            dims.push_back(second[static_cast<size_t>(dim)]);
        op.attributes = DimsAttributes{std::move(dims)};
    }
    op.operands[0] = inner->operands[0];
    if (op.kind == OpKind::kBroadcast)
        skipInsertedDims(graph, op);
}

} // namespace alpa
