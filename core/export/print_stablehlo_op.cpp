#include "core/export/print_stablehlo_op.h"

#include "core/export/stablehlo_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

namespace alpa
{
namespace
{

template <typename T>
std::string array(const std::vector<T>& numbers)
{
    return numbers.empty() ? "array<i64>" : fmt::format("array<i64: {}>", fmt::join(numbers, ", "));
}

/// "name = [0, 1]", or nothing for an empty list, as MLIR prints the fields of a structure.
void addField(std::vector<std::string>& fields, std::string_view name, const std::vector<int>& dims)
{
    if (!dims.empty())
        fields.push_back(fmt::format("{} = [{}]", name, fmt::join(dims, ", ")));
}

std::string paddingText(const std::vector<int64_t>& low, const std::vector<int64_t>& high)
{
    if (low.empty())
        return "dense<> : tensor<0x2xi64>";
    std::vector<std::string> rows;
    for (size_t i = 0; i < low.size(); ++i)
        rows.push_back(fmt::format("[{}, {}]", low[i], high[i]));
    return fmt::format("dense<[{}]> : tensor<{}x2xi64>", fmt::join(rows, ", "), rows.size());
}

std::string reducerName(ReduceKind kind)
{
    return "stablehlo." + std::string(reduceKindName(kind));
}

/// StableHLO's name where it is not ours.
std::string_view plainName(OpKind kind)
{
    constexpr std::array<std::pair<OpKind, std::string_view>, 8> kNames{
        {{OpKind::kBitcast, "bitcast_convert"},
         {OpKind::kCosine, "cosine"},
         {OpKind::kExp, "exponential"},
         {OpKind::kExpm1, "exponential_minus_one"},
         {OpKind::kIsFinite, "is_finite"},
         {OpKind::kLog1p, "log_plus_one"},
         {OpKind::kRound, "round_nearest_even"},
         {OpKind::kDynamicUpdateSlice, "dynamic_update_slice"}}};
    for (const auto& [known, name] : kNames) {
        if (known == kind)
            return name;
    }
    return opKindName(kind);
}

/// Writes one op: `begin` is all up to the attributes, `end` the function type.
class OpPrinter
{
public:
    OpPrinter(const Graph& graph, const Op& op, const StablehloNames& names)
        : graph_(graph)
        , op_(op)
        , names_(names)
    {
    }

    Result<std::string> print() const;

private:
    const TensorType& operandType(size_t i) const { return graph_.type(op_.operands[i]); }
    const TensorType& resultType() const { return graph_.type(op_.results[0]); }
    template <typename T>
    const T& attributes() const
    {
        return std::get<T>(op_.attributes);
    }

    std::string line(std::string text) const
    {
        return names_.indent + std::move(text) + names_.tail + "\n";
    }
    /// A statement of dialect op `name` over all operands and `extra`, of types `extraTypes`.
    std::string statement(std::string_view name, const std::string& entries,
                          const std::string& region = "",
                          const std::vector<std::string>& extra = {},
                          const std::vector<TensorType>& extraTypes = {}) const;
    std::string initConstant(const std::string& name, ReduceKind kind) const;
    std::string reducerRegion(ReduceKind kind, bool isReplace = false) const;
    std::string combiner(std::string_view name, DType dtype) const;

    std::string printConstant() const;
    std::string printIota() const;
    std::string printCompare() const;
    std::string printBroadcast() const;
    std::string printTranspose() const;
    std::string printReverse() const;
    std::string printConcatenate() const;
    std::string printSlice() const;
    std::string printPad() const;
    std::string printDynamicSlice() const;
    std::string printDot() const;
    std::string printConvolution() const;
    std::string printGather() const;
    std::string printScatter() const;
    std::string printReduce() const;
    std::string printReduceWindow() const;
    std::string printSelectAndScatter() const;
    std::string printSort() const;

