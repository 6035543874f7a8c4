#include "tests/conformance/backend_conformance.h"

#include "core/graph/builder.h"
#include "core/graph/graph_text.h"
#include "core/program/verify_program.h"
#include "runtime/reference/interpret.h"
#include "tests/support/host_buffers.h"
#include "tests/support/program_builder.h"
#include "tests/support/property.h"

#include <cmath>

namespace alpa
{
namespace
{

constexpr DType kFloats[] = {DType::kF32, DType::kBF16, DType::kF16, DType::kF64};
constexpr DType kIntegers[] = {DType::kS8, DType::kS16, DType::kS32, DType::kS64,
                               DType::kU8, DType::kU16, DType::kU32, DType::kU64};

/// One random case under construction: the graph, and values for its inputs.
struct Case {
    Rng& rng;
    Graph graph;
    std::vector<HostTensor> inputs;
    GraphBuilder build{graph};

    explicit Case(Rng& generator)
        : rng(generator)
    {
    }

    template <size_t N>
    DType oneOf(const DType (&dtypes)[N])
    {
        return dtypes[rng.below(static_cast<int>(N))];
    }
    DType anyType() { return rng.chance(0.6) ? oneOf(kFloats) : oneOf(kIntegers); }
    std::vector<int64_t> shape(int rank, int largest = 7)
    {
        std::vector<int64_t> dims;
        for (int d = 0; d < rank; ++d)
            dims.push_back(rng.between(1, largest));
        return dims;
    }
    std::vector<int64_t> shape() { return shape(rng.between(0, 4)); }
    /// Small values, so that integers do not overflow their type in a sum of products of a few.
    ValueId input(TensorType type, double low = -4.0, double high = 4.0)
    {
        HostTensor tensor = filledTensor(type, 0.0);
        const bool isUnsigned = type.dtype == DType::kU8 || type.dtype == DType::kU16 ||
                                type.dtype == DType::kU32 || type.dtype == DType::kU64;
        if (isUnsigned)
            low = std::max(low, 0.0);
        for (double& value : tensor.values)
            value = roundToDtype(type.dtype == DType::kPred ? static_cast<double>(rng.below(2))
                                                            : low + (high - low) * rng.uniform(),
                                 type.dtype);
        inputs.push_back(std::move(tensor));
        return graph.addInput("in" + std::to_string(inputs.size() - 1), std::move(type),
                              InputRole::kParameter);
    }
    /// Integers in [0, bound].
    ValueId indices(std::vector<int64_t> dims, int64_t low, int64_t high)
    {
        const DType dtype = rng.chance(0.5) ? DType::kS32 : DType::kS64;
        const ValueId id = input({dtype, std::move(dims)});
        for (double& value : inputs.back().values)
            value = static_cast<double>(rng.between(static_cast<int>(low), static_cast<int>(high)));
        return id;
    }
    std::vector<int> permutation(int count)
    {
        std::vector<int> order(static_cast<size_t>(count));
        for (int i = 0; i < count; ++i)
            order[static_cast<size_t>(i)] = i;
        for (int i = count - 1; i > 0; --i)
            std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(rng.between(0, i))]);
        return order;
    }
    void emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes = {},
              std::optional<TensorType> declared = {})
    {
        for (const ValueId result :
             build.emitAll(kind, std::move(operands), std::move(attributes), declared))
            graph.addOutput({result, OutputRole::kOther, "", {}});
    }
};

void floatUnary(Case& c)
{
    struct Range {
        OpKind kind;
        double low, high;
    };
    constexpr Range kRanges[] = {
        {OpKind::kCeil, -9, 9},  {OpKind::kCosine, -4, 4},  {OpKind::kErf, -3, 3},
        {OpKind::kExp, -4, 4},   {OpKind::kExpm1, -2, 2},   {OpKind::kFloor, -9, 9},
        {OpKind::kLog, 0.1, 8},  {OpKind::kLog1p, -0.5, 8}, {OpKind::kLogistic, -6, 6},
        {OpKind::kRound, -9, 9}, {OpKind::kRsqrt, 0.1, 8},  {OpKind::kSine, -4, 4},
        {OpKind::kSqrt, 0, 8},   {OpKind::kTanh, -3, 3},    {OpKind::kIsFinite, -4, 4}};
    const DType dtype = c.oneOf(kFloats);
    const ValueId small = c.input({dtype, c.shape()}, 0.1, 0.9); // In everybody's domain.
    for (const Range& range : kRanges) {
        c.emit(range.kind, {c.input({dtype, c.shape(2, 30)}, range.low, range.high)});
        c.emit(range.kind, {small});
    }
}

