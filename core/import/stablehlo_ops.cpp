#include "core/import/stablehlo_ops.h"

#include "core/graph/infer_types.h"
#include "core/import/attribute_access.h"
#include "core/import/constant_values.h"
#include "core/import/known_scalars.h"
#include "core/import/stablehlo_indexing.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace alpa
{
namespace
{

using Values = std::vector<ValueId>;

/// Opaque ops keep this much of their text; the rest is in the file.
constexpr size_t kLongestOpaqueText = 2000;

/// Adds the ops of one operation. The first problem is kept; after it nothing more is added.
class OpConverter
{
public:
    OpConverter(Graph& graph, const StablehloOp& op)
        : graph_(graph)
        , op_(op)
        , syntax_(op.syntax)
    {
    }

    Conversion convert();

private:
    using Handler = void (OpConverter::*)();
    static const std::unordered_map<std::string_view, Handler>& handlers();
    static const std::unordered_map<std::string_view, OpKind>& elementwiseKinds();

    // Each makes results_ or a problem.
    void convertElementwise(OpKind kind);
    void convertBroadcast();
    void convertClamp() { finish(OpKind::kClamp, op_.operands); }
    void convertCompare();
    void convertConcatenate();
    void convertConstant();
    void convertConvolution();
    void convertCustomCall();
    void convertDot();
    void convertDotGeneral();
    void convertDynamicSlice();
    std::optional<SliceAttributes> staticSlice(const std::vector<int64_t>& sizes) const;
    void convertDynamicUpdateSlice() { finish(OpKind::kDynamicUpdateSlice, op_.operands); }
    void convertErfc();
    void convertGather();
    void convertIota();
    void convertPad();
    void convertReduce();
    void convertReduceWindow();
    void convertReshape() { finish(OpKind::kReshape, op_.operands); }
    void convertReverse() { convertDims(OpKind::kReverse, {"dims", "dimensions"}); }
    void convertScatter();
    void convertSelect() { finish(OpKind::kSelect, op_.operands); }
    void convertSelectAndScatter();
    void convertSlice();
    void convertSort();
    void convertSquare();
    void convertTan();
    void convertTranspose() { convertDims(OpKind::kTranspose, {"dims", "permutation"}); }
    void convertDims(OpKind kind, std::initializer_list<std::string_view> names);
    void convertWhile()
    {
        unsupported("the number of its iterations does not follow from constants");
    }
    void passOperands() { results_ = op_.operands; }

    ValueId emit(OpKind kind, const Values& operands, Attributes attributes,
                 const TensorType& declared);
    void finish(OpKind kind, const Values& operands, Attributes attributes = {});
    ValueId splat(double value, const TensorType& type);
    void finishFromInit(ReduceKind kind, ValueId reduced, ValueId init);
    std::optional<double> constantValue(ValueId id) const { return knownScalar(graph_, id); }
    const TensorType& declared() const { return op_.resultTypes.front(); }
    bool hasOperands(size_t count);
    void unsupported(std::string reason)
    {
        stop(Conversion::Outcome::kUnsupported, std::move(reason));
    }
    void invalid(std::string reason) { stop(Conversion::Outcome::kInvalid, std::move(reason)); }
    void missing(std::string_view attribute)
    {
        invalid(fmt::format("attribute '{}' is missing or malformed", attribute));
    }
    void stop(Conversion::Outcome outcome, std::string reason);

    Graph& graph_;
    const StablehloOp& op_;
    const MlirOp& syntax_;
    Values results_;
    std::optional<Conversion> problem_;
};

void OpConverter::stop(Conversion::Outcome outcome, std::string reason)
{
    if (!problem_)
        problem_ = Conversion{outcome, {}, std::move(reason)};
}

ValueId OpConverter::emit(OpKind kind, const Values& operands, Attributes attributes,
                          const TensorType& declaredType)
{
    if (problem_)
        return {};
    std::vector<TensorType> operandTypes;
    for (const ValueId operand : operands)
        operandTypes.push_back(graph_.type(operand));
    const Result<std::vector<TensorType>> types =
        inferTypes(kind, attributes, operandTypes, declaredType);
    if (!types) {
        invalid(types.error().message);
        return {};
    }
    Op op;
    op.kind = kind;
    op.phase = op_.phase;
    op.scope = op_.scope;
    op.sourceLine = op_.line;
    op.operands = operands;
    op.attributes = std::move(attributes);
    const OpId id = graph_.addOp(std::move(op), *types);
    results_ = graph_.op(id).results;
    return results_.front();
}

void OpConverter::finish(OpKind kind, const Values& operands, Attributes attributes)
{
    emit(kind, operands, std::move(attributes), declared());
}

ValueId OpConverter::splat(double value, const TensorType& type)
{
    return emit(OpKind::kConstant, {}, ConstantAttributes{{value}}, type);
}

bool OpConverter::hasOperands(size_t count)
{
    if (op_.operands.size() == count)
        return true;
    invalid(fmt::format("expected {} operands, got {}", count, op_.operands.size()));
    return false;
}

void OpConverter::convertElementwise(OpKind kind) { finish(kind, op_.operands); }

void OpConverter::convertBroadcast()
{
    if (syntax_.name.find("broadcast_in_dim") != std::string_view::npos) {
        convertDims(OpKind::kBroadcast, {"dims", "broadcast_dimensions"});
        return;
    }
    // stablehlo.broadcast puts its new dimensions in front.
    if (!hasOperands(1))
        return;
    const int rank = graph_.type(op_.operands[0]).rank();
    DimsAttributes attributes;
    for (int dim = declared().rank() - rank; dim < declared().rank(); ++dim)
        attributes.dims.push_back(dim);
    finish(OpKind::kBroadcast, op_.operands, std::move(attributes));
}

void OpConverter::convertDims(OpKind kind, std::initializer_list<std::string_view> names)
{
    const auto dims = dimensions(findAny(syntax_, names));
    if (!dims)
        return missing(*names.begin());
    finish(kind, op_.operands, DimsAttributes{*dims});
}

void OpConverter::convertCompare()
{
    const auto direction = compareDirectionOf(syntax_);
    if (!direction)
        return missing("comparison_direction");
    finish(OpKind::kCompare, op_.operands, CompareAttributes{*direction});
}

void OpConverter::convertConcatenate()
{
    const auto dim = dimensions(findAny(syntax_, {"dim", "dimension"}));
    if (!dim || dim->size() != 1)
        return missing("dim");
    finish(OpKind::kConcatenate, op_.operands, ConcatenateAttributes{dim->front()});
}

void OpConverter::convertConstant()
{
    const MlirAttribute* value = syntax_.find("value");
    if (value != nullptr && value->kind == MlirAttributeKind::kOther)
        return unsupported(
            "its values are not in the text; print with large constants written out");
    if (value == nullptr || value->kind != MlirAttributeKind::kDense)
        return missing("value");
    Result<std::vector<double>> values = parseDense(value->text, declared());
    if (!values)
        return invalid(values.error().message);
    finish(OpKind::kConstant, {}, ConstantAttributes{std::move(values).value()});
}

void OpConverter::convertCustomCall()
{
    const MlirAttribute* callee = findAny(syntax_, {"callee", "call_target_name"});
    const std::string_view target = callee == nullptr ? std::string_view() : callee->text;
    if (target == "Sharding" &&
        op_.operands.size() == 1) // GSPMD's way to annotate an intermediate value.
        return passOperands();
    unsupported("what a custom call computes is not in the file");
}

void OpConverter::convertDot()
{
    if (!hasOperands(2))
        return;
    DotAttributes attributes;
    attributes.lhsContracting = {graph_.type(op_.operands[0]).rank() - 1};
    attributes.rhsContracting = {0};
    finish(OpKind::kDot, op_.operands, std::move(attributes));
}

void OpConverter::convertDotGeneral()
{
    DotAttributes attributes;
    const auto readPair = [&](const MlirAttribute* pair, std::vector<int>& left,
                              std::vector<int>& right) {
        if (pair == nullptr)
            return true;
        if (pair->items.size() != 2)
            return false;
        const auto leftDims = dimensions(&pair->items[0]);
        const auto rightDims = dimensions(&pair->items[1]);
        left = leftDims.value_or(std::vector<int>());
        right = rightDims.value_or(std::vector<int>());
        return leftDims && rightDims;
    };
    const auto readOne = [](const MlirAttribute* list, std::vector<int>& dims) {
        const auto read = dimensions(list);
        dims = read.value_or(std::vector<int>());
        return list == nullptr || read;
    };
    if (const MlirAttribute* numbers = syntax_.find("dot_dimension_numbers")) {
        if (!readOne(numbers->find("lhs_batching_dimensions"), attributes.lhsBatch) ||
            !readOne(numbers->find("rhs_batching_dimensions"), attributes.rhsBatch) ||
            !readOne(numbers->find("lhs_contracting_dimensions"), attributes.lhsContracting) ||
            !readOne(numbers->find("rhs_contracting_dimensions"), attributes.rhsContracting))
            return missing("dot_dimension_numbers");
    } else if (!readPair(syntax_.find("batching_dims"), attributes.lhsBatch, attributes.rhsBatch) ||
               !readPair(syntax_.find("contracting_dims"), attributes.lhsContracting,
                         attributes.rhsContracting)) {
        return missing("contracting_dims");
    }
    finish(OpKind::kDot, op_.operands, std::move(attributes));
}

void OpConverter::convertConvolution()
{
    auto attributes = readConvolution(syntax_);
    if (!attributes)
        return missing("dim_numbers");
    finish(OpKind::kConvolution, op_.operands, std::move(*attributes));
}

void OpConverter::convertDynamicSlice()
{
    const auto sizes = integers(findAny(syntax_, {"sizes", "slice_sizes"}));
    if (!sizes)
        return missing("sizes");
    if (const auto slice = staticSlice(*sizes))
        return finish(OpKind::kSlice, {op_.operands[0]}, *slice);
    finish(OpKind::kDynamicSlice, op_.operands, DynamicSliceAttributes{*sizes});
}

/// A slice whose starts are known, clamped as at run time: what an unrolled loop takes out of its
/// stacked parameters.
std::optional<SliceAttributes> OpConverter::staticSlice(const std::vector<int64_t>& sizes) const
{
    if (op_.operands.size() != sizes.size() + 1)
        return std::nullopt;
    const TensorType& tensor = graph_.type(op_.operands[0]);
    if (tensor.dims.size() != sizes.size())
        return std::nullopt;
    SliceAttributes slice;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
        const auto start = constantValue(op_.operands[dim + 1]);
        if (!start || sizes[dim] < 0 || sizes[dim] > tensor.dims[dim])
            return std::nullopt;
        const auto last = static_cast<double>(tensor.dims[dim] - sizes[dim]);
        slice.starts.push_back(static_cast<int64_t>(std::clamp(*start, 0.0, last)));
        slice.limits.push_back(slice.starts.back() + sizes[dim]);
        slice.strides.push_back(1);
    }
    return slice;
}

void OpConverter::convertErfc()
{
    if (!hasOperands(1))
        return;
    const ValueId erf = emit(OpKind::kErf, op_.operands, {}, declared());
    const ValueId one = splat(1.0, declared());
    finish(OpKind::kSubtract, {one, erf});
}

void OpConverter::convertSquare()
{
    if (hasOperands(1))
        finish(OpKind::kMultiply, {op_.operands[0], op_.operands[0]});
}

void OpConverter::convertTan()
{
    if (!hasOperands(1))
        return;
    const ValueId sine = emit(OpKind::kSine, op_.operands, {}, declared());
    const ValueId cosine = emit(OpKind::kCosine, op_.operands, {}, declared());
    finish(OpKind::kDivide, {sine, cosine});
}

void OpConverter::convertGather()
{
    auto attributes = readGather(syntax_);
    if (!attributes)
        return missing("dimension_numbers");
    finish(OpKind::kGather, op_.operands, std::move(*attributes));
}

void OpConverter::convertScatter()
{
    auto attributes = readScatter(syntax_);
    if (!attributes)
        return missing("scatter_dimension_numbers");
    if (syntax_.regions.size() != 1)
        return missing("update computation");
    if (op_.operands.size() != 3)
        return unsupported("a scatter of several tensors at once");
    const std::string_view combiner = combinerName(syntax_.regions[0]);
    const auto kind = reduceKindOf(combiner);
    attributes->isReplace = combiner == "second";
    if (!kind && !attributes->isReplace)
        return unsupported("its update computation is not one of add, multiply, maximum, minimum, "
                           "and, or, replace");
    attributes->kind = kind.value_or(ReduceKind::kAdd);
    finish(OpKind::kScatter, op_.operands, std::move(*attributes));
}

void OpConverter::convertIota()
{
    const auto dim = dimensions(findAny(syntax_, {"dim", "iota_dimension"}));
    if (!dim || dim->size() != 1)
        return missing("dim");
    finish(OpKind::kIota, {}, IotaAttributes{dim->front()});
}

void OpConverter::convertPad()
{
    const auto low = integers(findAny(syntax_, {"low", "edge_padding_low"}));
    const auto high = integers(findAny(syntax_, {"high", "edge_padding_high"}));
    const auto interior = integers(findAny(syntax_, {"interior", "interior_padding"}));
    if (!low || !high || !interior)
        return missing("low, high, interior");
    finish(OpKind::kPad, op_.operands, PadAttributes{*low, *high, *interior});
}

void OpConverter::convertSlice()
{
    SliceAttributes attributes;
    if (const MlirAttribute* ranges = syntax_.find("ranges")) {
        for (const MlirAttribute& range : ranges->items) {
            const auto numbers = integers(&range);
            if (!numbers || numbers->size() < 2 || numbers->size() > 3)
                return missing("ranges start:limit:stride");
            attributes.starts.push_back((*numbers)[0]);
            attributes.limits.push_back((*numbers)[1]);
            attributes.strides.push_back(numbers->size() == 3 ? (*numbers)[2] : 1);
        }
    } else {
        const auto starts = integers(syntax_.find("start_indices"));
        const auto limits = integers(syntax_.find("limit_indices"));
        const auto strides = integers(syntax_.find("strides"));
        if (!starts || !limits || !strides)
            return missing("start_indices, limit_indices, strides");
        attributes = SliceAttributes{*starts, *limits, *strides};
    }
    finish(OpKind::kSlice, op_.operands, std::move(attributes));
}

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
    if (op_.operands.size() != 2)
        return op_.operands.size() % 2 != 0 || op_.operands.empty()
                   ? invalid("expected operands and as many initial values")
                   : unsupported("a reduction of several tensors at once");
    std::string_view combiner;
    if (const MlirAttribute* applied = syntax_.find("applies"))
        combiner = applied->text;
    else if (syntax_.regions.size() == 1)
        combiner = combinerName(syntax_.regions[0]);
    const auto kind = reduceKindOf(combiner);
    if (!kind)
        return unsupported("it does not combine by add, multiply, maximum, minimum, and, or");
    const ValueId reduced =
        emit(OpKind::kReduce, {op_.operands[0]}, ReduceAttributes{*kind, *dims}, declared());
    finishFromInit(*kind, reduced, op_.operands[1]);
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
    const auto kind = syntax_.regions.size() == 1 ? reduceKindOf(combinerName(syntax_.regions[0]))
                                                  : std::optional<ReduceKind>();
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
    const MlirRegion& select = syntax_.regions[0];
    const bool isByCompare = combinerName(select) == "stablehlo.compare" && !select.ops.empty() &&
                             select.ops.front().operands[0].name == select.arguments[0].name;
    const auto direction = isByCompare ? compareDirectionOf(select.ops.front()) : std::nullopt;
    // Of equal elements the first is kept, which is what GE and LE (selected, candidate) say and GT
    // and LT do not.
    const bool isLargest = direction == CompareDirection::kGe;
    const bool isSmallest = direction == CompareDirection::kLe;
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
    // Several tensors are sorted by the first: its two elements are the first two arguments.
    MlirRegion region = syntax_.regions[0];
    region.arguments.resize(std::min<size_t>(region.arguments.size(), 2));
    if (combinerName(region) != "stablehlo.compare")
        return unsupported("its order is not by one comparison of the first tensor");
    const MlirOp& compare = region.ops.front();
    const auto direction = compareDirectionOf(compare);
    const bool isLess = direction == CompareDirection::kLt || direction == CompareDirection::kLe;
    const bool isGreater = direction == CompareDirection::kGt || direction == CompareDirection::kGe;
    if (!isLess && !isGreater)
        return unsupported("its order is not by less or greater");
    const bool isSwapped = compare.operands[0].name != region.arguments[0].name;
    finish(OpKind::kSort, op_.operands, SortAttributes{dim->front(), isGreater != isSwapped});
}

