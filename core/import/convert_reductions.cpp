// Reductions, windows and sorting: operations with a small computation inside.
#include "core/import/attribute_access.h"
#include "core/import/op_converter.h"
#include "core/import/stablehlo_indexing.h"

#include <algorithm>
#include <array>

namespace alpa
{

/// A reduction begins from `init`; ours begins from the identity, so any other init is combined
/// afterwards.
void OpConverter::finishFromInit(ReduceKind kind, ValueId reduced, ValueId init)
{
    if (problem_ || constantValue(init) == identityOf(kind, graph_.type(init).dtype))
        return;
    const TensorType type = graph_.type(reduced);
    if (graph_.type(init).rank() != 0 || graph_.type(init).dtype != type.dtype)
        return invalid("the initial value is not a scalar of the operand's element type");
    ValueId start = init;
    if (type.rank() > 0)
        start = emit(OpKind::kBroadcast, {init}, DimsAttributes{}, type);
    constexpr OpKind kCombiners[] = {OpKind::kAdd,     OpKind::kMultiply, OpKind::kMaximum,
                                     OpKind::kMinimum, OpKind::kAnd,      OpKind::kOr};
    emit(kCombiners[static_cast<size_t>(kind)], {start, reduced}, {}, type);
}

void OpConverter::convertReduce()
{
    const auto dims = dimensions(syntax_.find("dimensions"));
    if (!dims)
        return missing("dimensions");
    if (op_.operands.size() % 2 != 0 || op_.operands.empty())
        return invalid("expected operands and as many initial values");
    const size_t count = op_.operands.size() / 2;
    if (count > 1)
        return convertReduceOfSeveral(*dims);
    const auto kind = combinerOf(0, 1);
    if (!kind)
        return unsupported("it does not combine by add, multiply, maximum, minimum, and, or");
    const ValueId reduced =
        emit(OpKind::kReduce, {op_.operands[0]}, ReduceAttributes{*kind, *dims}, declared());
    finishFromInit(*kind, reduced, op_.operands[1]);
}

/// How the region combines operand `at` of `count` operands that are reduced independently.
std::optional<ReduceKind> OpConverter::combinerOf(size_t at, size_t count) const
{
    if (const MlirAttribute* applied = syntax_.find("applies"))
        return reduceKindOf(applied->text);
    if (syntax_.regions.size() != 1 || syntax_.regions[0].arguments.size() != 2 * count)
        return std::nullopt;
    const MlirRegion& whole = syntax_.regions[0];
    if (count == 1) {
        const auto kind = reduceKindOf(combinerName(whole));
        return kind ? kind : extremumOf(whole);
    }
    if (whole.ops.empty() || whole.ops.back().operands.size() != count)
        return std::nullopt;
    // The region of this operand alone: its two arguments, and the operation that is returned.
    MlirRegion own;
    own.arguments = {whole.arguments[at], whole.arguments[count + at]};
    MlirOp last = whole.ops.back();
    last.operands = {last.operands[at]};
    for (const MlirOp& op : whole.ops) {
        if (op.results.size() == 1 && op.results[0].name == last.operands[0].name)
            own.ops.push_back(op);
    }
    own.ops.push_back(last);
    return reduceKindOf(combinerName(own));
}

/// Several tensors at once are either independent of each other, or keys with their indices (the
/// place of the largest element). The latter is a reduction of the keys, and one of the indices of
/// the keys that equal it.
void OpConverter::convertReduceOfSeveral(const std::vector<int>& dims)
{
    const size_t count = op_.operands.size() / 2;
    if (op_.resultTypes.size() != count)
        return invalid(
            fmt::format("{} results are declared, expected {}", op_.resultTypes.size(), count));
    const auto place = count == 2 && syntax_.regions.size() == 1
                           ? indexedExtremumOf(syntax_.regions[0])
                           : std::nullopt;
    if (place)
        return convertIndexedExtremum(*place, dims);
    Values results;
    for (size_t at = 0; at < count; ++at) {
        const auto kind = combinerOf(at, count);
        if (!kind)
            return unsupported("a reduction of several tensors that is not the place of the "
                               "largest or smallest element");
        const TensorType& type = op_.resultTypes[at];
        const ValueId reduced =
            emit(OpKind::kReduce, {op_.operands[at]}, ReduceAttributes{*kind, dims}, type);
        finishFromInit(*kind, reduced, op_.operands[count + at]);
        if (problem_)
            return;
        results.push_back(results_.front());
    }
    results_ = std::move(results);
}

void OpConverter::convertIndexedExtremum(const IndexedExtremum& place, const std::vector<int>& dims)
{
    const ValueId keys = op_.operands[place.key];
    const ValueId indices = op_.operands[1 - place.key];
    const TensorType keyType = graph_.type(keys);
    const TensorType indexType = graph_.type(indices);
    const ReduceKind best = place.isLargest ? ReduceKind::kMaximum : ReduceKind::kMinimum;
    const ReduceKind choice = place.takesLast ? ReduceKind::kMaximum : ReduceKind::kMinimum;
    if (keyType.dims != indexType.dims)
        return invalid("the keys and the indices differ in shape");
    if (constantValue(op_.operands[2 + place.key]) != identityOf(best, keyType.dtype))
        return unsupported("its initial value is not the identity of its combiner");
    const ValueId extreme =
        emit(OpKind::kReduce, {keys}, ReduceAttributes{best, dims}, op_.resultTypes[place.key]);
    DimsAttributes kept;
    for (int dim = 0; dim < keyType.rank(); ++dim) {
        if (std::find(dims.begin(), dims.end(), dim) == dims.end())
            kept.dims.push_back(dim);
    }
    const ValueId spread = emit(OpKind::kBroadcast, {extreme}, std::move(kept), keyType);
    const TensorType mask{DType::kPred, keyType.dims};
    ValueId isBest =
        emit(OpKind::kCompare, {keys, spread}, CompareAttributes{CompareDirection::kEq}, mask);
    if (isFloating(keyType.dtype)) { // NaN wins, and equals nothing.
        const ValueId isNan =
            emit(OpKind::kCompare, {keys, keys}, CompareAttributes{CompareDirection::kNe}, mask);
        isBest = emit(OpKind::kOr, {isBest, isNan}, {}, mask);
    }
    const ValueId none = splat(identityOf(choice, indexType.dtype), indexType);
    const ValueId candidates = emit(OpKind::kSelect, {isBest, indices, none}, {}, indexType);
    const ValueId index = emit(OpKind::kReduce, {candidates}, ReduceAttributes{choice, dims},
                               op_.resultTypes[1 - place.key]);
    results_ = place.key == 0 ? Values{extreme, index} : Values{index, extreme};
}

void OpConverter::convertReduceWindow()
{
    if (op_.operands.size() != 2)
        return unsupported("a windowed reduction of several tensors at once");
    const auto window = readWindow(syntax_, graph_.type(op_.operands[0]).rank());
    if (!window)
        return missing("window_dimensions");
    if (window->hasDilation)
        return unsupported("a dilated window");
    ReduceWindowAttributes attributes = window->attributes;
    const auto kind = combinerOf(0, 1);
    if (!kind)
        return unsupported("it does not combine by add, multiply, maximum, minimum, and, or");
    // The initial value also fills the padding; only the identity leaves both to us.
    if (constantValue(op_.operands[1]) != identityOf(*kind, graph_.type(op_.operands[1]).dtype))
        return unsupported("its initial value is not the identity of its combiner");
    attributes.kind = *kind;
    finish(OpKind::kReduceWindow, {op_.operands[0]}, std::move(attributes));
}

void OpConverter::convertSelectAndScatter()
{
    if (!hasOperands(3))
        return;
    const auto window = readWindow(syntax_, graph_.type(op_.operands[0]).rank());
    if (!window)
        return missing("window_dimensions");
    if (syntax_.regions.size() != 2)
        return missing("select and scatter computations");
    // Of equal elements the first is kept, which is what GE and LE (selected, candidate) say and GT
    // and LT do not.
    const auto selects = [&](double selected, double candidate) {
        const auto result =
            evaluateScalarRegion(syntax_.regions[0], std::array{selected, candidate});
        return result && result->size() == 1 ? std::optional(result->front() != 0) : std::nullopt;
    };
    const bool isLargest = selects(2, 1) == true && selects(1, 2) == false && selects(1, 1) == true;
    const bool isSmallest =
        selects(2, 1) == false && selects(1, 2) == true && selects(1, 1) == true;
    const bool adds = reduceKindOf(combinerName(syntax_.regions[1])) == ReduceKind::kAdd;
    if ((!isLargest && !isSmallest) || !adds || constantValue(op_.operands[2]) != 0.0)
        return unsupported("it does not add to the largest or smallest element of each window");
    ReduceWindowAttributes attributes = window->attributes;
    attributes.kind = isLargest ? ReduceKind::kMaximum : ReduceKind::kMinimum;
    finish(OpKind::kSelectAndScatter, {op_.operands[0], op_.operands[1]}, std::move(attributes));
}

void OpConverter::convertSort()
{
    const auto dim = dimensions(syntax_.find("dimension"));
    if (!dim || dim->size() != 1)
        return missing("dimension");
    if (syntax_.regions.size() != 1 ||
        syntax_.regions[0].arguments.size() != 2 * op_.operands.size())
        return missing("comparator");
    const std::optional<bool> isDescending = isDescendingOrder(syntax_.regions[0]);
    if (!isDescending)
        return unsupported("its order is not by less or greater of the first tensor");
    finish(OpKind::kSort, op_.operands, SortAttributes{dim->front(), *isDescending});
}

/// The k largest elements along the last dimension and their places: the first k of a sort.
void OpConverter::convertTopK()
{
    const auto k = integer(syntax_.find("k"));
    if (!hasOperands(1))
        return;
    const TensorType type = graph_.type(op_.operands[0]);
    if (!k || type.rank() == 0 || op_.resultTypes.size() != 2)
        return missing("k");
    const int dim = type.rank() - 1;
    if (*k < 0 || *k > type.dims.back())
        return invalid(
            fmt::format("k is {}, but the dimension has {} elements", *k, type.dims.back()));
    const TensorType indexType{op_.resultTypes[1].dtype, type.dims};
    const ValueId places = emit(OpKind::kIota, {}, IotaAttributes{dim}, indexType);
    emit(OpKind::kSort, {op_.operands[0], places}, SortAttributes{dim, true}, type);
    if (problem_)
        return;
    const Values sorted = results_;
    SliceAttributes first{std::vector<int64_t>(type.dims.size(), 0), type.dims,
                          std::vector<int64_t>(type.dims.size(), 1)};
    first.limits.back() = *k;
    const ValueId values = emit(OpKind::kSlice, {sorted[0]}, first, op_.resultTypes[0]);
    const ValueId indices = emit(OpKind::kSlice, {sorted[1]}, first, op_.resultTypes[1]);
    results_ = {values, indices};
}

} // namespace alpa