void unary(Case& c)
{
    const DType dtype = c.anyType();
    for (const OpKind kind : {OpKind::kAbs, OpKind::kNegate, OpKind::kSign})
        c.emit(kind, {c.input({dtype, c.shape(2, 30)})});
    // The complement of an unsigned 64-bit number is more than the reference's doubles hold.
    const DType integer = c.oneOf(kIntegers);
    c.emit(OpKind::kNot, {c.input({integer == DType::kU64 ? DType::kU32 : integer, c.shape()})});
    c.emit(OpKind::kNot, {c.input({DType::kPred, c.shape()})});
}

void binary(Case& c)
{
    const DType dtype = c.anyType();
    const std::vector<int64_t> dims = c.shape(2, 30);
    for (const OpKind kind :
         {OpKind::kAdd, OpKind::kSubtract, OpKind::kMultiply, OpKind::kMaximum, OpKind::kMinimum})
        c.emit(kind, {c.input({dtype, dims}), c.input({dtype, dims})});
    c.emit(OpKind::kDivide, {c.input({dtype, dims}), c.input({dtype, dims}, 1.0, 5.0)});
    c.emit(OpKind::kRemainder,
           {c.input({dtype, dims}, 0.0, 50.0), c.input({dtype, dims}, 1.0, 5.0)});
    const DType floating = c.oneOf(kFloats);
    c.emit(OpKind::kPower,
           {c.input({floating, dims}, 0.2, 3.0), c.input({floating, dims}, -2.0, 2.0)});
    const DType logical = c.rng.chance(0.5) ? DType::kPred : c.oneOf(kIntegers);
    for (const OpKind kind : {OpKind::kAnd, OpKind::kOr, OpKind::kXor})
        c.emit(kind, {c.input({logical, dims}), c.input({logical, dims})});
}

void compareSelectClamp(Case& c)
{
    const DType dtype = c.anyType();
    const std::vector<int64_t> dims = c.shape(2, 30);
    const ValueId x = c.input({dtype, dims});
    const ValueId y = c.input({dtype, dims});
    c.emit(OpKind::kCompare, {x, y},
           CompareAttributes{static_cast<CompareDirection>(c.rng.below(6))});
    c.emit(OpKind::kCompare, {x, x},
           CompareAttributes{static_cast<CompareDirection>(c.rng.below(6))});
    c.emit(OpKind::kSelect, {c.input({DType::kPred, dims}), x, y});
    c.emit(OpKind::kSelect, {c.input({DType::kPred, {}}), x, y});
    c.emit(OpKind::kClamp, {c.input({dtype, {}}, 0, 1), x, c.input({dtype, {}}, 1, 2)});
    c.emit(OpKind::kClamp, {c.input({dtype, dims}, 0, 1), x, c.input({dtype, dims}, 1, 2)});
}

void convert(Case& c)
{
    const std::vector<int64_t> dims = c.shape(2, 30);
    for (int i = 0; i < 8; ++i) {
        const DType from = c.rng.chance(0.2) ? DType::kPred : c.anyType();
        const DType to = c.rng.chance(0.2) ? DType::kPred : c.anyType();
        // Negative floats to unsigned integers are left to the device.
        const bool toUnsigned =
            to == DType::kU8 || to == DType::kU16 || to == DType::kU32 || to == DType::kU64;
        c.emit(OpKind::kConvert,
               {c.input({from, dims}, toUnsigned && isFloating(from) ? 0.0 : -100.0, 100.0)}, {},
               TensorType{to, dims});
    }
}

void constantIota(Case& c)
{
    const TensorType type{c.anyType(), c.shape(c.rng.between(1, 4))};
    std::vector<double> values;
    for (int64_t i = 0; i < type.elementCount(); ++i)
        values.push_back(
            roundToDtype(static_cast<double>(c.rng.between(0, 100)) / 8.0, type.dtype));
    c.emit(OpKind::kConstant, {}, ConstantAttributes{values}, type);
    c.emit(OpKind::kConstant, {}, ConstantAttributes{{3.0}}, type);
    c.emit(OpKind::kIota, {}, IotaAttributes{c.rng.below(type.rank())}, type);
}