const std::unordered_map<std::string_view, OpKind>& OpConverter::elementwiseKinds()
{
    static const std::unordered_map<std::string_view, OpKind> kKinds = {
        {"abs", OpKind::kAbs},
        {"add", OpKind::kAdd},
        {"and", OpKind::kAnd},
        {"ceil", OpKind::kCeil},
        {"convert", OpKind::kConvert},
        {"cosine", OpKind::kCosine},
        {"divide", OpKind::kDivide},
        {"erf", OpKind::kErf},
        {"exponential", OpKind::kExp},
        {"exponential_minus_one", OpKind::kExpm1},
        {"floor", OpKind::kFloor},
        {"is_finite", OpKind::kIsFinite},
        {"log", OpKind::kLog},
        {"log_plus_one", OpKind::kLog1p},
        {"logistic", OpKind::kLogistic},
        {"maximum", OpKind::kMaximum},
        {"minimum", OpKind::kMinimum},
        {"multiply", OpKind::kMultiply},
        {"negate", OpKind::kNegate},
        {"not", OpKind::kNot},
        {"or", OpKind::kOr},
        {"power", OpKind::kPower},
        {"remainder", OpKind::kRemainder},
        {"round_nearest_even", OpKind::kRound},
        {"rsqrt", OpKind::kRsqrt},
        {"sign", OpKind::kSign},
        {"sine", OpKind::kSine},
        {"sqrt", OpKind::kSqrt},
        {"subtract", OpKind::kSubtract},
        {"tanh", OpKind::kTanh},
        {"xor", OpKind::kXor},
    };
    return kKinds;
}

