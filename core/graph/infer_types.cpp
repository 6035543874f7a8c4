#include "core/graph/infer_types.h"

#include "core/graph/infer_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{

Error inferenceError(OpKind kind, const std::string& message)
{
    return Error(ErrorCode::kInvalidInput, fmt::format("{}: {}", opKindName(kind), message));
}

Status checkDims(OpKind kind, std::span<const int> dims, int rank, const char* what)
{
    for (size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] < 0 || dims[i] >= rank)
            return inferenceError(
                kind, fmt::format("{} has dimension {}, but the rank is {}", what, dims[i], rank));
        if (std::find(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(i), dims[i]) !=
            dims.begin() + static_cast<std::ptrdiff_t>(i))
            return inferenceError(kind, fmt::format("{} has dimension {} twice", what, dims[i]));
    }
    return {};
}

bool isSorted(std::span<const int> dims)
{
    return std::ranges::adjacent_find(dims, std::greater_equal<>()) == dims.end();
}

bool contains(std::span<const int> dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

Status checkLength(OpKind kind, size_t length, int rank, const char* what)
{
    if (length == static_cast<size_t>(rank))
        return {};
    return inferenceError(kind, fmt::format("{} has {} entries, expected {}", what, length, rank));
}

namespace
{

Status checkOperandCount(OpKind kind, const Types& operands, size_t expected)
{
    if (operands.size() == expected)
        return {};
    return inferenceError(kind, fmt::format("{} operands, expected {}", operands.size(), expected));
}

Error differingTypes(OpKind kind, const TensorType& a, const TensorType& b)
{
    return inferenceError(
        kind, fmt::format("operand types {} and {} do not match", formatType(a), formatType(b)));
}

Result<TensorType> needDeclared(OpKind kind, const std::optional<TensorType>& declared)
{
    if (!declared)
        return inferenceError(kind, "needs a declared result type");
    for (const int64_t dim : declared->dims) {
        if (dim < 0 || dim > kLargestDim)
            return inferenceError(kind,
                                  fmt::format("dimension {} is out of range, at most 2^40", dim));
    }
    return *declared;
}

bool needsFloating(OpKind kind)
{
    constexpr OpKind kKinds[] = {
        OpKind::kCeil,  OpKind::kCosine,   OpKind::kErf,  OpKind::kExp,   OpKind::kExpm1,
        OpKind::kFloor, OpKind::kIsFinite, OpKind::kLog,  OpKind::kLog1p, OpKind::kLogistic,
        OpKind::kRound, OpKind::kRsqrt,    OpKind::kSine, OpKind::kSqrt,  OpKind::kTanh};
    return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

bool isShift(OpKind kind)
{
    return kind == OpKind::kShiftLeft || kind == OpKind::kShiftRightArithmetic ||
           kind == OpKind::kShiftRightLogical;
}

bool isLogical(OpKind kind)
{
    return kind == OpKind::kAnd || kind == OpKind::kOr || kind == OpKind::kXor ||
           kind == OpKind::kNot || isShift(kind) || kind == OpKind::kPopulationCount;
}

Result<Types> inferUnary(OpKind kind, const Types& operands,
                         const std::optional<TensorType>& declared)
{
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 1));
    TensorType type = operands[0];
    if (needsFloating(kind) && !isFloating(type.dtype))
        return inferenceError(kind, "the operand is not floating-point, got " + formatType(type));
    if (isLogical(kind) && isFloating(type.dtype))
        return inferenceError(kind, "the operand is floating-point, got " + formatType(type));
    if (kind == OpKind::kConvert) {
        ASSIGN_OR_RETURN(const TensorType target, needDeclared(kind, declared));
        type.dtype = target.dtype;
    }
    if (kind == OpKind::kBitcast) {
        ASSIGN_OR_RETURN(const TensorType target, needDeclared(kind, declared));
        if (dtypeBytes(target.dtype) != dtypeBytes(type.dtype) ||
            (target.dtype == DType::kPred) != (type.dtype == DType::kPred))
            return inferenceError(kind, "the elements differ in width, got " + formatType(type) +
                                            " and " + formatType(target));
        type.dtype = target.dtype;
    }
    if (kind == OpKind::kIsFinite)
        type.dtype = DType::kPred;
    return Types{type};
}

Result<Types> inferBinary(OpKind kind, const Types& operands)
{
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 2));
    if (operands[0] != operands[1])
        return differingTypes(kind, operands[0], operands[1]);
    TensorType type = operands[0];
    if (isLogical(kind) && isFloating(type.dtype))
        return inferenceError(kind, "the operands are floating-point, got " + formatType(type));
    if (kind == OpKind::kCompare)
        type.dtype = DType::kPred;
    return Types{type};
}