void broadcastTranspose(Case& c)
{
    const int rank = c.rng.between(0, 3);
    const TensorType in{c.anyType(), c.shape(rank)};
    std::vector<int64_t> out = c.shape(rank + 2, 5);
    std::vector<int> places = c.permutation(rank + 2);
    places.resize(static_cast<size_t>(rank));
    std::ranges::sort(places);
    for (size_t d = 0; d < places.size(); ++d) {
        if (in.dims[d] != 1 || c.rng.chance(0.5))
            out[static_cast<size_t>(places[d])] = in.dims[d];
    }
    c.emit(OpKind::kBroadcast, {c.input(in)}, DimsAttributes{places}, TensorType{in.dtype, out});
    const int wide = c.rng.between(1, 4);
    const ValueId x = c.input({c.anyType(), c.shape(wide, 20)});
    c.emit(OpKind::kTranspose, {x}, DimsAttributes{c.permutation(wide)});
    std::vector<int> reversed = c.permutation(wide);
    reversed.resize(static_cast<size_t>(c.rng.between(1, wide)));
    c.emit(OpKind::kReverse, {x}, DimsAttributes{reversed});
    c.emit(OpKind::kReshape, {x}, {},
           TensorType{c.graph.type(x).dtype, {c.graph.type(x).elementCount()}});
}

void slicePadConcatenate(Case& c)
{
    const int rank = c.rng.between(1, 4);
    const TensorType type{c.anyType(), c.shape(rank)};
    const ValueId x = c.input(type);
    SliceAttributes slice;
    PadAttributes pad;
    DynamicSliceAttributes window;
    std::vector<ValueId> starts;
    for (const int64_t dim : type.dims) {
        const int size = static_cast<int>(dim);
        slice.starts.push_back(c.rng.below(size));
        slice.limits.push_back(c.rng.between(static_cast<int>(slice.starts.back()), size));
        slice.strides.push_back(c.rng.between(1, 3));
        pad.interior.push_back(c.rng.below(3));
        pad.low.push_back(c.rng.between(-1, 3));
        pad.high.push_back(c.rng.between(pad.low.back() < 0 && size == 1 ? 1 : -1, 3));
        if (size == 1 && pad.low.back() + pad.high.back() < 0)
            pad.high.back() = 1;
        window.sizes.push_back(c.rng.between(1, size));
        starts.push_back(c.indices({}, -2, size));
    }
    c.emit(OpKind::kSlice, {x}, slice);
    c.emit(OpKind::kPad, {x, c.input({type.dtype, {}})}, pad);
    std::vector<ValueId> operands{x};
    operands.insert(operands.end(), starts.begin(), starts.end());
    c.emit(OpKind::kDynamicSlice, operands, window);
    operands.insert(operands.begin() + 1, c.input({type.dtype, window.sizes}));
    c.emit(OpKind::kDynamicUpdateSlice, operands);
    const int dim = c.rng.below(rank);
    std::vector<ValueId> parts{x};
    for (int i = 0; i < c.rng.between(0, 3); ++i) {
        TensorType part = type;
        part.dims[static_cast<size_t>(dim)] = c.rng.between(1, 5);
        parts.push_back(c.input(part));
    }
    c.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{dim});
}