const std::unordered_map<std::string_view, OpConverter::Handler>& OpConverter::handlers()
{
    static const std::unordered_map<std::string_view, Handler> kHandlers = {
        {"broadcast", &OpConverter::convertBroadcast},
        {"broadcast_in_dim", &OpConverter::convertBroadcast},
        {"clamp", &OpConverter::convertClamp},
        {"compare", &OpConverter::convertCompare},
        {"concatenate", &OpConverter::convertConcatenate},
        {"constant", &OpConverter::convertConstant},
        {"convolution", &OpConverter::convertConvolution},
        {"custom_call", &OpConverter::convertCustomCall},
        {"dot", &OpConverter::convertDot},
        {"dot_general", &OpConverter::convertDotGeneral},
        {"dynamic_slice", &OpConverter::convertDynamicSlice},
        {"dynamic_update_slice", &OpConverter::convertDynamicUpdateSlice},
        {"erfc", &OpConverter::convertErfc},
        {"gather", &OpConverter::convertGather},
        {"iota", &OpConverter::convertIota},
        {"optimization_barrier", &OpConverter::passOperands},
        {"pad", &OpConverter::convertPad},
        {"reduce", &OpConverter::convertReduce},
        {"reduce_window", &OpConverter::convertReduceWindow},
        {"reshape", &OpConverter::convertReshape},
        {"reverse", &OpConverter::convertReverse},
        {"scatter", &OpConverter::convertScatter},
        {"select", &OpConverter::convertSelect},
        {"select_and_scatter", &OpConverter::convertSelectAndScatter},
        {"sharding_constraint", &OpConverter::passOperands},
        {"slice", &OpConverter::convertSlice},
        {"sort", &OpConverter::convertSort},
        {"square", &OpConverter::convertSquare},
        {"tan", &OpConverter::convertTan},
        {"transpose", &OpConverter::convertTranspose},
        {"while", &OpConverter::convertWhile},
    };
    return kHandlers;
}