Result<Types> inferSelect(const Types& operands)
{
    RETURN_IF_ERROR(checkOperandCount(OpKind::kSelect, operands, 3));
    if (operands[1] != operands[2])
        return differingTypes(OpKind::kSelect, operands[1], operands[2]);
    if (operands[0].dtype != DType::kPred ||
        (operands[0].rank() != 0 && operands[0].dims != operands[1].dims))
        return differingTypes(OpKind::kSelect, operands[0], operands[1]);
    return Types{operands[1]};
}

Result<Types> inferClamp(const Types& operands)
{
    RETURN_IF_ERROR(checkOperandCount(OpKind::kClamp, operands, 3));
    for (const size_t bound : {size_t{0}, size_t{2}}) {
        if (operands[bound].dtype != operands[1].dtype ||
            (operands[bound].rank() != 0 && operands[bound].dims != operands[1].dims))
            return differingTypes(OpKind::kClamp, operands[bound], operands[1]);
    }
    return Types{operands[1]};
}

Result<Types> inferConstant(const ConstantAttributes& attributes, const Types& operands,
                            const std::optional<TensorType>& declared)
{
    RETURN_IF_ERROR(checkOperandCount(OpKind::kConstant, operands, 0));
    ASSIGN_OR_RETURN(const TensorType type, needDeclared(OpKind::kConstant, declared));
    if (attributes.values.size() != 1 &&
        static_cast<int64_t>(attributes.values.size()) != type.elementCount())
        return inferenceError(
            OpKind::kConstant,
            fmt::format("{} values for {}", attributes.values.size(), formatType(type)));
    return Types{type};
}

Result<Types> inferIota(const IotaAttributes& attributes, const Types& operands,
                        const std::optional<TensorType>& declared)
{
    RETURN_IF_ERROR(checkOperandCount(OpKind::kIota, operands, 0));
    ASSIGN_OR_RETURN(const TensorType type, needDeclared(OpKind::kIota, declared));
    const int dims[] = {attributes.dim};
    RETURN_IF_ERROR(checkDims(OpKind::kIota, dims, type.rank(), "dim"));
    return Types{type};
}

Result<Types> inferBroadcast(const DimsAttributes& attributes, const Types& operands,
                             const std::optional<TensorType>& declared)
{
    const OpKind kind = OpKind::kBroadcast;
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 1));
    ASSIGN_OR_RETURN(const TensorType type, needDeclared(kind, declared));
    const TensorType& operand = operands[0];
    RETURN_IF_ERROR(checkLength(kind, attributes.dims.size(), operand.rank(), "dims"));
    RETURN_IF_ERROR(checkDims(kind, attributes.dims, type.rank(), "dims"));
    if (operand.dtype != type.dtype)
        return differingTypes(kind, operand, type);
    for (size_t i = 0; i < attributes.dims.size(); ++i) {
        const int64_t target = type.dims[static_cast<size_t>(attributes.dims[i])];
        if (operand.dims[i] != target && operand.dims[i] != 1)
            return inferenceError(kind,
                                  fmt::format("size {} cannot become {}", operand.dims[i], target));
    }
    return Types{type};
}