/// Batch, free and contracting dimensions in any order on either side.
void dot(Case& c)
{
    const std::vector<int64_t> batch = c.shape(c.rng.between(0, 2), 3);
    const std::vector<int64_t> contracting = c.shape(c.rng.between(0, 2), 9);
    DotAttributes attributes;
    const DType dtype = c.rng.chance(0.8)   ? c.oneOf(kFloats)
                        : c.rng.chance(0.5) ? DType::kS32
                                            : DType::kU64;
    const auto side = [&](std::vector<int>& batchDims, std::vector<int>& contractingDims) {
        const std::vector<int64_t> free = c.shape(c.rng.between(0, 2), 9);
        std::vector<int64_t> sizes = batch;
        sizes.insert(sizes.end(), contracting.begin(), contracting.end());
        sizes.insert(sizes.end(), free.begin(), free.end());
        const auto rank = static_cast<int>(sizes.size());
        std::vector<int> order = c.permutation(rank); // order[i]: place of role i.
        if (c.rng.chance(0.4))
            std::ranges::sort(order);
        std::vector<int64_t> dims(sizes.size());
        for (size_t i = 0; i < sizes.size(); ++i) {
            dims[static_cast<size_t>(order[i])] = sizes[i];
            if (i < batch.size())
                batchDims.push_back(order[i]);
            else if (i < batch.size() + contracting.size())
                contractingDims.push_back(order[i]);
        }
        return c.input({dtype, dims}, -2, 2);
    };
    const ValueId lhs = side(attributes.lhsBatch, attributes.lhsContracting);
    const ValueId rhs = side(attributes.rhsBatch, attributes.rhsContracting);
    // Declared: only the element type counts, so the dimensions come from a first inference.
    TensorType declared{dtype, {}};
    if (dtype == DType::kBF16 && c.rng.chance(0.5))
        declared.dtype = DType::kF32;
    c.emit(OpKind::kDot, {lhs, rhs}, attributes, declared);
}

void reduce(Case& c)
{
    const int rank = c.rng.between(1, 4);
    for (const ReduceKind kind : {ReduceKind::kAdd, ReduceKind::kMultiply, ReduceKind::kMaximum,
                                  ReduceKind::kMinimum, ReduceKind::kAnd, ReduceKind::kOr}) {
        const bool isLogical = kind == ReduceKind::kAnd || kind == ReduceKind::kOr;
        const bool isProduct = kind == ReduceKind::kMultiply;
        const DType dtype = isLogical   ? (c.rng.chance(0.5) ? DType::kPred : c.oneOf(kIntegers))
                            : isProduct ? c.oneOf(kFloats)
                                        : c.anyType();
        std::vector<int> dims = c.permutation(rank);
        dims.resize(static_cast<size_t>(c.rng.between(0, rank)));
        std::ranges::sort(dims);
        const ValueId x = c.input({dtype, c.shape(rank, rank == 1   ? 900
                                                        : isProduct ? 4
                                                                    : 12)},
                                  isProduct ? 0.8 : -2.0, isProduct ? 1.2 : 2.0);
        c.emit(OpKind::kReduce, {x}, ReduceAttributes{kind, dims});
    }
}

/// Rows of a table, as embeddings look them up, and single elements by full coordinates.
void gatherScatter(Case& c)
{
    const DType dtype = c.rng.chance(0.7) ? c.oneOf(kFloats) : DType::kS32;
    const int64_t rows = c.rng.between(2, 9);
    const int64_t width = c.rng.between(1, 9);
    const ValueId table = c.input({dtype, {rows, width}});
    const std::vector<int64_t> batch = c.shape(c.rng.between(1, 2), 6);
    std::vector<int64_t> indexDims = batch;
    indexDims.push_back(1);
    const auto rank = static_cast<int>(batch.size());
    const ValueId lookedUp = c.indices(indexDims, -2, rows + 1);
    GatherAttributes lookup;
    lookup.offsetDims = {rank};
    lookup.collapsedSliceDims = {0};
    lookup.startIndexMap = {0};
    lookup.indexVectorDim = rank;
    lookup.sliceSizes = {1, width};
    c.emit(OpKind::kGather, {table, lookedUp}, lookup);
    std::vector<int64_t> updateDims = batch;
    updateDims.push_back(width);
    ScatterAttributes add;
    add.updateWindowDims = {rank};
    add.insertedWindowDims = {0};
    add.scatterDimsToOperandDims = {0};
    add.indexVectorDim = rank;
    c.emit(OpKind::kScatter, {table, lookedUp, c.input({dtype, updateDims})}, add);
    // Full coordinates, windows of several elements, the index vector first.
    const int64_t count = c.rng.between(1, 6);
    const ValueId places = c.indices({2, count}, 0, 4);
    GatherAttributes windows;
    windows.startIndexMap = {1, 0};
    windows.indexVectorDim = 0;
    windows.sliceSizes = {c.rng.between(1, static_cast<int>(rows)),
                          c.rng.between(1, static_cast<int>(width))};
    windows.offsetDims = {0, 2};
    c.emit(OpKind::kGather, {table, places}, windows);
    ScatterAttributes largest = add;
    largest.kind = ReduceKind::kMaximum;
    largest.updateWindowDims = {};
    largest.insertedWindowDims = {0, 1};
    largest.scatterDimsToOperandDims = {1, 0};
    largest.indexVectorDim = 0;
    c.emit(OpKind::kScatter, {table, places, c.input({dtype, {count}})}, largest);
    // Batching dimensions: one lookup per row, as in a cross entropy.
    GatherAttributes pick;
    pick.collapsedSliceDims = {1};
    pick.operandBatchingDims = {0};
    pick.indicesBatchingDims = {0};
    pick.startIndexMap = {1};
    pick.indexVectorDim = 1;
    pick.sliceSizes = {1, 1};
    c.emit(OpKind::kGather, {table, c.indices({rows, 1}, 0, width - 1)}, pick);
}