    const Graph& graph_;
    const Op& op_;
    const StablehloNames& names_;
};

std::string OpPrinter::statement(std::string_view name, const std::string& entries,
                                 const std::string& region, const std::vector<std::string>& extra,
                                 const std::vector<TensorType>& extraTypes) const
{
    std::vector<std::string> operands = names_.operands;
    operands.insert(operands.end(), extra.begin(), extra.end());
    std::vector<std::string> types;
    for (const ValueId operand : op_.operands)
        types.push_back(stablehloType(graph_.type(operand)));
    for (const TensorType& type : extraTypes)
        types.push_back(stablehloType(type));
    std::vector<std::string> resultTypes;
    for (const ValueId result : op_.results)
        resultTypes.push_back(stablehloType(graph_.type(result)));
    std::string dictionary = entries;
    if (!names_.attributes.empty())
        dictionary += (dictionary.empty() ? "" : ", ") + names_.attributes;
    return line(fmt::format("{} = \"{}\"({}){}{} : ({}) -> {}{}{}", fmt::join(names_.results, ", "),
                            name, fmt::join(operands, ", "), region,
                            dictionary.empty() ? "" : " {" + dictionary + "}",
                            fmt::join(types, ", "), resultTypes.size() == 1 ? "" : "(",
                            fmt::join(resultTypes, ", "), resultTypes.size() == 1 ? "" : ")"));
}

std::string OpPrinter::initConstant(const std::string& name, ReduceKind kind) const
{
    const DType dtype = resultType().dtype;
    return line(stablehloConstant(name, {reduceIdentity(kind, dtype)}, {dtype, {}}, ""));
}

/// A region of two scalars of `dtype` that returns what `name` makes of them.
std::string OpPrinter::combiner(std::string_view name, DType dtype) const
{
    const std::string type = stablehloType({dtype, {}});
    return fmt::format(" ({{ ^bb0(%lhs: {0}, %rhs: {0}): %combined = {1} %lhs, %rhs : {0} "
                       "\"stablehlo.return\"(%combined) : ({0}) -> () }})",
                       type, name);
}

std::string OpPrinter::reducerRegion(ReduceKind kind, bool isReplace) const
{
    const DType dtype = resultType().dtype;
    if (!isReplace)
        return combiner(reducerName(kind), dtype);
    const std::string type = stablehloType({dtype, {}});
    return fmt::format(
        " ({{ ^bb0(%lhs: {0}, %rhs: {0}): \"stablehlo.return\"(%rhs) : ({0}) -> () }})", type);
}

/// "[b, 0, 1, f]": what each dimension of a tensor is, from where the kinds of dimensions lie.
std::string dimensionLetters(int first, char firstLetter, int second, char secondLetter,
                             const std::vector<int>& spatial)
{
    std::vector<std::string> letters(spatial.size() + 2);
    letters[static_cast<size_t>(first)] = firstLetter;
    letters[static_cast<size_t>(second)] = secondLetter;
    for (size_t i = 0; i < spatial.size(); ++i)
        letters[static_cast<size_t>(spatial[i])] = std::to_string(i);
    return fmt::format("[{}]", fmt::join(letters, ", "));
}

std::string OpPrinter::printConvolution() const
{
    const auto& a = attributes<ConvolutionAttributes>();
    std::vector<std::string> reversal;
    for (const bool isReversed : a.reversal)
        reversal.push_back(isReversed ? "true" : "false");
    return statement(
        "stablehlo.convolution",
        fmt::format(
            "window_strides = {}, padding = {}, lhs_dilation = {}, rhs_dilation = {}, "
            "window_reversal = array<i1{}{}>, dimension_numbers = #stablehlo.conv<{}x{}->{}>, "
            "feature_group_count = {} : i64, batch_group_count = {} : i64",
            array(a.strides), paddingText(a.paddingLow, a.paddingHigh), array(a.lhsDilation),
            array(a.rhsDilation), reversal.empty() ? "" : ": ", fmt::join(reversal, ", "),
            dimensionLetters(a.inputBatch, 'b', a.inputFeature, 'f', a.inputSpatial),
            dimensionLetters(a.kernelInputFeature, 'i', a.kernelOutputFeature, 'o',
                             a.kernelSpatial),
            dimensionLetters(a.outputBatch, 'b', a.outputFeature, 'f', a.outputSpatial),
            a.featureGroups, a.batchGroups));
}

std::string OpPrinter::printGather() const
{
    const auto& a = attributes<GatherAttributes>();
    std::vector<std::string> fields;
    addField(fields, "offset_dims", a.offsetDims);
    addField(fields, "collapsed_slice_dims", a.collapsedSliceDims);
    addField(fields, "operand_batching_dims", a.operandBatchingDims);
    addField(fields, "start_indices_batching_dims", a.indicesBatchingDims);
    addField(fields, "start_index_map", a.startIndexMap);
    fields.push_back(fmt::format("index_vector_dim = {}", a.indexVectorDim));
    return statement("stablehlo.gather",
                     fmt::format("dimension_numbers = #stablehlo.gather<{}>, slice_sizes = {}, "
                                 "indices_are_sorted = false",
                                 fmt::join(fields, ", "), array(a.sliceSizes)));
}

std::string OpPrinter::printScatter() const
{
    const auto& a = attributes<ScatterAttributes>();
    std::vector<std::string> fields;
    addField(fields, "update_window_dims", a.updateWindowDims);
    addField(fields, "inserted_window_dims", a.insertedWindowDims);
    addField(fields, "input_batching_dims", a.inputBatchingDims);
    addField(fields, "scatter_indices_batching_dims", a.indicesBatchingDims);
    addField(fields, "scatter_dims_to_operand_dims", a.scatterDimsToOperandDims);
    fields.push_back(fmt::format("index_vector_dim = {}", a.indexVectorDim));
    return statement("stablehlo.scatter",
                     fmt::format("scatter_dimension_numbers = #stablehlo.scatter<{}>, "
                                 "indices_are_sorted = false, unique_indices = false",
                                 fmt::join(fields, ", ")),
                     reducerRegion(a.kind, a.isReplace));
}

std::string OpPrinter::printReduce() const
{
    const auto& a = attributes<ReduceAttributes>();
    const std::string init = names_.results[0] + "_init";
    return initConstant(init, a.kind) +
           statement("stablehlo.reduce", "dimensions = " + array(a.dims), reducerRegion(a.kind),
                     {init}, {{resultType().dtype, {}}});
}

std::string OpPrinter::printReduceWindow() const
{
    const auto& a = attributes<ReduceWindowAttributes>();
    const std::string init = names_.results[0] + "_init";
    return initConstant(init, a.kind) +
           statement("stablehlo.reduce_window",
                     fmt::format("window_dimensions = {}, window_strides = {}, padding = {}",
                                 array(a.window), array(a.strides),
                                 paddingText(a.paddingLow, a.paddingHigh)),
                     reducerRegion(a.kind), {init}, {{resultType().dtype, {}}});
}

std::string OpPrinter::printSelectAndScatter() const
{
    const auto& a = attributes<ReduceWindowAttributes>();
    const std::string init = names_.results[0] + "_init";
    const std::string type = stablehloType({resultType().dtype, {}});
    const std::string regions = fmt::format(
        " ({{ ^bb0(%lhs: {0}, %rhs: {0}): %isLarger = \"stablehlo.compare\"(%lhs, %rhs) "
        "{{comparison_direction = #stablehlo<comparison_direction GE>}} : ({0}, {0}) -> tensor<i1> "
        "\"stablehlo.return\"(%isLarger) : (tensor<i1>) -> () }}, {{ ^bb0(%lhs: {0}, %rhs: {0}): "
        "%sum = stablehlo.add %lhs, %rhs : {0} \"stablehlo.return\"(%sum) : ({0}) -> () }})",
        type);
    return initConstant(init, ReduceKind::kAdd) +
           statement("stablehlo.select_and_scatter",
                     fmt::format("window_dimensions = {}, window_strides = {}, padding = {}",
                                 array(a.window), array(a.strides),
                                 paddingText(a.paddingLow, a.paddingHigh)),
                     regions, {init}, {{resultType().dtype, {}}});
}

std::string OpPrinter::printSort() const
{
    const auto& a = attributes<SortAttributes>();
    std::vector<std::string> arguments;
    for (size_t i = 0; i < op_.operands.size(); ++i) {
        const std::string type = stablehloType({operandType(i).dtype, {}});
        arguments.push_back(fmt::format("%lhs{0}: {1}, %rhs{0}: {1}", i, type));
    }
    const std::string region = fmt::format(
        " ({{ ^bb0({0}): %isBefore = \"stablehlo.compare\"(%lhs0, %rhs0) {{comparison_direction = "
        "#stablehlo<comparison_direction {1}>}} : ({2}, {2}) -> tensor<i1> "
        "\"stablehlo.return\"(%isBefore) : (tensor<i1>) -> () }})",
        fmt::join(arguments, ", "), a.isDescending ? "GT" : "LT",
        stablehloType({operandType(0).dtype, {}}));
    return statement("stablehlo.sort", fmt::format("dimension = {} : i64, is_stable = true", a.dim),
                     region);
}

std::string OpPrinter::printConstant() const
{
    return line(stablehloConstant(names_.results[0], attributes<ConstantAttributes>().values,
                                  resultType(), names_.attributes));
}

std::string OpPrinter::printIota() const
{
    return statement("stablehlo.iota",
                     fmt::format("iota_dimension = {} : i64", attributes<IotaAttributes>().dim));
}

std::string OpPrinter::printCompare() const
{
    constexpr std::array<std::string_view, 6> kDirections = {"EQ", "NE", "LT", "LE", "GT", "GE"};
    const auto direction = static_cast<size_t>(attributes<CompareAttributes>().direction);
    return statement("stablehlo.compare",
                     fmt::format("comparison_direction = #stablehlo<comparison_direction {}>",
                                 kDirections[direction]));
}

std::string OpPrinter::printBroadcast() const
{
    return statement("stablehlo.broadcast_in_dim",
                     "broadcast_dimensions = " + array(attributes<DimsAttributes>().dims));
}

std::string OpPrinter::printTranspose() const
{
    return statement("stablehlo.transpose",
                     "permutation = " + array(attributes<DimsAttributes>().dims));
}

std::string OpPrinter::printReverse() const
{
    return statement("stablehlo.reverse",
                     "dimensions = " + array(attributes<DimsAttributes>().dims));
}

std::string OpPrinter::printConcatenate() const
{
    return statement("stablehlo.concatenate",
                     fmt::format("dimension = {} : i64", attributes<ConcatenateAttributes>().dim));
}

std::string OpPrinter::printSlice() const
{
    const auto& a = attributes<SliceAttributes>();
    return statement("stablehlo.slice",
                     fmt::format("start_indices = {}, limit_indices = {}, strides = {}",
                                 array(a.starts), array(a.limits), array(a.strides)));
}

std::string OpPrinter::printPad() const
{
    const auto& a = attributes<PadAttributes>();
    return statement("stablehlo.pad", fmt::format("edge_padding_low = {}, edge_padding_high = {}, "
                                                  "interior_padding = {}",
                                                  array(a.low), array(a.high), array(a.interior)));
}

std::string OpPrinter::printDynamicSlice() const
{
    return statement("stablehlo.dynamic_slice",
                     "slice_sizes = " + array(attributes<DynamicSliceAttributes>().sizes));
}

std::string OpPrinter::printDot() const
{
    const auto& a = attributes<DotAttributes>();
    std::vector<std::string> fields;
    addField(fields, "lhs_batching_dimensions", a.lhsBatch);
    addField(fields, "rhs_batching_dimensions", a.rhsBatch);
    addField(fields, "lhs_contracting_dimensions", a.lhsContracting);
    addField(fields, "rhs_contracting_dimensions", a.rhsContracting);
    return statement(
        "stablehlo.dot_general",
        fmt::format("dot_dimension_numbers = #stablehlo.dot<{}>", fmt::join(fields, ", ")));
}

Result<std::string> OpPrinter::print() const
{
    using Printer = std::string (OpPrinter::*)() const;
    static constexpr std::array<std::pair<OpKind, Printer>, 17> kPrinters{
        {{OpKind::kConstant, &OpPrinter::printConstant},
         {OpKind::kIota, &OpPrinter::printIota},
         {OpKind::kCompare, &OpPrinter::printCompare},
         {OpKind::kBroadcast, &OpPrinter::printBroadcast},
         {OpKind::kTranspose, &OpPrinter::printTranspose},
         {OpKind::kReverse, &OpPrinter::printReverse},
         {OpKind::kConcatenate, &OpPrinter::printConcatenate},
         {OpKind::kSlice, &OpPrinter::printSlice},
         {OpKind::kPad, &OpPrinter::printPad},
         {OpKind::kDynamicSlice, &OpPrinter::printDynamicSlice},
         {OpKind::kDot, &OpPrinter::printDot},
         {OpKind::kConvolution, &OpPrinter::printConvolution},
         {OpKind::kGather, &OpPrinter::printGather},
         {OpKind::kScatter, &OpPrinter::printScatter},
         {OpKind::kReduce, &OpPrinter::printReduce},
         {OpKind::kReduceWindow, &OpPrinter::printReduceWindow},
         {OpKind::kSelectAndScatter, &OpPrinter::printSelectAndScatter}}};
    for (const auto& [kind, printer] : kPrinters) {
        if (kind == op_.kind)
            return (this->*printer)();
    }
    if (op_.kind == OpKind::kSort)
        return printSort();
    if (op_.kind == OpKind::kAccumulate)
        return Error(ErrorCode::kUnsupported, "accumulate is no StableHLO operation");
    if (op_.kind == OpKind::kOpaque)
        return Error(ErrorCode::kUnsupported, fmt::format("operation '{}' is not known",
                                                          attributes<OpaqueAttributes>().name));
    // What is left has no attributes: element-wise ops, reshape, dynamic update slice.
    if (op_.kind == OpKind::kErf)
        return statement("chlo.erf", "");
    return statement(fmt::format("stablehlo.{}", plainName(op_.kind)), "");
}

} // namespace

Result<std::string> printStablehloOp(const Graph& graph, const Op& op, const StablehloNames& names)
{
    return OpPrinter(graph, op, names).print();
}

} // namespace alpa