Result<Types> inferReshape(const Types& operands, const std::optional<TensorType>& declared)
{
    RETURN_IF_ERROR(checkOperandCount(OpKind::kReshape, operands, 1));
    ASSIGN_OR_RETURN(const TensorType type, needDeclared(OpKind::kReshape, declared));
    if (operands[0].dtype != type.dtype || operands[0].elementCount() != type.elementCount())
        return differingTypes(OpKind::kReshape, operands[0], type);
    return Types{type};
}

Result<Types> inferConcatenate(const ConcatenateAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kConcatenate;
    if (operands.empty())
        return inferenceError(kind, "no operands");
    TensorType type = operands[0];
    const int dims[] = {attributes.dim};
    RETURN_IF_ERROR(checkDims(kind, dims, type.rank(), "dim"));
    const auto joined = static_cast<size_t>(attributes.dim);
    type.dims[joined] = 0;
    for (const TensorType& operand : operands) {
        TensorType rest = operand;
        if (rest.rank() != type.rank())
            return differingTypes(kind, operands[0], operand);
        rest.dims[joined] = type.dims[joined];
        if (rest != type)
            return differingTypes(kind, operands[0], operand);
        type.dims[joined] += operand.dims[joined];
        if (type.dims[joined] > kLargestDim)
            return inferenceError(kind, "the result is larger than 2^40");
    }
    return Types{type};
}

Status checkStarts(OpKind kind, const Types& operands, size_t first)
{
    RETURN_IF_ERROR(
        checkOperandCount(kind, operands, first + static_cast<size_t>(operands[0].rank())));
    for (size_t i = first; i < operands.size(); ++i) {
        if (operands[i].rank() != 0 || isFloating(operands[i].dtype))
            return inferenceError(kind, "start indices must be integer scalars, got " +
                                            formatType(operands[i]));
    }
    return {};
}

Result<Types> inferDynamicSlice(const DynamicSliceAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kDynamicSlice;
    if (operands.empty())
        return inferenceError(kind, "no operands");
    TensorType type = operands[0];
    RETURN_IF_ERROR(checkStarts(kind, operands, 1));
    RETURN_IF_ERROR(checkLength(kind, attributes.sizes.size(), type.rank(), "sizes"));
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        if (attributes.sizes[dim] < 0 || attributes.sizes[dim] > type.dims[dim])
            return inferenceError(kind, fmt::format("size {} of a dimension of {}",
                                                    attributes.sizes[dim], type.dims[dim]));
    }
    type.dims = attributes.sizes;
    return Types{type};
}

Result<Types> inferDynamicUpdateSlice(const Types& operands)
{
    const OpKind kind = OpKind::kDynamicUpdateSlice;
    if (operands.size() < 2)
        return inferenceError(kind, "expected a tensor, an update and starts");
    RETURN_IF_ERROR(checkStarts(kind, operands, 2));
    const TensorType& tensor = operands[0];
    const TensorType& update = operands[1];
    bool fits = update.dtype == tensor.dtype && update.rank() == tensor.rank();
    for (size_t dim = 0; fits && dim < tensor.dims.size(); ++dim)
        fits = update.dims[dim] <= tensor.dims[dim];
    if (!fits)
        return differingTypes(kind, tensor, update);
    return Types{tensor};
}