Conversion OpConverter::convert()
{
    const size_t dot = syntax_.name.find('.');
    const std::string_view dialect =
        dot == std::string_view::npos ? std::string_view() : syntax_.name.substr(0, dot);
    const std::string_view name =
        dot == std::string_view::npos ? syntax_.name : syntax_.name.substr(dot + 1);
    const bool isOurs = dialect == "stablehlo" || dialect == "mhlo" || dialect == "chlo" ||
                        (dialect == "sdy" && name == "sharding_constraint");
    const auto kind = elementwiseKinds().find(name);
    const auto handler = handlers().find(name);
    if (!isOurs || (kind == elementwiseKinds().end() && handler == handlers().end()))
        return Conversion{Conversion::Outcome::kUnsupported, {}, "this operation is not known"};
    if (op_.resultTypes.empty())
        return Conversion{Conversion::Outcome::kInvalid, {}, "it has no result"};
    const size_t opCount = graph_.ops.size();
    const size_t valueCount = graph_.values.size();
    if (kind != elementwiseKinds().end())
        convertElementwise(kind->second);
    else
        (this->*handler->second)();
    if (!problem_) {
        std::vector<TensorType> types;
        for (const ValueId result : results_)
            types.push_back(graph_.type(result));
        if (types.size() != op_.resultTypes.size())
            invalid(fmt::format("{} results are declared, expected {}", op_.resultTypes.size(),
                                types.size()));
        for (size_t at = 0; !problem_ && at < types.size(); ++at) {
            if (types[at] != op_.resultTypes[at])
                invalid(fmt::format("the result is declared as {}, but its operands give {}",
                                    formatType(op_.resultTypes[at]), formatType(types[at])));
        }
    }
    if (problem_) { // Whatever was added for it goes.
        graph_.ops.resize(opCount);
        graph_.values.resize(valueCount);
        return *problem_;
    }
    return Conversion{Conversion::Outcome::kConverted, results_, {}};
}

} // namespace

Conversion convertStablehloOp(Graph& graph, const StablehloOp& op)
{
    return OpConverter(graph, op).convert();
}

std::string operationLabel(const MlirOp& op)
{
    const MlirAttribute* callee = findAny(op, {"callee", "call_target_name"});
    return callee == nullptr ? std::string(op.name) : fmt::format("{} @{}", op.name, callee->text);
}

std::vector<ValueId> addOpaque(Graph& graph, const StablehloOp& op, std::string_view text)
{
    Op opaque;
    opaque.kind = OpKind::kOpaque;
    opaque.phase = op.phase;
    opaque.scope = op.scope;
    opaque.sourceLine = op.line;
    opaque.operands = op.operands;
    opaque.attributes = OpaqueAttributes{operationLabel(op.syntax),
                                         std::string(text.substr(0, kLongestOpaqueText))};
    const OpId id = graph.addOp(std::move(opaque), op.resultTypes);
    return graph.op(id).results;
}

} // namespace alpa