void convolution(Case& c)
{
    const DType dtype = c.oneOf(kFloats);
    const int spatial = c.rng.between(1, 2);
    ConvolutionAttributes conv;
    conv.featureGroups = c.rng.chance(0.3) ? 2 : 1;
    conv.batchGroups = conv.featureGroups == 1 && c.rng.chance(0.3) ? 2 : 1;
    const std::vector<int> in = c.permutation(spatial + 2);
    const std::vector<int> kernel = c.permutation(spatial + 2);
    const std::vector<int> out = c.permutation(spatial + 2);
    conv.inputBatch = in[0];
    conv.inputFeature = in[1];
    conv.inputSpatial.assign(in.begin() + 2, in.end());
    conv.kernelInputFeature = kernel[0];
    conv.kernelOutputFeature = kernel[1];
    conv.kernelSpatial.assign(kernel.begin() + 2, kernel.end());
    conv.outputBatch = out[0];
    conv.outputFeature = out[1];
    conv.outputSpatial.assign(out.begin() + 2, out.end());
    const int64_t features = c.rng.between(1, 3);
    TensorType input{dtype, std::vector<int64_t>(in.size())};
    TensorType weights{dtype, std::vector<int64_t>(in.size())};
    input.dims[static_cast<size_t>(in[0])] = conv.batchGroups * c.rng.between(1, 3);
    input.dims[static_cast<size_t>(in[1])] = conv.featureGroups * features;
    weights.dims[static_cast<size_t>(kernel[0])] = features;
    weights.dims[static_cast<size_t>(kernel[1])] =
        conv.featureGroups * conv.batchGroups * c.rng.between(1, 3);
    for (size_t d = 2; d < in.size(); ++d) {
        input.dims[static_cast<size_t>(in[d])] = c.rng.between(4, 8);
        weights.dims[static_cast<size_t>(kernel[d])] = c.rng.between(1, 3);
        conv.strides.push_back(c.rng.between(1, 2));
        conv.paddingLow.push_back(c.rng.between(0, 2));
        conv.paddingHigh.push_back(c.rng.between(0, 2));
        conv.lhsDilation.push_back(c.rng.between(1, 2));
        conv.rhsDilation.push_back(c.rng.between(1, 2));
        conv.reversal.push_back(c.rng.chance(0.3));
    }
    c.emit(OpKind::kConvolution, {c.input(input, -1, 1), c.input(weights, -1, 1)}, conv,
           TensorType{dtype, {}});
}

void windows(Case& c)
{
    ReduceWindowAttributes window;
    const std::vector<int64_t> dims = c.shape(c.rng.between(1, 3), 8);
    for (const int64_t dim : dims) {
        window.window.push_back(c.rng.between(1, static_cast<int>(dim)));
        window.strides.push_back(c.rng.between(1, 3));
        window.paddingLow.push_back(c.rng.below(static_cast<int>(window.window.back())));
        window.paddingHigh.push_back(c.rng.below(static_cast<int>(window.window.back())));
    }
    const DType dtype = c.rng.chance(0.7) ? c.oneOf(kFloats) : DType::kS32;
    const ValueId x = c.input({dtype, dims});
    for (const ReduceKind kind : {ReduceKind::kAdd, ReduceKind::kMaximum, ReduceKind::kMinimum}) {
        window.kind = kind;
        c.emit(OpKind::kReduceWindow, {x}, window);
    }
    window.kind = ReduceKind::kMaximum;
    const TensorType pooled = c.graph.type(c.graph.outputs.back().value);
    c.emit(OpKind::kSelectAndScatter, {x, c.input(pooled)}, window);
}