Result<Types> inferPad(const PadAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kPad;
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 2));
    TensorType type = operands[0];
    if (operands[1].rank() != 0 || operands[1].dtype != type.dtype)
        return differingTypes(kind, operands[0], operands[1]);
    RETURN_IF_ERROR(checkLength(kind, attributes.low.size(), type.rank(), "low"));
    RETURN_IF_ERROR(checkLength(kind, attributes.high.size(), type.rank(), "high"));
    RETURN_IF_ERROR(checkLength(kind, attributes.interior.size(), type.rank(), "interior"));
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        const int64_t low = attributes.low[dim];
        const int64_t high = attributes.high[dim];
        const int64_t interior = attributes.interior[dim];
        int64_t size = std::max<int64_t>(type.dims[dim] - 1, 0);
        const bool isOverflow =
            std::abs(std::clamp(low, -kLargestDim - 1, kLargestDim + 1)) > kLargestDim ||
            std::abs(std::clamp(high, -kLargestDim - 1, kLargestDim + 1)) > kLargestDim ||
            interior < 0 || __builtin_mul_overflow(size, interior, &size) || size > kLargestDim;
        size += type.dims[dim];
        if (isOverflow || size + low + high < 0 || size + low + high > kLargestDim)
            return inferenceError(kind, fmt::format("padding {}, {}, {} does not fit size {}", low,
                                                    high, interior, type.dims[dim]));
        type.dims[dim] = size + low + high;
    }
    return Types{type};
}

Result<Types> inferSlice(const SliceAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kSlice;
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 1));
    TensorType type = operands[0];
    RETURN_IF_ERROR(checkLength(kind, attributes.starts.size(), type.rank(), "starts"));
    RETURN_IF_ERROR(checkLength(kind, attributes.limits.size(), type.rank(), "limits"));
    RETURN_IF_ERROR(checkLength(kind, attributes.strides.size(), type.rank(), "strides"));
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        const int64_t start = attributes.starts[dim];
        const int64_t limit = attributes.limits[dim];
        const int64_t stride = attributes.strides[dim];
        if (start < 0 || start > limit || limit > type.dims[dim] || stride < 1)
            return inferenceError(kind, fmt::format("{}:{}:{} does not fit size {}", start, limit,
                                                    stride, type.dims[dim]));
        type.dims[dim] = limit == start ? 0 : (limit - start - 1) / stride + 1;
    }
    return Types{type};
}

Result<Types> inferReorder(OpKind kind, const DimsAttributes& attributes, const Types& operands)
{
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 1));
    TensorType type = operands[0];
    RETURN_IF_ERROR(checkDims(kind, attributes.dims, type.rank(), "dims"));
    if (kind == OpKind::kReverse)
        return Types{type};
    RETURN_IF_ERROR(checkLength(kind, attributes.dims.size(), type.rank(), "dims"));
    for (size_t dim = 0; dim < type.dims.size(); ++dim)
        type.dims[dim] = operands[0].dims[static_cast<size_t>(attributes.dims[dim])];
    return Types{type};
}

Result<Types> inferReduce(const ReduceAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kReduce;
    RETURN_IF_ERROR(checkOperandCount(kind, operands, 1));
    const TensorType& operand = operands[0];
    RETURN_IF_ERROR(checkDims(kind, attributes.dims, operand.rank(), "dims"));
    const bool isLogicalKind =
        attributes.kind == ReduceKind::kAnd || attributes.kind == ReduceKind::kOr;
    if (isLogicalKind && isFloating(operand.dtype))
        return inferenceError(kind, "and/or of floating-point " + formatType(operand));
    TensorType type{operand.dtype, {}};
    for (int dim = 0; dim < operand.rank(); ++dim) {
        if (!contains(attributes.dims, dim))
            type.dims.push_back(operand.dims[static_cast<size_t>(dim)]);
    }
    return Types{type};
}

Result<Types> inferSort(const SortAttributes& attributes, const Types& operands)
{
    const OpKind kind = OpKind::kSort;
    if (operands.empty())
        return inferenceError(kind, "no operands");
    const int dims[] = {attributes.dim};
    RETURN_IF_ERROR(checkDims(kind, dims, operands[0].rank(), "dim"));
    for (const TensorType& operand : operands) {
        if (operand.dims != operands[0].dims)
            return differingTypes(kind, operands[0], operand);
    }
    return operands;
}

