#include "core/export/print_jax_op.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <utility>

namespace alpa
{
namespace
{

using Strings = std::vector<std::string>;

template <typename T>
std::string tuple(const std::vector<T>& numbers)
{
    return fmt::format("({}{})", fmt::join(numbers, ", "), numbers.size() == 1 ? "," : "");
}

std::string number(double value, DType dtype)
{
    if (dtype == DType::kPred)
        return value != 0 ? "True" : "False";
    if (std::isnan(value))
        return "np.nan";
    if (std::isinf(value))
        return value > 0 ? "np.inf" : "-np.inf";
    return isFloating(dtype) ? fmt::format("{:.17g}", value) : fmt::format("{:.0f}", value);
}

/// "((0, 1), (0, 1))": what is added before and behind each dimension.
std::string pairs(const std::vector<int64_t>& low, const std::vector<int64_t>& high)
{
    Strings rows;
    for (size_t i = 0; i < low.size(); ++i)
        rows.push_back(fmt::format("({}, {})", low[i], high[i]));
    return tuple(rows);
}

std::vector<int> concatenated(std::initializer_list<int> first, const std::vector<int>& rest)
{
    std::vector<int> all(first);
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

constexpr std::array<std::pair<OpKind, std::string_view>, 34> kElementwise{
    {{OpKind::kAbs, "abs"},
     {OpKind::kCeil, "ceil"},
     {OpKind::kCosine, "cos"},
     {OpKind::kErf, "erf"},
     {OpKind::kExp, "exp"},
     {OpKind::kExpm1, "expm1"},
     {OpKind::kFloor, "floor"},
     {OpKind::kIsFinite, "is_finite"},
     {OpKind::kLog, "log"},
     {OpKind::kLog1p, "log1p"},
     {OpKind::kLogistic, "logistic"},
     {OpKind::kNegate, "neg"},
     {OpKind::kNot, "bitwise_not"},
     {OpKind::kRsqrt, "rsqrt"},
     {OpKind::kSign, "sign"},
     {OpKind::kSine, "sin"},
     {OpKind::kSqrt, "sqrt"},
     {OpKind::kTanh, "tanh"},
     {OpKind::kAdd, "add"},
     {OpKind::kAnd, "bitwise_and"},
     {OpKind::kClamp, "clamp"},
     {OpKind::kDivide, "div"},
     {OpKind::kMaximum, "max"},
     {OpKind::kMinimum, "min"},
     {OpKind::kMultiply, "mul"},
     {OpKind::kOr, "bitwise_or"},
     {OpKind::kPower, "pow"},
     {OpKind::kRemainder, "rem"},
     {OpKind::kSubtract, "sub"},
     {OpKind::kPopulationCount, "population_count"},
     {OpKind::kXor, "bitwise_xor"},
     {OpKind::kShiftLeft, "shift_left"},
     {OpKind::kShiftRightArithmetic, "shift_right_arithmetic"},
     {OpKind::kShiftRightLogical, "shift_right_logical"}}};

/// Prints by kind; `x` are the operands' names.
class JaxPrinter
{
public:
    JaxPrinter(const Graph& graph, const Op& op, const Strings& x)
        : op_(op)
        , type_(graph.type(op.results[0]))
        , x_(x)
    {
        for (const ValueId operand : op.operands)
            operandTypes_.push_back(graph.type(operand));
    }

    Result<std::string> print() const;

private:
    template <typename T>
    const T& attributes() const
    {
        return std::get<T>(op_.attributes);
    }
    std::string dims() const { return tuple(type_.dims); }
    std::string dtype() const { return jaxDtype(type_.dtype); }

    std::string printBroadcast() const;
    std::string printCompare() const;
    std::string printConcatenate() const;
    std::string printConstant() const;
    std::string printConvert() const;
    std::string printConvolution() const;
    std::string printDot() const;
    std::string printDynamicSlice() const;
    std::string printDynamicUpdateSlice() const;
    std::string printGather() const;
    std::string indicesBehind(int vectorDim) const;
    std::string printIota() const;
    std::string printPad() const;
    std::string printReduce() const;
    std::string printReduceWindow() const;
    std::string printReshape() const;
    std::string printReverse() const;
    std::string printRound() const;
    std::string printScatter() const;
    std::string printSelect() const;
    std::string printSlice() const;
    std::string printSort() const;
    std::string printTranspose() const;

    const Op& op_;
    const TensorType& type_;
    const Strings& x_;
    std::vector<TensorType> operandTypes_;
};

std::string JaxPrinter::printBroadcast() const
{
    return fmt::format("lax.broadcast_in_dim({}, {}, {})", x_[0], dims(),
                       tuple(attributes<DimsAttributes>().dims));
}

std::string JaxPrinter::printCompare() const
{
    return fmt::format("lax.{}({})",
                       compareDirectionName(attributes<CompareAttributes>().direction),
                       fmt::join(x_, ", "));
}

std::string JaxPrinter::printConcatenate() const
{
    return fmt::format("lax.concatenate([{}], {})", fmt::join(x_, ", "),
                       attributes<ConcatenateAttributes>().dim);
}

std::string JaxPrinter::printConstant() const
{
    const std::vector<double>& values = attributes<ConstantAttributes>().values;
    if (values.size() == 1)
        return fmt::format("lax.full({}, {}, {})", dims(), number(values[0], type_.dtype), dtype());
    Strings elements;
    for (const double value : values)
        elements.push_back(number(value, type_.dtype));
    return fmt::format("jnp.asarray(np.array([{}]).reshape({}), {})", fmt::join(elements, ", "),
                       dims(), dtype());
}

std::string JaxPrinter::printConvert() const
{
    if (op_.kind == OpKind::kBitcast)
        return fmt::format("lax.bitcast_convert_type({}, {})", x_[0], dtype());
    return fmt::format("lax.convert_element_type({}, {})", x_[0], dtype());
}

std::string JaxPrinter::printConvolution() const
{
    const auto& a = attributes<ConvolutionAttributes>();
    std::vector<int> reversed;
    for (size_t i = 0; i < a.reversal.size(); ++i) {
        if (a.reversal[i])
            reversed.push_back(a.kernelSpatial[i]);
    }
    const std::string kernel =
        reversed.empty() ? x_[1] : fmt::format("lax.rev({}, {})", x_[1], tuple(reversed));
    return fmt::format(
        "lax.conv_general_dilated({}, {}, {}, {}, {}, {}, lax.ConvDimensionNumbers({}, {}, {}), "
        "feature_group_count={}, batch_group_count={}, preferred_element_type={})",
        x_[0], kernel, tuple(a.strides), pairs(a.paddingLow, a.paddingHigh), tuple(a.lhsDilation),
        tuple(a.rhsDilation), tuple(concatenated({a.inputBatch, a.inputFeature}, a.inputSpatial)),
        tuple(concatenated({a.kernelOutputFeature, a.kernelInputFeature}, a.kernelSpatial)),
        tuple(concatenated({a.outputBatch, a.outputFeature}, a.outputSpatial)), a.featureGroups,
        a.batchGroups, dtype());
}

std::string JaxPrinter::printDot() const
{
    const auto& a = attributes<DotAttributes>();
    return fmt::format("lax.dot_general({}, {}, (({}, {}), ({}, {})), preferred_element_type={})",
                       x_[0], x_[1], tuple(a.lhsContracting), tuple(a.rhsContracting),
                       tuple(a.lhsBatch), tuple(a.rhsBatch), dtype());
}

std::string JaxPrinter::printDynamicSlice() const
{
    return fmt::format("lax.dynamic_slice({}, ({},), {})", x_[0],
                       fmt::join(x_.begin() + 1, x_.end(), ", "),
                       tuple(attributes<DynamicSliceAttributes>().sizes));
}

std::string JaxPrinter::printDynamicUpdateSlice() const
{
    return fmt::format("lax.dynamic_update_slice({}, {}, ({},))", x_[0], x_[1],
                       fmt::join(x_.begin() + 2, x_.end(), ", "));
}

/// JAX wants the index vectors in a last dimension of their own.
std::string JaxPrinter::indicesBehind(int vectorDim) const
{
    const int rank = operandTypes_[1].rank();
    if (vectorDim == rank)
        return fmt::format("lax.expand_dims({}, ({},))", x_[1], rank);
    return vectorDim == rank - 1 ? x_[1]
                                 : fmt::format("jnp.moveaxis({}, {}, -1)", x_[1], vectorDim);
}

std::string JaxPrinter::printGather() const
{
    const auto& a = attributes<GatherAttributes>();
    return fmt::format("lax.gather({}, {}, lax.GatherDimensionNumbers({}, {}, {}, {}, {}), {}, "
                       "mode=lax.GatherScatterMode.CLIP)",
                       x_[0], indicesBehind(a.indexVectorDim), tuple(a.offsetDims),
                       tuple(a.collapsedSliceDims), tuple(a.startIndexMap),
                       tuple(a.operandBatchingDims), tuple(a.indicesBatchingDims),
                       tuple(a.sliceSizes));
}

std::string JaxPrinter::printScatter() const
{
    const auto& a = attributes<ScatterAttributes>();
    const std::string_view function = a.isReplace                      ? "scatter"
                                      : a.kind == ReduceKind::kAdd     ? "scatter_add"
                                      : a.kind == ReduceKind::kMaximum ? "scatter_max"
                                      : a.kind == ReduceKind::kMinimum ? "scatter_min"
                                                                       : "scatter_mul";
    return fmt::format("lax.{}({}, {}, {}, lax.ScatterDimensionNumbers({}, {}, {}, {}, {}), "
                       "mode=lax.GatherScatterMode.FILL_OR_DROP)",
                       function, x_[0], indicesBehind(a.indexVectorDim), x_[2],
                       tuple(a.updateWindowDims), tuple(a.insertedWindowDims),
                       tuple(a.scatterDimsToOperandDims), tuple(a.inputBatchingDims),
                       tuple(a.indicesBatchingDims));
}

std::string JaxPrinter::printIota() const
{
    return fmt::format("lax.broadcasted_iota({}, {}, {})", dtype(), dims(),
                       attributes<IotaAttributes>().dim);
}

std::string JaxPrinter::printPad() const
{
    const auto& a = attributes<PadAttributes>();
    Strings rows;
    for (size_t i = 0; i < a.low.size(); ++i)
        rows.push_back(fmt::format("({}, {}, {})", a.low[i], a.high[i], a.interior[i]));
    return fmt::format("lax.pad({}, {}, {})", x_[0], x_[1], tuple(rows));
}

std::string JaxPrinter::printReduce() const
{
    const auto& a = attributes<ReduceAttributes>();
    constexpr std::array<std::string_view, 6> kFunctions = {"sum", "prod", "max",
                                                            "min", "all",  "any"};
    return fmt::format("jnp.{}({}, axis={}){}", kFunctions[static_cast<size_t>(a.kind)], x_[0],
                       tuple(a.dims), a.kind == ReduceKind::kAdd ? ".astype(" + dtype() + ")" : "");
}

std::string JaxPrinter::printReduceWindow() const
{
    const auto& a = attributes<ReduceWindowAttributes>();
    const bool isFloat = isFloating(type_.dtype);
    const std::string limit = isFloat ? "jnp.inf" : fmt::format("jnp.iinfo({}).", dtype());
    constexpr std::array<std::string_view, 6> kFunctions = {"add", "mul",         "max",
                                                            "min", "bitwise_and", "bitwise_or"};
    const std::array<std::string, 6> inits = {
        "0",    "1",    isFloat ? "-" + limit : limit + "min", isFloat ? limit : limit + "max",
        "True", "False"};
    const auto kind = static_cast<size_t>(a.kind);
    return fmt::format("lax.reduce_window({}, np.array({}, {}), lax.{}, {}, {}, {})", x_[0],
                       inits[kind], dtype(), kFunctions[kind], tuple(a.window), tuple(a.strides),
                       pairs(a.paddingLow, a.paddingHigh));
}

std::string JaxPrinter::printReshape() const
{
    return fmt::format("lax.reshape({}, {})", x_[0], dims());
}

std::string JaxPrinter::printReverse() const
{
    return fmt::format("lax.rev({}, {})", x_[0], tuple(attributes<DimsAttributes>().dims));
}

std::string JaxPrinter::printRound() const
{
    return fmt::format("lax.round({}, lax.RoundingMethod.TO_NEAREST_EVEN)", x_[0]);
}

std::string JaxPrinter::printSelect() const
{
    return fmt::format("lax.select_n({}, {}, {})", x_[0], x_[2], x_[1]);
}

std::string JaxPrinter::printSlice() const
{
    const auto& a = attributes<SliceAttributes>();
    return fmt::format("lax.slice({}, {}, {}, {})", x_[0], tuple(a.starts), tuple(a.limits),
                       tuple(a.strides));
}

std::string JaxPrinter::printSort() const
{
    const auto& a = attributes<SortAttributes>();
    return fmt::format("sort_together(({},), {}, {})", fmt::join(x_, ", "), a.dim,
                       a.isDescending ? "True" : "False");
}

std::string JaxPrinter::printTranspose() const
{
    return fmt::format("lax.transpose({}, {})", x_[0], tuple(attributes<DimsAttributes>().dims));
}

Result<std::string> JaxPrinter::print() const
{
    using Printer = std::string (JaxPrinter::*)() const;
    static constexpr std::array<std::pair<OpKind, Printer>, 23> kPrinters{
        {{OpKind::kBroadcast, &JaxPrinter::printBroadcast},
         {OpKind::kCompare, &JaxPrinter::printCompare},
         {OpKind::kConcatenate, &JaxPrinter::printConcatenate},
         {OpKind::kConstant, &JaxPrinter::printConstant},
         {OpKind::kBitcast, &JaxPrinter::printConvert},
         {OpKind::kConvert, &JaxPrinter::printConvert},
         {OpKind::kConvolution, &JaxPrinter::printConvolution},
         {OpKind::kDot, &JaxPrinter::printDot},
         {OpKind::kDynamicSlice, &JaxPrinter::printDynamicSlice},
         {OpKind::kDynamicUpdateSlice, &JaxPrinter::printDynamicUpdateSlice},
         {OpKind::kGather, &JaxPrinter::printGather},
         {OpKind::kIota, &JaxPrinter::printIota},
         {OpKind::kPad, &JaxPrinter::printPad},
         {OpKind::kReduce, &JaxPrinter::printReduce},
         {OpKind::kReduceWindow, &JaxPrinter::printReduceWindow},
         {OpKind::kReshape, &JaxPrinter::printReshape},
         {OpKind::kReverse, &JaxPrinter::printReverse},
         {OpKind::kRound, &JaxPrinter::printRound},
         {OpKind::kScatter, &JaxPrinter::printScatter},
         {OpKind::kSelect, &JaxPrinter::printSelect},
         {OpKind::kSlice, &JaxPrinter::printSlice},
         {OpKind::kSort, &JaxPrinter::printSort},
         {OpKind::kTranspose, &JaxPrinter::printTranspose}}};
    for (const auto& [kind, printer] : kPrinters) {
        if (kind == op_.kind)
            return (this->*printer)();
    }
    for (const auto& [kind, name] : kElementwise) {
        if (kind == op_.kind)
            return fmt::format("lax.{}({})", name, fmt::join(x_, ", "));
    }
    if (const auto* opaque = std::get_if<OpaqueAttributes>(&op_.attributes))
        return Error(ErrorCode::kUnsupported,
                     fmt::format("operation '{}' is not known", opaque->name));
    return Error(ErrorCode::kUnsupported,
                 fmt::format("a forward pass with '{}'", opKindName(op_.kind)));
}

} // namespace

std::string jaxDtype(DType dtype)
{
    constexpr std::array<std::string_view, 13> kNames = {
        "bool_",  "int8",   "int16",   "int32",    "int64",   "uint8",  "uint16",
        "uint32", "uint64", "float16", "bfloat16", "float32", "float64"};
    return "jnp." + std::string(kNames[static_cast<size_t>(dtype)]);
}

std::string pythonTuple(const std::vector<int64_t>& numbers) { return tuple(numbers); }

Result<std::string> printJaxOp(const Graph& graph, const Op& op,
                               const std::vector<std::string>& operands)
{
    return JaxPrinter(graph, op, operands).print();
}

} // namespace alpa