void sort(Case& c)
{
    const int rank = c.rng.between(1, 3);
    const std::vector<int64_t> dims = c.shape(rank, 9);
    const SortAttributes attributes{c.rng.below(rank), c.rng.chance(0.5)};
    c.emit(OpKind::kSort, {c.input({c.anyType(), dims}), c.input({c.anyType(), dims})}, attributes);
}

struct Family {
    const char* name;
    void (*generate)(Case&);
};
constexpr Family kFamilies[] = {{"float_unary", floatUnary},
                                {"unary", unary},
                                {"binary", binary},
                                {"compare_select_clamp", compareSelectClamp},
                                {"convert", convert},
                                {"constant_iota", constantIota},
                                {"broadcast_transpose", broadcastTranspose},
                                {"slice_pad_concatenate", slicePadConcatenate},
                                {"dot", dot},
                                {"reduce", reduce},
                                {"gather_scatter", gatherScatter},
                                {"convolution", convolution},
                                {"windows", windows},
                                {"sort", sort}};

/// Relative to the largest value of the tensor. Half types: one rounding of the result.
double tolerance(DType dtype)
{
    if (dtype == DType::kF64)
        return 1e-12;
    if (dtype == DType::kF32)
        return 2e-6;
    if (dtype == DType::kF16)
        return 1.0 / 1024;
    return dtype == DType::kBF16 ? 1.0 / 128 : 0.0;
}

void runCase(const ConformanceBackend& backend, Case& c)
{
    SCOPED_TRACE(formatGraph(c.graph));
    const auto expected = interpret(c.graph, c.inputs, {.roundToDtype = true});
    ASSERT_TRUE(expected.ok()) << expected.error().message;
    const Program program = programOfGraph(c.graph);
    for (const Diagnostic& diagnostic : verifyProgram(program))
        ADD_FAILURE() << diagnostic.message;
    std::map<std::string, HostBuffer> inputs;
    for (size_t i = 0; i < c.inputs.size(); ++i)
        inputs["in" + std::to_string(i)] = toHostBuffer(c.inputs[i]);
    for (size_t i = 0; i < expected->size(); ++i)
        inputs["out" + std::to_string(i)] = toHostBuffer(filledTensor((*expected)[i].type, 0.0));
    const std::unique_ptr<Backend> made = backend.make();
    const Result<RunResult> result = runProgram(*made, program, inputs, {}, true);
    ASSERT_TRUE(result.ok()) << result.error().message;
    for (size_t i = 0; i < expected->size(); ++i) {
        const HostTensor actual = toHostTensor(result->state.at("out" + std::to_string(i)));
        EXPECT_LE(relativeDifference(actual, (*expected)[i]), tolerance(actual.type.dtype))
            << "output " << i << " " << formatType(actual.type);
    }
}

} // namespace

std::vector<std::string> conformanceCases()
{
    std::vector<std::string> names;
    for (const Family& family : kFamilies)
        names.emplace_back(family.name);
    return names;
}

void checkConformance(const ConformanceBackend& backend, const std::string& name, int seeds)
{
    if (std::ranges::find(backend.excluded, name) != backend.excluded.end())
        GTEST_SKIP() << "excluded for this backend";
    for (const Family& family : kFamilies) {
        if (family.name != name)
            continue;
        forEachSeed(seeds, [&](Rng& rng, int) {
            Case c(rng);
            family.generate(c);
            runCase(backend, c);
        });
    }
}

void forEachConformanceProgram(const std::string& name, int seeds,
                               const std::function<void(const Program&)>& visit)
{
    for (const Family& family : kFamilies) {
        if (family.name != name)
            continue;
        forEachSeed(seeds, [&](Rng& rng, int) {
            Case c(rng);
            family.generate(c);
            SCOPED_TRACE(formatGraph(c.graph));
            const Program program = programOfGraph(c.graph);
            visit(program);
        });
    }
}

} // namespace alpa