Result<Types> inferIrregular(OpKind kind, const Attributes& attributes, const Types& operands,
                             const std::optional<TensorType>& declared)
{
// The kinds that inferTypes does not take as element-wise.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (kind) {
    case OpKind::kConstant:
        return inferConstant(std::get<ConstantAttributes>(attributes), operands, declared);
    case OpKind::kIota:
        return inferIota(std::get<IotaAttributes>(attributes), operands, declared);
    case OpKind::kBroadcast:
        return inferBroadcast(std::get<DimsAttributes>(attributes), operands, declared);
    case OpKind::kConcatenate:
        return inferConcatenate(std::get<ConcatenateAttributes>(attributes), operands);
    case OpKind::kDynamicSlice:
        return inferDynamicSlice(std::get<DynamicSliceAttributes>(attributes), operands);
    case OpKind::kDynamicUpdateSlice:
        return inferDynamicUpdateSlice(operands);
    case OpKind::kPad:
        return inferPad(std::get<PadAttributes>(attributes), operands);
    case OpKind::kReshape:
        return inferReshape(operands, declared);
    case OpKind::kReverse:
    case OpKind::kTranspose:
        return inferReorder(kind, std::get<DimsAttributes>(attributes), operands);
    case OpKind::kSlice:
        return inferSlice(std::get<SliceAttributes>(attributes), operands);
    case OpKind::kConvolution:
        return inferConvolution(std::get<ConvolutionAttributes>(attributes), operands, declared);
    case OpKind::kDot:
        return inferDot(std::get<DotAttributes>(attributes), operands, declared);
    case OpKind::kGather:
        return inferGather(std::get<GatherAttributes>(attributes), operands);
    case OpKind::kReduce:
        return inferReduce(std::get<ReduceAttributes>(attributes), operands);
    case OpKind::kReduceWindow:
        return inferReduceWindow(std::get<ReduceWindowAttributes>(attributes), operands);
    case OpKind::kScatter:
        return inferScatter(std::get<ScatterAttributes>(attributes), operands);
    case OpKind::kSelectAndScatter:
        return inferSelectAndScatter(std::get<ReduceWindowAttributes>(attributes), operands);
    case OpKind::kSort:
        return inferSort(std::get<SortAttributes>(attributes), operands);
    default:
        break;
    }
#pragma GCC diagnostic pop
    ASSIGN_OR_RETURN(TensorType type, needDeclared(kind, declared));
    return Types{std::move(type)};
}

} // namespace

Result<std::vector<TensorType>> inferTypes(OpKind kind, const Attributes& attributes,
                                           const std::vector<TensorType>& operands,
                                           const std::optional<TensorType>& declared)
{
    if (kind != OpKind::kDynamicUpdateSlice &&
        attributes.index() != defaultAttributes(kind).index())
        return inferenceError(kind, "carries the attributes of another kind");
    for (const TensorType& operand : operands) {
        for (const int64_t dim : operand.dims) {
            if (dim < 0 || dim > kLargestDim)
                return inferenceError(
                    kind, fmt::format("operand dimension {} is out of range, at most 2^40", dim));
        }
    }
    if (kind == OpKind::kSelect)
        return inferSelect(operands);
    if (kind == OpKind::kClamp)
        return inferClamp(operands);
    if (kind <= OpKind::kTanh || kind == OpKind::kAccumulate)
        return inferUnary(kind, operands, declared);
    if (isElementwise(kind))
        return inferBinary(kind, operands);
    return inferIrregular(kind, attributes, operands, declared);
}

Result<std::vector<TensorType>> inferTypes(const Graph& graph, const Op& op)
{
    Types operands;
    operands.reserve(op.operands.size());
    for (const ValueId operand : op.operands)
        operands.push_back(graph.type(operand));
    std::optional<TensorType> declared;
    if (!op.results.empty())
        declared = graph.type(op.results[0]);
    return inferTypes(op.kind, op.attributes, operands, declared);
}

} // namespace alpa
